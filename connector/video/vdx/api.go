package vdx

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// api speaks to the video API. Both generations have the same resources and bodies (vdx.md §0);
// what differs is a dialect.
type api struct {
	client    *outbound.Client
	dialect   dialect
	organizer string // organizedByEmail; empty: whoever calls
}

var _ wire = (*api)(nil)

// dialect is what one generation does otherwise than the other.
type dialect struct {
	path         []string
	organisation []string // the path of organisations, at a base of their own (vdx.md §8)
	// code reads the code of an error body, or returns "" when there is none.
	code func(body []byte) string
	// The codes that we must tell apart. One number means different things under different
	// statuses, so they are looked for under theirs only (vdx.md §1.11).
	keyTaken      string // 400: our uuid is taken, or no short id was free: nothing was made
	externalTaken string // 400: our external id is taken
	noPool        string // 400: the organisation has no pool
	noFreeRoom    string // 400: every room of the pool is in use
	noAddress     string // 406: no address was free
	// list takes the elements out of the body of a list.
	list func(body []byte) ([]byte, error)
}

// wireTime is whole seconds with an offset: the form that both generations take in bodies; the
// first refuses fractions (vdx.md §1.10). The offset is always Z.
const wireTime = "2006-01-02T15:04:05Z07:00"

// poolRetry is how soon a room of the pool may be free. VDX does not say; it makes at most one
// at a time (vdx.md §2.5).
const poolRetry = 5 * time.Second

// createWire is the body of POST meetings. What is not listed is left out on purpose:
// description and labels because they are free text, the rest because the template decides;
// explicit nulls can end in 500 (vdx.md §1.5).
type createWire struct {
	Subject             string `json:"subject"`
	StartTime           string `json:"startTime"`
	EndTime             string `json:"endTime"`
	UUID                string `json:"uuid"`
	ExternalID          string `json:"externalId"`
	OrganizedByEmail    string `json:"organizedByEmail,omitempty"`
	MeetingType         string `json:"meetingType,omitempty"` // NORMAL when left out
	MaxParticipants     int    `json:"maxParticipants"`
	EndMeetingOnEndTime bool   `json:"endMeetingOnEndTime"`
	GuestMicrophone     string `json:"guestMicrophone"`
	GuestPINRequired    bool   `json:"guestPinRequired"` // so that the short link alone opens nothing
	HostPIN             int    `json:"hostPin,omitempty"`
	GuestPIN            int    `json:"guestPin,omitempty"`
}

func (a *api) newCreateWire(ref care.RoomRef, spec video.Spec, pooled bool) createWire {
	w := createWire{
		Subject: spec.Subject, StartTime: spec.Planned.Start.Format(wireTime), EndTime: spec.Planned.End.Format(wireTime),
		UUID: string(ref), ExternalID: "sluse-" + string(ref), OrganizedByEmail: a.organizer, MaxParticipants: spec.MaxParticipants,
		EndMeetingOnEndTime: true, GuestMicrophone: "on", GuestPINRequired: true,
	}

	if pooled {
		w.MeetingType = "POOL" // any PIN would make a fresh room instead (vdx.md §2.3)

		return w
	}

	w.HostPIN, _ = strconv.Atoi(spec.HostPIN.Reveal()) // digits by construction
	w.GuestPIN, _ = strconv.Atoi(spec.GuestPIN.Reveal())

	return w
}

// patchWire is the body of PATCH meetings. The organizer goes along because an update may make
// the caller the organizer (vdx.md §2.4); who may not choose one is ignored.
type patchWire struct {
	StartTime        string `json:"startTime,omitempty"`
	EndTime          string `json:"endTime,omitempty"`
	OrganizedByEmail string `json:"organizedByEmail,omitempty"`
}

func (a *api) newPatchWire(c change) patchWire {
	w := patchWire{OrganizedByEmail: a.organizer}
	if !c.start.IsZero() {
		w.StartTime = c.start.UTC().Truncate(time.Second).Format(wireTime)
	}

	if !c.end.IsZero() {
		w.EndTime = c.end.UTC().Truncate(time.Second).Format(wireTime)
	}

	return w
}

// path returns the path of a resource.
func (a *api) path(segments ...string) []string {
	return append(slices.Clip(a.dialect.path), segments...)
}

// create posts the meeting. The answer's body is not needed: the room is read back anyhow.
func (a *api) create(ctx context.Context, ref care.RoomRef, spec video.Spec, pooled bool) (situation, error) {
	answer, err := a.client.Do(ctx, outbound.Call{
		Op: "create_meeting", Method: http.MethodPost, Path: a.path("meetings"), JSON: a.newCreateWire(ref, spec, pooled),
	})
	if err != nil {
		return ordinary, err
	}

	if answer.Status == http.StatusNotFound {
		// There is no meeting to be missed: a gateway is being changed, or the address is wrong.
		return ordinary, answer.FailAs(connector.Unavailable, "")
	}

	return a.refusal(answer)
}

// room reads scheduling-info, which holds the meeting too.
func (a *api) room(ctx context.Context, ref care.RoomRef) (room, error) {
	answer, err := a.client.Do(ctx, outbound.Call{
		Op: "read_room", Method: http.MethodGet, Path: a.path("scheduling-info", string(ref)),
	})
	if err != nil {
		return room{}, err
	}

	if answer.Status == http.StatusForbidden {
		// Every role may read a room of its own organisation (vdx.md §1.8): it is not ours.
		return room{}, answer.FailAs(connector.Rejected, a.dialect.code(answer.Body))
	}

	if _, err = a.refusal(answer); err != nil {
		return room{}, err
	}

	var w roomWire
	if err = answer.JSON(&w); err != nil {
		return room{}, err
	}

	r, problem := w.room(ref)
	if problem != "" {
		return room{}, answer.Broken(problem)
	}

	return r, nil
}

