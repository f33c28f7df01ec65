package pexip

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/scheduler/care"
)

// conferences is the path of the rooms.
func conferences() []string { return resource(configuration, "conference") }

// Reserve tells the booking that Book will make. It is Awaiting; all else is as it will be.
func (p *Platform) Reserve(ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	spec, err := p.checked("reserve", ref, spec)
	if err != nil {
		return video.Booking{}, err
	}

	b := p.fresh(ref, spec)
	b.Status = video.Awaiting

	if !p.addLinks(&b, p.aliasesOf(ref, spec.MaxParticipants)) {
		return video.Booking{}, rejected("reserve", errors.New(CodeUnsafeLink))
	}

	return b, nil
}

// fresh is a booking of a room made now, without links.
func (p *Platform) fresh(ref care.RoomRef, spec video.Spec) video.Booking {
	return video.Booking{
		Ref: ref, Status: video.Starting, Planned: spec.Planned, Address: p.address(ref), HostPIN: spec.HostPIN, GuestPIN: spec.GuestPIN,
	}
}

// Book makes the room with one call. When its name is taken, or nobody knows what became of the
// call, the room is looked up and adopted if it carries our mark.
func (p *Platform) Book(ctx context.Context, ref care.RoomRef, spec video.Spec) (video.Booking, error) {
	spec, err := p.checked("book", ref, spec)
	if err != nil {
		return video.Booking{}, err
	}

	found := p.aliasesOf(ref, spec.MaxParticipants)

	b := p.fresh(ref, spec)
	if !p.addLinks(&b, found) {
		return video.Booking{}, rejected("book", errors.New(CodeUnsafeLink))
	}

	if err = p.Verify(ctx); err != nil {
		return video.Booking{}, err
	}

	// What we know of the node's PINs may be new.
	if err = p.checkPINs("book", spec.HostPIN.Reveal(), spec.GuestPIN.Reveal()); err != nil {
		return video.Booking{}, err
	}

	err = p.create(ctx, ref, spec, found)
	if connector.Is(err, connector.Unknown) || connector.Is(err, connector.Conflict) {
		return p.adopt(ctx, ref, err)
	}

	if err != nil {
		return video.Booking{}, err
	}

	return b, nil
}

// create posts the room with everybody's alias.
func (p *Platform) create(ctx context.Context, ref care.RoomRef, spec video.Spec, found aliases) error {
	wire := newRoomWire{
		Name: p.name(ref), Tag: string(ref), Description: describe(spec.Planned), ServiceType: "conference", CallType: "video",
		PIN: spec.HostPIN.Reveal(), GuestPIN: spec.GuestPIN.Reveal(), AllowGuests: true, Participants: spec.MaxParticipants,
		Crypto: "on", Chat: "no",
		Theme: uri("ivr_theme", p.config.Theme), HostIDP: uri("identity_provider_group", p.config.HostIDPGroup),
		GuestIDP: uri("identity_provider_group", p.config.GuestIDPGroup),
		Aliases:  []aliasWire{{Alias: found.host, Description: "Medarbejder"}},
	}

	for seat, alias := range found.guests {
		wire.Aliases = append(wire.Aliases, aliasWire{Alias: alias, Description: "Plads " + strconv.Itoa(seat+1)})
	}

	if p.config.DialDomain != "" {
		wire.Aliases = append(wire.Aliases, aliasWire{Alias: p.address(ref), Description: "Opkald"})
	}

	answer, err := p.api.write(ctx, call{op: "create_room", method: http.MethodPost, path: conferences(), body: wire})
	if err != nil {
		return err
	}

	if answer.Header.Get("Location") == "" { // whatever answered may not have been the node
		return answer.Broken("the answer names no new room")
	}

	return nil
}

// uri names an object of the configuration, as the node wants references; empty for id 0.
func uri(name string, id int) string {
	if id == 0 {
		return ""
	}

	return fmt.Sprintf("/api/admin/configuration/v1/%s/%d/", name, id)
}

