package pexip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComplaints(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		body string
		want complaint
		code string
	}{
		"by resource": {`{"conference":{"name":["Virtual room with this Name already exists."]}}`, complaint{fields: []string{"name"}, exists: true}, CodeNameTaken},
		"flat":        {`{"pin":["Too short."],"guest_pin":["Too short."]}`, complaint{fields: []string{"guest_pin", "pin"}}, "guest_pin.pin"},
		"text":        {`{"error":"Sorry, this request could not be processed."}`, complaint{fields: []string{"error"}}, "error"},
		"no field":    {`{"conference":{"__all__":["Insufficient licenses."]}}`, complaint{fields: []string{"all"}}, "all"},
		"alias":       {`{"conference_alias":{"alias":["Alias already exist"]}}`, complaint{fields: []string{"alias"}, exists: true}, CodeNameTaken},
		"command":     {`{"disconnect":{"conference_id":["Failed to find conference."]}}`, complaint{fields: []string{"conference_id"}, gone: true}, "conference_id"},
		"deep":        {`{"conference":{"aliases":[{"alias":["x already exists"]}]}}`, complaint{fields: []string{"aliases"}, exists: true}, CodeNameTaken},
		"a list":      {`["x"]`, complaint{}, ""},
		"a page":      {`<html>`, complaint{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := readComplaint([]byte(tt.body))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(complaint{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}

			if code := got.code(); code != tt.code {
				t.Errorf("code %q, want %q", code, tt.code)
			}
		})
	}
}

func FuzzComplaint(f *testing.F) {
	f.Add([]byte(`{"conference":{"name":["already exists"],"__all__":"x"}}`))
	f.Add([]byte(`{"error":{"a":1}}`))
	f.Add([]byte(`{"":{"":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := readComplaint(data)
		if c.exists && !strings.Contains(strings.ToLower(string(data)), "already exist") {
			t.Error("exists out of nothing")
		}

		if explain(c) == nil {
			t.Error("no words")
		}
	})
}

func TestItemsWithoutID(t *testing.T) {
	t.Parallel()

	for _, id := range []int64{0, -1} {
		if path, ok := item(configuration, "conference", id); ok {
			t.Errorf("id %d gives %v", id, path)
		}
	}
}
