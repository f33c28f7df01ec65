package pexip_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/video"
	"github.com/sluse/sluse/connector/video/pexip"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/scheduler/care"
)

func newRef() care.RoomRef { return care.RoomRef(uuid.NewString()) }

// spec asks for a room that begins after a while.
func spec(t *testing.T, p *peer, after time.Duration) video.Spec {
	t.Helper()

	host, errHost := care.NewHostPIN("482136")
	guest, errGuest := care.NewGuestPIN("739015")

	if errHost != nil || errGuest != nil {
		t.Fatal(errHost, errGuest)
	}

	start := p.Now().Add(after)

	return video.Spec{
		Planned: care.Interval{Start: start, End: start.Add(30 * time.Minute)}, Subject: "Aftale på skærm", HostPIN: host, GuestPIN: guest, MaxParticipants: 3,
	}
}

func book(t *testing.T, p *peer, platform *pexip.Platform, after time.Duration) video.Booking {
	t.Helper()

	b, err := platform.Book(t.Context(), newRef(), spec(t, p, after))
	if err != nil {
		t.Fatal(err)
	}

	return b
}

// ops are the calls since the last look, without the token's.
func (p *peer) ops() []string {
	var out []string

	for _, r := range p.sim.Requests() {
		if r.Op != pexipsim.OpToken {
			out = append(out, r.Op)
		}
	}

	p.sim.ClearRequests()

	return out
}

func wantOps(t *testing.T, p *peer, what string, want ...string) {
	t.Helper()

	if diff := cmp.Diff(want, p.ops()); diff != "" {
		t.Errorf("%s: calls (-want +got):\n%s", what, diff)
	}
}

// admin calls the node past the client, as somebody at its own pages would.
func (p *peer) admin(t *testing.T, method, path string, body any) (status int, answer string) {
	t.Helper()

	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}

	request, err := http.NewRequestWithContext(t.Context(), method, p.urls.API+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}

	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(pexipsim.DefaultUsername, pexipsim.DefaultPassword)

	response, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	var text bytes.Buffer
	if _, err = text.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}

	return response.StatusCode, text.String()
}

// TestCallsPerVisit: no call is made that the API does not demand.
func TestCallsPerVisit(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 1})
	platform := p.platform(t, rig{})

	if err := platform.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "verify", pexipsim.OpConferenceSchema, "status.conference.schema", "status.participant.schema", "history.participant.schema", "global.list")

	b := book(t, p, platform, 10*time.Minute)
	wantOps(t, p, "book", pexipsim.OpConferenceCreate)

	if _, err := platform.Find(t.Context(), b.Ref); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "find", pexipsim.OpConferenceList)

	later := care.Interval{Start: b.Planned.Start.Add(time.Minute), End: b.Planned.End.Add(time.Minute)}
	if _, err := platform.Move(t.Context(), b.Ref, later); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "move", pexipsim.OpConferenceList, pexipsim.OpConferencePatch)

	if err := platform.Close(t.Context(), b.Ref); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "close", pexipsim.OpConferenceList, pexipsim.OpConferenceDelete, pexipsim.OpStatusConference)

	if err := platform.Close(t.Context(), b.Ref); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "close again", pexipsim.OpConferenceList, pexipsim.OpStatusConference)

	b = book(t, p, platform, 0)
	p.Advance(time.Minute)

	if _, err := p.Join(b.Ref, care.AsHost); err != nil {
		t.Fatal(err)
	}

	p.ops()

	if err := platform.Close(t.Context(), b.Ref); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "close with people in", pexipsim.OpConferenceList, pexipsim.OpConferenceDelete, pexipsim.OpStatusConference, pexipsim.OpConferenceDisconnect)
	p.Advance(time.Hour)

	room := video.Observed{Ref: b.Ref, Address: b.Address, Window: b.Planned}

	legs, err := platform.Legs(t.Context(), room)
	if err != nil || len(legs) != 1 || legs[0].Ending != care.EndedForAll {
		t.Errorf("legs %+v, %v", legs, err)
	}

	wantOps(t, p, "legs", pexipsim.OpHistoryParticipant, pexipsim.OpStatusParticipant)
	p.Advance(12 * time.Hour)

	if _, err = platform.Legs(t.Context(), room); err != nil {
		t.Fatal(err)
	}

	wantOps(t, p, "legs, long after", pexipsim.OpHistoryParticipant)
}

// TestRoomOnTheNode: what the node has is what was asked for, and tells nothing of anybody.
func TestRoomOnTheNode(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 2})
	platform := p.platform(t, rig{change: func(c *pexip.Config) { c.DialDomain = "video.testby.example" }})

	b, err := platform.Book(t.Context(), "3f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a10", spec(t, p, 10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}

	for _, r := range p.sim.Requests(pexipsim.OpConferenceCreate) {
		var sent map[string]any
		if err := json.Unmarshal([]byte(r.Body), &sent); err != nil {
			t.Fatal(err)
		}

		text, err := json.MarshalIndent(sent, "", "  ")
		if err != nil {
			t.Fatal(err)
		}

		golden(t, "book.json", append(text, '\n'))
	}

	if room, ok := p.sim.Room(string(b.Ref)); !ok || room.Limit != 3 || len(room.Aliases) != 4 || room.Aliases[3] != b.Address {
		t.Errorf("room %+v", room)
	}
}