// adopt looks for the room after a create that was refused because it exists, or that nobody
// knows the outcome of. After the latter a room that can't be seen may still be on its way.
func (p *Platform) adopt(ctx context.Context, ref care.RoomRef, refusal error) (video.Booking, error) {
	room, err := p.room(ctx, "book", ref)

	switch {
	case err == nil:
		return p.booking("book", ref, room)
	case connector.Is(refusal, connector.Unknown) && !connector.Is(err, connector.Conflict), connector.Is(err, connector.NotFound):
		return video.Booking{}, refusal
	default:
		return video.Booking{}, err
	}
}

// room reads the room under our name. Conflict: it does not carry our mark.
func (p *Platform) room(ctx context.Context, op string, ref care.RoomRef) (conferenceWire, error) {
	found, err := list[conferenceWire](ctx, p.api, call{
		op: "find_room", path: conferences(), query: url.Values{"name": {p.name(ref)}},
	})
	if err != nil {
		return conferenceWire{}, err
	}

	// A node that does not know the filter may answer with rooms of others.
	for _, room := range found {
		if room.Name != p.name(ref) {
			continue
		}

		if room.Tag != string(ref) {
			return conferenceWire{}, unusable(op, CodeNotOurs)
		}

		return room, nil
	}

	return conferenceWire{}, &connector.Error{System: System, Op: op, Kind: connector.NotFound}
}

// Find reads the room as it is. Conflict: it exists but can't be used. Before it is made it is
// NotFound; what it will be is what Reserve says.
func (p *Platform) Find(ctx context.Context, ref care.RoomRef) (video.Booking, error) {
	if err := checkRef("find", ref); err != nil {
		return video.Booking{}, err
	}

	room, err := p.room(ctx, "find", ref)
	if err != nil {
		return video.Booking{}, err
	}

	return p.booking("find", ref, room)
}

// booking turns a room into the port's words.
func (p *Platform) booking(op string, ref care.RoomRef, room conferenceWire) (video.Booking, error) {
	b := video.Booking{Ref: ref, Status: video.Starting, Planned: readPlan(room.Description), Address: p.address(ref)}

	// A room whose age can't be read is taken for new: people wait rather than fail.
	if created := readMoment(string(room.Created)); !created.IsZero() && !p.now().Before(created.Add(p.config.Replication)) {
		b.Status = video.Ready
	}

	// A PIN that is missing or impossible leaves the zero value.
	b.HostPIN, _ = care.NewHostPIN(string(room.PIN))
	b.GuestPIN, _ = care.NewGuestPIN(string(room.GuestPIN))

	if b.HostPIN.IsZero() || b.GuestPIN.IsZero() || b.HostPIN.Reveal() == b.GuestPIN.Reveal() {
		return video.Booking{}, unusable(op, CodeNoPINs)
	}

	texts := make([]string, 0, len(room.Aliases))
	for _, a := range room.Aliases {
		texts = append(texts, a.Alias)
	}

	found, complete := p.readAliases(texts)
	if !complete {
		return video.Booking{}, unusable(op, CodeNoAliases)
	}

	if !p.addLinks(&b, found) {
		return video.Booking{}, unusable(op, CodeUnsafeLink)
	}

	return b, nil
}

