package scheduler_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// relative is a contact as somebody types it, with consent.
func relative() scheduler.ContactRequest {
	return scheduler.ContactRequest{Kind: care.Relative, Name: "Bruno Elmer", Phone: "20 00 00 32", Email: "bruno@borger.example", Consent: care.Orally}
}

// other is the n-th contact of a kind with an own number and consent.
func other(kind care.ParticipantKind, n int) scheduler.ContactRequest {
	return scheduler.ContactRequest{Kind: kind, Name: fmt.Sprintf("Niels Vendelboe %d", n), Phone: fmt.Sprintf("200001%02d", n), Consent: care.InWriting}
}

// contact adds a contact to the citizen of a visit.
func (r *rig) contact(source string, req scheduler.ContactRequest) care.Contact {
	r.tb.Helper()

	c, err := r.AddContact(r.tb.Context(), caregiver("MSK"), r.citizen(source), req)
	must(r.tb, err)

	return c
}

// invite asks for a contact, the duty of secrecy weighed in case it is another authority.
func invite(id care.ContactID) scheduler.ParticipantRequest {
	return scheduler.ParticipantRequest{Contact: id, Weighed: true, Basis: care.HealthConsent}
}

// join invites a contact into the first visit and lets the message leave.
func (r *rig) join(req scheduler.ContactRequest) care.ParticipantID {
	r.tb.Helper()

	id, err := r.AddParticipant(r.tb.Context(), caregiver("MSK"), r.visit("A-1").ID, invite(r.contact("A-1", req).ID))
	must(r.tb, err)
	r.work()

	return id
}

// textsTo returns the texts of a visit's SMS to a number, oldest first.
func (r *rig) textsTo(source, number string) []string {
	r.tb.Helper()

	v := r.visit(source)

	var out []string

	for _, m := range r.vdx.SMS() {
		if _, ok := v.RoomOf(care.RoomRef(m.RoomUUID)); ok && m.To == number {
			out = append(out, m.Text)
		}
	}

	return out
}

// participant presses on through the newest link of the first visit that went to a number.
func (r *rig) participant(who care.ParticipantID, number string) *person {
	r.tb.Helper()

	texts := r.textsTo("A-1", number)
	for _, text := range slices.Backward(texts) {
		if linkPattern.MatchString(text) {
			return r.guestOf(r.visit("A-1").ID, who, text)
		}
	}

	r.tb.Fatalf("no link in %q", texts)

	return nil
}

const brunosNumber, nancysNumber = "+4520000032", "+4520000033"

// TestParticipantsWayIn: an own link, an own code to an own phone, an own place in the lobby, and
// admission one by one.
func TestParticipantsWayIn(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID
	who := r.join(relative())

	texts := r.textsTo("A-1", brunosNumber)
	if len(texts) != 1 || !strings.Contains(texts[0], "Du kan deltage på skærm") {
		t.Fatalf("messages %q", texts)
	}

	if mine := locator(t, texts[0]); mine.Reveal() == r.link("A-1").Reveal() {
		t.Fatal("the participant got the citizen's link")
	}

	landing, err := r.Landing(t.Context(), locator(t, texts[0]))
	must(t, err)

	g := r.participant(who, brunosNumber)

	view, err := r.Lounge(t.Context(), g.token)
	must(t, err)

	if landing.Guest != care.Relative || view.Guest != care.Relative || view.Stage != scheduler.StageIdentify || view.PhoneHint != "•• •• •• 32" {
		t.Errorf("%+v, then %+v", landing, view)
	}

	g.identify()
	g.answer(true)

	if n := len(r.textsTo("A-1", nancysNumber)); n != 1 {
		t.Errorf("the citizen got %d messages, the code among them", n)
	}

	refused(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admissionOf(id).ID, false), care.Invalid)
	must(t, r.Admit(t.Context(), caregiver("MSK"), id, g.admissionOf(id).ID, true))

	if v := r.visit("A-1"); v.State != care.RoomIsBooked {
		t.Errorf("the visit is %s though the citizen has not come", v.State)
	}

	link, err := r.GuestLink(t.Context(), g.token)
	must(t, err)

	if room := r.room("A-1"); link.Reveal() != room.SeatLink(1).Reveal() {
		t.Error("it is not the link of the participant's seat")
	}

	r.bothInside(g)
}

