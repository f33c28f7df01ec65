package vdx

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// v2 speaks the second generation: RFC 3339 dates, bearer tokens, 403 for a wrong role,
// DELETE answered with 204, and errors with detailed_error_code (vdx.md §1).
type v2 struct{ client *outbound.Client }

var _ wire = (*v2)(nil)

// wireTime is whole seconds with an offset: the form that both generations take in bodies
// (vdx.md §1.10). The offset is always Z.
const wireTime = "2006-01-02T15:04:05Z07:00"

// createWire is the body of POST meetings. What is not listed is left out on purpose:
// description and labels because they are free text, the rest because the template decides;
// explicit nulls can end in 500 (vdx.md §1.5).
type createWire struct {
	Subject             string `json:"subject"`
	StartTime           string `json:"startTime"`
	EndTime             string `json:"endTime"`
	UUID                string `json:"uuid"`
	ExternalID          string `json:"externalId"`
	MaxParticipants     int    `json:"maxParticipants"`
	EndMeetingOnEndTime bool   `json:"endMeetingOnEndTime"`
	GuestMicrophone     string `json:"guestMicrophone"`
	GuestPINRequired    bool   `json:"guestPinRequired"` // so that the short link alone opens nothing
	HostPIN             int    `json:"hostPin"`
	GuestPIN            int    `json:"guestPin"`
}

func newCreateWire(ref care.RoomRef, spec video.Spec) createWire {
	host, _ := strconv.Atoi(spec.HostPIN.Reveal()) // digits by construction
	guest, _ := strconv.Atoi(spec.GuestPIN.Reveal())

	return createWire{
		Subject: spec.Subject, StartTime: spec.Planned.Start.Format(wireTime), EndTime: spec.Planned.End.Format(wireTime),
		UUID: string(ref), ExternalID: "sluse-" + string(ref), MaxParticipants: spec.MaxParticipants,
		EndMeetingOnEndTime: true, GuestMicrophone: "on", GuestPINRequired: true, HostPIN: host, GuestPIN: guest,
	}
}

// patchWire is the body of PATCH meetings.
type patchWire struct {
	StartTime string `json:"startTime,omitempty"`
	EndTime   string `json:"endTime,omitempty"`
}

func newPatchWire(c change) patchWire {
	var w patchWire
	if !c.start.IsZero() {
		w.StartTime = c.start.UTC().Truncate(time.Second).Format(wireTime)
	}

	if !c.end.IsZero() {
		w.EndTime = c.end.UTC().Truncate(time.Second).Format(wireTime)
	}

	return w
}

// create posts the meeting. The answer's body is not needed: the room is read back anyhow.
func (v *v2) create(ctx context.Context, ref care.RoomRef, spec video.Spec) (situation, error) {
	answer, err := v.client.Do(ctx, outbound.Call{
		Op: "create_meeting", Method: http.MethodPost, Path: []string{"v2", "meetings"}, JSON: newCreateWire(ref, spec),
	})
	if err != nil {
		return ordinary, err
	}

	if answer.Status == http.StatusNotFound {
		// There is no meeting to be missed: a gateway is being changed, or the address is wrong.
		return ordinary, answer.FailAs(connector.Unavailable, "")
	}

	return refusal(answer)
}

// room reads scheduling-info, which holds the meeting too.
func (v *v2) room(ctx context.Context, ref care.RoomRef) (room, error) {
	answer, err := v.client.Do(ctx, outbound.Call{
		Op: "read_room", Method: http.MethodGet, Path: []string{"v2", "scheduling-info", string(ref)},
	})
	if err != nil {
		return room{}, err
	}

	if answer.Status == http.StatusForbidden {
		// Every role may read a room of its own organisation (vdx.md §1.8): it is not ours.
		return room{}, answer.FailAs(connector.Rejected, errorCode(answer.Body))
	}

	if _, err = refusal(answer); err != nil {
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
func (v *v2) change(ctx context.Context, ref care.RoomRef, c change) (situation, error) {
	answer, err := v.client.Do(ctx, outbound.Call{
		Op: "change_meeting", Method: http.MethodPatch, Path: []string{"v2", "meetings", string(ref)}, JSON: newPatchWire(c),
	})
	if err != nil {
		return ordinary, err
	}

	return refusal(answer)
}

// remove deletes the meeting, its room, and both keys.
func (v *v2) remove(ctx context.Context, ref care.RoomRef) (situation, error) {
	answer, err := v.client.Do(ctx, outbound.Call{
		Op: "delete_meeting", Method: http.MethodDelete, Path: []string{"v2", "meetings", string(ref)},
	})
	if err != nil {
		return ordinary, err
	}

	return refusal(answer)
}

// errorWire is the v2 error body (vdx.md §1.11). The text is never used: it can quote input.
type errorWire struct {
	Code json.RawMessage `json:"detailed_error_code"` // documented as a string; a number is taken too
}

// errorCode reads the code of an error body, or returns "" when there is none.
func errorCode(body []byte) string {
	var w errorWire
	if err := json.Unmarshal(body, &w); err != nil {
		return ""
	}

	code := strings.Trim(string(w.Code), `"`)
	if _, err := strconv.Atoi(code); err != nil {
		return ""
	}

	return code
}

// refusal classifies an answer by status and code together: one number means different
// things under different statuses (vdx.md §1.11).
func refusal(answer *outbound.Answer) (situation, error) {
	if answer.OK() {
		return ordinary, nil
	}

	code := errorCode(answer.Body)

	switch answer.Status {
	case http.StatusBadRequest:
		switch code {
		case "24": // our uuid is taken, or no short id was free: nothing was made by this call
			return alreadyExists, answer.FailAs(connector.Unavailable, code)
		case "21": // our external id is taken
			return alreadyExists, answer.FailAs(connector.Conflict, code)
		}

		return ordinary, answer.Fail(code)
	case http.StatusNotAcceptable:
		if code == "15" { // no free address just now
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

	start, errStart := time.Parse(time.RFC3339, w.MeetingDetails.StartTime)
	end, errEnd := time.Parse(time.RFC3339, w.MeetingDetails.EndTime)

	if errStart != nil || errEnd != nil {
		return room{}, "the meeting's times can't be read"
	}

	status, known := statusOf(w.ProvisionStatus)
	if !known {
		return room{}, "the provision status is unknown"
	}

	r = room{
		status: status, address: w.URIWithDomain, capacity: w.MaxParticipants, portal: care.NewSecret(w.PortalLink),
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
