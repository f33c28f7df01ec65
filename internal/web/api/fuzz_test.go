package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// bodies are the routes that take JSON.
var bodies = []string{
	"/conversions", "/visits/v-1/move", "/visits/v-1/cancel", "/visits/v-1/admissions/a-1/admit", "/visits/v-1/conclude", "/visits/v-1/correct",
	"/visits/v-1/call/end", "/visits/v-1/admissions/a-1/vouch", "/citizens/c-1/contacts", "/citizens/c-1/number", "/visits/v-1/participants",
}

// FuzzBodies sends bodies through the whole handler. What is taken must be what the document
// describes, and every answer must be one that it describes.
func FuzzBodies(f *testing.F) {
	var seeds []string

	for _, c := range calls() {
		if slices.Contains(bodies, c.req.path) {
			seeds = append(seeds, c.req.body)
		}
	}

	for _, r := range refusals() {
		if slices.Contains(bodies, r.req.path) && len(r.req.body) < 1000 {
			seeds = append(seeds, r.req.body)
		}
	}

	for i := range bodies { // what fits one route is sent to all
		for _, seed := range seeds {
			f.Add(uint8(i), seed)
		}
	}

	f.Add(uint8(1), `{"start":"0000-01-01T00:00:00Z","end":"9999-12-31T23:59:59-23:59"}`)
	f.Add(uint8(4), `{"kind":"completed","physical":false}`)

	b := setup(f)

	f.Fuzz(func(t *testing.T, which uint8, body string) {
		req := postJSON(bodies[int(which)%len(bodies)], body).as(care.Planner)
		if strings.Contains(req.path, "/admissions/") || strings.Contains(req.path, "/call/") {
			req.role = care.Caregiver
		}

		b.fake.takeAsked()
		got := b.do(t, req)

		switch asked := b.fake.takeAsked(); {
		case got.status >= 200 && got.status < 300:
			if err := b.documented(t, req); err != nil {
				t.Errorf("%s took %q, which the document refuses: %v", req.path, body, err)
			}
		case got.status == http.StatusUnprocessableEntity, got.status == http.StatusRequestEntityTooLarge:
			if len(asked) > 0 {
				t.Errorf("%s refused %q after it asked %v", req.path, body, asked)
			}
		default:
			t.Errorf("%s answered %d to %q", req.path, got.status, body)
		}
	})
}

// FuzzUpload sends forms through the whole handler.
func FuzzUpload(f *testing.F) {
	for _, c := range calls() {
		if strings.HasPrefix(c.req.path, "/driving-lists") && c.req.body != "" {
			_, boundary, _ := strings.Cut(c.req.media, "boundary=")
			f.Add(strings.ReplaceAll(c.req.body, boundary, "x"))
		}
	}

	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"..\\\\0104909989\x00.csv\"\r\n\r\nDato\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FF\r\n--x--\r\n")

	b := setup(f)

	f.Fuzz(func(t *testing.T, body string) {
		b.fake.takeAsked()
		b.fake.files = nil
		got := b.do(t, request{method: http.MethodPost, path: "/driving-lists", media: "multipart/form-data; boundary=x", body: body, role: care.Leader})

		switch asked := b.fake.takeAsked(); {
		case got.status == http.StatusOK && len(asked) == 1, got.status == http.StatusCreated && len(asked) == 2:
			if len(b.fake.files) != 1 || len(b.fake.files[0].Data) == 0 || b.fake.files[0].Name == "" || strings.ContainsAny(b.fake.files[0].Name, "/\\\x00\n") {
				t.Errorf("%q was taken as %q", body, b.fake.files)
			}
		case got.status == http.StatusUnprocessableEntity && len(asked) == 0, got.status == http.StatusRequestEntityTooLarge && len(asked) == 0:
		default:
			t.Errorf("%d to %q, asked %v", got.status, body, asked)
		}
	})
}

// TestUploadIsHandedOn checks that the bytes arrive as they were sent, under a fit name.
func TestUploadIsHandedOn(t *testing.T) {
	t.Parallel()

	b := setup(t)
	data := "\ufeffDato;Starttid\r\n\x00\xe6\xf8\xe5\n" + strings.Repeat("x", 20<<20-40)

	got := b.do(t, postForm("/driving-lists?dry_run=true", [2]string{`file:C:\lister\borger 0104909989.csv`, data}).as(care.Planner))
	if got.status != http.StatusOK || len(b.fake.files) != 1 {
		t.Fatalf("%d %s", got.status, got.body)
	}

	if f := b.fake.files[0]; f.Name != "borger 010490-••••.csv" || string(f.Data) != data {
		t.Errorf("%q with %d bytes, want %d", f.Name, len(f.Data), len(data))
	}
}