// bothInside lets the citizen in too: neither throws the other out.
func (r *rig) bothInside(g *person) {
	t := r.tb
	t.Helper()

	c := r.enter()
	c.admit()

	for _, token := range []care.SessionToken{c.token, g.token} {
		if _, err := r.GuestLink(t.Context(), token); err != nil {
			t.Error(err)
		}
	}

	lobby, err := r.Lobby(t.Context(), caregiver("MSK"), r.visit("A-1").ID)
	must(t, err)

	if p := lobby.People; len(p) != 2 || p[0].Role != "Borger" || !p[0].LetIn() || p[1].Role != "Pårørende" || p[1].Name != "Bruno Elmer" || !p[1].LetIn() ||
		p[1].Admission.Identity() == "" || p[1].Admission.Identity() == p[0].Admission.Identity() || lobby.Address == "" {
		t.Errorf("%+v", lobby.People)
	}
}

// TestConsentComesFirst: without it, and without a telephone, nobody takes part.
func TestConsentComesFirst(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID

	without, silent := relative(), relative()
	without.Consent, silent.Phone = "", ""

	for _, req := range []scheduler.ContactRequest{without, silent} {
		_, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(r.contact("A-1", req).ID))
		refused(t, err, care.Invalid)
	}

	_, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite("unknown"))
	refused(t, err, care.NotFound)

	// A contact of another citizen is none of this one's.
	r.load(list(nancy, bruno))

	foreign := r.contact("A-2", relative())
	_, err = r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(foreign.ID))
	refused(t, err, care.NotFound)
	refused(t, r.RemoveContact(t.Context(), caregiver("MSK"), r.citizen("A-1"), foreign.ID), care.NotFound)
	refused(t, r.ChangeContact(t.Context(), caregiver("MSK"), r.citizen("A-1"), foreign.ID, relative()), care.NotFound)

	if len(r.visit("A-1").Participants) != 0 {
		t.Error("somebody takes part")
	}
}

// TestAtMostFive people are in a room, the employee and the citizen among them.
func TestAtMostFive(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID

	var first care.ParticipantID

	for n, kind := range care.ParticipantKinds() {
		who := r.join(other(kind, n))
		if n == 0 {
			first = who
		}
	}

	fourth := r.contact("A-1", other(care.Relative, 9))
	_, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(fourth.ID))
	refused(t, err, care.Conflict)

	must(t, r.RemoveParticipant(t.Context(), caregiver("MSK"), id, first))

	late, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(fourth.ID))
	must(t, err)

	again, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(fourth.ID)) // a double click
	must(t, err)

	if v := r.visit("A-1"); late != again || len(v.Present()) != 3 || len(v.Participants) != 4 {
		t.Errorf("%d present of %d", len(v.Present()), len(v.Participants))
	}
}

// TestWhoMayInvite: planners and caregivers of the unit, nobody else.
func TestWhoMayInvite(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	v, c := r.visit("A-1"), r.contact("A-1", relative())

	for _, who := range []care.Actor{leader(), actor("ADM", care.Administrator), actor("MSK", care.Caregiver, "vest"), planner("vest"), {Employee: "MSK"}} {
		_, err := r.AddParticipant(t.Context(), who, v.ID, invite(c.ID))
		refused(t, err, care.Forbidden)
		refused(t, r.RemoveParticipant(t.Context(), who, v.ID, "x"), care.Forbidden)
		refused(t, r.RemoveContact(t.Context(), who, v.Facts.Citizen, c.ID), care.Forbidden)
		refused(t, r.ChangeContact(t.Context(), who, v.Facts.Citizen, c.ID, relative()), care.Forbidden)
	}

	who, err := r.AddParticipant(t.Context(), planner("oest"), v.ID, invite(c.ID))
	must(t, err)
	must(t, r.RemoveParticipant(t.Context(), planner("oest"), v.ID, who))
	must(t, r.RemoveContact(t.Context(), planner("oest"), v.Facts.Citizen, c.ID))
}

