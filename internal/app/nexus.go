package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/scheduler/care"
)

func (s *Site) newNexus(p parts) (*nexus.Nexus, error) {
	record, err := nexus.New(p.m.Record.Nexus, nexus.Options{Now: p.o.Clock, Observe: p.observe, Log: p.log, Peer: s.monitor.peer(connector.RecordRole)})
	if err != nil {
		return nil, fmt.Errorf("KMD Nexus: %w", err)
	}

	return record, nil
}

// nexusCheck looks up the names of a municipality's rules in its Nexus.
type nexusCheck struct {
	record *nexus.Nexus
	names  nexus.Names
}

func (s *Site) nexusChecker(p parts) (connector.Checker, error) {
	record, err := s.newNexus(p)
	if err != nil {
		return nil, err
	}

	return nexusCheck{record: record, names: nexusNames(p.m.Record)}, nil
}

// Check implements connector.Checker.
func (c nexusCheck) Check(ctx context.Context) []connector.Finding {
	defer c.record.Close()

	return c.record.CheckNames(ctx, c.names)
}

// nexusNames are the names in Nexus that the rules use, each once.
func nexusNames(r config.Record) nexus.Names {
	rules := []config.RecordRule{r.Default}
	for _, law := range slices.Sorted(maps.Keys(r.ByLaw)) {
		rules = append(rules, r.ByLaw[law])
	}

	for _, s := range r.ByService {
		rules = append(rules, s.Rule)
	}

	var names nexus.Names

	for _, rule := range rules {
		addNames(&names, rule)
	}

	for _, n := range []config.CitizenNote{r.Notes.Suitability, r.Notes.Device} {
		if n.Means == care.ByNote {
			names.Forms = append(names.Forms, citizenForm(n))
		}
	}

	return names
}

func addNames(names *nexus.Names, rule config.RecordRule) {
	for _, way := range rule.Means {
		switch way {
		case care.OnList:
			for _, category := range []string{rule.Planned, rule.Completed, rule.NotCompleted, rule.Phone} {
				names.Categories = once(names.Categories, category)
			}
		case care.ByIntervention:
			names.Interventions = once(names.Interventions, rule.Intervention)
		case care.ByNote:
			names.Forms = append(names.Forms, formOf(rule.Note))
		case care.ByTask:
			task := nexus.TaskName{Type: rule.Task.Type, Team: rule.Task.Team}
			if !slices.Contains(names.Tasks, task) {
				names.Tasks = append(names.Tasks, task)
			}
		case care.ByJournal:
		}
	}
}

func formOf(note config.NoteRule) nexus.Form {
	form := nexus.Form{Title: note.Form}
	for _, f := range note.Fields {
		form.Fields = append(form.Fields, f.Label)

		if !strings.Contains(f.Value, "{") {
			form.Values = append(form.Values, ehr.Field{Label: f.Label, Value: f.Value})
		}
	}

	return form
}

// citizenForm is the form of a note about a citizen, with the words that a field of its own gets.
func citizenForm(n config.CitizenNote) nexus.Form {
	form := formOf(config.NoteRule{Form: n.Form, Fields: n.Fields})

	for _, f := range n.Fields {
		if f.Value != "{egnethed}" && f.Value != "{hændelse}" {
			continue
		}

		for _, word := range slices.Sorted(maps.Keys(n.Words)) {
			form.Values = append(form.Values, ehr.Field{Label: f.Label, Value: n.Words[word]})
		}
	}

	return form
}

// once adds a name that is set and not there.
func once(names []string, name string) []string {
	if name == "" || slices.Contains(names, name) {
		return names
	}

	return append(names, name)
}