// Move writes the new plan into the room. Conflict: the room stands, and it would stand for
// longer than Lead before its new start; it must be closed and another one made in time.
func (p *Platform) Move(ctx context.Context, ref care.RoomRef, planned care.Interval) (video.Booking, error) {
	planned = wholeSeconds(planned)

	if err := checkRef("move", ref); err != nil {
		return video.Booking{}, err
	}

	if err := checkPlanned("move", planned); err != nil {
		return video.Booking{}, err
	}

	room, err := p.room(ctx, "move", ref)
	if err != nil {
		return video.Booking{}, err
	}

	if readPlan(room.Description).Equal(planned) {
		return p.booking("move", ref, room)
	}

	if planned.Start.Sub(p.now()) > p.config.Lead {
		return video.Booking{}, unusable("move", CodeProvisioned)
	}

	path, ok := item(configuration, "conference", room.ID)
	if !ok {
		return video.Booking{}, malformed("move", "the room has no id")
	}

	room.Description = describe(planned)

	_, err = p.api.write(ctx, call{
		op: "move_room", method: http.MethodPatch, path: path, body: map[string]string{"description": room.Description},
	})
	if err != nil {
		return video.Booking{}, err
	}

	return p.booking("move", ref, room)
}

// Close removes the room and ends the meeting in it: removing a room does not (pexip.md §0.3).
// A node that has not heard of the removal lets people in for a while yet; see CloseAgain.
func (p *Platform) Close(ctx context.Context, ref care.RoomRef) error {
	if err := checkRef("close", ref); err != nil {
		return err
	}

	room, err := p.room(ctx, "close", ref)

	switch {
	case err == nil:
		err = p.remove(ctx, room.ID)
	case connector.Is(err, connector.Conflict): // not ours to touch; a person must look
		return rejected("close", errors.New(CodeNotOurs))
	}

	if err != nil && !connector.Is(err, connector.NotFound) {
		return err
	}

	return p.disconnect(ctx, ref)
}

// remove deletes one room; gone already is fine.
func (p *Platform) remove(ctx context.Context, id int64) error {
	path, ok := item(configuration, "conference", id)
	if !ok {
		return malformed("close", "the room has no id")
	}

	_, err := p.api.write(ctx, call{op: "remove_room", method: http.MethodDelete, path: path})

	return err
}

// disconnect ends every running meeting of the room.
func (p *Platform) disconnect(ctx context.Context, ref care.RoomRef) error {
	live, err := list[liveWire](ctx, p.api, call{
		op: "live_rooms", path: resource(statusAPI, "conference"), query: url.Values{"name": {p.name(ref)}},
	})
	if err != nil {
		return err
	}

	for _, meeting := range live {
		if meeting.Name != p.name(ref) || meeting.Tag != "" && string(meeting.Tag) != string(ref) || meeting.ID == "" {
			continue
		}

		err = p.command(ctx, "end_meeting", []string{"conference", "disconnect"}, map[string]string{"conference_id": string(meeting.ID)})
		if err != nil && !connector.Is(err, connector.NotFound) {
			return err
		}
	}

	return nil
}

// command gives the node an order. Any 2xx counts, but only with a status of success in its
// answer (pexip.md §3).
func (p *Platform) command(ctx context.Context, op string, name []string, body any) error {
	answer, err := p.api.write(ctx, call{op: op, method: http.MethodPost, path: resource(commandAPI, name...), body: body})
	if err != nil {
		return err
	}

	return succeeded(answer)
}

func succeeded(answer *outbound.Answer) error {
	var reply struct {
		Status string `json:"status"`
	}

	if err := answer.JSON(&reply); err != nil {
		return err
	}

	if reply.Status != "success" {
		return answer.Broken("the command did not succeed")
	}

	return nil
}

// Rooms lists the keys of the rooms that carry our mark: our prefix in the name, and a tag that
// is the rest of the name.
func (p *Platform) Rooms(ctx context.Context) ([]care.RoomRef, error) {
	found, err := list[conferenceWire](ctx, p.api, call{
		op: "list_rooms", path: conferences(), query: url.Values{"name__startswith": {p.config.Prefix + "-"}, "order_by": {"name"}},
	})
	if err != nil {
		return nil, err
	}

	var refs []care.RoomRef

	for _, room := range found {
		if ref := care.RoomRef(room.Tag); isKey(room.Tag) && room.Name == p.name(ref) {
			refs = append(refs, ref)
		}
	}

	return refs, nil
}
