package app_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// crowd is how many visits wait for the platform.
const crowd = 20

// oneTown is a municipality with a record behind an API.
func oneTown(t *testing.T, database string, changes ...func(*world.Options)) *bundle {
	t.Helper()

	addr, err := world.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	b := &bundle{T: t, clock: newClock(), bases: map[care.MunicipalityID]string{testby: "http://" + addr}, log: io.Discard}

	options := world.Options{
		Dir: t.TempDir(), Clock: b.clock.now, Listen: addr, AnyHour: true,
		Municipalities: []world.Municipality{{ID: testby, Name: "Testby Kommune", Host: "127.0.0.1", Database: database}},
	}
	for _, change := range changes {
		change(&options)
	}

	b.world, err = world.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := b.world.Close(); err != nil {
			t.Error(err)
		}
	})

	if b.config, err = config.Load(b.world.ConfigFile, os.LookupEnv); err != nil {
		t.Fatal(err)
	}

	if err := app.Migrate(t.Context(), b.config, io.Discard); err != nil {
		t.Fatal(err)
	}

	return b
}

// longList has many visits of the same citizen on the day after.
func longList() ehr.File {
	out := bytes.NewBufferString("Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype\n")

	for i := range crowd {
		fmt.Fprintf(out, "23-11-2026;%02d:%02d;%02d:%02d;T-%d;LBH%d;Øst dag;0212159995;Bo Vestergaard;20000011;Tilsyn/omsorg;SUL §138;Planlagt besøg\n",
			8+i/6, i%6*10, 8+i/6, i%6*10+5, i, i)
	}

	return ehr.File{Name: "koreliste.csv", Data: out.Bytes()}
}

func planner() care.Actor {
	return care.Actor{Employee: "PLAN", Name: "Planlægger Test", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}, {Unit: care.EveryUnit, Role: care.Leader}}}
}

// convertAll has a list imported and all of its visits converted.
func (b *bundle) convertAll(s *scheduler.Service) {
	b.Helper()

	ctx := b.Context()

	preview, err := s.PreviewList(ctx, planner(), scheduler.Upload{File: longList()})
	if err != nil {
		b.Fatal(err)
	}

	if _, err := s.ImportList(ctx, planner(), preview.Upload); err != nil {
		b.Fatal(err)
	}

	day, err := s.Day(ctx, planner(), scheduler.DayQuery{Day: "2026-11-23"})
	if err != nil {
		b.Fatal(err)
	}

	req := scheduler.ConvertRequest{RedReason: "Aftalt"}
	for _, v := range day.Visits {
		req.Visits = append(req.Visits, v.Visit.ID)
	}

	if batch, err := s.Convert(ctx, planner(), req); err != nil || batch.Visits != crowd {
		b.Fatalf("converted %d: %v", batch.Visits, err)
	}
}

// TestPlatformDown: the whole program with its own queue, a list of visits that are converted while
// the platform is down, and the panel that tells of it. Afterwards every visit has one room, one
// message and one entry.
func TestPlatformDown(t *testing.T) {
	t.Parallel()

	for name, database := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": pg.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := oneTown(t, database(t))
			a, halt := b.start(app.All)
			s := a.Site(testby).Service()

			if err := b.world.VDX.Script(vdxsim.Fault{Kind: vdxsim.FaultResetBefore, Op: vdxsim.OpAny, Count: 1_000_000}); err != nil {
				t.Fatal(err)
			}

			b.convertAll(s)

			// One token serves all calls, so that a round of tries is one call without an answer. Time
			// passes slowly until so many of them have told that the platform is down.
			for range 8 {
				b.jump(a, b.clock.now().Add(time.Minute))
			}

			for begun := b.clock.now(); b.clock.now().Sub(begun) < 4*time.Hour; {
				b.jump(a, b.clock.now().Add(40*time.Minute))
			}

			if n := b.world.VDX.Counts().RemoteCalls; n > 6*crowd {
				t.Errorf("%d calls to a platform that is down", n)
			}

			b.panel(s, connector.Down)
			b.world.VDX.Calm()
			b.jump(a, b.clock.now().Add(5*time.Minute))
			b.jump(a, b.clock.now().Add(5*time.Minute))
			b.panel(s, connector.Healthy)

			got, record := b.world.VDX.Counts(), b.world.FHIR.Totals()
			if len(b.world.VDX.Rooms()) != crowd || got.DuplicateRooms != 0 || got.SMS != crowd || record.Planned != crowd || record.DuplicateEntries != 0 {
				t.Errorf("after the outage: %d rooms, %+v, record %+v", len(b.world.VDX.Rooms()), got, record)
			}

			halt()

			a, _ = b.start(app.All)
			b.remembered(a.Site(testby).Service())
		})
	}
}

// panel looks at "Forbindelser".
func (b *bundle) panel(s *scheduler.Service, want connector.HealthState) {
	b.Helper()

	view, err := s.Connections(b.Context(), planner())
	if err != nil {
		b.Fatal(err)
	}

	if len(view.Systems) != 6 || len(view.Queues) != 4 {
		b.Fatalf("systems %+v, queues %+v", view.Systems, view.Queues)
	}

	platform, video := view.Systems[0], view.Queues[0]
	if platform.Role != connector.VideoRole || platform.Health.State != want || platform.Text == "" {
		b.Errorf("the platform is shown as %+v, want %s", platform, want)
	}

	if waits := video.Later + video.Due; want == connector.Down && waits < crowd {
		b.Errorf("%d jobs wait: %+v", waits, video)
	}

	outages, err := s.Outages(b.Context(), planner())
	if err != nil || (want == connector.Down) != (len(outages) == 1 && len(outages[0].Visits) > crowd/2) {
		b.Errorf("%d notices, %v", len(outages), err)
	}
}

// remembered: how the systems were is kept, also what a process knew when it ended.
func (b *bundle) remembered(s *scheduler.Service) {
	b.Helper()

	got, err := s.Availability(b.Context(), planner(), "2026-11-01")
	if err != nil || len(got) < 4 {
		b.Fatalf("%+v, %v", got, err)
	}

	if own := got[0]; own.Role != connector.OwnRole || own.Share < 0.99 || own.Up < 4*time.Hour {
		b.Errorf("the program itself: %+v", own)
	}

	platform := got[1]
	if platform.Role != connector.VideoRole || platform.Good < 2*crowd || platform.Failed == 0 || platform.Down < 3*time.Hour || platform.Share > 0.3 {
		b.Errorf("the platform: %+v", platform)
	}
}
