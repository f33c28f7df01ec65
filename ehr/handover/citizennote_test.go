package handover_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// TestCitizenNote hands one note about a citizen over, once, and reads the robot's answer.
func TestCitizenNote(t *testing.T) {
	t.Parallel()

	c := folders(t)
	j := open(t, c)
	note := ehr.Note{
		Key: "note/1", Topic: care.SuitabilityNote, Citizen: planned(t, "a").Citizen, Means: care.ByNote, Name: "Omsorgsnotat",
		Fields: []ehr.Field{{Label: "Emne", Value: "Egnet"}}, Title: "Egnet til skærmbesøg", Text: "Vurderet egnet.", Author: "Mia Skov",
		At: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
	}

	for range 3 {
		if _, err := j.WriteNote(t.Context(), note); !connector.Is(err, connector.Pending) {
			t.Fatalf("without a receipt: %v", err)
		}
	}

	files, _ := filepath.Glob(filepath.Join(c.Queue, "*"))
	if len(files) != 1 {
		t.Fatalf("queue %v", files)
	}

	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}

	var told map[string]any
	if err := json.Unmarshal(data, &told); err != nil {
		t.Fatal(err)
	}

	delete(told, "citizen")

	want := map[string]any{
		"schema": 1.0, "key": "note/1", "entry": "citizen_note", "topic": "suitability", "means": "note", "at": told["at"], "name": "Omsorgsnotat",
		"fields": []any{map[string]any{"label": "Emne", "value": "Egnet"}}, "title": "Egnet til skærmbesøg", "text": "Vurderet egnet.", "author": "Mia Skov",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}

	if at, err := time.Parse(time.RFC3339, told["at"].(string)); err != nil || !at.Equal(note.At) {
		t.Errorf("at %v, %v", told["at"], err)
	}

	receipt(t, c, filepath.Base(files[0]), map[string]any{"schema": 1, "key": note.Key, "outcome": "done", "version": "3"})

	if got, err := j.WriteNote(t.Context(), note); err != nil || got.Version != "3" {
		t.Errorf("receipt %+v, %v", got, err)
	}

	note.Text = "Se https://video.example.invalid/1"
	note.Key = "note/2"

	if _, err := j.WriteNote(t.Context(), note); !connector.Is(err, connector.Rejected) {
		t.Errorf("a link: %v", err)
	}
}
