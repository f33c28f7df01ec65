package saml_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

// explain adds the detail that Error keeps from people.
func explain(err error) string {
	if e, ok := errors.AsType[*saml.Error](err); ok {
		return fmt.Sprintf("%v (%s)", e, e.Detail())
	}
	return fmt.Sprint(err)
}

// setting is a profile with the simulator that speaks it.
type setting struct {
	profile string // of the simulator
	user    string // who logs in
	name    string // and what they are called
	option  option
}

func settings() []setting {
	return []setting{
		{idpsim.ProfilePlain, "PLAN", "Planlægger PLAN", func(*bundle) {}},
		{idpsim.ProfileOIOSAML3, "PLAN", "Planlægger PLAN", oiosaml},
		{idpsim.ProfileNemLogin, citizen, "Einer Lauridsen", nemLogin},
		{idpsim.ProfileKOMBIT, "PLAN", "Planlægger PLAN", kombit},
		{idpsim.ProfileOIOSAML2, "PLAN", "Planlægger PLAN", oiosaml2},
	}
}

// citizen is an official test person.
const citizen = "0201609995"

var (
	nemLoginIDP = sync.OnceValue(func() *idpsim.Server { return mustIDP(idpsim.ProfileNemLogin) })
	kombitIDP   = sync.OnceValue(func() *idpsim.Server { return mustIDP(idpsim.ProfileKOMBIT) })
	oiosaml2IDP = sync.OnceValue(func() *idpsim.Server { return mustIDP(idpsim.ProfileOIOSAML2) })
)

// nemLogin sets both sides up for citizens.
func nemLogin(b *bundle) {
	b.idp, b.cfg.Profile, b.cfg.Audience = nemLoginIDP(), saml.ProfileOIOSAML3, saml.Person
}

func kombit(b *bundle) {
	b.idp, b.cfg.Profile, b.cfg.CVR = kombitIDP(), saml.ProfileKOMBIT, testCVR
}

func oiosaml2(b *bundle) {
	b.idp, b.cfg.Profile, b.cfg.CVR = oiosaml2IDP(), saml.ProfileOIOSAML2, testCVR
}

// begin starts a login for the kind of people that the provider serves.
func (b *bundle) begin(tb testing.TB) string {
	tb.Helper()
	out, err := b.provider.Login(context.Background(), handle, saml.LoginRequest{
		ReturnTo: "/min-dag", Person: b.cfg.Audience == saml.Person,
	})
	if err != nil {
		tb.Fatal(explain(err))
	}
	return out.URL
}

// otherKinds lists the faults that are refused for another reason than KindInvalid.
var otherKinds = map[string]saml.Kind{
	"expired":                      saml.KindExpired,
	"expired-190s":                 saml.KindExpired,
	"confirmation-expired":         saml.KindExpired,
	"confirmation-expired-190s":    saml.KindExpired,
	"not-yet-valid":                saml.KindExpired,
	"early-190s":                   saml.KindExpired,
	"issued-long-ago":              saml.KindExpired,
	"session-over":                 saml.KindExpired,
	"wrong-in-response-to":         saml.KindExpired, // names a request nobody started
	"wrong-in-response-to-outside": saml.KindExpired,
	"status-authn-failed":          saml.KindDenied,
	"status-no-authn-context":      saml.KindDenied,
	"status-no-passive":            saml.KindDenied,
	"status-request-denied":        saml.KindDenied,
	"status-unknown-principal":     saml.KindDenied,
	"status-responder":             saml.KindDenied,
	"no-employee-id":               saml.KindDenied,
	"no-level":                     saml.KindDenied,
	"low-level":                    saml.KindDenied,
	"low-level-1":                  saml.KindDenied,
	"other-cvr":                    saml.KindDenied,
	"no-cpr":                       saml.KindDenied,
	"short-cpr":                    saml.KindDenied,
	"wordy-cpr":                    saml.KindDenied,
}

// plays reports whether TestVectors plays a fault in the setting: all of them in the plain
// profile and for citizens, whose answers are in clear and encrypted; elsewhere, where the same
// code judges, what is special to some profiles, and signature wrapping.
func (s setting) plays(f idpsim.Fault) bool {
	whole := s.profile == idpsim.ProfilePlain || s.profile == idpsim.ProfileNemLogin
	return f.Name != idpsim.FaultReplay && f.Fits(s.profile) && (whole || f.Special() || strings.HasPrefix(f.Name, "xsw"))
}

// TestVectors plays the catalogue of the simulator in every profile: contract identity.md
// §2.3 and §4. TestClasses says which entry stands for which class.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, s := range settings() {
		t.Run(s.profile, func(t *testing.T) {
			t.Parallel()
			b := setup(t, s.option)
			for _, fault := range idpsim.Faults() {
				if !s.plays(fault) {
					continue
				}
				t.Run(fault.Name, func(t *testing.T) {
					used := len(b.store.used)
					who, _, err := b.post(handle, b.answer(t, b.begin(t), s.user, fault.Name))
					if fault.Harmless {
						checkAccepted(t, s, who, err)
						return
					}
					checkRefused(t, who, err, fault.Name)
					if len(b.store.used) != used {
						t.Error("a refused message was recorded as used")
					}
				})
			}
		})
	}
}

// TestRefusalLeavesTheLoginOpen answers one login wrongly and then rightly: whoever knows
// the ID of a request must not be able to burn it.
func TestRefusalLeavesTheLoginOpen(t *testing.T) {
	t.Parallel()
	for _, s := range settings() {
		t.Run(s.profile, func(t *testing.T) {
			t.Parallel()
			b := setup(t, s.option)
			location := b.begin(t)
			for _, fault := range []string{"unsigned", "status-authn-failed", "encrypted-garbage", "expired"} {
				if _, _, err := b.post(handle, b.answer(t, location, s.user, fault)); err == nil {
					t.Fatalf("%s: accepted", fault)
				}
			}
			who, _, err := b.post(handle, b.answer(t, location, s.user, ""))
			checkAccepted(t, s, who, err)
		})
	}
}

func checkAccepted(t *testing.T, s setting, who saml.Principal, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %s", explain(err))
	}
	if who.Name != s.name || strings.Contains(who.NameID.Value, "ATTACKER") {
		t.Fatalf("wrong person: %q", who.Name)
	}
	if person := s.profile == idpsim.ProfileNemLogin; person != (who.Kind == saml.Person) || person != (who.CPR.Reveal() == citizen) {
		t.Fatalf("kind %q, or the wrong CPR number", who.Kind)
	}
}

func checkRefused(t *testing.T, who saml.Principal, err error, fault string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted as %q %q", who.EmployeeID, who.NameID.Value)
	}
	want := saml.KindInvalid
	if kind, other := otherKinds[fault]; other {
		want = kind
	}
	if got := saml.KindOf(err); got != want {
		t.Errorf("kind = %v, want %v: %s", got, want, explain(err))
	}
	if strings.Contains(explain(err), "panicked") {
		t.Errorf("a parser panicked: %s", explain(err))
	}
	for _, secret := range []string{"ATTACKER", "staff-", "PLAN", "testkommunen.example", "Planlægger", citizen, "Lauridsen"} {
		if strings.Contains(explain(err), secret) {
			t.Errorf("the error tells %q: %s", secret, explain(err))
		}
	}
}
