package scheduler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// findingID names a finding: the same difference is the same finding whenever it is seen.
func findingID(d care.Drift) care.FindingID {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(d.Kind), string(d.Visit), d.About}, "\x1f")))

	return care.FindingID(hex.EncodeToString(sum[:16]))
}

// autoAgain is how long after our own repair the same difference is left to a person: a repair that does
// not hold is not made over and over.
const autoAgain = 24 * time.Hour

// tooMany is what people read about a repair that was not begun because there were so many.
const tooMany = "Så mange forskelle blev fundet på én gang, at vi ikke retter flere uden at spørge. Se, om journalen eller videoplatformen viser det rigtige."

// findings takes up what was seen: new ones, those that are there still or again, and those that are
// gone. Left is how many repairs may be begun by rule. Each repair is one job among the effects.
func (s *Service) findings(ctx context.Context, l look, left int) ([]FindingChange, Effects, error) {
	var effects Effects

	if len(l.visits) == 0 {
		return nil, effects, nil
	}

	ids := make([]care.VisitID, len(l.visits))
	facts := make(map[care.VisitID]care.Facts, len(l.visits))

	for i, v := range l.visits {
		ids[i], facts[v.ID] = v.ID, v.Facts
	}

	known, err := s.store.Findings(ctx, FindingQuery{Visits: ids})
	if err != nil {
		return nil, effects, err
	}

	var out []FindingChange

	for _, d := range l.drifts {
		before := knownAs(known, d)
		if before.ClosedAt.After(l.at) {
			continue // settled after we looked
		}

		f, mend := s.taken(before, d, left > 0)
		f.Unit, f.Day = facts[d.Visit].Unit, care.DayOf(facts[d.Visit].Planned.Start)

		if mend {
			left--

			effects.Jobs = append(effects.Jobs, Job{Kind: MendJob, Ref: string(f.ID)})
		}

		out = append(out, FindingChange{before, f})
	}

	for _, f := range known {
		if f.State.Live() && !slices.ContainsFunc(l.drifts, func(d care.Drift) bool { return findingID(d) == f.ID }) && l.gone(f) {
			out = append(out, FindingChange{f, f.Gone(s.now())})
		}
	}

	return out, effects, nil
}

// knownAs is what is known of a difference; zero: it is new.
func knownAs(known []care.Finding, d care.Drift) care.Finding {
	id := findingID(d)
	if i := slices.IndexFunc(known, func(f care.Finding) bool { return f.ID == id }); i >= 0 {
		return known[i]
	}

	return care.Finding{}
}

// taken takes up one difference, and decides whether a repair is begun by rule. One that comes back after
// our repair, that was given back to people, or for which there is no room left is theirs.
func (s *Service) taken(before care.Finding, d care.Drift, room bool) (f care.Finding, mend bool) {
	again := before.State == care.FindingMended && s.now().Sub(before.ClosedAt) < autoAgain

	if f = before; f.ID == "" {
		f = care.Finding{ID: findingID(d), Drift: d, State: care.FindingOpen, FirstSeen: s.now()}
	}

	f = f.Seen(d, s.now())

	auto := s.set.Reconcile.policy(d.Kind) == care.DriftAuto && d.Kind.Terms().MayAuto()

	switch {
	case f.State != care.FindingOpen:
	case again:
		f.Note = "Det er kommet igen, efter at vi rettede det."
	case !auto || f.Note != "":
	case !room:
		f.Note = tooMany
	default:
		f.State, f.MendBy, f.MendAt = care.FindingMending, systemActor, s.now()

		return f, true
	}

	return f, false
}

// gone reports whether a difference that was not seen this time is no more. Nothing follows from what a
// side did not tell.
func (l *look) gone(f care.Finding) bool {
	i := slices.IndexFunc(l.visits, func(v care.Snapshot) bool { return v.ID == f.Visit })
	if i < 0 {
		return false
	}

	return isGone(l.visits[i], l.answers[i], f.Kind, f.About)
}

// isGone is gone of one visit.
func isGone(v care.Snapshot, h heard, kind care.DriftKind, about string) bool {
	switch kind.Terms().Side {
	case care.PlatformSide:
		return h.platform && toldOfRoom(v, h, care.RoomRef(about), kind)
	case care.OwnSide:
		return kind != care.DriftEntryStuck || !waitsInVain(v, care.EntryID(about), h.now)
	case care.RecordSide:
	}

	if kind == care.DriftLocked && !waitsInVain(v, care.EntryID(about), h.now) {
		return true
	}

	return h.citizen != nil && h.sight != nil && toldByRecord(v, h, kind, about)
}

// toldByRecord reports whether the record, which answered, told what the kind is about, or it is of no
// importance any more.
func toldByRecord(v care.Snapshot, h heard, kind care.DriftKind, about string) bool {
	idle := !v.State.Active() && !v.ToCall()
	gone := idle || h.sight.Presence == ehr.Absent

	switch kind { //nolint:exhaustive // the others are about the visit or an entry
	case care.DriftDead, care.DriftHospital, care.DriftInactive:
		return idle || !h.now.Before(v.Facts.Planned.End) || h.citizen.Standing != ""
	case care.DriftPhone:
		return idle || !h.now.Before(v.Facts.Planned.End) || h.citizen.HasPhone
	case care.DriftPlannedMissing, care.DriftResultMissing, care.DriftEntryDoubled, care.DriftEntryDiffers, care.DriftComment, care.DriftCategory:
		return toldOfEntry(v, h, kind, care.EntryID(about))
	case care.DriftEmployee:
		return gone || h.sight.Employee != ""
	case care.DriftService:
		return gone || h.sight.Service != ""
	case care.DriftMoved:
		return gone || h.sight.Planned.Valid()
	}

	return h.sight.Presence != ""
}

// waitsInVain reports whether an entry was refused, or is due for long.
func waitsInVain(v care.Snapshot, id care.EntryID, now time.Time) bool {
	e, ok := v.EntryOf(id)

	return ok && (e.State == care.EntryRejected || e.State == care.EntryDue && now.Sub(e.DueAt) > stuckAfter)
}

// toldOfRoom reports whether the platform said how the room is, or it is of no importance any more.
func toldOfRoom(v care.Snapshot, h heard, ref care.RoomRef, kind care.DriftKind) bool {
	if slices.ContainsFunc(h.rooms, func(r roomSight) bool { return r.ref == ref }) {
		return true
	}

	_, ok := v.RoomOf(ref)
	stray := kind == care.DriftRoomOrphan || kind == care.DriftRoomTwo

	return !ok || !stray && !v.State.Active()
}

// toldOfEntry reports whether the record said what stands of an entry, or another one holds now.
func toldOfEntry(v care.Snapshot, h heard, kind care.DriftKind, id care.EntryID) bool {
	e, ok := v.EntryOf(id)
	if !ok {
		return true
	}

	if last, _ := v.LastWord(e.Means); last.ID != id {
		return true
	}

	switch kind { //nolint:exhaustive // the others are looked for by entry
	case care.DriftCategory:
		return h.sight.Presence == ehr.Absent || h.sight.Category != ""
	case care.DriftComment:
		return h.sight.Presence == ehr.Absent || h.sight.Mark != ""
	}

	for i, m := range h.means {
		if m == e.Means && i < len(h.sight.Entries) {
			return h.sight.Entries[i].Told
		}
	}

	return false
}
