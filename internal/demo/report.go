package demo

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// Report is what a walk did. Everything but Rows, Converted and how citizens were identified is counted from the peers' own
// histories, never from the program's database.
type Report struct {
	Video  world.VideoKind  `json:"-"` // the platform
	Record world.RecordKind `json:"record"`
	Rules  world.Practice   `json:"rules"`

	Rows                 int     `json:"rows"`
	Converted            int     `json:"converted"`
	RoomsBooked          int     `json:"rooms_booked"`          // rooms ever made
	RoomsLive            int     `json:"rooms_live"`            // rooms that people could enter
	RoomsOpenAfter       int     `json:"rooms_open_after"`      // rooms still standing at the end
	InvitationsDelivered int     `json:"invitations_delivered"` // rooms whose invitation arrived
	Joined               int     `json:"joined"`                // rooms in which host and guest were together
	Completed            int     `json:"completed"`
	NotCompleted         int     `json:"not_completed"`
	EntriesPlanned       int     `json:"entries_planned"`
	EntriesResult        int     `json:"entries_result"`
	DuplicateRooms       int     `json:"duplicate_rooms"`
	DuplicateEntries     int     `json:"duplicate_entries"`
	DuplicateMessages    int     `json:"duplicate_messages"`
	MessagesAfterCancel  int     `json:"messages_after_cancel"`
	CollectionsWiped     int     `json:"collections_wiped"` // whole collections of the platform that were deleted
	Lost                 int     `json:"lost"`              // converted visits without a room, a planned or a result entry
	Calls                int     `json:"calls"`             // on the spot; not in the figures above
	Relatives            int     `json:"relatives"`         // who came into one
	ByMitID              int     `json:"by_mitid"`          // citizens who proved with MitID who they are
	ByBroker             int     `json:"by_broker"`         // of them, at the broker
	ByCode               int     `json:"by_code"`           // and with a code by SMS
	Strangers            int     `json:"strangers"`         // logins of somebody else that were turned away
	TakenBack            int     `json:"taken_back"`        // screen visits that were undone, turned physical or into a call; not in the figures above
	Restored             int     `json:"restored"`          // of them, physical again
	RestoredExact        int     `json:"restored_exact"`    // of those, byte for byte as before in the record
	NotPossible          int     `json:"not_possible"`      // visits that the record can't be told of, and that say so
	ActiveViolations     int     `json:"active_violations"` // moments in which the record showed a citizen no visit, or several, in a visit's time
	Seconds              float64 `json:"seconds"`
	RemoteCalls          int     `json:"remote_calls"`

	wantPlanned, wantResults int      // entries that the municipality's rules ask for
	backInvited              int      // of the visits taken back
	silent                   int      // visits that the record can't be told of, and that don't say so
	odd                      []string // what the record holds otherwise than it should
}

func (w *walk) report() Report {
	counts := w.World.Counts()
	r := Report{
		Video: w.World.Kind, Record: w.World.Record, Rules: w.World.Practice, Rows: w.rows, Converted: len(w.visits),
		RoomsBooked: counts.RoomsEver - (w.back.until - w.back.from), RoomsOpenAfter: counts.RoomsLive, DuplicateRooms: counts.DuplicateRooms,
		ByMitID: w.by.mitID, ByBroker: w.by.broker, ByCode: w.by.code, Strangers: w.by.strangers,
		CollectionsWiped: counts.CollectionsWiped, MessagesAfterCancel: counts.TextsAfterCancel, RemoteCalls: counts.Calls + w.World.RecordCalls(),
		TakenBack: len(w.back.visits), Restored: len(w.back.restored()), NotPossible: w.impossible, silent: w.silent,
		ActiveViolations: w.World.ActiveViolations(),
	}

	r.InvitationsDelivered, r.backInvited, r.DuplicateMessages = w.invited()

	for i, room := range w.World.Rooms() {
		if i >= w.back.from && i < w.back.until {
			continue
		}

		if room.Usable {
			r.RoomsLive++
		}

		if room.Together {
			r.Joined++
		}
	}

	w.tellApart(&r)
	w.countEntries(&r)
	r.Lost += max(0, r.Converted-r.RoomsBooked)

	return r
}

