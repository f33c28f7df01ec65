package world

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world/recordday"
)

// RecordKind says which care record a world has.
type RecordKind string

// The kinds.
const (
	FHIRRecord  RecordKind = "fhir"  // FHIR R4
	NexusRecord RecordKind = "nexus" // KMD Nexus
	FileRecord  RecordKind = "file"  // entries are written into the driving list's file
)

// RecordKinds are all kinds.
func RecordKinds() []RecordKind { return []RecordKind{FileRecord, FHIRRecord, NexusRecord} }

// Practice says how a municipality has its record told of screen visits (eoj.md §8.1).
type Practice string

// The practices.
const (
	Plain   Practice = "plain"   // categories for all laws, under the Social Services Act a comment alone
	Holbaek Practice = "holbaek" // categories with a colour, a comment, and a care note where the record has any
	Viborg  Practice = "viborg"  // an intervention of its own under the Health Act, else a comment alone
	Varde   Practice = "varde"   // a note in the case journal when the visit has ended
)

// Practices are all practices.
func Practices() []Practice { return []Practice{Holbaek, Viborg, Varde, Plain} }

// Local names in the record.
const (
	Intervention = "Skærmbesøg SUL" // Viborg's, in the catalogue
	NoteForm     = "Omsorgsnotat"   // Holbæk's care note
	NoteSubject  = "Emne"           // the field that says which visit the note is about
	JournalType  = "Skærmbesøg"     // Varde's notes
)

// recordSecrets are files that the record's part of the configuration names.
func (w *World) recordSecrets() map[string]string {
	out := map[string]string{}
	if w.Nexus != nil {
		out["nexus.secret"] = nexusClient().Secret
	}

	if w.Momentum != nil {
		out["momentum.secret"], out["momentum.key"] = momentumsim.Secret, momentumsim.APIKey
	}

	return out
}

func nexusClient() nexussim.Client { return nexussim.DefaultClients()[0] }

func (w *World) startRecord(ctx context.Context, o Options) (err error) {
	switch {
	case !slices.Contains(RecordKinds(), o.Record):
		return fmt.Errorf("%q is no care record; known are %v", o.Record, RecordKinds())
	case !slices.Contains(Practices(), o.Practice):
		return fmt.Errorf("%q is no practice; known are %v", o.Practice, Practices())
	}

	switch o.Record {
	case FHIRRecord:
		err = w.startFHIR(ctx, o)
	case NexusRecord:
		err = w.startNexus(ctx, o)
	case FileRecord:
		w.history = &fileHistory{dir: o.Dir}
	}

	if err == nil && o.Practice == Varde {
		err = w.startMomentum(ctx, o)
	}

	if err != nil {
		return fmt.Errorf("care record: %w", err)
	}

	return nil
}

func (w *World) startFHIR(ctx context.Context, o Options) error {
	sim, err := fhirsim.New(fhirsim.Options{
		Clock: o.Clock, Seed: o.Seed, Calm: o.Faults == 0, Faults: fhirsim.Spread(o.Faults), Latency: o.Latency,
	})
	if err != nil {
		return err
	}

	placed, err := recordday.FHIR(sim, o.Planned)
	if err != nil {
		return err
	}

	w.FHIR, w.history = sim, &fhirHistory{sim: sim, placed: placed}
	w.RecordURL, err = w.serve(ctx, sim.Handler())

	return err
}

func (w *World) startNexus(ctx context.Context, o Options) error {
	sim, err := nexussim.New(nexussim.Options{
		Clock: o.Clock, Seed: o.Seed, Calm: o.Faults == 0, Faults: nexussim.Spread(o.Faults), Latency: o.Latency, Strict: true,
	})
	if err != nil {
		return err
	}

	// The word of KL's class for telephone visits (eoj.md §3.3), beside the types that the record has.
	if err := sim.DefineType(nexussim.EventType{Name: "Telefonisk", Color: "FFE9A8", Meaning: nexussim.PhoneVisit}); err != nil {
		return err
	}

	placed, err := recordday.Nexus(sim, o.Planned)
	if err != nil {
		return err
	}

	w.Nexus, w.history = sim, &nexusHistory{sim: sim, placed: placed}
	w.undo = append(w.undo, sim.Close)

	if w.nexus, err = sim.Start(ctx, "127.0.0.1:0", ""); err != nil {
		return err
	}

	w.RecordURL = w.nexus.Page

	return nil
}

func (w *World) startMomentum(ctx context.Context, o Options) error {
	var people []momentumsim.Citizen

	numbers := o.Citizens
	if len(numbers) == 0 {
		numbers = loginCitizens()
	}

	for i, number := range numbers {
		people = append(people, momentumsim.Citizen{ID: i + 1, CPR: number.Reveal()})
	}

	w.Momentum = momentumsim.New(momentumsim.Options{Clock: o.Clock, Seed: o.Seed, Faults: o.Faults}, people...)

	base, err := w.serve(ctx, w.Momentum.Handler())
	w.momentum = base

	return err
}
