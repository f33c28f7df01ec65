package demo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluse/sluse/internal/world"
)

// Report is what a walk did. Everything but Rows, Converted and how citizens were identified is counted from the peers' own
// histories, never from the program's database.
type Report struct {
	Video world.VideoKind `json:"-"` // the platform

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
	Seconds              float64 `json:"seconds"`
	RemoteCalls          int     `json:"remote_calls"`
}

func (w *walk) report() Report {
	counts, totals := w.World.Counts(), w.World.FHIR.Totals()
	r := Report{
		Video: w.World.Kind, Rows: w.rows, Converted: len(w.visits), RoomsBooked: counts.RoomsEver, RoomsOpenAfter: counts.RoomsLive,
		Completed: totals.Completed, NotCompleted: totals.NotCompleted, EntriesPlanned: totals.Planned, EntriesResult: totals.Results,
		DuplicateRooms: counts.DuplicateRooms, DuplicateEntries: totals.DuplicateEntries + totals.DuplicateResources,
		ByMitID: w.by.mitID, ByBroker: w.by.broker, ByCode: w.by.code, Strangers: w.by.strangers,
		CollectionsWiped: counts.CollectionsWiped, MessagesAfterCancel: counts.TextsAfterCancel, RemoteCalls: counts.Calls + totals.Requests,
	}

	meetings := map[string]bool{}

	for _, v := range w.World.FHIR.Visits() {
		if v.Meeting != "" {
			meetings[v.Meeting] = true
		}
	}

	r.InvitationsDelivered, r.DuplicateMessages = w.invited()

	for _, room := range w.World.Rooms() {
		if room.Usable {
			r.RoomsLive++
		}

		if room.Together {
			r.Joined++
		}
	}

	w.tellApart(&r)

	r.Lost = max(0, r.Converted-min(len(meetings), r.RoomsBooked, r.EntriesPlanned, r.EntriesResult))

	return r
}

// tellApart takes the call on the spot out of the figures of the list's visits. Its room, its
// result and its invitations count as one each, so that a second one shows.
func (w *walk) tellApart(r *Report) {
	if w.adHoc == nil {
		return
	}

	r.Calls, r.RoomsBooked, r.EntriesResult, r.InvitationsDelivered = 1, r.RoomsBooked-1, r.EntriesResult-1, r.InvitationsDelivered-1
	r.RoomsLive, r.Joined, r.Completed = max(0, r.RoomsLive-1), max(0, r.Joined-1), max(0, r.Completed-1)

	if w.adHoc.relative {
		r.InvitationsDelivered--
	}

	if w.adHoc.together {
		r.Relatives = 1
	}
}

// invited counts the invitations that arrived, and those that came twice. Every visit has a link
// of its own.
func (w *walk) invited() (arrived, copies int) {
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

	for _, yes := range came {
		if yes {
			arrived++
		}
	}

	return arrived, copies
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
	must(r.EntriesPlanned == r.Converted, fmt.Sprintf("one planned entry per visit: %d for %d", r.EntriesPlanned, r.Converted))
	must(r.EntriesResult == r.Converted, fmt.Sprintf("one result entry per visit: %d for %d", r.EntriesResult, r.Converted))
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
rækker på listen           %d
omlagt til skærmbesøg      %d
rum booket / brugbare      %d / %d
invitationer leveret       %d
mødtes i rummet            %d
gennemført / ikke          %d / %d
poster planlagt / resultat %d / %d
dobbelte rum / poster      %d / %d
tabt                       %d
opkald / pårørende med     %d / %d
med MitID / kode           %d / %d
af dem hos anden udbyder   %d
en andens MitID, afvist    %d
kald til andre systemer    %d
sekunder                   %.1f
`, r.Video, r.Rows, r.Converted, r.RoomsBooked, r.RoomsLive, r.InvitationsDelivered, r.Joined, r.Completed, r.NotCompleted,
		r.EntriesPlanned, r.EntriesResult, r.DuplicateRooms, r.DuplicateEntries, r.Lost, r.Calls, r.Relatives, r.ByMitID, r.ByCode, r.ByBroker, r.Strangers, r.RemoteCalls, r.Seconds)
}
