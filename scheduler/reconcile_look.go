package scheduler

import (
	"context"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// look is what was seen of one citizen's visits on all sides.
type look struct {
	at      time.Time // when it began
	visits  []care.Snapshot
	books   []book
	seen    *ehr.Seen // nil: the record was silent or refused, or can't tell
	answers []heard   // of visits, in order
	drifts  []care.Drift
	rooms   bool           // the platform answered
	doubted []care.RoomRef // rooms about which something was found before
	refused bool           // the record will not show the citizen, or the platform a room

	silence error // somebody did not answer; nil: everybody did
	silent  care.DriftSide
}

// heard reports whether a side had its say, so that what it did not tell is not so.
func (l *look) heard(side care.DriftSide) bool {
	switch side {
	case care.RecordSide:
		return l.seen != nil
	case care.PlatformSide:
		return l.rooms
	case care.OwnSide:
	}

	return true
}

// lookAt asks record and platform about a citizen's visits. What they say of errors that do not pass is
// an answer too; the error is of our own store.
func (s *Service) lookAt(ctx context.Context, c citizenVisits) (look, error) {
	l := look{at: s.now(), visits: c.visits}

	if len(c.visits) == 0 {
		return l, nil
	}

	var err error
	if l.visits, err = s.visitsNow(ctx, l.visits); err != nil { // they may have changed since the list was made
		return l, err
	}

	c.visits = l.visits

	all, err := s.store.Citizens(ctx, []care.CitizenID{c.id})
	if err != nil {
		return l, err
	}

	for _, v := range c.visits {
		l.books = append(l.books, s.bookOf(v, all[c.id]))
	}

	if l.doubted, err = s.doubtedRooms(ctx, c.visits); err != nil {
		return l, err
	}

	s.askRecord(ctx, &l, all[c.id])

	sights := s.askPlatform(ctx, &l)

	after, err := s.visitsNow(ctx, l.visits)
	if err != nil {
		return l, err
	}

	l.visits = nil

	for i, b := range l.books {
		if !slices.ContainsFunc(after, func(v care.Snapshot) bool { return v.ID == b.visit.ID && v.Version == b.visit.Version }) {
			continue // what was seen is about another state of the visit; the next run looks again
		}

		h := heard{citizen: l.seen, rooms: sights[i], platform: l.rooms, now: s.now()}
		for _, w := range b.written {
			h.means = append(h.means, w.Change.Means)
		}

		if l.seen != nil {
			h.sight = &l.seen.Visits[i]
		}

		l.visits, l.answers = append(l.visits, b.visit), append(l.answers, h)
		l.drifts = append(l.drifts, detect(b, h)...)
	}

	l.drifts = slices.DeleteFunc(l.drifts, func(d care.Drift) bool { return s.set.Reconcile.policy(d.Kind) == care.DriftOff })

	return l, nil
}

func (s *Service) visitsNow(ctx context.Context, visits []care.Snapshot) ([]care.Snapshot, error) {
	wanted := make([]care.VisitID, len(visits))
	for i, v := range visits {
		wanted[i] = v.ID
	}

	if len(wanted) == 0 {
		return nil, nil
	}

	return s.store.Visits(ctx, VisitQuery{IDs: wanted})
}

// bookOf is what our own book says of a visit.
func (s *Service) bookOf(v care.Snapshot, citizen care.Citizen) book {
	rule := s.recordRule(v.Facts)
	b := book{
		visit: v, phone: citizen.Phone, own: rule.categories(),
		foreign: s.set.Rules.ScreenCategories, over: s.over(v), lasting: s.lasting,
	}

	for _, m := range care.AllMeans() {
		e, ok := v.LastWord(m)
		if !ok || m == care.ByJournal || e.State != care.EntryWritten && e.State != care.EntryRejected {
			continue
		}

		b.written = append(b.written, ehr.Written{Change: s.change(v, e, citizen), Receipt: ehr.Receipt{ID: e.RecordID, Version: e.RecordVer}})
	}

	return b
}

func (s *Service) askRecord(ctx context.Context, l *look, citizen care.Citizen) {
	looker, ok := s.journal.(ehr.Looker)
	if !ok {
		return
	}

	glances := make([]ehr.Glance, len(l.books))
	for i, b := range l.books {
		glances[i] = ehr.Glance{Source: b.visit.Source, List: b.visit.Facts.List, Planned: b.visit.Facts.Planned, Written: b.written}
		for _, r := range b.visit.Rooms {
			glances[i].Rooms = append(glances[i].Rooms, r.Ref)
		}
	}

	seen, err := looker.Look(ctx, citizen.Key(), glances)

	switch {
	case err == nil && len(seen.Visits) == len(glances):
		l.seen = &seen
	case err != nil && !passing(err):
		l.refused = true
	default:
		l.silence, l.silent = err, care.RecordSide
		if err == nil {
			l.silence = &connector.Error{System: "sluse", Op: "look", Kind: connector.Malformed}
		}
	}
}

// doubtedRooms are those about which something was found that still stands.
func (s *Service) doubtedRooms(ctx context.Context, visits []care.Snapshot) ([]care.RoomRef, error) {
	wanted := make([]care.VisitID, len(visits))
	for i, v := range visits {
		wanted[i] = v.ID
	}

	var out []care.RoomRef

	known, err := s.store.Findings(ctx, FindingQuery{Visits: wanted, Live: true})
	for _, f := range known {
		if f.Kind.Terms().Side == care.PlatformSide {
			out = append(out, care.RoomRef(f.About))
		}
	}

	return out, err
}

// roomMemory is how long after its visit a room may still be asked for.
const roomMemory = 36 * time.Hour

// askPlatform reads the rooms of every visit.
func (s *Service) askPlatform(ctx context.Context, l *look) [][]roomSight {
	out := make([][]roomSight, len(l.books))
	l.rooms = true

	for i, b := range l.books {
		for _, r := range b.visit.Rooms {
			old := s.now().Sub(b.visit.Facts.Planned.End) > roomMemory
			if s.never(r) || r.BookedAt.IsZero() || old && !slices.Contains(l.doubted, r.Ref) {
				continue
			}

			booking, err := s.video.Find(ctx, r.Ref)

			switch {
			case err == nil, connector.Is(err, connector.NotFound), connector.Is(err, connector.Conflict):
				unusable := connector.Is(err, connector.Conflict)
				out[i] = append(out[i], roomSight{ref: r.Ref, found: err == nil || unusable, unusable: unusable, booking: booking})
			case passing(err):
				l.rooms, l.silence, l.silent = false, err, care.PlatformSide

				return out
			default: // asking again won't help, and how the room is was not told
				l.rooms, l.refused = false, true

				return out
			}
		}
	}

	return out
}
