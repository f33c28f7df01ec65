package saml_test

import (
	"errors"
	"fmt"
	"strings"
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

// otherKinds lists the faults that are refused for another reason than KindInvalid.
var otherKinds = map[string]saml.Kind{
	"expired":                      saml.KindExpired,
	"confirmation-expired":         saml.KindExpired,
	"not-yet-valid":                saml.KindExpired,
	"issued-long-ago":              saml.KindExpired,
	"session-over":                 saml.KindExpired,
	"wrong-in-response-to":         saml.KindExpired, // names a request nobody started
	"wrong-in-response-to-outside": saml.KindExpired,
	"status-authn-failed":          saml.KindDenied,
	"status-no-authn-context":      saml.KindDenied,
	"status-request-denied":        saml.KindDenied,
	"status-responder":             saml.KindDenied,
	"no-employee-id":               saml.KindDenied,
}

// TestVectors plays the whole catalogue of the simulator: contract identity.md §2.3 and
// §4. A refused message must not use up the login either.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"plain", "oiosaml3"} {
		for _, fault := range idpsim.Faults() {
			if fault.Name == idpsim.FaultReplay || (profile == "oiosaml3" && plainOnly(fault.Name)) {
				continue
			}
			t.Run(profile+"/"+fault.Name, func(t *testing.T) {
				t.Parallel()
				var options []option
				if profile == "oiosaml3" {
					options = append(options, oiosaml)
				}
				b := setup(t, options...)
				location := b.start(t)
				answer := b.answer(t, location, "PLAN", fault.Name)
				who, _, err := b.post(handle, answer)
				if fault.Harmless {
					checkAccepted(t, who, err)
					return
				}
				checkRefused(t, b, who, err, fault.Name)
				if _, _, err := b.post(handle, b.answer(t, location, "PLAN", "")); err != nil {
					t.Errorf("the refused message used up the login: %s", explain(err))
				}
			})
		}
	}
}

// plainOnly names the faults that work on the text of an unencrypted assertion.
func plainOnly(name string) bool {
	switch name {
	case "tampered-name-id", "encrypted-tampered", "comment-in-name-id", "instruction", "appended-name-id",
		"tampered-attribute", "deep-inside", "cdata":
		return true
	}
	return false
}

func checkAccepted(t *testing.T, who saml.Principal, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %s", explain(err))
	}
	if who.Name != "Planlægger PLAN" || strings.Contains(who.NameID.Value, "ATTACKER") {
		t.Fatalf("wrong person: %q", who.Name)
	}
}

func checkRefused(t *testing.T, b *bundle, who saml.Principal, err error, fault string) {
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
	for _, secret := range []string{"ATTACKER", "staff-", "PLAN", "testkommunen.example", "Planlægger"} {
		if strings.Contains(explain(err), secret) {
			t.Errorf("the error tells %q: %s", secret, explain(err))
		}
	}
	if len(b.store.used) != 0 {
		t.Error("a refused message was recorded as used")
	}
}