// TestRemoved: the link is dead at once, the session too, and whoever was told is told again.
func TestRemoved(t *testing.T) {
	t.Parallel()

	for name, take := range map[string]func(r *rig, c care.Contact, who care.ParticipantID) error{
		"by hand": func(r *rig, _ care.Contact, who care.ParticipantID) error {
			return r.RemoveParticipant(r.tb.Context(), caregiver("MSK"), r.visit("A-1").ID, who)
		},
		"consent is taken back": func(r *rig, c care.Contact, _ care.ParticipantID) error {
			req := relative()
			req.Consent = ""

			return r.ChangeContact(r.tb.Context(), caregiver("MSK"), c.Citizen, c.ID, req)
		},
		"contact is gone": func(r *rig, c care.Contact, _ care.ParticipantID) error {
			return r.RemoveContact(r.tb.Context(), caregiver("MSK"), c.Citizen, c.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := atTheDoor(t)
			c := r.contact("A-1", relative())
			who, err := r.AddParticipant(t.Context(), caregiver("MSK"), r.visit("A-1").ID, invite(c.ID))
			must(t, err)
			r.work()

			g := r.participant(who, brunosNumber)
			g.identify()
			g.answer(true)
			must(t, r.Admit(t.Context(), caregiver("MSK"), r.visit("A-1").ID, g.admissionOf(r.visit("A-1").ID).ID, true))

			link := locator(t, r.textsTo("A-1", brunosNumber)[0])
			must(t, take(r, c, who))

			if view, err := r.Landing(t.Context(), link); err != nil || view.Stage != scheduler.StageWrong {
				t.Errorf("the link leads to %s, %v", view.Stage, err)
			}

			if view, err := r.Lounge(t.Context(), g.token); err != nil || view.Stage != scheduler.StageEnded {
				t.Errorf("the session is at %s, %v", view.Stage, err)
			}

			_, err = r.Enter(t.Context(), link)
			refused(t, err, care.NotFound)
			_, err = r.GuestLink(t.Context(), g.token)
			refused(t, err, care.Gone)
			refused(t, r.AskCode(t.Context(), g.token), care.Gone)

			r.work()

			texts := r.textsTo("A-1", brunosNumber)
			if last := texts[len(texts)-1]; !strings.Contains(last, "Du skal ikke deltage") || len(r.textsTo("A-1", nancysNumber)) != 1 {
				t.Errorf("messages %q", texts)
			}
		})
	}
}

// TestRemovedBeforeTheMessageLeft: nothing is sent at all.
func TestRemovedBeforeTheMessageLeft(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id := r.visit("A-1").ID
	who, err := r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(r.contact("A-1", relative()).ID))
	must(t, err)
	must(t, r.RemoveParticipant(t.Context(), caregiver("MSK"), id, who))
	must(t, r.RemoveParticipant(t.Context(), caregiver("MSK"), id, who)) // a double click
	r.work()

	if texts := r.textsTo("A-1", brunosNumber); len(texts) != 0 {
		t.Errorf("messages %q", texts)
	}
}

// TestParticipantsFollowTheVisit: they are told of a new time and of the end, like the citizen.
func TestParticipantsFollowTheVisit(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.join(relative())

	old := locator(t, r.textsTo("A-1", brunosNumber)[0])
	must(t, r.MoveVisit(t.Context(), planner(), r.visit("A-1").ID, care.Interval{Start: on(10, 30), End: on(10, 45)}))
	r.work()

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the old link: %s, %v", view.Stage, err)
	}

	must(t, r.CancelVisit(t.Context(), planner(), r.visit("A-1").ID, care.CancelledCitizen))
	r.work()

	var told []string

	for _, text := range r.textsTo("A-1", brunosNumber) {
		for _, word := range []string{"Du kan deltage", "er flyttet til", "Du skal ikke deltage"} {
			if strings.Contains(text, word) {
				told = append(told, word)
			}
		}
	}

	if diff := cmp.Diff([]string{"Du kan deltage", "er flyttet til", "Du skal ikke deltage"}, told); diff != "" {
		t.Error(diff)
	}

	if v := r.visit("A-1"); v.NeedsPerson() || r.vdx.Counts().RoomsLive != 0 {
		t.Errorf("%v", v.Exceptions)
	}

	_, err := r.AddParticipant(t.Context(), caregiver("MSK"), r.visit("A-1").ID, invite(r.contact("A-1", other(care.Interpreter, 1)).ID))
	refused(t, err, care.Conflict)
}

