package scheduler

import (
	"context"
	"crypto/subtle"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	forgetChore  = "forget"
	forgetEvery  = 50 * time.Minute
	forgetPage   = 200   // visits, lists or citizens that are looked at together
	forgetAtOnce = 2_000 // visits that one round deletes at most; the rest comes an hour later
	day          = 24 * time.Hour
)

// Forget deletes the personal data of visits that the record has (V17, M17), and what nothing needs any
// more: files of driving lists, and citizens with all that is known of them. Every visit is deleted in a
// transaction of its own together with its tombstone, so that a process that dies leaves each visit whole
// or deleted. It is called every hour, by any number of processes.
func (s *Service) Forget(ctx context.Context) error {
	if s.set.KeepDays == 0 {
		return nil
	}

	now := s.now()

	begun, err := s.store.BeginChore(ctx, forgetChore, now.Add(-forgetEvery), now, Effects{})
	if err != nil || !begun {
		return err
	}

	before := s.keptSince()

	if err := s.forgetVisits(ctx, before); err != nil {
		return err
	}

	if err := s.forgetLists(ctx, before); err != nil {
		return err
	}

	if err := s.store.ForgetRest(ctx, before); err != nil {
		return err
	}

	for range forgetAtOnce / forgetPage {
		if n, err := s.store.ForgetCitizens(ctx, before, forgetPage); n < forgetPage || err != nil {
			return err
		}
	}

	return nil
}

// keptSince is the time before which a receipt must have come.
func (s *Service) keptSince() time.Time { return s.now().Add(-time.Duration(s.set.KeepDays) * day) }

func (s *Service) forgetVisits(ctx context.Context, before time.Time) error {
	q := ForgetQuery{Before: before, Limit: forgetPage}

	for done := 0; done < forgetAtOnce; {
		visits, err := s.store.ToForget(ctx, q)
		if err != nil || len(visits) == 0 {
			return err
		}

		n, err := s.forgetSome(ctx, visits, before)
		if err != nil || len(visits) < q.Limit {
			return err
		}

		last := visits[len(visits)-1]
		q.AfterEnd, q.AfterID, done = last.Facts.Planned.End, last.ID, done+n
	}

	return nil
}

// forgetSome deletes those visits of a page of which nothing is left to be done, and tells how many.
func (s *Service) forgetSome(ctx context.Context, visits []care.Snapshot, before time.Time) (int, error) {
	citizens, err := s.citizensOf(ctx, visits)
	if err != nil {
		return 0, err
	}

	ids := make([]care.CitizenID, 0, len(citizens))
	for id := range citizens {
		ids = append(ids, id)
	}

	courses, err := s.store.EndedCourses(ctx, ids)
	if err != nil {
		return 0, err
	}

	forgotten := 0

	for _, v := range visits {
		course, ended := courses[v.Facts.Citizen]

		since, rule, why := v.Through(s.now())
		if why != "" || !since.Before(before) || rule == care.ByCourse && (!ended || !course.At.Before(before)) {
			continue
		}

		if err := s.forgetVisit(ctx, v.ID, citizens[v.Facts.Citizen]); err != nil {
			return forgotten, err
		}

		forgotten++
	}

	return forgotten, nil
}

