package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// TestNotesInMomentum ends visits whose notes go to KMD Momentum by Varde's practice: while it is away,
// then with a fifth of the calls going wrong and the service killed when a note has arrived and its answer
// has not. Each visit has one note with the right times, and a correction comes after what it corrects.
func TestNotesInMomentum(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := found(t, terms{postgres: postgres, record: world.FileRecord, practice: world.Varde, prompt: true})
		c.reconfigure(func(m map[string]any) { part(m, "times")["together"] = "5s" })

		p := c.serve("all")
		first, second, third, _, _ := guests()
		everybody := []guest{first, second, third}
		links, visits := c.doors(c.leader(p), everybody...)

		var calls []*played

		for _, g := range everybody {
			one := c.comesIn(g, links[g.phone], visits[g.phone], p)
			one.enter()
			calls = append(calls, one)
		}

		c.until("they have talked", func() bool { return time.Since(calls[2].met) > 6*time.Second })

		c.Momentum.Away(true)

		for _, one := range calls {
			one.end()
		}

		admin := newPerson(t, c.base, p.addr).login(c.World, "ADMIN")
		c.until("people see that Momentum is away", func() bool { return admin.sees("journal") == "Intet svar" })

		if said := admin.sees("record"); said != "" {
			t.Errorf("the record is said to fail: %s", said)
		}

		c.Momentum.Away(false)
		c.Momentum.SetFaults(0.2)
		c.Momentum.Script(momentumsim.FaultTimeoutAfter)
		c.until("a note is there", func() bool { return c.notes(everybody) > 0 })
		p.kill()
		c.serve("all")
		c.until("all notes are there", func() bool { return c.notes(everybody) == len(everybody) })

		calls[0].host.call(http.MethodPost, "/api/v1/visits/"+calls[0].visit+"/correct", map[string]any{"kind": "not_completed", "reason": "teknisk_fejl", "because": "Lyden gik"}, nil)
		c.until("the correction is there", func() bool { return c.notes(everybody) == len(everybody)+1 })
		c.settle()

		c.checkNotes(first, calls[0], "Gennemført", "Ikke gennemført")
		c.checkNotes(second, calls[1], "Gennemført")
		c.checkNotes(third, calls[2], "Gennemført")

		if page := string(c.leader(p).do(http.MethodGet, "/kraever-handling", "", nil).body); strings.Contains(page, "Sagsjournalen") {
			t.Error("an outage became a person's business")
		}
	})
}

// panelLine is a system on the page of connections.
type panelLine struct {
	Role    string `json:"role"`
	Problem string `json:"problem"`
}

// connection is how a system is said to be.
func (p *person) connection(role string) panelLine {
	p.tb.Helper()

	var panel struct {
		Systems []panelLine `json:"systems"`
	}

	p.call(http.MethodGet, "/api/v1/connections", nil, &panel)

	for _, s := range panel.Systems {
		if s.Role == role {
			return s
		}
	}

	return panelLine{}
}

// sees is what went wrong last at a system, in words; empty: nothing.
func (p *person) sees(role string) string {
	what, _, _ := strings.Cut(p.connection(role).Problem, " den ")

	return what
}

// notes counts those of citizens.
func (c *town) notes(of []guest) int {
	n := 0
	for _, g := range of {
		n += len(c.Momentum.Journal(g.cpr))
	}

	return n
}

var held = regexp.MustCompile(`Holdt kl\. (\d\d\.\d\d) til (\d\d\.\d\d) `)

// checkNotes asserts that a citizen's journal holds these notes of a visit, in their order, and that the
// first of them tells when they talked.
func (c *town) checkNotes(g guest, one *played, titles ...string) {
	c.tb.Helper()

	notes := c.Momentum.Journal(g.cpr)
	if len(notes) != len(titles) {
		c.tb.Fatalf("%s has %d notes, want %d", g.name, len(notes), len(titles))
	}

	for i, note := range notes {
		if note.Title != titles[i]+" skærmbesøg" || note.Type != world.JournalType || strings.Contains(note.Body, g.cpr) || strings.Contains(note.Body, g.name) {
			c.tb.Errorf("note %d is %+v, want one of a visit that was %s", i+1, note, titles[i])
		}
	}

	found := held.FindStringSubmatch(notes[0].Body)
	if found == nil || !minute(found[1], one.in, one.met) || !minute(found[2], one.over, one.done) {
		c.tb.Errorf("the note says %q, want about %s to %s", notes[0].Body, one.met, one.done)
	}
}

// minute reports whether a time of day in Danish time is that of a moment between two others.
func minute(text string, from, to time.Time) bool {
	for at := from.Truncate(time.Minute); !at.After(to); at = at.Add(time.Minute) {
		if at.In(care.Zone()).Format("15.04") == text {
			return true
		}
	}

	return false
}
