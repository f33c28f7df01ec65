package nexus

import (
	"sync"
	"time"

	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

// law is the law that the intervention is granted under: its paragraph, else what its name says, as
// in "Hjemmetræning digitalt § 83.a".
func (g grant) law() care.LegalBasis {
	for _, member := range []string{"currentElements", "futureElements"} {
		for _, e := range g.list(member) {
			if e.text("type") != "paragraph" {
				continue
			}

			p := e.child("paragraph")
			if law := lexicon.Law(p.text("name") + " " + p.text("section")); law != care.LawUnknown {
				return law
			}
		}
	}

	return lexicon.Law(g.text("name"))
}

const (
	lawLife = 12 * time.Hour // how long what was read of interventions is believed
	maxLaws = 100_000        // interventions that are remembered
)

// laws remembers the laws of interventions by their ids, so that a list that is read every few
// minutes costs no call for each. They say nothing of any citizen. The zero value is ready.
type laws struct {
	mutex sync.Mutex
	since time.Time
	known map[string]care.LegalBasis
}

func (l *laws) get(id string, now time.Time) (care.LegalBasis, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	if now.Sub(l.since) > lawLife {
		return "", false
	}

	law, ok := l.known[id]

	return law, ok
}

func (l *laws) put(id string, law care.LegalBasis, now time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	if l.known == nil || now.Sub(l.since) > lawLife || len(l.known) >= maxLaws {
		l.known, l.since = map[string]care.LegalBasis{}, now
	}

	l.known[id] = law
}
