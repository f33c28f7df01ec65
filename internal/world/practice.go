package world

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/sluse/sluse/docs"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
)

// plainRules is the practice of no municipality in particular, as the examples in docs write theirs.
const plainRules = `
municipalities:
  - record:
      default: {planned: "Planlagt skærmbesøg", completed: "Gennemført skærmbesøg", not_completed: "Ikke gennemført skærmbesøg", phone: "Telefonisk", comment: "skærmbesøg"}
      by_law:
        SEL_83: {comment: "skærmbesøg"}
`

// byHand is what a rule says of a visit that the record can't be told of.
const byHand = "Journalen kan ikke få indsatsen »" + Intervention + "« herfra. Registrér den i journalen i hånden."

// section is a part of a configuration file.
type section = map[string]any

// practised is the record's section of a practice: of the example that is shipped for it.
func practised(p Practice) (section, error) {
	text, err := []byte(plainRules), error(nil)
	if p != Plain {
		text, err = docs.Example(string(p))
	}

	if err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}

	var file struct {
		Municipalities []struct {
			Record section `yaml:"record"`
		} `yaml:"municipalities"`
	}

	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("practice: %w", err)
	}

	return file.Municipalities[0].Record, nil
}

// recordText is the part of a municipality's configuration about its record: the practice's example,
// with this world's record in place of the example's.
func (w *World) recordText(o Options, dir string) (string, error) {
	record, err := practised(o.Practice)
	if err != nil {
		return "", err
	}

	record["kind"], record["concurrency"], record["file"] = string(o.Record), o.Concurrency, section{"dir": dir + "/lister"}

	secret := func(name string) section { return section{"file": o.Dir + "/" + name} }
	within := func(key string) section {
		part, _ := record[key].(section)
		if part == nil {
			part = section{}
		}

		record[key] = part

		return part
	}

	switch o.Record {
	case FHIRRecord:
		part := within("fhir")
		part["base_url"] = w.RecordURL + "/fhir"

		if len(o.Planned) > 0 {
			part["lists"] = section{"by": "location"}
		}
	case NexusRecord:
		root, err := url.Parse(w.nexus.API)
		if err != nil {
			return "", fmt.Errorf("care record: %w", err)
		}

		part := within("nexus")
		part["instance"], part["iam_url"], part["api_url"] = w.nexus.Instance, w.nexus.IAM, root.Scheme+"://"+root.Host
		part["client_id"], part["client_secret"], part["write_visit_type"] = nexusClient().ID, secret("nexus.secret"), true
	case FileRecord:
	}

	if o.Record != NexusRecord {
		delete(record, "nexus")
		withoutMeans(record)
	}

	if w.Momentum != nil {
		part := within("momentum")
		part["base_url"], part["token_url"], part["resource"] = w.momentum+"/api/", w.momentum+"/token", momentumsim.Resource
		part["client_id"], part["client_secret"], part["api_key"] = momentumsim.ClientID, secret("momentum.secret"), secret("momentum.key")
	}

	return indented(section{"record": record})
}

// notesByHand is what a rule says of notes about citizens that the record can't be told of.
const notesByHand = "Journalen kan ikke få notater om borgere herfra. Skriv notatet i journalen i hånden."

// withoutMeans adapts a practice to a record that has neither interventions nor care notes: what would
// be an intervention or a note about a citizen can't be told, and people read so.
func withoutMeans(record section) {
	notes, _ := record["notes"].(section)
	for topic := range notes {
		notes[topic] = section{"impossible": notesByHand}
	}

	lawful, _ := record["by_law"].(section)
	rules := section{"default": record["default"]}

	maps.Copy(rules, lawful)

	for _, one := range rules {
		rule, _ := one.(section)
		means, _ := rule["means"].([]any)

		switch {
		case slices.Contains(means, any("intervention")):
			clear(rule)
			rule["means"], rule["impossible"] = []any{}, byHand
		case slices.Contains(means, any("note")):
			rule["means"] = slices.DeleteFunc(means, func(m any) bool { return m == "note" })
			delete(rule, "note")
		}
	}
}

// indented is a section as it stands within a municipality's.
func indented(part section) (string, error) {
	text, err := yaml.Marshal(part)
	if err != nil {
		return "", fmt.Errorf("practice: %w", err)
	}

	const margin = "    "

	return margin + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n"+margin), nil
}
