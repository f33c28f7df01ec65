package store

import (
	"fmt"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

type roomRow struct {
	Ref             string `gorm:"primaryKey"`
	VisitID         string
	Seq             int
	State           string
	PlannedStart    *int64
	PlannedEnd      *int64
	Address         string
	HostPinSealed   []byte
	GuestPinSealed  []byte
	HostLinkSealed  []byte
	GuestLinkSealed []byte
	SeatLinksSealed []byte
	Late            bool
	WantedAt        *int64
	BookedAt        *int64
	MakingAt        *int64
	MadeAt          *int64
	ClosedAt        *int64
}

// TableName names the table for gorm.
func (roomRow) TableName() string { return "rooms" }

func (r roomRow) owner() string { return r.VisitID }

func (k *Keys) roomToRow(visit care.VisitID, seq int, r care.Room) (roomRow, error) {
	seal := sealer{keys: k, table: "rooms", row: string(r.Ref)}

	row := roomRow{
		Ref: string(r.Ref), VisitID: string(visit), Seq: seq, State: string(r.State),
		PlannedStart: microsOrNull(r.Planned.Start), PlannedEnd: microsOrNull(r.Planned.End), Address: r.Address,
		HostPinSealed:   seal.seal("host_pin", r.HostPIN.Reveal()),
		GuestPinSealed:  seal.seal("guest_pin", r.GuestPIN.Reveal()),
		HostLinkSealed:  seal.seal("host_link", r.HostLink.Reveal()),
		GuestLinkSealed: seal.seal("guest_link", r.GuestLink.Reveal()),
		SeatLinksSealed: seal.seal("seat_links", joinLinks(r.SeatLinks)),
		Late:            r.Late, WantedAt: microsOrNull(r.WantedAt), BookedAt: microsOrNull(r.BookedAt),
		MakingAt: microsOrNull(r.MakingAt), MadeAt: microsOrNull(r.MadeAt), ClosedAt: microsOrNull(r.ClosedAt),
	}

	return row, seal.err
}

func (k *Keys) roomFromRow(row roomRow) (care.Room, error) {
	seal := sealer{keys: k, table: "rooms", row: row.Ref}
	hostPIN, guestPIN := seal.open("host_pin", row.HostPinSealed), seal.open("guest_pin", row.GuestPinSealed)
	hostLink, guestLink := seal.open("host_link", row.HostLinkSealed), seal.open("guest_link", row.GuestLinkSealed)
	seatLinks := seal.open("seat_links", row.SeatLinksSealed)

	if seal.err != nil {
		return care.Room{}, seal.err
	}

	room := care.Room{
		Ref: care.RoomRef(row.Ref), State: care.RoomState(row.State),
		Planned: care.Interval{Start: instantOrZero(row.PlannedStart), End: instantOrZero(row.PlannedEnd)}, Address: row.Address,
		Late: row.Late, WantedAt: instantOrZero(row.WantedAt), BookedAt: instantOrZero(row.BookedAt),
		MakingAt: instantOrZero(row.MakingAt), MadeAt: instantOrZero(row.MadeAt), ClosedAt: instantOrZero(row.ClosedAt),
	}

	// The constructors check once more what opens a room, so that a damaged row is refused.
	for _, part := range []struct {
		text string
		set  func(string) error
	}{
		{hostPIN, func(t string) (err error) { room.HostPIN, err = care.NewHostPIN(t); return err }},
		{guestPIN, func(t string) (err error) { room.GuestPIN, err = care.NewGuestPIN(t); return err }},
		{hostLink, func(t string) (err error) { room.HostLink, err = care.NewHostLink(t); return err }},
		{guestLink, func(t string) (err error) { room.GuestLink, err = care.NewGuestLink(t, room.HostPIN); return err }},
		{seatLinks, func(t string) (err error) { room.SeatLinks, err = splitLinks(t, room.HostPIN); return err }},
	} {
		if part.text == "" {
			continue
		}

		if err := part.set(part.text); err != nil {
			return care.Room{}, fmt.Errorf("room %s: %w", row.Ref, err)
		}
	}

	return room, nil
}

// joinLinks writes links one a line; an address holds no line break (care.NewGuestLink).
func joinLinks(links []care.GuestLink) string {
	lines := make([]string, len(links))
	for i, l := range links {
		lines[i] = l.Reveal()
	}

	return strings.Join(lines, "\n")
}

func splitLinks(text string, host care.HostPIN) ([]care.GuestLink, error) {
	var links []care.GuestLink

	for line := range strings.SplitSeq(text, "\n") {
		link, err := care.NewGuestLink(line, host)
		if err != nil {
			return nil, fmt.Errorf("seat link: %w", err)
		}

		links = append(links, link)
	}

	return links, nil
}

type invitationRow struct {
	ID            string `gorm:"primaryKey"`
	VisitID       string
	Seq           int
	Kind          string
	Channel       string
	State         string
	Sequence      int
	LocatorHash   *string
	ProviderID    string
	Failure       string
	QueuedAt      *int64
	SentAt        *int64
	OpenedAt      *int64
	ParticipantID string
}

// TableName names the table for gorm.
func (invitationRow) TableName() string { return "invitations" }

func (r invitationRow) owner() string { return r.VisitID }

func (k *Keys) invitationToRow(visit care.VisitID, seq int, i care.Invitation) (invitationRow, error) {
	row := invitationRow{
		ID: string(i.ID), VisitID: string(visit), Seq: seq, Kind: string(i.Kind), Channel: string(i.Channel),
		State: string(i.State), Sequence: i.Sequence, ProviderID: i.ProviderID, Failure: i.Failure,
		QueuedAt: microsOrNull(i.QueuedAt), SentAt: microsOrNull(i.SentAt), OpenedAt: microsOrNull(i.OpenedAt),
		ParticipantID: string(i.To),
	}

	if i.LocatorHash != "" {
		row.LocatorHash = &i.LocatorHash
	}

	return row, nil
}

func (k *Keys) invitationFromRow(row invitationRow) (care.Invitation, error) {
	i := care.Invitation{
		ID: care.InvitationID(row.ID), Kind: care.InvitationKind(row.Kind), Channel: care.Channel(row.Channel),
		State: care.InvitationState(row.State), Sequence: row.Sequence, ProviderID: row.ProviderID, Failure: row.Failure,
		QueuedAt: instantOrZero(row.QueuedAt), SentAt: instantOrZero(row.SentAt), OpenedAt: instantOrZero(row.OpenedAt),
		To: care.ParticipantID(row.ParticipantID),
	}

	if row.LocatorHash != nil {
		i.LocatorHash = *row.LocatorHash
	}

	return i, nil
}

type admissionRow struct {
	ID            string `gorm:"primaryKey"`
	VisitID       string
	Seq           int
	State         string
	SessionHash   string
	Method        string
	CodeCount     int
	CodeSentAt    *int64
	CodeTries     int
	CodeUsed      bool
	Failures      int
	Recognised    bool
	DecidedBy     string
	CameAt        *int64
	IdentifiedAt  *int64
	DecidedAt     *int64
	ParticipantID string

	Provider           string
	AssuranceLevel     int
	IdentifiedBy       string
	IdentityCheck      string
	Outage             bool
	AskedHelpAt        *int64
	CodewordDue        bool
	CodewordToldAt     *int64
	CodewordAnsweredAt *int64

	NameMatch string
	Strangers int
}

// TableName names the table for gorm.
func (admissionRow) TableName() string { return "admissions" }

func (r admissionRow) owner() string { return r.VisitID }

func (k *Keys) admissionToRow(visit care.VisitID, seq int, a care.Admission) (admissionRow, error) {
	return admissionRow{
		ID: string(a.ID), VisitID: string(visit), Seq: seq, State: string(a.State), SessionHash: a.SessionHash,
		Method: string(a.Method), CodeCount: a.CodeCount, CodeSentAt: microsOrNull(a.CodeSentAt), CodeTries: a.CodeTries,
		CodeUsed: a.CodeUsed, Failures: a.Failures, Recognised: a.Recognised, DecidedBy: string(a.DecidedBy),
		CameAt: microsOrNull(a.CameAt), IdentifiedAt: microsOrNull(a.IdentifiedAt), DecidedAt: microsOrNull(a.DecidedAt),
		ParticipantID: string(a.Participant), Provider: a.Provider, AssuranceLevel: int(a.Level), IdentifiedBy: string(a.IdentifiedBy),
		IdentityCheck: string(a.Check), Outage: a.Outage, AskedHelpAt: microsOrNull(a.AskedHelp), CodewordDue: a.CodewordDue,
		CodewordToldAt: microsOrNull(a.CodewordTold), CodewordAnsweredAt: microsOrNull(a.CodewordAnswered),
		NameMatch: string(a.Name), Strangers: a.Strangers,
	}, nil
}

func (k *Keys) admissionFromRow(row admissionRow) (care.Admission, error) {
	return care.Admission{
		ID: care.AdmissionID(row.ID), State: care.AdmissionState(row.State), SessionHash: row.SessionHash,
		Method: care.IdentityMethod(row.Method), CodeCount: row.CodeCount, CodeSentAt: instantOrZero(row.CodeSentAt),
		CodeTries: row.CodeTries, CodeUsed: row.CodeUsed, Failures: row.Failures, Recognised: row.Recognised,
		DecidedBy: care.EmployeeID(row.DecidedBy), CameAt: instantOrZero(row.CameAt),
		IdentifiedAt: instantOrZero(row.IdentifiedAt), DecidedAt: instantOrZero(row.DecidedAt),
		Participant: care.ParticipantID(row.ParticipantID), Provider: row.Provider, Level: care.Assurance(row.AssuranceLevel),
		IdentifiedBy: care.EmployeeID(row.IdentifiedBy), Check: care.IdentityCheck(row.IdentityCheck), Outage: row.Outage,
		CodewordDue: row.CodewordDue, AskedHelp: instantOrZero(row.AskedHelpAt), CodewordTold: instantOrZero(row.CodewordToldAt), CodewordAnswered: instantOrZero(row.CodewordAnsweredAt),
		Name: care.NameMatch(row.NameMatch), Strangers: row.Strangers,
	}, nil
}
