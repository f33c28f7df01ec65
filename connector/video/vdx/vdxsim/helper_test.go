package vdxsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

// clock is a hand-driven time source.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// bench is one started simulator and a caller with a token.
type bench struct {
	*vdxsim.Server
	urls   vdxsim.URLs
	start  time.Time
	token  string
	header http.Header
	client *http.Client
}

const (
	idA = "3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10"
	idB = "9f5a3c52-0d1f-4a5e-8c53-0e2a4a6c7b20"
)

// setup starts a calm, strict simulator at 2026-09-14 08:00 UTC; change alters its options.
func setup(t *testing.T, change func(*vdxsim.Options)) *bench {
	t.Helper()
	start := time.Date(2026, 9, 14, 8, 0, 0, 0, time.UTC)
	c := &clock{t: start}
	o := vdxsim.Options{Clock: c.now, Seed: 7, Calm: true, Strict: true}
	if change != nil {
		change(&o)
	}
	srv, err := vdxsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	urls, err := srv.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{
		Server: srv, urls: urls, start: start,
		header: http.Header{"X-Request-Id": {"test"}}, client: &http.Client{Transport: &http.Transport{}, CheckRedirect: noRedirect},
	}
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	b.as(vdxsim.RolePlanner)
	return b
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// as gives the bench a token with exactly these roles.
func (b *bench) as(roles ...string) {
	b.token = b.IssueToken(vdxsim.Client{
		ID: "test", Organisation: "sluse-kommune", Email: "vdx-system@sluse-kommune.example", Roles: roles,
	}, 1000*time.Hour)
}

type answer struct {
	status int
	header http.Header
	raw    string
	object map[string]any
	list   []map[string]any
}

func (a answer) str(name string) string {
	s, _ := a.object[name].(string)
	return s
}

// code is status and detailed_error_code, the pair that errors are keyed by.
func (a answer) code() string {
	return http.StatusText(a.status) + "/" + a.str("detailed_error_code")
}

func (b *bench) do(t *testing.T, method, target, body string) answer {
	t.Helper()
	a, err := b.try(t, method, target, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

func (b *bench) try(t *testing.T, method, target, body string) (answer, error) {
	t.Helper()
	if strings.HasPrefix(target, "/v2/") {
		target = b.urls.Video + target
	} else if strings.HasPrefix(target, "/") {
		target = b.urls.Base + target
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = b.header.Clone()
	if b.token != "" {
		req.Header.Set("Authorization", "Bearer "+b.token)
	}
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
	if bytes.HasPrefix(raw, []byte("[")) {
		_ = json.Unmarshal(raw, &a.list)
	} else {
		_ = json.Unmarshal(raw, &a.object)
	}
	return a, nil
}

// book creates a meeting and fails the test if that fails. Extra members are appended.
func (b *bench) book(t *testing.T, uuid string, start, end time.Time, extra string) answer {
	t.Helper()
	a := b.do(t, http.MethodPost, "/v2/meetings", booking(uuid, start, end, extra))
	if a.status != http.StatusOK {
		t.Fatalf("create: %d %s", a.status, a.raw)
	}
	return a
}

func booking(uuid string, start, end time.Time, extra string) string {
	body := `{"subject":"Samtale","uuid":"` + uuid + `","startTime":"` + start.Format(time.RFC3339) + `","endTime":"` + end.Format(time.RFC3339) + `"`
	if extra != "" {
		body += "," + extra
	}
	return body + "}"
}

// standard is a visit half an hour ahead, with both PINs, on the bench's clock.
func (b *bench) standard(t *testing.T) answer {
	t.Helper()
	return b.book(t, idA, b.start.Add(30*time.Minute), b.start.Add(time.Hour),
		`"hostPin":482130,"guestPin":771204,"maxParticipants":5,"externalId":"visit-1"`)
}

func (b *bench) room(t *testing.T, uuid string) answer {
	t.Helper()
	return b.do(t, http.MethodGet, "/v2/scheduling-info/"+uuid, "")
}

func query(base string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return base + "?" + q.Encode()
}
