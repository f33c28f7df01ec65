package pexipsim_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

func guest(pin string) pexipsim.Person { return pexipsim.Person{Name: "Borger", PIN: pin} }

func TestNodesLearnLate(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *pexipsim.Options) {
		o.Nodes = []pexipsim.Node{
			{Address: "10.0.0.1", Location: "A", Replication: 20 * time.Second}, {Address: "10.0.0.2", Location: "B"},
		}
	})
	path := b.book(t, "et", "")
	join := func(node string) error {
		p := guest(guestPIN)
		p.Node = node
		l, err := b.Join("et-g", p)
		if err == nil {
			must(t, b.Leave(l.ID))
		}
		return err
	}
	if err := join(""); !errors.Is(err, pexipsim.ErrNoRoom) {
		t.Errorf("at once: %v", err)
	}
	b.Advance(30 * time.Second)
	if one, two := join("10.0.0.1"), join("10.0.0.2"); one != nil || !errors.Is(two, pexipsim.ErrNoRoom) {
		t.Errorf("after 30 s: %v and %v", one, two)
	}
	b.Advance(30 * time.Second)
	if r, _ := b.Room("et"); !r.Everywhere || join("10.0.0.2") != nil {
		t.Error("after a minute every node knows")
	}
	b.expect(t, 202, http.MethodPatch, path, `{"guest_pin":"111111"}`)
	if err := join("10.0.0.2"); err != nil {
		t.Errorf("the old PIN still opens: %v", err)
	}
	b.Advance(time.Minute)
	if err := join("10.0.0.2"); !errors.Is(err, pexipsim.ErrWrongPIN) {
		t.Errorf("the old PIN after a minute: %v", err)
	}
	b.expect(t, 204, http.MethodDelete, path, "")
	b.Advance(59 * time.Second)
	if err := join("10.0.0.2"); !errors.Is(err, pexipsim.ErrWrongPIN) {
		t.Errorf("59 s after the deletion: %v", err)
	}
	b.Advance(time.Second)
	if err := join("10.0.0.2"); !errors.Is(err, pexipsim.ErrNoRoom) {
		t.Errorf("a minute after the deletion: %v", err)
	}
}

func TestDeletionEndsNoConversation(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	path := b.open(t, "et", "")
	host := b.enter(t, "et", pexipsim.RoleHost, "Bo")
	b.expect(t, 204, http.MethodDelete, path, "")
	b.Advance(time.Hour)
	if r, _ := b.Room("et"); !r.Running || r.Standing(b.Now()) || b.Live("et") != 1 {
		t.Errorf("%+v", r)
	}
	status := b.expect(t, 200, http.MethodGet, "status/conference/?name=et", "")
	id, _ := status.objects()[0]["id"].(string)
	a := b.expect(t, 200, http.MethodPost, "command/conference/disconnect/", `{"conference_id":"`+id+`"}`)
	if a.str("status") != "success" {
		t.Errorf("disconnect: %s", a.raw)
	}
	again := b.expect(t, 400, http.MethodPost, "command/conference/disconnect/", `{"conference_id":"`+id+`"}`)
	if again.raw != `{"disconnect":{"conference_id":["Failed to find conference."]}}` {
		t.Errorf("again: %s", again.raw)
	}
	if l := b.leg(t, host.ID); l.Reason != pexipsim.ReasonAdminEnded || b.Live("et") != 0 {
		t.Errorf("host: %+v", l)
	}
}

func TestGuestsWaitForAHost(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	early := b.enter(t, "et", pexipsim.RoleGuest, "Else")
	if early.Phase != "waiting_room" || early.Media {
		t.Errorf("early guest: %+v", early)
	}
	b.Advance(899 * time.Second)
	second := b.enter(t, "et", pexipsim.RoleGuest, "Pårørende")
	b.Advance(time.Second)
	if l := b.leg(t, early.ID); l.Reason != pexipsim.ReasonNoHost || !l.Left.Equal(b.start.Add(900*time.Second)) {
		t.Errorf("after 900 s: %+v", l)
	}
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	if l := b.leg(t, second.ID); l.Phase != "conference" || !l.Media || !l.Admitted.Equal(b.Now()) {
		t.Errorf("let in: %+v", l)
	}
	b.Advance(time.Hour)
	if l := b.leg(t, second.ID); !l.Left.IsZero() {
		t.Errorf("who was let in is not put out: %+v", l)
	}
}

