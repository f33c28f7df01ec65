package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type noJobs struct{}

func (noJobs) InsertJobs(context.Context, *sql.Tx, []scheduler.Job) error { return nil }

// countStatements counts what the store asks its database from now on.
func countStatements(t *testing.T, s *Store) *atomic.Int64 {
	t.Helper()

	var statements atomic.Int64

	for _, g := range []*gorm.DB{s.read, s.write} {
		count := func(*gorm.DB) { statements.Add(1) }
		for _, err := range []error{
			g.Callback().Query().After("gorm:query").Register("count", count),
			g.Callback().Create().After("gorm:create").Register("count", count),
			g.Callback().Update().After("gorm:update").Register("count", count),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}

	return &statements
}

// TestStatementsDoNotGrowWithVisits counts what reading and changing 2 and 20 visits with all
// their children costs: the same number of statements.
func TestStatementsDoNotGrowWithVisits(t *testing.T) {
	t.Parallel()

	db, err := Connect(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "n.db")})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })

	if err := migrations.Up(t.Context(), db.Writer, db.Dialect); err != nil {
		t.Fatal(err)
	}

	at := time.Date(2026, 6, 15, 8, 0, 0, 0, time.UTC)

	s, err := New(db, testKeys(t), noJobs{}, slog.New(slog.DiscardHandler), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}

	cpr, verdict, _ := care.ParseCPR("0104909989")
	in := scheduler.Import{Record: scheduler.ListRecord{ID: "l", At: at}, Citizens: []care.Citizen{{ID: "c", CPR: cpr, Verdict: verdict}}}

	var ids []care.VisitID

	for i := range 20 {
		f := care.Facts{Citizen: "c", Planned: care.Interval{Start: at, End: at.Add(time.Minute)}}

		v, err := care.NewVisit(care.VisitID(fmt.Sprint("v", i)), care.SourceRef{System: "file", ID: strconv.Itoa(i)}, f)
		if err != nil {
			t.Fatal(err)
		}

		in.New, ids = append(in.New, v), append(ids, v.ID())
	}

	if err := s.SaveImport(t.Context(), in); err != nil {
		t.Fatal(err)
	}

	statements := countStatements(t, s)

	cost := func(do func() error) int64 {
		statements.Store(0)

		if err := do(); err != nil {
			t.Fatal(err)
		}

		return statements.Load()
	}

	fill := func(ids []care.VisitID) int64 {
		return cost(func() error {
			_, err := s.UpdateVisits(t.Context(), ids, nil, func(v *care.Visit) (scheduler.Effects, error) {
				snapshot := v.Snapshot()
				ref := care.RoomRef("r-" + string(v.ID()))
				snapshot.Rooms = []care.Room{{Ref: ref, State: care.RoomBooked}}
				snapshot.Legs = []care.Leg{{ID: "l", Room: ref, Role: care.AsHost, Joined: at}}
				snapshot.Admissions = []care.Admission{{ID: care.AdmissionID("a-" + string(v.ID())), State: care.AdmissionWaiting, SessionHash: string(v.ID())}}
				*v = *care.Restore(snapshot)
				v.Invite(care.SMS, at)
				v.RecordPlanned(at)
				v.Raise(care.RoomTrouble, "", "x", false, at)

				return scheduler.Effects{Audit: []scheduler.AuditRow{{Action: "x"}}}, nil
			})

			return err
		})
	}

	// As many as go into one statement of the table with the most columns.
	few, many := fill(ids[:2]), fill(ids[2:16])
	fill(ids[16:])

	if few != many {
		t.Errorf("changing 2 visits takes %d statements, 14 take %d", few, many)
	}

	read := func(limit int) int64 {
		return cost(func() error {
			found, err := s.Visits(t.Context(), scheduler.VisitQuery{Limit: limit})
			if err == nil && (len(found) != limit || len(found[limit-1].Legs) != 1) {
				err = fmt.Errorf("read %d visits", len(found))
			}

			return err
		})
	}

	if few, many := read(2), read(20); few != many || many != 7 {
		t.Errorf("reading 2 visits takes %d statements, 20 take %d, want 7", few, many)
	}

	// A link that nobody knows costs what one costs whose visit is over (ASVS 6.3.8).
	if err := s.UpdateVisit(t.Context(), ids[0], func(v *care.Visit) (scheduler.Effects, error) {
		v.NameLinks(func(care.InvitationID) string { return "known" })

		return scheduler.Effects{}, nil
	}); err != nil {
		t.Fatal(err)
	}

	behind := func(hash string) int64 {
		return cost(func() error {
			if _, _, err := s.VisitByLocator(t.Context(), hash); err != nil && care.KindOf(err) != care.NotFound {
				return err
			}

			return nil
		})
	}
	if known, unknown := behind("known"), behind("unknown"); known < 8 || unknown != known+1 {
		t.Errorf("a known link takes %d statements, an unknown one %d", known, unknown)
	}

	one := cost(func() error {
		return s.UpdateVisit(t.Context(), ids[0], func(v *care.Visit) (scheduler.Effects, error) {
			return scheduler.Effects{}, v.RoomReady("r-v0", at)
		})
	})
	if one > 10 {
		t.Errorf("one change of one room takes %d statements", one)
	}
}
