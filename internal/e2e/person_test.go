package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluse/sluse/internal/world"
)

// person is somebody with a browser before a load balancer: the address is always the town's, and
// entry is the process that gets the next request.
type person struct {
	tb    testing.TB
	base  string
	entry atomic.Value // string
	http  *http.Client
}

func newPerson(tb testing.TB, base, entry string) *person {
	tb.Helper()

	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}

	p := &person{tb: tb, base: base}
	p.entry.Store(entry)

	p.http = &http.Client{
		Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true, // the process behind a connection may be dead
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				to, ok := p.entry.Load().(string)
				if !ok {
					return nil, errNotUp
				}

				return new(net.Dialer).DialContext(ctx, network, to)
			},
		},
	}

	return p
}

// through sends the next requests to another process.
func (p *person) through(proc *process) *person {
	p.entry.Store(proc.addr)

	return p
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     []byte
}

func (p *person) do(method, path, contentType string, body io.Reader) answer {
	p.tb.Helper()

	got, err := p.try(method, path, contentType, body)
	if err != nil {
		p.tb.Fatalf("%s: %v", method, err)
	}

	return got
}

// try is do of a process that may be dead.
func (p *person) try(method, path, contentType string, body io.Reader) (answer, error) {
	p.tb.Helper()

	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}

	req, err := http.NewRequestWithContext(p.tb.Context(), method, path, body)
	if err != nil {
		return answer{}, err
	}

	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}

	return p.send(req)
}

func (p *person) send(req *http.Request) (answer, error) {
	res, err := p.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()

	data, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", req.URL.Path, err)
	}

	return answer{status: res.StatusCode, location: res.Header.Get("Location"), body: data}, nil
}

// login goes to the identity provider and back.
func (p *person) login(w *world.World, user string) *person {
	p.tb.Helper()

	sent := p.do(http.MethodGet, "/login", "", nil)

	back, err := w.IDP.Login(p.tb.Context(), sent.location, user, "")
	if err != nil {
		p.tb.Fatalf("login of %s: %v", user, err)
	}

	form := url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}}

	done := p.do(http.MethodPost, back.ACS, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if done.status != http.StatusSeeOther {
		p.tb.Fatalf("login of %s: %d", user, done.status)
	}

	return p
}

// call sends and reads JSON; in may be nil.
func (p *person) call(method, path string, in, out any) {
	p.tb.Helper()

	var body io.Reader

	contentType := ""

	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			p.tb.Fatal(err)
		}

		body, contentType = bytes.NewReader(data), "application/json"
	}

	p.read(method+" "+path, p.do(method, path, contentType, body), out)
}

func (p *person) read(what string, a answer, out any) {
	p.tb.Helper()

	if a.status/100 != 2 {
		p.tb.Fatalf("%s: %d %s", what, a.status, a.body)
	}

	if out != nil {
		if err := json.Unmarshal(a.body, out); err != nil {
			p.tb.Fatalf("%s: %v", what, err)
		}
	}
}

// upload sends a file to the API and reads what it answers.
func (p *person) upload(path, name string, data []byte, out any) {
	p.tb.Helper()

	var body bytes.Buffer

	form := multipart.NewWriter(&body)

	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}

	if err == nil {
		err = form.Close()
	}

	if err != nil {
		p.tb.Fatal(err)
	}

	p.read("upload of "+name, p.do(http.MethodPost, path, form.FormDataContentType(), &body), out)
}

// importList imports a driving list and returns how many rows can't be imported.
func (p *person) importList(name string, data []byte) (rows, faults int) {
	p.tb.Helper()

	var record struct{ Rows, Faults int }

	p.upload("/api/v1/driving-lists", name, data, &record)

	return record.Rows, record.Faults
}

// visits returns the ids of a day's visits, in the order of the day.
func (p *person) visits(day string) []string {
	p.tb.Helper()

	var answer struct {
		Visits []struct{ ID string }
	}

	p.call(http.MethodGet, "/api/v1/visits?day="+day, nil, &answer)

	ids := make([]string, 0, len(answer.Visits))
	for _, v := range answer.Visits {
		ids = append(ids, v.ID)
	}

	return ids
}

// convert turns visits into screen visits, those against the rules as well.
func (p *person) convert(visits []string) (batch string) {
	p.tb.Helper()

	var started struct {
		ID     string
		Visits int
	}

	p.call(http.MethodPost, "/api/v1/conversions", map[string]any{"visits": visits, "reason": "Aftalt med borgerne"}, &started)

	if started.Visits != len(visits) {
		p.tb.Fatalf("%d of %d visits were taken", started.Visits, len(visits))
	}

	return started.ID
}

// progress is how far a conversion is.
type progress struct {
	State  string
	Counts struct{ Total, Booked, Invited, Recorded, Troubled, Active, Reverted, Closing, Restoring int }
}

func (p *person) progress(batch string) progress {
	p.tb.Helper()

	var now progress

	p.call(http.MethodGet, "/api/v1/conversions/"+batch, nil, &now)

	return now
}

// watch follows a conversion by server-sent events until nothing moves any more.
func (p *person) watch(batch string) {
	p.tb.Helper()

	for over := false; !over; {
		over = p.watchOnce(batch)
	}
}

// watchOnce follows one stream; false when it ended before the conversion did.
func (p *person) watchOnce(batch string) bool {
	p.tb.Helper()

	req, err := http.NewRequestWithContext(p.tb.Context(), http.MethodGet, p.base+"/omlaegninger/"+batch+"/forloeb", http.NoBody)
	if err != nil {
		p.tb.Fatal(err)
	}

	res, err := p.http.Do(req)
	if err != nil {
		p.tb.Fatalf("watch: %v", err)
	}
	defer res.Body.Close()

	if res.StatusCode != http.StatusOK {
		p.tb.Fatalf("watch: %s", res.Status)
	}

	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		var event struct {
			Live bool `json:"live"`
		}

		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}

		if err := json.Unmarshal([]byte(data), &event); err != nil {
			p.tb.Fatal(fmt.Errorf("watch: %w", err))
		}

		if !event.Live {
			return true
		}
	}

	return false
}

func mustURL(tb testing.TB, text string) *url.URL {
	tb.Helper()

	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}

	return u
}