func TestALockedRoom(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	id, _ := b.do(t, http.MethodGet, "status/conference/", "").objects()[0]["id"].(string)
	body := `{"conference_id":"` + id + `"}`
	if a := b.expect(t, 202, http.MethodPost, "command/conference/lock/", body); a.raw != `{"data":null,"status":"success"}` {
		t.Errorf("lock: %s", a.raw)
	}
	one, two := b.enter(t, "et", pexipsim.RoleGuest, "Else"), b.enter(t, "et", pexipsim.RoleGuest, "Kim")
	b.enter(t, "et", pexipsim.RoleHost, "Afløser")
	if one.Phase != "waiting_room" || two.Phase != "waiting_room" {
		t.Errorf("%s and %s in a locked room", one.Phase, two.Phase)
	}
	b.expect(t, 202, http.MethodPost, "command/participant/unlock/", `{"participant_id":"`+one.ID+`"}`)
	if b.leg(t, one.ID).Phase != "conference" || b.leg(t, two.ID).Phase != "waiting_room" {
		t.Error("one was let in")
	}
	b.expect(t, 202, http.MethodPost, "command/conference/unlock/", body)
	if b.leg(t, two.ID).Phase != "conference" {
		t.Error("unlocking lets everybody in")
	}
	for act, status := range map[string]int{"mute_guests": 202, "unmute_guests": 202, "transform_layout": 202, "start": 501} {
		b.expect(t, status, http.MethodPost, "command/conference/"+act+"/", body)
	}
	for act, status := range map[string]int{"mute": 202, "unmute": 202, "transfer": 501} {
		b.expect(t, status, http.MethodPost, "command/participant/"+act+"/", `{"participant_id":"`+two.ID+`"}`)
	}
	b.expect(t, 200, http.MethodPost, "command/participant/disconnect/", `{"participant_id":"`+two.ID+`"}`)
	a := b.expect(t, 400, http.MethodPost, "command/participant/disconnect/", `{"participant_id":"`+two.ID+`"}`)
	if a.raw != `{"disconnect":{"participant_id":["Failed to find participant."]}}` {
		t.Errorf("gone: %s", a.raw)
	}
	b.expect(t, 202, http.MethodPost, "command/participant/role/", `{"participant_id":"`+one.ID+`","role":"chair"}`)
	b.expect(t, 400, http.MethodPost, "command/participant/role/", `{"participant_id":"`+one.ID+`","role":"HOST"}`)
	if l := b.leg(t, two.ID); l.Reason != pexipsim.ReasonAdminPutOut || b.leg(t, one.ID).Role != pexipsim.RoleHost {
		t.Errorf("%+v", l)
	}
	b.expect(t, 405, http.MethodGet, "command/conference/lock/", "")
	b.expect(t, 501, http.MethodPost, "command/platform/backup_create/", `{}`)
}

func TestTheEndOfAConference(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	host := b.enter(t, "et", pexipsim.RoleHost, "Bo")
	citizen := b.enter(t, "et", pexipsim.RoleGuest, "Else")
	must(t, b.Leave(host.ID))
	b.Advance(59 * time.Second)
	back := b.enter(t, "et", pexipsim.RoleHost, "Bo") // in time: the same conference goes on
	b.Advance(10 * time.Minute)
	must(t, b.Leave(back.ID))
	b.Advance(2 * time.Minute)
	l := b.leg(t, citizen.ID)
	if l.Reason != pexipsim.ReasonHostsLeft || !l.Left.Equal(b.start.Add(59*time.Second+11*time.Minute)) {
		t.Errorf("the guest alone: %+v", l)
	}
	first := b.enter(t, "et", pexipsim.RoleHost, "Bo")
	must(t, b.EndForAll(first.ID))
	if r, _ := b.Room("et"); len(r.Conferences) != 2 || r.Running || b.leg(t, first.ID).Reason != pexipsim.ReasonHostEnded {
		t.Errorf("%+v", r)
	}
	forgotten := b.enter(t, "et", pexipsim.RoleHost, "Glemt fane")
	b.Advance(20 * time.Hour)
	if l := b.leg(t, forgotten.ID); !l.Left.IsZero() {
		t.Error("a lone host is put out by nobody")
	}
	must(t, b.Clear("et"))
	must(t, b.SetGlobal(map[string]any{"eject_last_participant_backstop_timeout": 300}))
	one, two := b.enter(t, "et", pexipsim.RoleHost, "A"), b.enter(t, "et", pexipsim.RoleHost, "B")
	must(t, b.Leave(two.ID))
	b.Advance(5 * time.Minute)
	if l := b.leg(t, one.ID); l.Reason != pexipsim.ReasonAlone {
		t.Errorf("with the backstop: %+v", l)
	}
}

