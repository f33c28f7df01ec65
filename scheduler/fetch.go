package scheduler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	fetchPatience = 2 * time.Hour // how long a record that does not answer is asked again
	fetchDays     = 14            // how far ahead a day's lists may be read
	fetchChore    = "fetch_lists" // begun by one process at a time
)

// FetchSettings say what is read from the record without a person.
type FetchSettings struct {
	Every time.Duration // 0: nothing is
	Days  int           // today and so many days more
	Auto  bool          // import what was read
}

// Fetchable reports whether driving lists can be read from the record itself.
func (s *Service) Fetchable() bool { return s.lists != nil }

// AskLists has the driving lists of a day read from the record: a record may need minutes for each.
// Asking twice is one reading. Needs ImportLists somewhere.
func (s *Service) AskLists(ctx context.Context, actor care.Actor, day care.Day) error {
	if !actor.MayAnywhere(care.ImportLists) {
		return actor.Must(care.ImportLists, care.EveryUnit)
	}

	today := care.DayOf(s.now())

	switch {
	case s.lists == nil:
		return care.NewError(care.Invalid, "Kørelister kan ikke hentes fra jeres omsorgsjournal. Upload en fil i stedet.")
	case day < today || day > today.Add(fetchDays):
		return care.NewError(care.Invalid, "Vælg en dag fra i dag og til højst to uger frem.")
	}

	return s.askDay(ctx, Fetch{Day: day, By: actor.Employee}, AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "fetch_lists", Detail: string(day)})
}

func (s *Service) askDay(ctx context.Context, f Fetch, audit AuditRow) error {
	f.ID, f.State, f.AskedAt = FetchID(f.Day), FetchWanted, s.now()

	_, err := s.store.AskFetch(ctx, f, Effects{Audit: []AuditRow{audit}, Jobs: []Job{{Kind: FetchListsJob, Ref: string(f.ID), Urgent: f.By != ""}}})

	return err
}

// Fetches tells how far the readings of a day are, the look-up of the lists first. Needs ImportLists
// somewhere.
func (s *Service) Fetches(ctx context.Context, actor care.Actor, day care.Day) ([]Fetch, error) {
	if !actor.MayAnywhere(care.ImportLists) {
		return nil, actor.Must(care.ImportLists, care.EveryUnit)
	}

	return s.store.FetchesOf(ctx, day)
}

// AutoFetch has the lists of the coming days read when it is time. It is called often, by any number
// of processes.
func (s *Service) AutoFetch(ctx context.Context) error {
	set := s.set.Fetch
	if s.lists == nil || set.Every == 0 {
		return nil
	}

	now := s.now()

	begun, err := s.store.BeginChore(ctx, fetchChore, now.Add(-set.Every), now, Effects{})
	if err != nil || !begun {
		return err
	}

	for n := range set.Days + 1 {
		day := care.DayOf(now).Add(n)
		if err := s.askDay(ctx, Fetch{Day: day, Auto: set.Auto}, AuditRow{At: now, Actor: systemActor, Action: "fetch_lists", Detail: string(day)}); err != nil {
			return err
		}
	}

	return s.store.PurgeFetches(ctx, now.Add(-fetchDays*24*time.Hour))
}

// fetchLists looks up which lists there are, and has each of them read.
func (s *Service) fetchLists(ctx context.Context, job Job) error {
	day, err := s.store.Fetch(ctx, FetchID(job.Ref))
	if err != nil || day.State != FetchWanted {
		return gone(err)
	}

	lists, err := s.lists.Lists(ctx)
	if err != nil {
		return s.fetchTrouble(ctx, day, err)
	}

	for _, list := range lists {
		one := Fetch{ID: fetchID(day.Day, list), Day: day.Day, List: list, State: FetchWanted, Auto: day.Auto, By: day.By, AskedAt: s.now()}

		if _, err := s.store.AskFetch(ctx, one, Effects{Jobs: []Job{{Kind: FetchListJob, Ref: string(one.ID), Urgent: job.Urgent}}}); err != nil {
			return err
		}
	}

	day.State, day.Visits, day.Text, day.DoneAt = FetchReady, len(lists), "", s.now()

	return s.store.SetFetch(ctx, day, Effects{})
}

// fetchID names a reading; the record's own key may be anything.
func fetchID(day care.Day, list ehr.ListRef) FetchID {
	sum := sha256.Sum256([]byte(list.ID))

	return FetchID(string(day) + "-" + hex.EncodeToString(sum[:12]))
}

// fetchList reads one list and keeps it as an upload, for a planner to look at, or imports it.
func (s *Service) fetchList(ctx context.Context, job Job) error {
	f, err := s.store.Fetch(ctx, FetchID(job.Ref))
	if err != nil || f.State != FetchWanted {
		return gone(err)
	}

	file, err := s.lists.Fetch(ctx, f.List, f.Day.Bounds())
	if err != nil {
		return s.fetchTrouble(ctx, f, err)
	}

	list, err := s.read(ctx, file)
	if err != nil {
		return s.fetchTrouble(ctx, f, &connector.Error{System: "sluse", Op: "read_list", Kind: connector.Malformed, Err: err})
	}

	f.Upload, f.Visits, f.Text, f.State, f.DoneAt = listID(file), len(list.Rows), "", FetchReady, s.now()

	if err := s.store.KeepUpload(ctx, f.Upload, file, f.By, s.now()); err != nil {
		return err
	}

	if f.Auto {
		if err := s.importFetched(ctx, f.Upload, file, list); err != nil {
			return err
		}

		f.State = FetchImported
	}

	return s.store.SetFetch(ctx, f, Effects{})
}

// importFetched imports a list that the municipality lets the system import.
func (s *Service) importFetched(ctx context.Context, upload care.ListID, file ehr.File, list ehr.DrivingList) error {
	actor := care.Actor{Employee: systemActor, Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Planner}}}

	for range importTries {
		_, err := s.importOnce(ctx, actor, upload, file, list)
		if care.KindOf(err) != care.Conflict {
			return err
		}
	}

	return s.later("fetch_list", time.Minute)
}

// fetchTrouble tells why a list can't be read. What may pass is tried again for a while.
func (s *Service) fetchTrouble(ctx context.Context, f Fetch, cause error) error {
	switch connector.KindOf(cause) {
	case connector.Rejected, connector.Conflict, connector.Malformed, connector.Unsupported, connector.NotFound, connector.Unauthorized:
	case connector.Unavailable, connector.Unknown, connector.RateLimited, connector.Pending:
		fallthrough
	default:
		if s.now().Sub(f.AskedAt) < fetchPatience {
			f.Text = "Omsorgsjournalen svarer ikke. Vi prøver igen."

			if err := s.store.SetFetch(ctx, f, Effects{}); err != nil {
				return err
			}

			return cause
		}
	}

	f.State, f.DoneAt = FetchFailed, s.now()
	f.Text = advice(cause, "Kørelisten kunne ikke hentes. Prøv igen, eller upload en fil.")

	return s.store.SetFetch(ctx, f, Effects{})
}

// gone turns the absence of what a job is about into its end.
func gone(err error) error {
	if care.KindOf(err) == care.NotFound {
		return nil
	}

	return err
}
