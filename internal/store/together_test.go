package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sluse/sluse/internal/store"
	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/storetest"
)

// picky refuses jobs whose reference begins with "bad", and panics at "panic".
type picky struct {
	jobTable

	transactions sync.Map
}

func (p *picky) InsertJobs(ctx context.Context, tx *sql.Tx, jobs []scheduler.Job) error {
	p.transactions.Store(tx, true)

	switch ref := jobs[0].Ref; {
	case strings.HasPrefix(ref, "bad"):
		return errors.Join(p.jobTable.InsertJobs(ctx, tx, jobs), errors.New("refused"))
	case ref == "panic":
		panic(ref)
	}

	return p.jobTable.InsertJobs(ctx, tx, jobs)
}

// TestTogether: changes that share a transaction succeed and fail each by itself, a panic in one
// stops nobody for good, and they do share transactions.
func TestTogether(t *testing.T) {
	t.Parallel()

	db, _ := database(t, migrations.SQLite)
	jobs := &picky{}
	s := open(t, db, keys(t), jobs)

	in := bigImport(t, 0)
	in.New = in.New[:200]

	if err := s.SaveImport(t.Context(), in); err != nil {
		t.Fatal(err)
	}

	release, err := hold(t.Context(), db) // so that all come while somebody writes
	if err != nil {
		t.Fatal(err)
	}

	const changes = 60

	var (
		group sync.WaitGroup
		begun sync.WaitGroup
		wrong atomic.Int64
	)

	begun.Add(changes)

	for i := range changes {
		group.Go(func() {
			ref, once := fmt.Sprint("good-", i), sync.Once{}
			if i%10 == 3 {
				ref = fmt.Sprint("bad-", i)
			}

			err := update(t.Context(), s, care.VisitID(fmt.Sprint("v-0-", i)), ref, func() { once.Do(begun.Done) })
			if (err != nil) != strings.HasPrefix(ref, "bad") {
				wrong.Add(1)
				t.Errorf("%s: %v", ref, err)
			}
		})
	}

	begun.Wait()
	release()
	group.Wait()

	used := 0
	jobs.transactions.Range(func(any, any) bool { used++; return true })

	if used >= changes {
		t.Errorf("%d transactions for %d changes", used, changes)
	}

	panics(t, s)

	if err := update(t.Context(), s, "v-0-100", "after", func() {}); err != nil {
		t.Errorf("after a panic: %v", err)
	}

	stored, err := readJobs(t.Context(), db.Reader)
	if err != nil {
		t.Fatal(err)
	}

	if want := changes - changes/10 + 1; len(stored) != want {
		t.Errorf("%d jobs, want %d", len(stored), want)
	}
}

func panics(t *testing.T, s *store.Store) {
	t.Helper()

	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()

	_ = update(t.Context(), s, "v-0-99", "panic", func() {})
}

// update changes a visit and stores a job with it; prepared is called when it was prepared.
func update(ctx context.Context, s *store.Store, id care.VisitID, ref string, prepared func()) error {
	return s.UpdateVisit(ctx, id, func(v *care.Visit) (scheduler.Effects, error) {
		v.Raise(care.ChangeTrouble, ref, "x", false, storetest.Now())
		prepared()

		return scheduler.Effects{Jobs: []scheduler.Job{{Kind: scheduler.ConcludeJob, Visit: id, Ref: ref}}}, nil
	})
}