func TestCrashAndReconnect(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	host := b.enter(t, "et", pexipsim.RoleHost, "Bo")
	again, err := b.Reconnect(host.ID)
	must(t, err)
	if again.Conversation != host.Conversation || again.CallID == host.CallID || again.ID == host.ID || b.leg(t, host.ID).Left.IsZero() {
		t.Errorf("reconnect: %+v", again)
	}
	must(t, b.Crash(again.ID))
	b.Advance(30 * time.Second)
	third, err := b.Reconnect(again.ID)
	must(t, err)
	if !b.leg(t, again.ID).Left.IsZero() {
		t.Error("the platform notices a crash later")
	}
	b.Advance(90 * time.Second)
	if l := b.leg(t, again.ID); l.Reason != pexipsim.ReasonTokenExpired || !b.leg(t, third.ID).Left.IsZero() {
		t.Errorf("crashed: %+v", l)
	}
	if _, err = b.Reconnect("x"); !errors.Is(err, pexipsim.ErrNoLeg) {
		t.Errorf("no leg: %v", err)
	}
}

func TestTheRoomIsFull(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", `"participant_limit":2`)
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	_, err := b.Record("et") // takes no place
	must(t, err)
	b.enter(t, "et", pexipsim.RoleGuest, "Else")
	l, err := b.Join("et-g", guest(guestPIN))
	if !errors.Is(err, pexipsim.ErrFull) || l.Reason != pexipsim.ReasonFull || !l.Admitted.IsZero() {
		t.Errorf("the third: %+v, %v", l, err)
	}
}

func TestWrongPINs(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	if _, err := b.Join("et-g", guest("")); !errors.Is(err, pexipsim.ErrPINRequired) {
		t.Errorf("no PIN: %v", err)
	}
	if err := b.EnterWrongPIN("et-g", 20); !errors.Is(err, pexipsim.ErrWrongPIN) {
		t.Errorf("20 wrong: %v", err)
	}
	if r, _ := b.Room("et"); len(r.Legs()) != 0 || r.Refused != 21 {
		t.Errorf("%d legs, %d refused", len(r.Legs()), r.Refused)
	}
	l, err := b.Join("et-g", guest(guestPIN))
	must(t, err)
	must(t, b.Leave(l.ID))
	_ = b.EnterWrongPIN("et-g", 1)
	if _, err = b.Join("et-g", guest(guestPIN)); !errors.Is(err, pexipsim.ErrBlocked) {
		t.Errorf("the 21st blocks everybody: %v", err)
	}
	b.Advance(10 * time.Minute)
	if _, err = b.Join("et-g", guest(guestPIN)); err != nil {
		t.Errorf("after ten minutes: %v", err)
	}
}

