package pexip

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
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

// TestStatuses: what each answer means, whether we read or write.
func TestStatuses(t *testing.T) {
	t.Parallel()

	const fault = `{"conference":{"pin":["482136 is too short"]}}`

	for name, tt := range map[string]struct {
		status      int
		header      [2]string
		body        string
		read, write connector.Kind
	}{
		"login":           {http.StatusFound, [2]string{"Location", "https://inner.example/accounts/login/?next=/api/"}, "", connector.Unauthorized, connector.Unauthorized},
		"another address": {http.StatusMovedPermanently, [2]string{"Location", "https://other.example/"}, "", connector.Rejected, connector.Rejected},
		"validation":      {http.StatusBadRequest, [2]string{}, fault, connector.Rejected, connector.Rejected},
		"taken":           {http.StatusBadRequest, [2]string{}, `{"name":["already exists"]}`, connector.Conflict, connector.Conflict},
		"not found":       {http.StatusBadRequest, [2]string{}, `{"x":{"conference_id":["Failed to find conference."]}}`, connector.NotFound, connector.NotFound},
		"unreadable 400":  {http.StatusBadRequest, [2]string{}, `<h1>`, connector.Rejected, connector.Rejected},
		"401":             {http.StatusUnauthorized, [2]string{}, "", connector.Unauthorized, connector.Unauthorized},
		"403":             {http.StatusForbidden, [2]string{}, "", connector.Unauthorized, connector.Unauthorized},
		"404":             {http.StatusNotFound, [2]string{}, "", connector.NotFound, connector.NotFound},
		"429":             {http.StatusTooManyRequests, [2]string{"Retry-After", "7"}, "", connector.RateLimited, connector.RateLimited},
		"500":             {http.StatusInternalServerError, [2]string{}, fault, connector.Unavailable, connector.Unknown},
		"502":             {http.StatusBadGateway, [2]string{}, "<html>", connector.Unavailable, connector.Unknown},
		"503":             {http.StatusServiceUnavailable, [2]string{}, "", connector.Unavailable, connector.Unavailable},
		"web page":        {http.StatusOK, [2]string{}, "<html>", connector.Unavailable, 0},
		"no list":         {http.StatusOK, [2]string{}, "{}", connector.Malformed, 0},
		"another list":    {http.StatusOK, [2]string{}, `{"objects":[7]}`, connector.Malformed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header[0] != "" {
					w.Header().Set(tt.header[0], tt.header[1])
				}

				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			t.Cleanup(server.Close)

			p := testPlatform(t, time.Now(), func(c *Config) { c.BaseURL = server.URL })
			_, errRead := p.Rooms(t.Context())
			_, errWrite := p.api.write(t.Context(), call{op: "x", method: http.MethodPost, path: conferences(), body: 1})

			if connector.KindOf(errRead) != tt.read || connector.KindOf(errWrite) != tt.write {
				t.Errorf("read: %v, write: %v; want %v, %v", errRead, errWrite, tt.read, tt.write)
			}

			for _, err := range []error{errRead, errWrite} {
				if text := fmt.Sprintf("%+v", err); strings.Contains(text, "482136") || strings.Contains(text, "secret-password") || strings.Contains(text, "inner.example") {
					t.Errorf("the error tells %s", text)
				}
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
