package scheduler_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// doublingFHIR is a record in which another process writes the same entry at the same moment.
type doublingFHIR struct{ *fhir.Journal }

func (d doublingFHIR) Apply(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	receipt, err := d.Journal.Apply(ctx, c)
	receipt.Doubles = 1

	return receipt, err
}

// doublingNexus does the same with notes about citizens.
type doublingNexus struct{ *nexus.Nexus }

func (d doublingNexus) WriteNote(ctx context.Context, n ehr.Note) (ehr.Receipt, error) {
	receipt, err := d.Nexus.WriteNote(ctx, n)
	receipt.Doubles = 1

	return receipt, err
}

// troubles are how many the day page tells of, and those of the exception list.
func (r *rig) troubles() (onDay int, all []scheduler.TroubleView) {
	r.tb.Helper()

	day, err := r.Day(r.tb.Context(), leader(), scheduler.DayQuery{Day: theDay})
	must(r.tb, err)

	all, err = r.Troubles(r.tb.Context(), leader(), theDay)
	must(r.tb, err)

	return day.Troubles, all
}

// TestDoubledEntry: an entry that stands twice in the record is written, and somebody is told to delete
// one of them, once, until it is said that this was done.
func TestDoubledEntry(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"}, func(s *setup) {
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			sim, err := fhirsim.New(fhirsim.Options{Clock: c.Now, Calm: true})
			must(tb, err)

			server := httptest.NewServer(sim.Handler())
			tb.Cleanup(server.Close)

			config := fhir.Config{BaseURL: server.URL + "/fhir"}
			config.SetDefaults()

			journal, err := fhir.New(config, fhir.Options{Now: c.Now})
			must(tb, err)
			tb.Cleanup(journal.Close)

			return doublingFHIR{journal}
		}
	})
	r.work()

	onDay, all := r.troubles()
	if onDay != 1 || len(all) != 1 || all[0].Exception.Kind != care.EntryTrouble || !strings.HasPrefix(all[0].Exception.Text, "Posten står dobbelt") || all[0].Exception.Retry {
		t.Fatalf("the day tells of %d, the list is %+v", onDay, all)
	}

	if e := r.visit("A-1").Entries; len(e) != 1 || e[0].State != care.EntryWritten {
		t.Errorf("entries %+v", e)
	}

	refused(t, r.Retry(t.Context(), leader(), all[0].Visit.Visit.ID, all[0].Exception.ID), care.Conflict)
	must(t, r.Settle(t.Context(), leader(), all[0].Visit.Visit.ID, all[0].Exception.ID))

	if onDay, all = r.troubles(); onDay != 0 || len(all) != 0 {
		t.Errorf("afterwards the day tells of %d, the list is %+v", onDay, all)
	}
}

// TestDoubledNote: the same of a note about a citizen, of which a notice tells until it is settled; and a
// visit that the record can't be told of is counted on the day.
func TestDoubledNote(t *testing.T) {
	t.Parallel()

	var sim *nexussim.Server

	peer := &recordPeer{name: "nexus"}
	r := newRig(t, toldOfCitizens(peer, &sim), func(s *setup) {
		open := s.journal
		s.journal = func(tb testing.TB, c *clock) ehr.Journal {
			tb.Helper()

			record, ok := open(tb, c).(*nexus.Nexus)
			if !ok {
				tb.Fatal("the record is no Nexus")
			}

			return doublingNexus{record}
		}
	})
	r.load(list(nancy, kaja))
	must(t, r.Judge(t.Context(), planner(), r.nancysID(), yes("Kan selv betjene tavlen")))
	r.convert("A-1")

	notes := r.notesOf(r.nancysID())
	if len(notes) != 1 || notes[0].State != care.EntryWritten || !strings.HasPrefix(notes[0].Failure, "Notatet står dobbelt i journalen.") {
		t.Errorf("notes %+v", notes)
	}

	if n, err := r.store.NotesWaiting(t.Context()); err != nil || n != 1 {
		t.Errorf("%d notes wait: %v", n, err)
	}

	refused(t, r.RetryNote(t.Context(), planner(), r.nancysID(), notes[0].ID), care.Conflict)
	must(t, r.SettleNote(t.Context(), planner(), r.nancysID(), notes[0].ID))
	refused(t, r.SettleNote(t.Context(), planner(), r.nancysID(), notes[0].ID), care.Conflict)

	if n, err := r.store.NotesWaiting(t.Context()); err != nil || n != 0 {
		t.Errorf("%d notes wait afterwards: %v", n, err)
	}

	day, err := r.Day(t.Context(), leader(), scheduler.DayQuery{Day: theDay})
	must(t, err)

	if day.Untold != 1 || len(day.Visits) != 2 {
		t.Errorf("the day tells of %d visits of %d that the record can't be told of", day.Untold, len(day.Visits))
	}
}
