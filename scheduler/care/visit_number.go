package care

import (
	"fmt"
	"time"
)

// AboutNumber is what exceptions of a citizen's telephone number are about.
const AboutNumber = "number"

// NumberLost takes the citizen's link back, because whoever has the old number may read it
// (identity.md §5.1), and has somebody call. Over the other channel, empty when there is none, a new
// link is sent. Doing it twice changes nothing.
func (v *Visit) NumberLost(other Channel, at time.Time) {
	link, has := v.s.Link()

	switch {
	case !has || other != "" && link.Channel == other:
	case other != "" && v.s.State == RoomIsBooked:
		v.Reinvite(other, at)
	default:
		v.killLink(link, at)
	}

	if other == "" {
		v.Raise(MessageTrouble, AboutNumber, "Borgeren har ikke længere et mobilnummer eller en e-mail, der virker. Linket i den gamle besked virker ikke mere. Ring og aftal, hvordan besøget skal foregå.", false, at)

		return
	}

	v.Raise(CitizenTrouble, AboutNumber, "Borgeren har ikke længere et mobilnummer og kan ikke få engangskoden. Ring og aftal, hvordan besøget skal foregå.", false, at)
}

// killLink makes a link that was sent a dead one without a message to anybody: a withdrawal that never
// leaves. Should the message be on its way at this moment, its link is dead all the same.
func (v *Visit) killLink(link Invitation, at time.Time) {
	v.recallFrom(link.To)

	n := len(v.s.Invitations)
	v.s.Invitations = append(v.s.Invitations, Invitation{
		ID: InvitationID(fmt.Sprintf("%s-i%d", v.s.ID, n+1)), To: link.To, Kind: Withdrawn, Channel: link.Channel, State: InvitationRevoked, Sequence: n, QueuedAt: at,
	})
}

// NumberFound tells the planner of a citizen who has a number again and no link: to whom the number
// belongs is for a person to say, so that inviting is one press and not a matter of course.
func (v *Visit) NumberFound(at time.Time) {
	v.resolve(CitizenTrouble, AboutNumber, at)

	if _, has := v.s.Link(); has || v.s.State != RoomIsBooked && v.s.State != Open {
		return
	}

	v.resolve(MessageTrouble, "", at)
	v.Raise(MessageTrouble, AboutNumber, "Borgeren har fået et mobilnummer igen, men har intet link. Invitér på det nye nummer, hvis det er borgerens, eller ring.", true, at)
}

// InviteOnNumber sends a link to a citizen whose number came back, because a planner says so.
// Conflict: the visit is not to be given by screen any more.
func (v *Visit) InviteOnNumber(channel Channel, by string, at time.Time) error {
	if v.s.State != RoomIsBooked && v.s.State != Open {
		return NewError(Conflict, forbidden(v.s.State))
	}

	v.resolveBy(MessageTrouble, AboutNumber, by, at)
	v.Reinvite(channel, at)

	return nil
}
