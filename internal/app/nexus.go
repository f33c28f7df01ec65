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

// Check implements connector.Checker.
func (c nexusCheck) Check(ctx context.Context) []connector.Finding {
	return c.record.CheckNames(ctx, c.names)
}

// nexusNames are the names in Nexus that the rules use, each once with where it stands.
func nexusNames(r config.Record, foreign []string) nexus.Names {
	names := nexus.Names{Foreign: foreign}
	addNames(&names, "record.default", r.Default)

	for _, law := range slices.Sorted(maps.Keys(r.ByLaw)) {
		addNames(&names, "record.by_law."+string(law), r.ByLaw[law])
	}

	for i, s := range r.ByService {
		addNames(&names, fmt.Sprintf("record.by_service[%d].rule", i), s.Rule)
	}

	for _, n := range []struct {
		key  string
		note config.CitizenNote
	}{{"record.notes.suitability", r.Notes.Suitability}, {"record.notes.device", r.Notes.Device}} {
		if n.note.Means == care.ByNote {
			names.Forms = append(names.Forms, citizenForm(n.key, n.note))
		}
	}

	return names
}

func addNames(names *nexus.Names, key string, rule config.RecordRule) {
	for _, way := range rule.Means {
		switch way {
		case care.OnList:
			for _, c := range []struct{ of, name string }{
				{"planned", rule.Planned}, {"completed", rule.Completed}, {"not_completed", rule.NotCompleted}, {"phone", rule.Phone},
			} {
				names.Categories = once(names.Categories, c.name, key+"."+c.of)
			}
		case care.ByIntervention:
			names.Interventions = once(names.Interventions, rule.Intervention, key+".intervention")
		case care.ByNote:
			names.Forms = append(names.Forms, formOf(key+".note", rule.Note))
		case care.ByTask:
			known := func(t nexus.TaskName) bool { return t.Type == rule.Task.Type && t.Team == rule.Task.Team }
			if !slices.ContainsFunc(names.Tasks, known) {
				names.Tasks = append(names.Tasks, nexus.TaskName{Key: key + ".task", Type: rule.Task.Type, Team: rule.Task.Team})
			}
		case care.ByJournal:
		}
	}
}

func formOf(key string, note config.NoteRule) nexus.Form {
	form := nexus.Form{Key: key, Title: note.Form}
	for _, f := range note.Fields {
		form.Fields = append(form.Fields, f.Label)

		if !strings.Contains(f.Value, "{") {
			form.Values = append(form.Values, ehr.Field{Label: f.Label, Value: f.Value})
		}
	}

	return form
}

// citizenForm is the form of a note about a citizen, with the words that a field of its own gets.
func citizenForm(key string, n config.CitizenNote) nexus.Form {
	form := formOf(key, config.NoteRule{Form: n.Form, Fields: n.Fields})

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

// once adds a name that is set, or the key to one that is there.
func once(names []nexus.Name, name, key string) []nexus.Name {
	if name == "" {
		return names
	}

	if i := slices.IndexFunc(names, func(n nexus.Name) bool { return n.Text == name }); i >= 0 {
		names[i].Keys = append(names[i].Keys, key)

		return names
	}

	return append(names, nexus.Name{Text: name, Keys: []string{key}})
}
