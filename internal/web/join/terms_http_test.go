package join_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// The tests in this file play an interpreter and a relative over HTTP, with the real use cases on a
// real database.

func nurse() care.Actor {
	return care.Actor{Employee: "MSK", Name: "Mette", Grants: []care.Grant{{Unit: "oest", Role: care.Caregiver}}}
}

// visitor is the browser of somebody who came through a participant's link.
type visitor struct {
	*house

	t         *testing.T
	who       care.ParticipantID
	contact   care.ContactID
	admission care.AdmissionID
	token     string
}

// invite notes a contact with a consent, invites them, and has them come.
func (h *house) invite(t *testing.T, kind care.ParticipantKind, phone string) *visitor {
	t.Helper()

	c, err := h.AddContact(t.Context(), nurse(), "citizen-1", scheduler.ContactRequest{
		Kind: kind, Name: "Bruno Elmer", Phone: phone, Consent: care.Orally, Covers: scheduler.ConsentCover{Scope: care.OneVisit, Visit: visitID},
	})
	must(t, err)

	who, err := h.AddParticipant(t.Context(), nurse(), visitID, scheduler.ParticipantRequest{Contact: c.ID})
	must(t, err)

	v := &visitor{h, t, who, c.ID, care.AdmissionID("admission-" + who), "session-" + string(who)}
	sum := sha256.Sum256([]byte(v.token))

	must(t, h.store.UpdateVisit(t.Context(), visitID, func(visit *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, visit.Arrive(v.admission, who, hex.EncodeToString(sum[:]), h.clock())
	}))

	return v
}

// ask calls a page of the visitor's; a form makes it a press of a button. It does not follow.
func (v *visitor) ask(path string, form url.Values) (status int, to, body string) {
	v.t.Helper()

	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}

	req, err := http.NewRequestWithContext(v.t.Context(), method, v.url+path, strings.NewReader(form.Encode()))
	must(v.t, err)

	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}

	req.AddCookie(&http.Cookie{Name: "sluse-borger", Value: v.token})

	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	resp, err := client.Do(req)
	must(v.t, err)

	defer func() { _ = resp.Body.Close() }()

	text, err := io.ReadAll(resp.Body)
	must(v.t, err)

	return resp.StatusCode, resp.Header.Get("Location"), string(text)
}

// reads checks what the visitor's page says.
func (v *visitor) reads(path, want string) {
	v.t.Helper()

	if _, _, body := v.ask(path, nil); !strings.Contains(body, want) {
		v.t.Errorf("%s does not say %q: %s", path, want, body)
	}
}

func (v *visitor) answer(yes, lang string) int {
	v.t.Helper()

	status, _, _ := v.ask("/b/vilkaar", url.Values{"version": {"1"}, "sprog": {lang}, "svar": {yes}})

	return status
}

// goIn presses the button that leads into the room.
func (v *visitor) goIn() (status int, to string) {
	v.t.Helper()

	status, to, _ = v.ask("/b/ind", url.Values{})

	return status, to
}

func (v *visitor) identify() {
	v.t.Helper()

	must(v.t, v.store.UpdateVisit(v.t.Context(), visitID, func(visit *care.Visit) (scheduler.Effects, error) {
		return scheduler.Effects{}, visit.Identify(v.admission, care.Proof{Method: care.ByCode}, care.IdentityRule{Methods: care.IdentityMethods()}, v.clock())
	}))
}

func (v *visitor) admit(want care.Kind) {
	v.t.Helper()

	if err := v.Admit(v.t.Context(), nurse(), visitID, v.admission, true); care.KindOf(err) != want {
		v.t.Errorf("let in: %v, want %v", err, want)
	}
}

