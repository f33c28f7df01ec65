package scheduler_test

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// guest is a citizen in front of a browser.
type guest struct {
	*rig
	source string
	token  care.SessionToken
}

// come presses on through the link of the newest message.
func (r *rig) come(source string) *guest {
	r.tb.Helper()

	in, err := r.Enter(r.tb.Context(), r.link(source))
	must(r.tb, err)

	return &guest{r, source, in.Token}
}

// link reads the citizen's valid link out of the message that it came in, by SMS or mail, whichever
// number or address that went to.
func (r *rig) link(source string) care.Locator {
	r.tb.Helper()

	link, ok := r.visit(source).Link()
	if !ok {
		r.tb.Fatalf("%s has no link", source)
	}

	texts := r.sent(source)
	if link.Channel == care.Mail {
		texts = nil
		for _, l := range r.mail.Letters() {
			texts = append(texts, l.Text)
		}
	}

	for _, text := range slices.Backward(texts) {
		if !linkPattern.MatchString(text) {
			continue
		}

		if l := locator(r.tb, text); hashOf(l) == link.LocatorHash {
			return l
		}
	}

	r.tb.Fatalf("no link was sent for %s", source)

	return care.Locator{}
}

// toCitizen returns the texts of a visit's SMS to the citizen, oldest first.
func (r *rig) toCitizen(source string) []string {
	r.tb.Helper()

	if r.texts != nil {
		return r.sent(source)
	}

	citizens, err := r.store.Citizens(r.tb.Context(), []care.CitizenID{r.citizen(source)})
	must(r.tb, err)

	return r.textsTo(source, citizens[r.citizen(source)].Phone.Reveal())
}

var (
	linkPattern = regexp.MustCompile(`/b/[A-Za-z0-9_-]{20,}`)
	codePattern = regexp.MustCompile(`\b(\d{3}) ?(\d{3}) er din kode`)
)

// ask has a code sent and lets it arrive.
func (g *guest) ask() {
	g.tb.Helper()
	must(g.tb, g.AskCode(g.tb.Context(), g.token))
	g.work()
}

// code reads the newest code.
func (g *guest) code() care.Code {
	g.tb.Helper()

	texts := g.toCitizen(g.source)
	for _, text := range slices.Backward(texts) {
		if m := codePattern.FindStringSubmatch(text); m != nil {
			return care.NewCode(m[1] + m[2])
		}
	}

	g.tb.Fatalf("no code in %q", texts)

	return care.Code{}
}

// enter comes through the link of the first visit and proves who it is.
func (r *rig) enter() *guest {
	r.tb.Helper()

	g := r.come("A-1")
	g.ask()
	must(r.tb, g.EnterCode(r.tb.Context(), g.token, g.code()))

	return g
}

// admission returns the guest's place in the waiting room.
func (g *guest) admission() care.Admission {
	g.tb.Helper()

	all := g.visit(g.source).Admissions

	_, id, err := g.store.VisitBySession(g.tb.Context(), hashOf(g.token))
	must(g.tb, err)

	for _, a := range all {
		if a.ID == id {
			return a
		}
	}

	g.tb.Fatal("the session has no admission")

	return care.Admission{}
}

// admit lets the guest in.
func (g *guest) admit() {
	g.tb.Helper()
	must(g.tb, g.Admit(g.tb.Context(), caregiver("MSK"), g.visit(g.source).ID, g.admission().ID, true))
}

// hashOf is what the store keeps of a session's token and of a link's locator.
func hashOf(secret interface{ Reveal() string }) string {
	sum := sha256.Sum256([]byte(secret.Reveal()))

	return hex.EncodeToString(sum[:])
}

// TestOwnLanguage: the pages before a session, and a fresh session, know the citizen's language.
func TestOwnLanguage(t *testing.T) {
	t.Parallel()

	r := atTheDoor(t)
	registerOf(r).bring(false, "Nancy Ann Berggren;2512489996;;20000012;;oest;engelsk;;;;;")

	view, err := r.Landing(t.Context(), r.link("A-1"))
	if err != nil || view.Language != "en" {
		t.Errorf("%+v, %v", view, err)
	}

	in, err := r.Enter(t.Context(), r.link("A-1"))
	if err != nil || in.Language != "en" {
		t.Errorf("%q, %v", in.Language, err)
	}
}