// countEntries compares what the record holds of every visit with what the rules ask for.
func (w *walk) countEntries(r *Report) {
	for _, v := range w.all() {
		lost := false

		for _, m := range w.rule(v).Means {
			lost = w.countMeans(r, v, m) || lost
		}

		if lost {
			r.Lost++
		}

		if v.role.byScreen() {
			w.countOutcome(r, v)
		}
	}

	for _, v := range w.back.restored() {
		if w.back.exact[v.ID] && w.World.Exact(v.row) {
			r.RestoredExact++
		}
	}

	if w.adHoc != nil && w.adHoc.byHand {
		r.NotPossible++
	}
}

// countMeans compares what the record holds of a visit by one means with what the rules ask for, and
// reports whether something is missing.
func (w *walk) countMeans(r *Report, v *visit, m care.Means) (lost bool) {
	have, want := w.told(v, m), w.wants(v, m)
	r.DuplicateEntries += have.Doubled + max(0, have.Planned-want.Planned) + max(0, have.Results-want.Results) + max(0, have.Restored-want.Restored)

	if have.Planned != want.Planned || have.Results != want.Results || have.Restored != want.Restored || have.Doubled > 0 {
		r.odd = append(r.odd, fmt.Sprintf("%s by %s at %s: %d/%d planned, %d/%d results, %d/%d restored, %d doubled", v.role, m,
			v.Planned.Start.Format("15:04"), have.Planned, want.Planned, have.Results, want.Results, have.Restored, want.Restored, have.Doubled))
	}

	if v.role.byScreen() {
		r.EntriesPlanned, r.EntriesResult = r.EntriesPlanned+have.Planned, r.EntriesResult+have.Results
		r.wantPlanned, r.wantResults = r.wantPlanned+want.Planned, r.wantResults+want.Results
	}

	return have.Planned < want.Planned || have.Results < want.Results || have.Restored < want.Restored ||
		m == care.OnList && w.World.FHIR != nil && v.role.byScreen() && have.Meeting == ""
}

// countOutcome counts what the record says came of a visit; where it does not tell, what the program says.
func (w *walk) countOutcome(r *Report, v *visit) {
	outcome := care.ResultKind("")

	for _, m := range w.rule(v).Means {
		outcome = cmp.Or(outcome, w.told(v, m).Outcome)
	}

	switch cmp.Or(outcome, care.ResultKind(v.state)) {
	case care.ResultCompleted:
		r.Completed++
	case care.ResultNotCompleted:
		r.NotCompleted++
	}
}

// tellApart takes the call on the spot out of the figures of the list's visits. Its room and its
// invitations count as one each, so that a second one shows.
func (w *walk) tellApart(r *Report) {
	if w.adHoc == nil {
		return
	}

	r.Calls, r.RoomsBooked, r.InvitationsDelivered = 1, r.RoomsBooked-1, r.InvitationsDelivered-1
	r.RoomsLive, r.Joined = max(0, r.RoomsLive-1), max(0, r.Joined-1)

	if w.adHoc.relative {
		r.InvitationsDelivered--
	}

	if w.adHoc.together {
		r.Relatives = 1
	}
}

// invited counts the invitations that arrived, apart those of the visits that were taken back, and
// those that came twice. Every visit has a link of its own.
func (w *walk) invited() (arrived, back, copies int) {
	sent, came := map[string]bool{}, map[string]bool{}

	for _, sms := range w.World.Texts() {
		link := linkPattern.FindString(sms.Text)
		if link == "" {
			continue
		}

		if sent[link] {
			copies++
		}

		sent[link] = true
		came[link] = came[link] || sms.Arrived
	}

	for link, yes := range came {
		switch {
		case !yes:
		case w.back.links[link]:
			back++
		default:
			arrived++
		}
	}

	return arrived, back, copies
}

// ErrInvariant is wrapped by the error of a walk in which something that must never happen did.
var ErrInvariant = errors.New("an invariant is broken")

