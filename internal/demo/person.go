package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

// person is somebody with a browser: it keeps cookies and does not follow redirects by itself,
// because where they lead is what we look at.
type person struct {
	http  *http.Client
	base  string
	since time.Time // of the login, by the demo's clock
}

func newPerson(base string) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("cookies: %w", err)
	}

	return &person{base: base, http: &http.Client{
		Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     []byte
}

var errStatus = errors.New("unexpected answer")

func (p *person) do(ctx context.Context, method, target, contentType string, body io.Reader) (answer, error) {
	if strings.HasPrefix(target, "/") {
		target = p.base + target
	}

	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return answer{}, fmt.Errorf("request: %w", err)
	}

	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}

	res, err := p.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("request: %w", err)
	}
	defer res.Body.Close()

	data, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}

	return answer{status: res.StatusCode, location: res.Header.Get("Location"), body: data}, nil
}

// want makes an error of any other status; route names the call without its secrets.
func (a answer) want(route string, statuses ...int) error {
	if slices.Contains(statuses, a.status) {
		return nil
	}

	detail := struct {
		Detail string `json:"detail"`
	}{}
	_ = json.Unmarshal(a.body, &detail) // pages are no JSON; then there is no detail

	return fmt.Errorf("%w: %s: %d %s", errStatus, route, a.status, detail.Detail)
}

// post sends a form.
func (p *person) post(ctx context.Context, path string, form url.Values) (answer, error) {
	return p.do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// call sends and reads JSON; in may be nil.
func (p *person) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader

	contentType := ""

	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}

		body, contentType = bytes.NewReader(data), "application/json"
	}

	a, err := p.do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}

	if err := a.want(method+" "+path, http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent); err != nil {
		return err
	}

	if out == nil || len(a.body) == 0 {
		return nil
	}

	if err := json.Unmarshal(a.body, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}

	return nil
}

// upload sends a file as a browser's form does.
func (p *person) upload(ctx context.Context, path, name string, data []byte, out any) error {
	var body bytes.Buffer

	form := multipart.NewWriter(&body)

	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}

	if _, err := part.Write(data); err != nil {
		return fmt.Errorf("upload: %w", err)
	}

	if err := form.Close(); err != nil {
		return fmt.Errorf("upload: %w", err)
	}

	a, err := p.do(ctx, http.MethodPost, path, form.FormDataContentType(), &body)
	if err != nil {
		return err
	}

	if err := a.want("POST "+path, http.StatusOK, http.StatusCreated); err != nil {
		return err
	}

	if err := json.Unmarshal(a.body, out); err != nil {
		return fmt.Errorf("upload: %w", err)
	}

	return nil
}

// login goes to the identity provider and back, as a browser would.
func (d *Demo) login(ctx context.Context, user string) (*person, error) {
	p, err := newPerson(d.Base)
	if err != nil {
		return nil, err
	}

	sent, err := p.do(ctx, http.MethodGet, "/login", "", nil)
	if err != nil {
		return nil, err
	}

	if err := sent.want("GET /login", http.StatusSeeOther); err != nil {
		return nil, err
	}

	back, err := d.World.IDP.Login(ctx, sent.location, user, "")
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}

	a, err := p.post(ctx, back.ACS, url.Values{"SAMLResponse": {back.SAMLResponse}, "RelayState": {back.RelayState}})
	if err != nil {
		return nil, err
	}

	p.since = d.Now()

	return p, a.want("login of "+user, http.StatusSeeOther)
}

// send sends a request to a peer and reads its JSON.
func (p *person) send(req *http.Request, out any) error {
	res, err := p.http.Do(req)
	if err != nil {
		return fmt.Errorf("request: %w", err)
	}
	defer res.Body.Close()

	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}

	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%w: %s %s: %d", errStatus, req.Method, req.URL.Path, res.StatusCode)
	}

	if out == nil {
		return nil
	}

	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s: %w", req.URL.Path, err)
	}

	return nil
}
