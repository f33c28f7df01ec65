package momentum_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/scheduler/care"
)

func citizenNote() ehr.Note {
	of := change(nancy, "note/1")

	return ehr.Note{
		Key: of.Key, Topic: care.SuitabilityNote, Citizen: of.Citizen, Means: care.ByJournal, Name: "Skærmbesøg",
		Title: "Egnet til skærmbesøg", Text: "Borgeren er vurderet egnet til skærmbesøg.", Author: "Mia Skov, sygeplejerske", At: now(),
	}
}

// TestCitizenNotes: a note about a citizen is written once, calm and with faults, and tells for whom.
func TestCitizenNotes(t *testing.T) {
	t.Parallel()

	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()

			options := momentumsim.Options{Seed: seed, Faults: 0.3}
			if seed == 0 {
				options.Faults = 0
			}

			b := setup(t, options)
			first, again := retryNote(t, b, citizenNote()), retryNote(t, b, citizenNote())

			if first != again || first.ID == "" {
				t.Errorf("receipts %v and %v", first, again)
			}

			notes := b.sim.Journal(nancy)
			if len(notes) != 1 || notes[0].Title != "Egnet til skærmbesøg" || !strings.Contains(notes[0].Body, "Skrevet for Mia Skov, sygeplejerske.") {
				t.Errorf("journal %+v", notes)
			}

			b.leaks(t)
		})
	}
}

func retryNote(t *testing.T, b bench, n ehr.Note) ehr.Receipt {
	t.Helper()

	var err error

	for range 60 {
		var receipt ehr.Receipt
		if receipt, err = b.WriteNote(t.Context(), n); err == nil {
			return receipt
		}
	}

	t.Fatal(err)

	return ehr.Receipt{}
}

// TestCitizenNoteRefusals: what must not stand in a record is refused before anything is sent.
func TestCitizenNoteRefusals(t *testing.T) {
	t.Parallel()

	b := setup(t, momentumsim.Options{})

	for name, c := range map[string]struct {
		spoil func(*ehr.Note)
		want  connector.Kind
	}{
		"a link":        {func(n *ehr.Note) { n.Text = "Se https://video.example.invalid/1" }, connector.Rejected},
		"a CPR number":  {func(n *ehr.Note) { n.Text = "251248-9996 er egnet" }, connector.Rejected},
		"a password":    {func(n *ehr.Note) { n.Text = "Adgangskode: sommer" }, connector.Rejected},
		"another means": {func(n *ehr.Note) { n.Means = care.ByNote }, connector.Unsupported},
		"no key":        {func(n *ehr.Note) { n.Key = "" }, connector.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			n := citizenNote()
			c.spoil(&n)

			if _, err := b.WriteNote(t.Context(), n); !connector.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}

			if notes := b.sim.Journal(nancy); len(notes) != 0 {
				t.Errorf("journal %+v", notes)
			}
		})
	}
}
