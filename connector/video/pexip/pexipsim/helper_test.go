package pexipsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

// bench is one mounted simulator and a caller with Basic credentials.
type bench struct {
	*pexipsim.Server
	base   string
	start  time.Time
	header http.Header
	client *http.Client
}

const (
	hostPIN  = "482136"
	guestPIN = "739015"
)

// setup mounts a calm, strict simulator at 2026-09-14 08:00 UTC; change alters its options.
func setup(t *testing.T, change func(*pexipsim.Options)) *bench {
	t.Helper()
	start := time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)
	o := pexipsim.Options{Clock: func() time.Time { return start }, Seed: 7, Calm: true, Strict: true}
	if change != nil {
		change(&o)
	}
	sim, err := pexipsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim.Handler())
	b := &bench{
		Server: sim, base: server.URL, start: start, header: http.Header{},
		client: &http.Client{
			Transport:     &http.Transport{},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	b.basic(pexipsim.DefaultPassword)
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) basic(pass string) {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(pexipsim.DefaultUsername, pass)
	b.header.Set("Authorization", req.Header.Get("Authorization"))
}

type answer struct {
	status int
	header http.Header
	raw    string
	object map[string]any
}

// objects are the objects of a list.
func (a answer) objects() []map[string]any {
	list, _ := a.object["objects"].([]any)
	var out []map[string]any
	for _, item := range list {
		m, _ := item.(map[string]any)
		out = append(out, m)
	}
	return out
}

func (a answer) meta(name string) any {
	meta, _ := a.object["meta"].(map[string]any)
	return meta[name]
}

func (a answer) str(name string) string {
	s, _ := a.object[name].(string)
	return s
}

func (b *bench) do(t *testing.T, method, target, body string) answer {
	t.Helper()
	a, err := b.try(t, method, target, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

// try calls; a target such as "configuration/conference/" is below the management API.
func (b *bench) try(t *testing.T, method, target, body string) (answer, error) {
	t.Helper()
	section, rest, found := strings.Cut(target, "/")
	switch {
	case strings.HasPrefix(target, "http"):
	case strings.HasPrefix(target, "/"):
		target = b.base + target
	case found:
		target = b.base + "/api/admin/" + section + "/v1/" + rest
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = b.header.Clone()
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.object)
	return a, nil
}

// expect calls and checks the status.
func (b *bench) expect(t *testing.T, status int, method, target, body string) answer {
	t.Helper()
	a := b.do(t, method, target, body)
	if a.status != status {
		t.Errorf("%s %s: %d, want %d: %s", method, target, a.status, status, a.raw)
	}
	return a
}

// room is a body of a conference with both PINs and the aliases name-h and name-g.
func room(name, extra string) string {
	body := `{"name":"` + name + `","tag":"tag-` + name + `","allow_guests":true,"pin":"` + hostPIN + `","guest_pin":"` + guestPIN +
		`","aliases":[{"alias":"` + name + `-h"},{"alias":"` + name + `-g","description":"gæst"}]`
	if extra != "" {
		body += "," + extra
	}
	return body + "}"
}

// book creates a room and returns the path of its URI below the host.
func (b *bench) book(t *testing.T, name, extra string) string {
	t.Helper()
	a := b.do(t, http.MethodPost, "configuration/conference/", room(name, extra))
	if a.status != http.StatusCreated || a.raw != "" {
		t.Fatalf("create: %d %s", a.status, a.raw)
	}
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || !strings.HasSuffix(u.Path, "/") {
		t.Fatalf("Location %q: %v", a.header.Get("Location"), err)
	}
	return u.Path
}

// open books a room that every node knows.
func (b *bench) open(t *testing.T, name, extra string) string {
	t.Helper()
	path := b.book(t, name, extra)
	must(t, b.Replicate(name))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// enter lets somebody in by role and returns the leg.
func (b *bench) enter(t *testing.T, key string, role pexipsim.Role, name string) pexipsim.LegRecord {
	t.Helper()
	l, err := b.Enter(key, role, name)
	must(t, err)
	return l
}

// leg looks a leg of any room up.
func (b *bench) leg(t *testing.T, id string) pexipsim.LegRecord {
	t.Helper()
	var r pexipsim.RoomRecord
	for _, room := range b.Rooms() {
		r.Conferences = append(r.Conferences, room.Conferences...)
	}
	for _, l := range r.Legs() {
		if l.ID == id {
			return l
		}
	}
	t.Fatalf("no leg %s", id)
	return pexipsim.LegRecord{}
}
