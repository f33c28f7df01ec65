package scheduler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// A page that loads itself again every few seconds would fill the audit with one and the same
// reading. So what one session was shown of a citizen in one list is told once in sightingsLast.
const (
	sightingsLast = time.Hour
	mostSightings = 200_000
)

// sightings remembers for a while which citizens were told to have been shown to whom. Every process
// remembers for itself, so that a reading is rather told twice than never. The zero value is ready.
type sightings struct {
	mutex sync.Mutex
	since time.Time
	told  map[string]bool
}

// fresh returns the citizens that were not told yet, and takes them as told.
func (s *sightings) fresh(now time.Time, reader string, citizens []care.CitizenID) []care.CitizenID {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if s.told == nil || now.Sub(s.since) >= sightingsLast || len(s.told) >= mostSightings {
		s.since, s.told = now, make(map[string]bool)
	}

	var out []care.CitizenID

	for _, id := range citizens {
		if key := reader + "\x00" + string(id); id != "" && !s.told[key] {
			s.told[key] = true
			out = append(out, id)
		}
	}

	return out
}

// forget takes back what was taken as told but could not be stored.
func (s *sightings) forget(reader string, citizens []care.CitizenID) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	for _, id := range citizens {
		delete(s.told, reader+"\x00"+string(id))
	}
}

// shown audits that an employee was shown citizens in a list. Whoever can't be audited is shown
// nothing: the caller returns the error.
func (s *Service) shown(ctx context.Context, actor care.Actor, action string, citizens []care.CitizenID) error {
	now, reader := s.now(), action+"\x00"+string(actor.Employee)+"\x00"+OriginOf(ctx).Session

	fresh := s.sightings.fresh(now, reader, citizens)
	if len(fresh) == 0 {
		return nil
	}

	err := s.store.Record(ctx, []AuditRow{{
		At: now, Actor: string(actor.Employee), Action: action, Citizens: fresh, Detail: fmt.Sprintf("citizens %d", len(fresh)),
	}})
	if err != nil {
		s.sightings.forget(reader, fresh)
	}

	return err
}

// shownVisits audits a list of visits.
func (s *Service) shownVisits(ctx context.Context, actor care.Actor, action string, views []VisitView) error {
	citizens := make([]care.CitizenID, len(views))
	for i, v := range views {
		citizens[i] = v.Visit.Facts.Citizen
	}

	return s.shown(ctx, actor, action, citizens)
}

// shownVisit audits the reading of one visit.
func (s *Service) shownVisit(ctx context.Context, actor care.Actor, action string, v care.Snapshot) error {
	now, reader := s.now(), action+"\x00"+string(actor.Employee)+"\x00"+OriginOf(ctx).Session+"\x00"+string(v.ID)

	fresh := s.sightings.fresh(now, reader, []care.CitizenID{v.Facts.Citizen})
	if len(fresh) == 0 {
		return nil
	}

	err := s.store.Record(ctx, []AuditRow{{At: now, Actor: string(actor.Employee), Action: action, Visit: v.ID, Citizen: v.Facts.Citizen}})
	if err != nil {
		s.sightings.forget(reader, fresh)
	}

	return err
}