// TestLostAnswer: the room is there although nobody said so, and is taken for ours.
func TestLostAnswer(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 3})
	platform := p.platform(t, rig{})
	book(t, p, platform, time.Hour)

	for _, fault := range []pexipsim.FaultKind{pexipsim.FaultResetAfter, pexipsim.FaultBadGatewayAfter, pexipsim.FaultTimeoutAfter} {
		if err := p.sim.Script(pexipsim.Fault{Kind: fault, Op: pexipsim.OpConferenceCreate, Hang: time.Millisecond}); err != nil {
			t.Fatal(err)
		}

		p.ops()

		b := book(t, p, platform, time.Hour)
		wantOps(t, p, string(fault), pexipsim.OpConferenceCreate, pexipsim.OpConferenceList)

		if p.Ever(b.Ref) != 1 || len(b.SeatLinks) != 2 {
			t.Errorf("%s: %d rooms, %d seats", fault, p.Ever(b.Ref), len(b.SeatLinks))
		}
	}

	if err := p.sim.Script(pexipsim.Fault{Kind: pexipsim.FaultTimeoutBefore, Op: pexipsim.OpConferenceCreate, Hang: time.Millisecond}); err != nil {
		t.Fatal(err)
	}

	ref := newRef()
	if _, err := platform.Book(t.Context(), ref, spec(t, p, time.Hour)); !connector.Is(err, connector.Unknown) || p.Ever(ref) != 0 {
		t.Errorf("got %v, want Unknown", err)
	}
}

// TestRoomsOfOthers are neither used, nor listed, nor touched.
func TestRoomsOfOthers(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 4})
	platform := p.platform(t, rig{})
	ours := book(t, p, platform, time.Hour)

	alien := newRef()
	for name, tag := range map[string]string{
		"sluse-" + string(alien): "by hand", "sluse-test-" + string(newRef()): string(newRef()), "Møderum 3": "", "sluse-x": "x",
	} {
		if status, text := p.admin(t, http.MethodPost, "/configuration/v1/conference/", map[string]any{"name": name, "tag": tag, "service_type": "conference"}); status != http.StatusCreated {
			t.Fatal(status, text)
		}
	}

	refs, err := platform.Rooms(t.Context())
	if err != nil || len(refs) != 1 || refs[0] != ours.Ref {
		t.Errorf("rooms %v, %v", refs, err)
	}

	_, errBook := platform.Book(t.Context(), alien, spec(t, p, time.Hour))
	_, errFind := platform.Find(t.Context(), alien)

	if !connector.Is(errBook, connector.Conflict) || !connector.Is(errFind, connector.Conflict) {
		t.Errorf("book: %v, find: %v; want Conflict", errBook, errFind)
	}

	if err = platform.Close(t.Context(), alien); !connector.Is(err, connector.Rejected) || p.sim.Live("sluse-"+string(alien)) != 1 {
		t.Errorf("got %v, want Rejected and the room left alone", err)
	}

	if counts := p.sim.Counts(); counts.RoomsDeleted != 0 || counts.CollectionDeletes != 0 {
		t.Errorf("%d rooms deleted, %d collections", counts.RoomsDeleted, counts.CollectionDeletes)
	}
}

// TestRoomChangedByHand: a plan that can't be read is no plan, and a room without what we need
// is not used.
func TestRoomChangedByHand(t *testing.T) {
	t.Parallel()

	p := newPeer(t, pexipsim.Options{Seed: 5})
	platform := p.platform(t, rig{})

	for name, tt := range map[string]struct {
		change map[string]any
		code   string
	}{
		"description": {map[string]any{"description": "Til Bente"}, ""},
		"no guests":   {map[string]any{"allow_guests": false, "guest_pin": ""}, pexip.CodeNoPINs},
		"aliases":     {map[string]any{"aliases": []any{map[string]any{"alias": "by-hand-" + uuid.NewString()}}}, pexip.CodeNoAliases},
	} {
		b := book(t, p, platform, 10*time.Minute)
		room, _ := p.sim.Room(string(b.Ref))

		if status, text := p.admin(t, http.MethodPatch, fmt.Sprintf("/configuration/v1/conference/%d/", room.ID), tt.change); status != http.StatusAccepted {
			t.Fatal(status, text)
		}

		got, err := platform.Find(t.Context(), b.Ref)

		switch {
		case tt.code != "":
			if !connector.Is(err, connector.Conflict) || !strings.Contains(err.Error(), tt.code) {
				t.Errorf("%s: got %v", name, err)
			}
		case err != nil || !got.Planned.Equal(care.Interval{}):
			t.Errorf("%s: got %v, %v", name, got.Planned, err)
		default:
			if got, err = platform.Move(t.Context(), b.Ref, b.Planned); err != nil || !got.Planned.Equal(b.Planned) {
				t.Errorf("%s: moved to %v, %v", name, got.Planned, err)
			}
		}
	}
}

// TestManyRooms: every page is read, whatever the node says the next one's address is.
func TestManyRooms(t *testing.T) {
	t.Parallel()

	const rooms = 450

	p := newPeer(t, pexipsim.Options{Seed: 6, WrongNextHost: true})
	platform := p.platform(t, rig{})
	bulk := make([]any, rooms)

	for i := range bulk {
		ref := string(newRef())
		bulk[i] = map[string]any{"name": "sluse-" + ref, "tag": ref, "service_type": "conference"}
	}

	if status, text := p.admin(t, http.MethodPatch, "/configuration/v1/conference/", map[string]any{"objects": bulk}); status >= 300 {
		t.Fatal(status, text)
	}

	refs, err := platform.Rooms(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	seen := map[care.RoomRef]bool{}
	for _, ref := range refs {
		seen[ref] = true
	}

	if len(refs) != rooms || len(seen) != rooms {
		t.Errorf("%d rooms, %d different, of %d", len(refs), len(seen), rooms)
	}
}
