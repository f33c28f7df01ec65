package scheduler_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestContacts are checked, changed with a trace of the consent, and gone when they are removed.
func TestContacts(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	citizen := r.citizen("A-1")

	for name, spoil := range map[string]func(*scheduler.ContactRequest){
		"kind":    func(c *scheduler.ContactRequest) { c.Kind = "nabo" },
		"name":    func(c *scheduler.ContactRequest) { c.Name = "  " },
		"line":    func(c *scheduler.ContactRequest) { c.Name = "a\nb" },
		"long":    func(c *scheduler.ContactRequest) { c.Name = strings.Repeat("å", 121) },
		"phone":   func(c *scheduler.ContactRequest) { c.Phone = "2000" },
		"email":   func(c *scheduler.ContactRequest) { c.Email = "bruno" },
		"consent": func(c *scheduler.ContactRequest) { c.Consent = "ja" },
		"nothing": func(c *scheduler.ContactRequest) { c.Phone, c.Email = "", "" },
	} {
		req := relative()
		spoil(&req)

		_, err := r.AddContact(t.Context(), caregiver("MSK"), citizen, req)
		refused(t, err, care.Invalid)

		for _, secret := range []string{req.Name, req.Phone, req.Email} {
			if len(secret) > 4 && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the refusal tells %q", name, secret)
			}
		}
	}

	c := r.contact("A-1", relative())
	same, written := relative(), relative()
	same.Name, written.Consent = "Bruno E.", care.InWriting

	must(t, r.ChangeContact(t.Context(), caregiver("LBH"), citizen, c.ID, same))
	must(t, r.ChangeContact(t.Context(), planner(), citizen, c.ID, written))

	card, err := r.CitizenCard(t.Context(), caregiver("MSK"), citizen)
	must(t, err)

	if len(card.Contacts) != 1 || card.Contacts[0].Consent.Form != care.InWriting || card.Contacts[0].Consent.By != "PLAN" {
		t.Errorf("%+v", card.Contacts)
	}

	must(t, r.RemoveContact(t.Context(), caregiver("MSK"), citizen, c.ID))
	refused(t, r.RemoveContact(t.Context(), caregiver("MSK"), citizen, c.ID), care.NotFound)

	if stored, err := r.store.Contact(t.Context(), c.ID); err != nil || stored.Name != "" || !stored.Phone.IsZero() || stored.Consent.Given() {
		t.Errorf("a removed contact still is %+v, %v", stored, err)
	}

	got := r.audits()
	for action, n := range map[string]int{"add_contact": 1, "change_contact": 2, "remove_contact": 1, "record_consent": 2, "withdraw_consent": 1, "see_citizen": 1} {
		if got[action] != n {
			t.Errorf("%s is audited %d times, want %d", action, got[action], n)
		}
	}
}

// audits counts the audit rows by action.
func (r *rig) audits() map[string]int {
	r.tb.Helper()

	rows, err := r.db.Writer.QueryContext(r.tb.Context(), "SELECT action, detail FROM audit")
	must(r.tb, err)

	defer func() { _ = rows.Close() }()

	out := map[string]int{}

	for rows.Next() {
		var action, detail string

		must(r.tb, rows.Scan(&action, &detail))

		out[action]++

		for _, secret := range []string{"Bruno", "20000032", "borger.example"} {
			if strings.Contains(detail, secret) {
				r.tb.Errorf("the audit of %s tells %q", action, secret)
			}
		}
	}

	must(r.tb, rows.Err())

	return out
}

// TestContactsStayInTheirMunicipality: two towns share nothing.
func TestContactsStayInTheirMunicipality(t *testing.T) {
	t.Parallel()

	here, there := atTheDoor(t), atTheDoor(t)
	who := here.join(relative())
	g := here.participant(who, brunosNumber)
	c := here.visit("A-1").Participants[0].Contact

	_, err := there.AddParticipant(t.Context(), caregiver("MSK"), there.visit("A-1").ID, invite(c))
	refused(t, err, care.NotFound)
	_, err = there.AddParticipant(t.Context(), caregiver("MSK"), here.visit("A-1").ID, invite(c))
	refused(t, err, care.NotFound)
	_, err = there.CitizenCard(t.Context(), caregiver("MSK"), here.citizen("A-1"))
	refused(t, err, care.Forbidden)
	_, err = there.CallNow(t.Context(), caregiver("MSK"), here.citizen("A-1"))
	refused(t, err, care.Forbidden)

	if view, err := there.Landing(t.Context(), locator(t, here.textsTo("A-1", brunosNumber)[0])); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the other's link: %s, %v", view.Stage, err)
	}

	if view, err := there.Lounge(t.Context(), g.token); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the other's session: %s, %v", view.Stage, err)
	}
}