// check tells which invariants are broken.
func (r Report) check() error {
	var broken []string

	must := func(ok bool, what string) {
		if !ok {
			broken = append(broken, what)
		}
	}

	must(r.DuplicateRooms == 0 && r.RoomsBooked == r.Converted, fmt.Sprintf("one room per visit: %d rooms for %d visits, %d doubled", r.RoomsBooked, r.Converted, r.DuplicateRooms))
	must(r.EntriesPlanned == r.wantPlanned, fmt.Sprintf("one planned entry per visit and means: %d for %d", r.EntriesPlanned, r.wantPlanned))
	must(r.EntriesResult == r.wantResults, fmt.Sprintf("one result entry per visit and means: %d for %d", r.EntriesResult, r.wantResults))
	must(len(r.odd) == 0, "the record holds otherwise than it should: "+strings.Join(r.odd, ", "))
	must(r.RestoredExact == r.Restored, fmt.Sprintf("as before in the record: %d of %d visits that are physical again", r.RestoredExact, r.Restored))
	must(r.backInvited == r.TakenBack, fmt.Sprintf("every citizen invited before it was taken back: %d of %d", r.backInvited, r.TakenBack))
	must(r.ActiveViolations == 0, fmt.Sprintf("%d moments in which a citizen had no visit or several", r.ActiveViolations))
	must(r.silent == 0, fmt.Sprintf("%d visits don't say that the record can't be told", r.silent))
	must(r.DuplicateEntries == 0, fmt.Sprintf("%d doubled entries", r.DuplicateEntries))
	must(r.InvitationsDelivered == r.Converted, fmt.Sprintf("every citizen invited: %d of %d", r.InvitationsDelivered, r.Converted))
	must(r.DuplicateMessages == 0, fmt.Sprintf("%d invitations came twice", r.DuplicateMessages))
	must(r.MessagesAfterCancel == 0, fmt.Sprintf("%d messages after a cancel", r.MessagesAfterCancel))
	must(r.RoomsOpenAfter == 0, fmt.Sprintf("%d rooms still open", r.RoomsOpenAfter))
	must(r.Completed+r.NotCompleted == r.Converted, fmt.Sprintf("%d completed and %d not, of %d", r.Completed, r.NotCompleted, r.Converted))
	must(r.CollectionsWiped == 0, fmt.Sprintf("%d whole collections deleted", r.CollectionsWiped))
	must(r.Calls == r.Relatives, fmt.Sprintf("%d relatives in %d calls on the spot", r.Relatives, r.Calls))
	must(r.Lost == 0, fmt.Sprintf("%d visits lost", r.Lost))

	if len(broken) > 0 {
		return fmt.Errorf("%w: %s", ErrInvariant, strings.Join(broken, "; "))
	}

	return nil
}

// Text is the report for people.
func (r Report) Text() string {
	return fmt.Sprintf(`
videoplatform              %s
journal / regler           %s / %s
rækker på listen           %d
omlagt til skærmbesøg      %d
rum booket / brugbare      %d / %d
invitationer leveret       %d
mødtes i rummet            %d
gennemført / ikke          %d / %d
poster planlagt / resultat %d / %d
dobbelte rum / poster      %d / %d
tabt                       %d
taget tilbage              %d
fysisk igen / byte for byte %d / %d
ikke muligt i journalen    %d
ingen eller flere aktive   %d
opkald / pårørende med     %d / %d
med MitID / kode           %d / %d
af dem hos anden udbyder   %d
en andens MitID, afvist    %d
kald til andre systemer    %d
sekunder                   %.1f
`, r.Video, r.Record, r.Rules, r.Rows, r.Converted, r.RoomsBooked, r.RoomsLive, r.InvitationsDelivered, r.Joined, r.Completed, r.NotCompleted,
		r.EntriesPlanned, r.EntriesResult, r.DuplicateRooms, r.DuplicateEntries, r.Lost,
		r.TakenBack, r.Restored, r.RestoredExact, r.NotPossible, r.ActiveViolations, r.Calls, r.Relatives, r.ByMitID, r.ByCode, r.ByBroker, r.Strangers, r.RemoteCalls, r.Seconds)
}