// knownService returns a service as the configuration names it, wholly and without wildcards; empty: it
// does not, and what the driving list says may describe somebody.
func (s *Service) knownService(name string) string {
	known := slices.Concat(s.set.Statistics.Services, s.set.Rules.ScreenServices, s.set.Rules.PhysicalServices)
	for _, rule := range s.set.RecordFirst {
		known = append(known, rule.Services...)
	}

	for _, k := range known {
		if strings.EqualFold(strings.TrimSpace(k), strings.TrimSpace(name)) && !strings.ContainsAny(k, `*?[\`) {
			return strings.TrimSpace(k)
		}
	}

	return ""
}

// forgetVisit deletes one visit's data and leaves its tombstone. Somebody who changed the visit
// meanwhile keeps it.
func (s *Service) forgetVisit(ctx context.Context, id care.VisitID, citizen care.Citizen) error {
	stands, err := s.store.StandIn(ctx, citizen.ID)
	if err != nil {
		return err
	}

	now := s.now()

	err = s.store.UpdateVisit(ctx, id, func(v *care.Visit) (Effects, error) {
		before := v.Snapshot()

		since, rule, _ := before.Through(now)
		if !since.Before(s.keptSince()) {
			return Effects{}, care.NewError(care.Conflict, "Besøget er ændret imens.")
		}

		proof, err := s.store.Prove(care.TombstoneText(before, citizen.Key(), before.Facts.Service))
		if err != nil {
			return Effects{}, err
		}

		if err := v.Forget(stands, s.knownService(before.Facts.Service), now); err != nil {
			return Effects{}, err
		}

		return Effects{
			Audit: []AuditRow{{At: now, Actor: bySystem, Action: "forget_visit", Visit: id, Detail: string(rule)}},
			Tombstones: []care.Tombstone{{
				Visit: id, Rule: rule, KeepDays: s.set.KeepDays, Unit: before.Facts.Unit, Day: care.DayOf(before.Facts.Planned.Start),
				Source: before.Source, Receipts: before.Receipts(), Proof: proof, DeletedAt: now,
			}},
		}, nil
	})
	if care.KindOf(err) == care.Conflict || care.KindOf(err) == care.NotFound {
		return nil
	}

	return err
}

// forgetLists removes the files of driving lists of which every visit is deleted, here and where the
// journal keeps them.
func (s *Service) forgetLists(ctx context.Context, before time.Time) error {
	lists, err := s.store.ListsToForget(ctx, before, forgetPage)
	if err != nil {
		return err
	}

	for _, list := range lists {
		if keeper, ok := s.journal.(ehr.ListForgetter); ok {
			if err := keeper.Forget(ctx, list); err != nil {
				return err
			}
		}

		if err := s.store.ForgetList(ctx, list); err != nil {
			return err
		}
	}

	return nil
}

// DeletionView tells how it stands with the deletion of a visit's data.
type DeletionView struct {
	On        bool            // the municipality deletes
	Tombstone *care.Tombstone // nil: it is not deleted
	Hold      care.Hold
	Due       time.Time // when it will be deleted, UTC; zero: not known yet
	Why       string    // Danish: why that is not known
}

// deletion tells how it stands with one visit.
func (s *Service) deletion(ctx context.Context, v care.Snapshot) (DeletionView, error) {
	out := DeletionView{On: s.set.KeepDays > 0, Hold: v.Hold}

	if v.Deleted() {
		t, err := s.store.Tombstone(ctx, v.ID)
		out.Tombstone = &t

		return out, err
	}

	since, rule, why := v.Through(s.now())
	if why != "" {
		out.Why = why

		return out, nil
	}

	if rule == care.ByCourse {
		courses, err := s.store.EndedCourses(ctx, []care.CitizenID{v.Facts.Citizen})
		if err != nil {
			return out, err
		}

		course, ended := courses[v.Facts.Citizen]
		if !ended {
			out.Why = "Journalen kan ikke få besøget at vide. Det slettes, når borgerens forløb afsluttes."

			return out, nil
		}

		since = later(since, course.At)
	}

	out.Due = since.Add(time.Duration(s.set.KeepDays) * day)

	return out, nil
}

// HoldDeletion keeps a visit's data, for example while a participant's complaint is open. Needs
// ManageDeletion in the visit's unit. Gone: it is deleted already.
func (s *Service) HoldDeletion(ctx context.Context, actor care.Actor, id care.VisitID, why string) error {
	why = strings.TrimSpace(why)
	if why == "" || len([]rune(why)) > care.MaxBecause {
		return care.NewError(care.Invalid, "Skriv en begrundelse på højst 500 tegn.")
	}

	return s.setHold(ctx, actor, id, "hold_deletion", why, func(v *care.Visit) error {
		return v.HoldBack(care.Hold{By: actor.Employee, At: s.now(), Why: why})
	})
}

// ReleaseDeletion ends a hold. Needs ManageDeletion in the visit's unit.
func (s *Service) ReleaseDeletion(ctx context.Context, actor care.Actor, id care.VisitID) error {
	return s.setHold(ctx, actor, id, "release_deletion", "", (*care.Visit).LetGo)
}

func (s *Service) setHold(ctx context.Context, actor care.Actor, id care.VisitID, action, why string, change func(*care.Visit) error) error {
	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return err
	}

	if err := actor.Must(care.ManageDeletion, v.Facts.Unit); err != nil {
		return err
	}

	audit := by(actor, action)
	audit.Reason = why

	return s.update(ctx, id, audit, change)
}

// TombstonesView is a page of tombstones.
type TombstonesView struct {
	Query TombstoneQuery
	List  []care.Tombstone
	More  bool
	Keep  int // days; 0: nothing is deleted
}

// Tombstones returns what stays of deleted visits, the newest first. Needs SeeAudit in every unit. The
// reading is audited.
func (s *Service) Tombstones(ctx context.Context, actor care.Actor, q TombstoneQuery) (TombstonesView, error) {
	if err := actor.Must(care.SeeAudit, care.EveryUnit); err != nil {
		return TombstonesView{}, err
	}

	asked := q
	if q.Limit > 0 {
		asked.Limit++
	}

	list, err := s.store.Tombstones(ctx, asked)
	if err != nil {
		return TombstonesView{}, err
	}

	out := TombstonesView{Query: q, List: list, Keep: s.set.KeepDays}
	if out.More = q.Limit > 0 && len(list) > q.Limit; out.More {
		out.List = list[:q.Limit]
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "see_tombstones", Detail: "rows " + strconv.Itoa(len(out.List))}

	return out, s.store.Record(ctx, []AuditRow{row})
}

// CheckTombstone reports whether a deleted visit was that of a citizen, with a service as the record
// tells it: the proof is made anew from them, from what stays of the visit, and from the receipts. A number
// is a CPR number or the record's own id. Needs SeeAudit in every unit. The look is audited.
func (s *Service) CheckTombstone(ctx context.Context, actor care.Actor, id care.VisitID, number, service string) (bool, error) {
	if err := actor.Must(care.SeeAudit, care.EveryUnit); err != nil {
		return false, err
	}

	stone, err := s.store.Tombstone(ctx, id)
	if care.KindOf(err) == care.NotFound {
		return false, care.NewError(care.NotFound, "Der er ikke slettet noget besøg med det id.")
	}

	if err != nil {
		return false, err
	}

	v, err := s.store.Visit(ctx, id)
	if err != nil {
		return false, err
	}

	var key care.CitizenKey

	cpr, verdict, _ := care.ParseCPR(number)
	if verdict != care.CPRMalformed {
		key.CPR = cpr
	} else if key.Surrogate, err = care.ParseSurrogateID(stone.Source.System, number); err != nil {
		return false, care.NewError(care.Invalid, "Skriv borgerens CPR-nummer, eller journalens eget id for den, der ikke har et.")
	}

	proof, err := s.store.Prove(care.TombstoneText(v, key, strings.TrimSpace(service)))
	if err != nil {
		return false, err
	}

	same := subtle.ConstantTimeCompare([]byte(proof), []byte(stone.Proof)) == 1
	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "check_tombstone", Visit: id, Detail: "same " + strconv.FormatBool(same)}

	return same, s.store.Record(ctx, []AuditRow{row})
}

// Tombstone returns what stays of a deleted visit. NotFound. Needs SeeAudit in every unit. The look is
// audited.
func (s *Service) Tombstone(ctx context.Context, actor care.Actor, id care.VisitID) (care.Tombstone, error) {
	if err := actor.Must(care.SeeAudit, care.EveryUnit); err != nil {
		return care.Tombstone{}, err
	}

	stone, err := s.store.Tombstone(ctx, id)
	if care.KindOf(err) == care.NotFound {
		return care.Tombstone{}, care.NewError(care.NotFound, "Der er ikke slettet noget besøg med det id.")
	}

	if err != nil {
		return care.Tombstone{}, err
	}

	return stone, s.store.Record(ctx, []AuditRow{{At: s.now(), Actor: string(actor.Employee), Action: "see_tombstones", Detail: "rows 1"}})
}