// TestNeverMoreThanFiveNeverWithoutConsent does things in any order and looks after each at what
// must always hold.
func TestNeverMoreThanFiveNeverWithoutConsent(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	id, citizen := r.visit("A-1").ID, r.citizen("A-1")

	var contacts []care.ContactID
	for n := range 5 {
		contacts = append(contacts, r.contact("A-1", other(care.ParticipantKinds()[n%3], n)).ID)
	}

	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)

	for range 60 {
		n := random.IntN(len(contacts))
		without := other(care.Relative, n)
		without.Consent = ""

		var err error

		switch random.IntN(5) {
		case 0, 1:
			_, err = r.AddParticipant(t.Context(), caregiver("MSK"), id, invite(contacts[n]))
		case 2:
			for _, p := range r.visitByID(id).Present() {
				if p.Contact == contacts[n] {
					err = r.RemoveParticipant(t.Context(), caregiver("MSK"), id, p.ID)
				}
			}
		case 3:
			err = r.ChangeContact(t.Context(), caregiver("MSK"), citizen, contacts[n], other(care.Relative, n))
		case 4:
			err = r.ChangeContact(t.Context(), caregiver("MSK"), citizen, contacts[n], without)
		}

		if kind := care.KindOf(err); err != nil && kind != care.Conflict && kind != care.Invalid {
			t.Fatal(err)
		}

		r.participantsHold(id, contacts)
	}
}

// participantsHold looks at what must always be true of those who take part.
func (r *rig) participantsHold(id care.VisitID, contacts []care.ContactID) {
	rt := r.tb
	rt.Helper()

	v := r.visitByID(id)
	present := v.Present()
	seats := map[int]bool{}

	if len(present)+2 > 5 {
		rt.Fatalf("%d people", len(present)+2)
	}

	for _, p := range present {
		c, err := r.store.Contact(r.tb.Context(), p.Contact)
		if err != nil || !c.Consent.Given() || !p.Consent.Given() || !slices.Contains(contacts, c.ID) {
			rt.Fatalf("%s takes part without consent, %v", p.ID, err)
		}

		if p.Seat < 1 || p.Seat > 3 || seats[p.Seat] {
			rt.Fatalf("seat %d", p.Seat)
		}

		seats[p.Seat] = true
	}
}

// TestGuardian: a relative who is noted as guardian, with consent, can say that it is the citizen. The
// employee sees in the lobby who that is; nobody else can be one.
func TestGuardian(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	citizen, visit := r.citizen("A-1"), r.visit("A-1").ID
	way := care.StaffWay{Method: care.KnownToStaff, Check: care.ViaGuardian}
	guardian := func() string {
		t.Helper()

		view, err := r.Lobby(t.Context(), caregiver("MSK"), visit)
		must(t, err)

		return view.Guardian
	}

	_, err := r.AddContact(t.Context(), caregiver("MSK"), citizen, scheduler.ContactRequest{Kind: care.Interpreter, Name: "Tolk", Phone: "20000077", Guardian: true})
	refused(t, err, care.Invalid)

	g := r.come("A-1")
	refused(t, r.Vouch(t.Context(), caregiver("MSK"), visit, g.admission().ID, way), care.Invalid)

	req := relative()
	contact := r.contact("A-1", req)

	if who := guardian(); who != "" {
		t.Errorf("%s is the guardian", who)
	}

	req.Guardian = true
	must(t, r.ChangeContact(t.Context(), caregiver("MSK"), citizen, contact.ID, req))

	if who := guardian(); who != "Bruno Elmer" {
		t.Errorf("the guardian is %q", who)
	}

	must(t, r.Vouch(t.Context(), caregiver("MSK"), visit, g.admission().ID, way))

	if a := g.admission(); a.State != care.AdmissionIdentified || a.Check != care.ViaGuardian {
		t.Errorf("%+v", a)
	}

	req.Guardian = false
	must(t, r.ChangeContact(t.Context(), caregiver("MSK"), citizen, contact.ID, req))

	if who := guardian(); who != "" {
		t.Errorf("%s is the guardian still", who)
	}
}
