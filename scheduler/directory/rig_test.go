package directory_test

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/sqlite"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// noJobs is a queue for a store that is given no jobs.
type noJobs struct{}

func (noJobs) InsertJobs(context.Context, *sql.Tx, []scheduler.Job) error { return nil }

// nobody is a register without citizens.
type nobody struct{}

func (nobody) Registered(context.Context, []care.CitizenKey) ([]care.RegisterEntry, error) {
	return nil, nil
}

func (nobody) Register(context.Context, string, []care.RegisterEntry) error { return nil }

// clock stands still until it is moved.
type clock struct {
	mutex sync.Mutex
	at    time.Time
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	return c.at
}

func (c *clock) to(day care.Day, hour int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	c.at = day.Bounds().Start.Add(time.Duration(hour) * time.Hour)
}

type rig struct {
	*directory.Service

	t     *testing.T
	clock *clock
	store *store.Store
	deps  directory.Deps
}

// boss is an administrator of everything, whose role comes with the login.
func boss() care.Actor {
	return care.Actor{Employee: "SYS", Name: "System", Grants: []care.Grant{{Unit: "*", Role: care.Administrator}}}
}

func newRig(t *testing.T, changes ...func(*directory.Deps)) *rig {
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

	c := &clock{}
	c.to("2026-11-23", 9)

	s, err := store.New(db, keys, noJobs{}, slog.New(slog.NewTextHandler(t.Output(), nil)), c.Now)
	must(t, err)

	d := directory.Deps{
		Store: s.Directory(), Sheets: file.Sheets{}, Citizens: nobody{}, Now: c.Now, LoginAdministers: true,
		Configured: []directory.Unit{
			{Unit: care.Unit{ID: "hjemmeplejen", Name: "Hjemmeplejen"}},
			{Unit: care.Unit{ID: "oest", Name: "Hjemmeplejen Øst", Parent: "hjemmeplejen", LiveFrom: "2026-01-01"}, Lists: []string{"Øst*"}},
			{Unit: care.Unit{ID: "vest", Name: "Hjemmeplejen Vest", Parent: "hjemmeplejen"}, Lists: []string{"Vest*"}},
		},
		Groups: func(names []string) []care.Grant {
			var out []care.Grant

			for _, n := range names {
				switch n {
				case "Administratorer":
					out = append(out, care.Grant{Unit: "*", Role: care.Administrator})
				case "Ledere Vest":
					out = append(out, care.Grant{Unit: "vest", Role: care.Leader})
				}
			}

			return out
		},
	}

	for _, change := range changes {
		change(&d)
	}

	service, err := directory.New(d)
	must(t, err)
	must(t, service.Refresh(t.Context()))

	return &rig{Service: service, t: t, clock: c, store: s, deps: d}
}

func must(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind care.Kind) {
	t.Helper()

	if care.KindOf(err) != kind {
		t.Fatalf("error is %v, want kind %s", err, kind)
	}
}

// file makes an upload of lines.
func upload(lines ...string) directory.File {
	return directory.File{Name: "fil.csv", Data: []byte(strings.Join(lines, "\n") + "\n")}
}

const heading = "Initialer;Navn;E-mail;Enhed;Rolle;Startdato;Slutdato"

// bring imports a file by preview and commit.
func (r *rig) bring(kind directory.ImportKind, lines ...string) directory.Preview {
	r.t.Helper()

	p, err := r.PreviewFile(r.t.Context(), boss(), kind, upload(lines...))
	must(r.t, err)

	again, err := r.PreviewUpload(r.t.Context(), boss(), p.Upload)
	must(r.t, err)

	if len(again.Lines) != len(p.Lines) || again.Upload != p.Upload {
		r.t.Errorf("the preview of the kept file differs: %+v, %+v", p, again)
	}

	done, err := r.ImportUpload(r.t.Context(), boss(), p.Upload, false)
	must(r.t, err)

	return done
}

// may returns what an employee may do, by unit and role.
func (r *rig) may(id care.EmployeeID, login ...care.Grant) (string, bool) {
	r.t.Helper()

	grants, active, err := r.Grants(r.t.Context(), id, login)
	must(r.t, err)

	texts := make([]string, 0, len(grants))
	for _, g := range grants {
		texts = append(texts, string(g.Unit)+":"+string(g.Role))
	}

	return strings.Join(texts, " "), active
}

func (r *rig) one(id care.EmployeeID) directory.EmployeeView {
	r.t.Helper()

	e, err := r.Employee(r.t.Context(), boss(), id)
	must(r.t, err)

	return e
}