func TestATelephone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	phone := pexipsim.Person{Name: "Else", Protocol: "SIP", AudioOnly: true}
	dial := func() pexipsim.LegRecord {
		l, err := b.Join("et-g", phone)
		if !errors.Is(err, pexipsim.ErrPINRequired) || l.Phase != "ivr" || l.Role != pexipsim.RoleUnknown {
			t.Fatalf("at the prompt: %+v, %v", l, err)
		}
		return l
	}
	first := dial()
	for range 3 {
		if err := b.EnterPIN(first.ID, "1"); !errors.Is(err, pexipsim.ErrWrongPIN) {
			t.Errorf("wrong: %v", err)
		}
	}
	if l := b.leg(t, first.ID); l.Reason != pexipsim.ReasonWrongPIN {
		t.Errorf("three wrong: %+v", l)
	}
	slow := dial()
	b.Advance(2 * time.Minute)
	if l := b.leg(t, slow.ID); l.Reason != pexipsim.ReasonPINTimeout {
		t.Errorf("no PIN in time: %+v", l)
	}
	b.enter(t, "et", pexipsim.RoleHost, "Bo")
	in := dial()
	must(t, b.EnterPIN(in.ID, guestPIN))
	if l := b.leg(t, in.ID); l.Phase != "conference" || l.Role != pexipsim.RoleGuest || !l.AudioOnly {
		t.Errorf("inside: %+v", l)
	}
	if r, _ := b.Room("et"); r.Overlap(b.Now().Add(time.Minute)) != time.Minute {
		t.Error("they talk")
	}
	if err := b.EnterPIN(in.ID, guestPIN); !errors.Is(err, pexipsim.ErrNoLeg) {
		t.Errorf("once more: %v", err)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	tests := map[string]struct {
		members, pin string
		role         pexipsim.Role
		err          error
	}{
		"no PINs":              {`"description":""`, "", pexipsim.RoleHost, nil},
		"host PIN only":        {`"pin":"123456"`, "123456", pexipsim.RoleHost, nil},
		"host PIN, none given": {`"pin":"123456"`, "", "", pexipsim.ErrPINRequired},
		"free guests":          {`"pin":"123456","allow_guests":true`, "", pexipsim.RoleGuest, nil},
		"free guests, host":    {`"pin":"123456","allow_guests":true`, "123456", pexipsim.RoleHost, nil},
		"with #":               {`"pin":"12345#"`, "12345#", pexipsim.RoleHost, nil},
		"without its #":        {`"pin":"12345#"`, "12345", "", pexipsim.ErrWrongPIN},
	}
	for name, tt := range tests {
		b.expect(t, 201, http.MethodPost, conferences, `{"name":"`+name+`","aliases":[{"alias":"`+name+`"}],`+tt.members+`}`)
		must(t, b.Replicate(name))
		l, err := b.Join(name, pexipsim.Person{PIN: tt.pin})
		if !errors.Is(err, tt.err) || l.Role != tt.role {
			t.Errorf("%s: %s, %v", name, l.Role, err)
		}
	}
}

func TestScriptedPeople(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.open(t, "et", "")
	at := func(minutes int) time.Time { return b.start.Add(time.Duration(minutes) * time.Minute) }
	must(t, b.Schedule("tag-et",
		pexipsim.Attendance{Person: pexipsim.Person{Name: "Else"}, Role: pexipsim.RoleGuest, Join: at(10), Leave: at(20)},
		pexipsim.Attendance{Person: pexipsim.Person{Name: "Bo"}, Role: pexipsim.RoleHost, Join: at(12), Leave: at(15), Crash: true},
		pexipsim.Attendance{Person: pexipsim.Person{Name: "Bo"}, Role: pexipsim.RoleHost, Join: at(16), Leave: at(22), Again: true},
		pexipsim.Attendance{Person: pexipsim.Person{Name: "Ukendt", PIN: "999999"}, Alias: "et-g", Join: at(13)},
	))
	b.Advance(5 * time.Hour)
	r, _ := b.Room("et")
	if got := r.Overlap(b.Now()); got != 8*time.Minute {
		t.Errorf("together for %v, want 8m", got)
	}
	talks := map[string]map[string]bool{}
	for _, l := range r.Legs() {
		if l.Person() {
			if talks[l.Name] == nil {
				talks[l.Name] = map[string]bool{}
			}
			talks[l.Name][l.Conversation] = true
		}
	}
	if len(talks["Bo"]) != 1 || len(talks["Else"]) != 1 || talks["Ukendt"] != nil || r.Running {
		t.Errorf("conversations %v", talks)
	}
	if err := b.Schedule("et", pexipsim.Attendance{}); err == nil {
		t.Error("a stay without a name")
	}
	if err := b.Schedule("nowhere"); !errors.Is(err, pexipsim.ErrUnknownRoom) {
		t.Errorf("nowhere: %v", err)
	}
}