// TestParticipantsEndWithTheConversion: a visit that is physical again has none, and a second
// conversion begins without them.
func TestParticipantsEndWithTheConversion(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.join(relative())
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.work()
	r.convert("A-1")

	if v := r.visit("A-1"); v.State != care.RoomIsBooked || len(v.Present()) != 0 || len(r.textsTo("A-1", brunosNumber)) != 2 {
		t.Errorf("%s, %d present, messages %q", v.State, len(v.Present()), r.textsTo("A-1", brunosNumber))
	}
}

// TestNewNumberOfAContact: whoever has the old number may read the old link, so it dies.
func TestNewNumberOfAContact(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	c := r.contact("A-1", relative())
	who, err := r.AddParticipant(t.Context(), caregiver("MSK"), r.visit("A-1").ID, invite(c.ID))
	must(t, err)
	r.work()

	old := r.participant(who, brunosNumber)
	req := relative()
	req.Phone = "20000099"
	must(t, r.ChangeContact(t.Context(), caregiver("MSK"), c.Citizen, c.ID, req))
	r.work()

	if view, err := r.Landing(t.Context(), locator(t, r.textsTo("A-1", brunosNumber)[0])); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the old link: %s, %v", view.Stage, err)
	}

	if view, err := r.Lounge(t.Context(), old.token); err != nil || view.Stage != scheduler.StageRefused {
		t.Errorf("the old session: %s, %v", view.Stage, err)
	}

	r.participant(who, "+4520000099").identify()

	// A name alone tells nobody anything.
	sent := len(r.vdx.SMS())
	req.Name = "Bruno H. Elmer"
	must(t, r.ChangeContact(t.Context(), caregiver("MSK"), c.Citizen, c.ID, req))
	r.work()

	if v := r.visit("A-1"); len(r.vdx.SMS()) != sent || v.Participants[0].Name != "Bruno H. Elmer" {
		t.Errorf("%d messages more, %+v", len(r.vdx.SMS())-sent, v.Participants)
	}
}

// TestBouncedParticipant: the other channel is tried, then a person is asked, who tries again.
func TestBouncedParticipant(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	r.vdx.AddUndeliverable(brunosNumber)
	r.join(relative())
	r.until(r.clock.Now().Add(2 * time.Minute))

	if letters := r.mail.Letters(); len(letters) != 1 || !strings.Contains(letters[0].Text, "inviterer dig til at deltage") {
		t.Fatalf("%d letters", len(letters))
	}

	second := other(care.Interpreter, 77)
	r.vdx.AddUndeliverable("+4520000177")
	r.join(second)
	r.until(r.clock.Now().Add(2 * time.Minute))

	e := r.trouble("A-1", care.MessageTrouble)
	if !strings.Contains(e.Text, "deltager") {
		t.Errorf("%+v", e)
	}

	sent := len(r.textsTo("A-1", "+4520000177"))
	must(t, r.Retry(t.Context(), planner(), r.visit("A-1").ID, e.ID))
	r.work()

	if n := len(r.textsTo("A-1", "+4520000177")); n != sent+1 {
		t.Errorf("%d messages to the interpreter, had %d", n, sent)
	}
}

// TestParticipantsCodes are the participant's own: they neither use up nor lock the citizen's.
func TestParticipantsCodes(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	who := r.join(relative())
	g := r.participant(who, brunosNumber)

	for range care.CodesPerVisit {
		must(t, r.AskCode(t.Context(), g.token))
		r.work()
	}

	refused(t, r.AskCode(t.Context(), g.token), care.TooMany)

	for range care.CodeTries {
		err := r.EnterCode(t.Context(), g.token, care.NewCode("000000"))
		if care.KindOf(err) != care.Invalid && care.KindOf(err) != care.TooMany {
			t.Fatal(err)
		}
	}

	if e := r.trouble("A-1", care.CitizenTrouble); !strings.Contains(e.Text, "deltager") {
		t.Errorf("%+v", e)
	}

	r.enter() // the citizen comes in as ever
}

// TestAddedInTheEvening: an invitation into a visit that goes on does not wait for the morning.
func TestAddedInTheEvening(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{with(with(nancy, colStart, "20:45"), colEnd, "21:30")}, []string{"A-1"})
	r.until(on(21, 5))
	r.join(other(care.Interpreter, 5))

	if texts := r.textsTo("A-1", "+4520000105"); len(texts) != 1 || !strings.Contains(texts[0], "Tolkning på skærm") {
		t.Errorf("messages %q", texts)
	}
}