// change patches the meeting. The answer is not trusted: a provisioned room answers 200 to
// what it ignores (vdx.md §2.4).
func (a *api) change(ctx context.Context, ref care.RoomRef, c change) (situation, error) {
	answer, err := a.client.Do(ctx, outbound.Call{
		Op: "change_meeting", Method: http.MethodPatch, Path: a.path("meetings", string(ref)), JSON: a.newPatchWire(c),
	})
	if err != nil {
		return ordinary, err
	}

	return a.refusal(answer)
}

// remove deletes the meeting, its room, and both keys. Success is 200 in the first generation
// and 204 in the second.
func (a *api) remove(ctx context.Context, ref care.RoomRef) (situation, error) {
	answer, err := a.client.Do(ctx, outbound.Call{
		Op: "delete_meeting", Method: http.MethodDelete, Path: a.path("meetings", string(ref)),
	})
	if err != nil {
		return ordinary, err
	}

	return a.refusal(answer)
}

// refusal classifies an answer by status and code together.
func (a *api) refusal(answer *outbound.Answer) (situation, error) {
	if answer.OK() {
		return ordinary, nil
	}

	code := a.dialect.code(answer.Body)

	switch answer.Status {
	case http.StatusBadRequest:
		switch code {
		case a.dialect.keyTaken:
			return alreadyExists, answer.FailAs(connector.Unavailable, code)
		case a.dialect.externalTaken:
			return alreadyExists, answer.FailAs(connector.Conflict, code)
		case a.dialect.noFreeRoom:
			failure := answer.FailAs(connector.Pending, video.CodeNoFreeRoom)
			failure.RetryAfter = max(failure.RetryAfter, poolRetry)

			return ordinary, failure
		case a.dialect.noPool:
			return ordinary, answer.FailAs(connector.Rejected, CodeNoPool)
		}

		return ordinary, answer.Fail(code)
	case http.StatusNotAcceptable:
		if code == a.dialect.noAddress {
			return ordinary, answer.FailAs(connector.Unavailable, code)
		}

		return wrongState, answer.FailAs(connector.Conflict, code)
	default:
		return ordinary, answer.Fail(code)
	}
}

// roomWire is the part of scheduling-info that we use (vdx.md §1.8).
type roomWire struct {
	UUID            string `json:"uuid"`
	HostPIN         *int64 `json:"hostPin"`
	GuestPIN        *int64 `json:"guestPin"`
	MaxParticipants int    `json:"maxParticipants"`
	URIWithDomain   string `json:"uriWithDomain"`
	ProvisionStatus string `json:"provisionStatus"`
	PortalLink      string `json:"portalLink"`
	MeetingDetails  *struct {
		StartTime string `json:"startTime"`
		EndTime   string `json:"endTime"`
	} `json:"meetingDetails"`
}

// room translates, or names the problem.
func (w *roomWire) room(ref care.RoomRef) (r room, problem string) {
	if !strings.EqualFold(w.UUID, string(ref)) {
		return room{}, "the answer is about another room"
	}

	if w.MeetingDetails == nil {
		return room{}, "the answer holds no meeting"
	}

	start, begins := instant(w.MeetingDetails.StartTime)
	end, ends := instant(w.MeetingDetails.EndTime)

	if !begins || !ends {
		return room{}, "the meeting's times can't be read"
	}

	status, known := statusOf(w.ProvisionStatus)
	if !known {
		return room{}, "the provision status is unknown"
	}

	r = room{
		status: status, address: w.URIWithDomain, capacity: max(w.MaxParticipants, 0), portal: care.NewSecret(w.PortalLink),
		planned: wholeSeconds(care.Interval{Start: start, End: end}),
	}

	// A PIN that is missing or impossible leaves the zero value; booking then refuses the room.
	if w.HostPIN != nil {
		r.hostPIN, _ = care.NewHostPIN(strconv.FormatInt(*w.HostPIN, 10))
	}

	if w.GuestPIN != nil {
		r.guestPIN, _ = care.NewGuestPIN(strconv.FormatInt(*w.GuestPIN, 10))
	}

	return r, ""
}

// instant reads a time in the form of either generation: RFC 3339, or with a space before an
// offset without a colon, which Go's layouts tell apart by themselves (vdx.md §1.10).
func instant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05 -0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}

	return time.Time{}, false
}

// statusOf translates the states of vdx.md §2.2.
func statusOf(name string) (video.Status, bool) {
	switch name {
	case "AWAITS_PROVISION":
		return video.Awaiting, true
	case "STARTING_TO_PROVISION":
		return video.Starting, true
	case "PROVISION_PROBLEMS":
		return video.ProblemMake, true
	case "PROVISIONED_OK":
		return video.Ready, true
	case "STARTING_TO_DEPROVISION":
		return video.Ending, true
	case "DEPROVISION_PROBLEMS":
		return video.ProblemEnd, true
	case "DEPROVISION_OK":
		return video.Ended, true
	}

	return 0, false
}
