package scim_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/internal/web/scim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// nobody is a register without citizens.
type nobody struct{}

func (nobody) Registered(context.Context, []care.CitizenKey) ([]care.RegisterEntry, error) {
	return nil, nil
}

func (nobody) Register(context.Context, string, []care.RegisterEntry) error { return nil }

const token = "a-token-of-at-least-thirty-two-characters"

type noJobs struct{}

func (noJobs) InsertJobs(context.Context, *sql.Tx, []scheduler.Job) error { return nil }

// rig is a SCIM server over a real directory.
type rig struct {
	t       *testing.T
	people  *directory.Service
	handler http.Handler
	log     *bytes.Buffer
}

func must(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

func now() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

func newRig(t *testing.T, key directory.Key) *rig {
	t.Helper()

	config := store.Config{URL: sqlite.URL(t)}
	config.SetDefaults()

	db, err := store.Connect(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })

	material, err := store.GenerateKeys()
	must(t, err)
	keys, err := store.NewKeys(material)
	must(t, err)

	r := &rig{t: t, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(r.log, nil))

	s, err := store.New(db, keys, noJobs{}, log, now)
	must(t, err)

	r.people, err = directory.New(directory.Deps{
		Store: s.Directory(), Citizens: nobody{}, Sheets: file.Sheets{}, Now: now, Configured: []directory.Unit{{Unit: care.Unit{ID: "oest", Name: "Øst"}, Lists: []string{"Øst*"}}},
		Groups: func(names []string) []care.Grant {
			var out []care.Grant

			for _, n := range names {
				switch n {
				case "Sluse Planlæggere Øst":
					out = append(out, care.Grant{Unit: "oest", Role: care.Planner})
				case "Sluse Administratorer":
					out = append(out, care.Grant{Unit: care.EveryUnit, Role: care.Administrator})
				}
			}

			return out
		},
	})
	must(t, err)
	must(t, r.people.Refresh(t.Context()))

	server, err := scim.New(scim.Options{UseCases: r.people, PublicURL: "https://skaerm.testby.dk", Token: care.NewSecret(token), Key: key, Log: log})
	must(t, err)

	gin.SetMode(gin.ReleaseMode)

	engine := gin.New()

	for _, route := range server.Routes() {
		engine.Handle(route.Method, route.Path, func(c *gin.Context) {
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, route.Body)

			if err := route.Handle(c); err != nil {
				t.Error(err)
			}
		})
	}

	r.handler = engine

	return r
}

// call sends a request with the token and reads the answer.
func (r *rig) call(method, path, body string, want int, headers ...string) map[string]any {
	r.t.Helper()

	req := httptest.NewRequest(method, "https://skaerm.testby.dk"+scim.Prefix+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json")

	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}

	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)

	if w.Code != want {
		r.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, want, w.Body)
	}

	out := map[string]any{"etag": w.Header().Get("ETag"), "location": w.Header().Get("Location")}
	if w.Body.Len() == 0 {
		return out
	}

	if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/scim+json") {
		r.t.Errorf("%s %s answers %s", method, path, got)
	}

	must(r.t, json.Unmarshal(w.Body.Bytes(), &out))

	return out
}

func (r *rig) may(id care.EmployeeID) (string, bool) {
	r.t.Helper()

	grants, active, err := r.people.Grants(r.t.Context(), id, nil)
	must(r.t, err)

	out := make([]string, 0, len(grants))
	for _, g := range grants {
		out = append(out, string(g.Unit)+":"+string(g.Role))
	}

	return strings.Join(out, " "), active
}