// TestInterpreterComesIn: the terms stand between the identity and the waiting room, in the language of
// who reads them; after a no there is no way in until they say yes; a new wording is asked for again.
func TestInterpreterComesIn(t *testing.T) {
	t.Parallel()

	h := build(t)
	h.at(at(8, 50))
	v := h.invite(t, care.Interpreter, "20000132")

	v.reads("/b", "Vis os, at det er dig")

	if status := v.answer("ja", "da"); status != http.StatusUnprocessableEntity {
		t.Errorf("a yes before the identity: %d", status)
	}

	v.identify()
	v.reads("/b", "Som tolk har du tavshedspligt")
	v.reads("/b?sprog=uk", "Як перекладач ви зобов’язані")
	v.admit(care.Conflict)

	if status, to := v.goIn(); status != http.StatusUnprocessableEntity || to != "" {
		t.Errorf("into the room without terms: %d to %q", status, to)
	}

	if status := v.answer("nej", "uk"); status != http.StatusSeeOther {
		t.Errorf("a no: %d", status)
	}

	v.reads("/b?sprog=uk", "Ви сказали «ні»")
	v.admit(care.Conflict)

	lobby, err := h.store.Visit(t.Context(), visitID)
	must(t, err)

	if !lobby.Awaits(care.CitizenTrouble) {
		t.Error("nobody is told of the no")
	}

	v.reads("/b?sprog=uk&vilkaar=igen", "Як перекладач ви зобов’язані")

	if status := v.answer("ja", "uk"); status != http.StatusSeeOther {
		t.Errorf("a yes: %d", status)
	}

	v.reads("/b", "Du er kommet rigtigt ind")
	v.admit(0)

	if status, to := v.goIn(); status != http.StatusSeeOther || to != h.room {
		t.Errorf("into the room: %d to %q", status, to)
	}

	p := v.participant()
	if a := p.Terms; !a.Agreed() || a.Lang != "uk" || a.Address != "127.0.0.1" {
		t.Errorf("%+v", a)
	}

	v.newWording()
}

func (v *visitor) participant() care.Participant {
	v.t.Helper()

	visit, err := v.store.Visit(v.t.Context(), visitID)
	must(v.t, err)

	p, _ := visit.ParticipantOf(v.who)

	return p
}

// newWording makes the yes one to a wording that counts no more, as a new version of the program does.
func (v *visitor) newWording() {
	v.t.Helper()

	_, err := v.db.Writer.ExecContext(v.t.Context(), "UPDATE participants SET terms_version = terms_version - 1")
	must(v.t, err)

	v.reads("/b", "Før du kommer ind")

	if status, _ := v.goIn(); status != http.StatusUnprocessableEntity {
		v.t.Errorf("into the room with the old terms: %d", status)
	}

	v.answer("ja", "da")

	if status, _ := v.goIn(); status != http.StatusSeeOther {
		v.t.Errorf("into the room with the new terms: %d", status)
	}
}

// TestRelativeLosesTheConsent while they wait: the page tells at once, and nothing leads in any more.
func TestRelativeLosesTheConsent(t *testing.T) {
	t.Parallel()

	h := build(t)
	h.at(at(8, 50))
	v := h.invite(t, care.Relative, "20000032")

	v.identify()
	v.reads("/b", "Du har ikke tavshedspligt efter loven")
	v.answer("ja", "da")
	v.reads("/b", "Medarbejderen lukker dig ind om lidt")

	must(t, h.WithdrawConsent(t.Context(), nurse(), "citizen-1", v.contact))

	if status, _, body := v.ask("/b", nil); status != http.StatusGone || !strings.Contains(body, "Mødet er slut for dig") {
		t.Errorf("%d: %s", status, body)
	}

	v.admit(care.Conflict)

	if status, to := v.goIn(); status != http.StatusGone || to != "" {
		t.Errorf("into the room: %d to %q", status, to)
	}

	if status := v.answer("ja", "da"); status != http.StatusGone {
		t.Errorf("another yes: %d", status)
	}

	if v.participant().Present() {
		t.Error("the relative still takes part")
	}
}
