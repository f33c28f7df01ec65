package momentum_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/momentum"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/scheduler/care"
)

// TestWays runs the port's suite.
func TestWays(t *testing.T) {
	t.Parallel()
	ehrtest.RunWays(t, func(t *testing.T, seed uint64) ehrtest.Record {
		t.Helper()

		b := setup(t, momentumsim.Options{Seed: seed}, func(c *momentum.Config) { c.Timeout = 700 * time.Millisecond })
		script := func(faults ...momentumsim.Fault) func(*testing.T, ehr.Change) {
			return func(*testing.T, ehr.Change) { b.sim.Script(faults...) }
		}

		return ehrtest.Record{
			Journal: b.Journal, Planned: plannedNotes(t),
			Ways: []ehrtest.Way{{Means: care.ByJournal, Of: asNote, Told: b.told, Wrong: map[string]func(ehr.Change) ehr.Change{
				"type":   func(c ehr.Change) ehr.Change { c.Name = ""; return c },
				"code":   func(c ehr.Change) ehr.Change { c.Text += " PIN 482913"; return c },
				"nobody": func(c ehr.Change) ehr.Change { c.Citizen = change("0201609996", "k").Citizen; return c },
				"no CPR": func(c ehr.Change) ehr.Change { c.Citizen = care.CitizenKey{}; return c },
			}}},
			Storm: func(*testing.T) { b.sim.SetFaults(0.3) },
			Heal:  func(*testing.T) { b.sim.SetFaults(0) },
			Arms: append([]ehrtest.Arm{
				{Mishap: ehrtest.LostBefore, Do: script(momentumsim.FaultResetBefore)},
				{Mishap: ehrtest.LostAfter, Do: script(momentumsim.FaultResetAfter)},
				{Mishap: ehrtest.TimeoutBefore, Do: script(momentumsim.FaultTimeoutBefore)},
				{Mishap: ehrtest.TimeoutAfter, Do: script(momentumsim.FaultTimeoutAfter)},
				{Mishap: ehrtest.ErrorBefore, Do: script(momentumsim.FaultErrorBefore)},
				{Mishap: ehrtest.ErrorAfter, Do: script(momentumsim.FaultErrorAfter)},
				{Mishap: ehrtest.Unavailable, Do: script(momentumsim.FaultUnavailable)},
				{Mishap: ehrtest.TooMany, Do: script(momentumsim.FaultTooMany)},
				{Mishap: ehrtest.TokenEnded, Do: func(*testing.T, ehr.Change) { b.sim.Expire() }},
				{Mishap: ehrtest.Unauthorized, Do: script(momentumsim.FaultUnauthorized, momentumsim.FaultUnauthorized)},
				{Mishap: ehrtest.BrokenBody, Do: script(momentumsim.FaultBrokenBody)},
				{Mishap: ehrtest.NotPermitted, Do: script(momentumsim.FaultForbidden)},
				{Mishap: ehrtest.RefusedByRecord, Do: script(momentumsim.FaultRefused)},
			}, ehrtest.Without("a journal has notes, each of them new and whole", ehrtest.Gone, ehrtest.HalfObjects, ehrtest.SomebodyElse, ehrtest.ReadOnly)...),
		}
	})
}

// plannedNotes are visits of two citizens, from which the suite derives results.
func plannedNotes(t *testing.T) []ehr.Change {
	t.Helper()

	var all []ehr.Change

	for i, cpr := range []string{nancy, "0201609995", nancy, "0201609995"} {
		c := change(cpr, fmt.Sprintf("v%d/result/1.1", i))
		c.Kind, c.Source.ID = care.EntryPlanned, fmt.Sprint("v", i)
		c.Planned = care.Interval{Start: now().Add(time.Duration(i) * time.Hour), End: now().Add(time.Duration(i)*time.Hour + 15*time.Minute)}
		all = append(all, c)
	}

	return all
}

// asNote names the visit, so that its note is known from others of the citizen.
func asNote(c ehr.Change) ehr.Change {
	c.Title = fmt.Sprintf("%s %s", c.Source.ID, c.Category)
	c.Text = "Skærmbesøg: Medicin den " + c.Planned.Start.In(care.Zone()).Format("02-01-2006 kl. 15.04") + "."

	return c
}

// told are the visit's notes in the citizen's journal.
func (b bench) told(t *testing.T, c ehr.Change) []string {
	t.Helper()

	var told []string

	for _, cpr := range []string{nancy, "0201609995"} {
		for _, n := range b.sim.Journal(cpr) {
			if strings.HasPrefix(n.Title, c.Source.ID+" ") {
				text, _, _ := strings.Cut(n.Body, "\n")
				told = append(told, fmt.Sprint(n.Type, n.Title, text, cpr == c.Citizen.CPR.Reveal()))
			}
		}
	}

	return told
}
