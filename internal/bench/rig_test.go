package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// listDay is the day that the lists are for. The clock begins on the day before, when planners
// plan and citizens may be written to.
const listDay care.Day = "2026-11-24"

const municipality care.MunicipalityID = "testby"

// databases are the two kinds of database, each durable: fsync is on.
func databases() []string { return []string{"sqlite", "postgres"} }

// database returns the address of a new, empty database.
func database(b *testing.B, kind string) string {
	b.Helper()

	if kind == "sqlite" {
		return "sqlite:" + filepath.Join(b.TempDir(), "sluse.db")
	}

	return pg.URL(b)
}

// shifted is a clock that runs at real pace from a chosen moment.
func shifted(at time.Time) func() time.Time {
	offset := time.Until(at)

	return func() time.Time { return time.Now().Add(offset) }
}

func afternoonBefore() time.Time { return listDay.Add(-1).Bounds().Start.Add(13 * time.Hour) }

// rig is a municipality with its program and peers in this process.
type rig struct {
	world  *world.World
	app    *app.App
	config config.Config
	clock  func() time.Time

	served, sent, gateway int // requests to the record, SMS, and what was posted to the SMS gateway, when counting began
}

// newWorld makes peers and a configuration file, and brings the databases up to date.
func newWorld(b *testing.B, o world.Options) *rig {
	b.Helper()

	var err error

	o.Dir = b.TempDir()
	if o.Clock == nil {
		o.Clock = time.Now
	}

	if o.Listen == "" {
		if o.Listen, err = world.FreePort(b.Context()); err != nil {
			b.Fatal(err)
		}
	}

	r := &rig{clock: o.Clock}
	if r.world, err = world.Start(context.WithoutCancel(b.Context()), o); err != nil {
		b.Fatal(err)
	}

	b.Cleanup(func() {
		if err := r.world.Close(); err != nil {
			b.Error(err)
		}
	})

	if r.config, err = config.Load(r.world.ConfigFile, os.LookupEnv); err != nil {
		b.Fatal(err)
	}

	if err := app.Migrate(b.Context(), r.config, io.Discard); err != nil {
		b.Fatal(err)
	}

	return r
}

// start runs the program in this process.
func (r *rig) start(b *testing.B, role app.Role) {
	b.Helper()

	var err error

	r.app, err = app.New(b.Context(), app.Options{
		Config: r.config, Role: role, Logger: obs.NewLogger(io.Discard, slog.LevelWarn, strings.Clone), Clock: r.clock, Shifted: true, Metrics: obs.NewMetrics(),
	})
	if err != nil {
		b.Fatal(err)
	}

	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()

		if err := r.app.Stop(ctx); err != nil {
			b.Error(err)
		}
	})

	if err := r.app.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func (r *rig) service() *scheduler.Service { return r.app.Site(municipality).Service() }

// planner may do everything that a benchmark does.
func planner() care.Actor {
	return care.Actor{Employee: "PLAN", Name: "Planlægger Test", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}}}
}

// perEmployee is how many visits an employee has on a generated list.
const perEmployee = 20

// citizens are the official test citizens of the national FHIR core; nobody else's number is used.
func citizens() []string {
	return []string{
		"0104909989", "0104909995", "0107729995", "0108589995", "0108629996", "0201609995", "0201609996", "0201919990",
		"0201919995", "0201919996", "0211223989", "0212159995", "0504909989", "0504909995", "0505059996", "0505109990",
		"0505159995", "0505209996", "0505239996", "0506889996", "1007059995", "1110109996", "1306249995", "1306249996",
		"1310169995", "1310169996", "1502779995", "1502799995", "1502829995", "1509819996", "2103009996", "2311143995",
		"2509479989", "2512489996", "2911829996", "3001749995", "3101229995", "3103979995",
	}
}

// list makes a driving list of one day for the test citizens, turn by turn.
func list(rows int) ehr.File {
	var out bytes.Buffer

	out.WriteString("Dato;Starttid;Sluttid;Besøgs-id;Medarbejder;Rute;CPR-nr.;Borger;Adresse;Postnr;By;Mobil;Indsats;Lovgrundlag;Besøgstype;Bemærkning\n")

	day := listDay.Bounds().Start.In(care.Zone())

	for i := range rows {
		citizen := i % len(citizens())
		start := day.Add(7*time.Hour + time.Duration(i%perEmployee)*20*time.Minute)

		fmt.Fprintf(&out, "%s;%s;%s;KL-%d;M%03d;Øst dag;%s;Test Borger %d;Østergade %d;9999;Testby;%d;Tilsyn/omsorg;SUL §138;Planlagt besøg;Nøgleboks ved dør\n",
			start.Format("02-01-2006"), start.Format("15:04"), start.Add(10*time.Minute).Format("15:04"), i, i/perEmployee,
			citizens()[citizen], citizen, citizen, 20000000+citizen)
	}

	return ehr.File{Name: "koreliste.csv", Data: out.Bytes()}
}

// importList has a list imported and returns what became of it, and how long the import itself
// took: the preview, which a planner sees before, is not counted.
func (r *rig) importList(b *testing.B, file ehr.File) (scheduler.ListRecord, time.Duration) {
	b.Helper()

	preview, err := r.service().PreviewList(b.Context(), planner(), scheduler.Upload{File: file})
	if err != nil {
		b.Fatal(err)
	}

	for _, p := range preview.List.Problems {
		b.Fatalf("line %d: %s", p.Line, p.Text)
	}

	begun := time.Now()

	record, err := r.service().ImportList(b.Context(), planner(), preview.Upload)
	if err != nil {
		b.Fatal(err)
	}

	return record, time.Since(begun)
}

// visits returns the ids of the visits of the list's day.
func (r *rig) visits(b *testing.B) []care.VisitID {
	b.Helper()

	day, err := r.service().Day(b.Context(), planner(), scheduler.DayQuery{Day: listDay})
	if err != nil {
		b.Fatal(err)
	}

	out := make([]care.VisitID, len(day.Visits))
	for i, v := range day.Visits {
		out[i] = v.Visit.ID
	}

	return out
}

// noteDurability tells what the databases promise, as they say themselves.
func noteDurability(b *testing.B, address string) {
	b.Helper()

	db, err := store.Connect(b.Context(), store.Config{URL: address})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()

	ask := func(question string) (answer string) {
		if err := db.Writer.QueryRowContext(b.Context(), question).Scan(&answer); err != nil {
			b.Fatal(err)
		}

		return answer
	}

	if u, err := url.Parse(address); err == nil && u.Scheme != "sqlite" {
		note("PostgreSQL %s: fsync %s, synchronous_commit %s, full_page_writes %s.", ask("SHOW server_version"), ask("SHOW fsync"), ask("SHOW synchronous_commit"), ask("SHOW full_page_writes"))

		return
	}

	note("SQLite %s: journal_mode %s, synchronous %s (2 is FULL).", ask("SELECT sqlite_version()"), ask("PRAGMA journal_mode"), ask("PRAGMA synchronous"))
}
