package vdx

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	maxSubject = 100 // characters (vdx.md §1.5)
	lastYear   = 9999
)

func rejected(op string, err error) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Rejected, Err: err}
}

func checkRef(op string, ref care.RoomRef) error {
	if id, err := uuid.Parse(string(ref)); err != nil || id.String() != string(ref) {
		return rejected(op, errors.New("the room's key is not a UUID in lower case"))
	}

	return nil
}

func checkPlanned(op string, planned care.Interval) error {
	if !planned.Valid() || planned.End.Year() > lastYear {
		return rejected(op, errors.New("the planned time is not a span"))
	}

	return nil
}

func wholeSeconds(i care.Interval) care.Interval {
	return care.Interval{Start: i.Start.UTC().Truncate(time.Second), End: i.End.UTC().Truncate(time.Second)}
}

// checked refuses what the platform would take and we must not send: it checks neither the
// order of times nor that the PINs differ (vdx.md §1.5).
func checked(ref care.RoomRef, spec video.Spec) (video.Spec, error) {
	spec.Planned = wholeSeconds(spec.Planned)
	if spec.MaxParticipants == 0 {
		spec.MaxParticipants = defaultMaxParticipants
	}

	if err := errors.Join(checkRef("book", ref), checkPlanned("book", spec.Planned)); err != nil {
		return spec, rejected("book", err)
	}

	switch host, guest := spec.HostPIN.Reveal(), spec.GuestPIN.Reveal(); {
	case host == "" || guest == "":
		return spec, rejected("book", errors.New("both PINs are needed"))
	case strings.Contains(guest, host):
		return spec, rejected("book", errors.New("the guest PIN holds the host PIN"))
	case spec.Subject == "" || utf8.RuneCountInString(spec.Subject) > maxSubject:
		return spec, rejected("book", errors.New("the subject must be 1 to 100 characters"))
	case outbound.Redact(spec.Subject) != spec.Subject:
		return spec, rejected("book", errors.New("the subject holds what looks like a secret or a person number"))
	case spec.MaxParticipants < 0:
		return spec, rejected("book", errors.New("the number of participants is negative"))
	}

	return spec, nil
}
