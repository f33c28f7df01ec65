package handover

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// What a robot answers.
const (
	outcomeDone    = "done"
	outcomeRefused = "refused"
)

// schemaVersion is that of the files; it grows when a robot has to be changed.
const schemaVersion = 1

type (
	// One change for the robot (docs/record-systems.md).
	changeFile struct {
		Schema   int       `json:"schema"`
		Key      string    `json:"key"`
		Entry    string    `json:"entry"`
		Means    string    `json:"means"`
		Visit    visit     `json:"visit"`
		Citizen  citizen   `json:"citizen"`
		Employee string    `json:"employee,omitempty"`
		Unit     string    `json:"unit,omitempty"`
		Service  string    `json:"service,omitempty"`
		Law      string    `json:"law,omitempty"`
		Planned  interval  `json:"planned"`
		Meeting  string    `json:"meeting,omitempty"`
		Delivery string    `json:"delivery,omitempty"`
		Category string    `json:"category,omitempty"`
		Comment  string    `json:"comment,omitempty"`
		Result   string    `json:"result,omitempty"`
		Reason   string    `json:"reason,omitempty"`
		Because  string    `json:"reason_text,omitempty"`
		Actual   *interval `json:"actual,omitempty"`
		Name     string    `json:"name,omitempty"`
		Fields   []field   `json:"fields,omitempty"`
		Title    string    `json:"title,omitempty"`
		Text     string    `json:"text,omitempty"`
		Team     string    `json:"team,omitempty"`
		Due      string    `json:"due,omitempty"`
		Author   string    `json:"author,omitempty"`
	}
	visit struct {
		System     string `json:"system"`
		ID         string `json:"id"`
		Occurrence string `json:"occurrence,omitempty"`
	}
	citizen struct {
		CPR     string `json:"cpr,omitempty"`
		LocalID string `json:"local_id,omitempty"`
	}
	interval struct {
		Start string `json:"start"`
		End   string `json:"end"`
	}
	field struct {
		Label string `json:"label"`
		Value string `json:"value"`
	}
	// The answer of the robot.
	receiptFile struct {
		Schema  int    `json:"schema"`
		Key     string `json:"key"`
		Outcome string `json:"outcome"` // done, refused
		ID      string `json:"id"`
		Version string `json:"version"`
		Text    string `json:"text"`
	}
)

func encodeChange(c ehr.Change) ([]byte, error) {
	file := changeFile{
		Schema: schemaVersion, Key: c.Key, Entry: string(c.Kind), Means: string(c.Means),
		Visit:   visit{System: c.Source.System, ID: c.Source.ID, Occurrence: c.Source.Occurrence},
		Citizen: citizen{CPR: c.Citizen.CPR.Reveal(), LocalID: c.Citizen.Surrogate.Reveal()}, Employee: string(c.Employee), Unit: c.Unit,
		Service: c.Service, Law: string(c.Law), Planned: intervalOf(c.Planned), Meeting: string(c.Room), Delivery: string(c.Delivery),
		Category: c.Category, Comment: c.Comment, Result: string(c.Result), Reason: string(c.Reason), Because: c.Reason.Danish(),
		Name: c.Name, Title: c.Title, Text: c.Text, Team: c.Team, Author: c.Author,
	}

	if c.Actual.Valid() {
		actual := intervalOf(c.Actual)
		file.Actual = &actual
	}

	if !c.DueAt.IsZero() {
		file.Due = instant(c.DueAt)
	}

	for _, f := range c.Fields {
		file.Fields = append(file.Fields, field{Label: f.Label, Value: f.Value})
	}

	return json.MarshalIndent(file, "", "  ") //nolint:wrapcheck // the caller says what it is of
}

func intervalOf(i care.Interval) interval {
	return interval{Start: instant(i.Start), End: instant(i.End)}
}

func instant(t time.Time) string { return t.In(care.Zone()).Format(time.RFC3339) }

// errNoObject is said of a receipt that a robot may still be writing.
var errNoObject = errors.New("the receipt is no JSON object")

// decodeReceipt reads the robot's answer to a key.
func decodeReceipt(data []byte, key string) (receiptFile, error) {
	var r receiptFile

	err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &r) // programs on Windows like to begin a file with a mark

	switch {
	case err != nil:
		return r, errNoObject
	case r.Schema != schemaVersion:
		return r, errors.New("the receipt has another schema")
	case r.Key != key:
		return r, errors.New("the receipt is of another key")
	case r.Outcome != outcomeDone && r.Outcome != outcomeRefused:
		return r, errors.New("the receipt's outcome is neither done nor refused")
	}

	return r, nil
}
