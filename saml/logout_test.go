package saml_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml"
	"github.com/sluse/sluse/saml/idpsim"
)

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

// follow lets the simulator handle the address a browser is sent to and returns the next.
func follow(t *testing.T, idp *idpsim.Server, target string) string {
	t.Helper()
	w := httptest.NewRecorder()
	idp.Handler().ServeHTTP(w, get(target))
	if w.Code != http.StatusFound {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func TestLogoutFromHere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	who := b.login(t, "TKR")
	out, err := b.provider.Logout(t.Context(), handle, who, "/farvel")
	if err != nil {
		t.Fatal(err)
	}
	back := follow(t, b.idp, out.URL)
	if _, err := b.provider.HandleLogout(get(back), "OTHER"); saml.KindOf(err) != saml.KindWrongBrowser {
		t.Errorf("other browser: %v", err)
	}
	got, err := b.provider.HandleLogout(get(back), handle)
	if err != nil {
		t.Fatal(explain(err))
	}
	if diff := cmp.Diff(saml.LogoutMessage{Next: saml.Outgoing{URL: "/farvel"}}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := b.provider.HandleLogout(get(back), handle); saml.KindOf(err) != saml.KindExpired {
		t.Errorf("the same answer again: %v", err)
	}
	again, err := b.provider.Logout(t.Context(), handle, who, "/farvel")
	if err != nil {
		t.Fatal(err)
	}
	got, err = b.provider.HandleLogout(get(follow(t, b.idp, again.URL)), handle)
	if err != nil || !got.Partial {
		t.Errorf("a session that is gone already: %+v %v", got, err)
	}
}

func TestLogoutFromThere(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	who := b.login(t, "TKR")
	in, err := b.idp.LogoutURL("TKR")
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.provider.HandleLogout(get(in), "")
	if err != nil {
		t.Fatal(explain(err))
	}
	want := saml.LogoutMessage{
		Requested: true, NameID: who.NameID, SessionIndexes: []string{who.SessionIndex}, Next: got.Next,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w := httptest.NewRecorder()
	b.idp.Handler().ServeHTTP(w, get(got.Next.URL))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Du er logget ud") {
		t.Errorf("the simulator refused our answer: %d %s", w.Code, w.Body)
	}
	if _, err := b.provider.HandleLogout(get(in), ""); saml.KindOf(err) != saml.KindReplayed {
		t.Errorf("the same request again: %v", err)
	}
}

func TestLogoutByPost(t *testing.T) {
	t.Parallel()
	for _, forged := range []bool{false, true} {
		b := setup(t, ownIDP(idpsim.Options{}))
		who := b.login(t, "TKR")
		message, err := b.idp.LogoutPost("TKR", forged)
		if err != nil {
			t.Fatal(err)
		}
		r := postForm(b.cfg.BaseURL+saml.PathLogout, url.Values{"SAMLRequest": {message}})
		got, err := b.provider.HandleLogout(r, "")
		if forged {
			if saml.KindOf(err) != saml.KindInvalid {
				t.Errorf("forged: %v", err)
			}
			continue
		}
		if err != nil || got.NameID != who.NameID {
			t.Errorf("got %+v, %s", got, explain(err))
		}
	}
}

// TestLogoutTampered changes a signed redirect in every way the bindings allow an
// attacker to try (contract §4: node-saml #419, Rocket.Chat, samlify #634).
func TestLogoutTampered(t *testing.T) {
	t.Parallel()
	b := setup(t, ownIDP(idpsim.Options{}))
	b.login(t, "TKR")
	b.login(t, "MSK")
	in, err := b.idp.LogoutURL("TKR")
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.idp.LogoutURL("MSK")
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(in)
	v, _ := url.Parse(other)
	pair := func(query, name string) string {
		for p := range strings.SplitSeq(query, "&") {
			if strings.HasPrefix(p, name+"=") {
				return p
			}
		}
		return ""
	}
	request, alg, signature := pair(u.RawQuery, "SAMLRequest"), pair(u.RawQuery, "SigAlg"), pair(u.RawQuery, "Signature")
	tests := map[string]string{
		"nothing":          "",
		"no signature":     request + "&" + alg,
		"empty signature":  request + "&" + alg + "&Signature=",
		"no algorithm":     request + "&" + signature,
		"SHA-1":            request + "&SigAlg=" + url.QueryEscape("http://www.w3.org/2000/09/xmldsig#rsa-sha1") + "&" + signature,
		"other message":    pair(v.RawQuery, "SAMLRequest") + "&" + alg + "&" + signature,
		"added state":      request + "&RelayState=x&" + alg + "&" + signature,
		"message twice":    request + "&" + u.RawQuery,
		"as a response":    strings.Replace(u.RawQuery, "SAMLRequest", "SAMLResponse", 1),
		"both":             u.RawQuery + "&SAMLResponse=x",
		"unsigned, posted": "POST",
	}
	for name, query := range tests {
		r := get(b.cfg.BaseURL + saml.PathLogout + "?" + query)
		if query == "POST" {
			r = postForm(b.cfg.BaseURL+saml.PathLogout, url.Values{"SAMLRequest": {"PGEvPg=="}})
		}
		if _, err := b.provider.HandleLogout(r, handle); saml.KindOf(err) != saml.KindInvalid {
			t.Errorf("%s: %s", name, explain(err))
		}
	}
	if _, err := b.provider.HandleLogout(get(in), ""); err != nil {
		t.Errorf("the genuine one afterwards: %s", explain(err))
	}
}

// TestLoginAnswerIsNoLogout makes sure that the answer to one never completes the other.
func TestLoginAnswerIsNoLogout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	answer := b.answer(t, b.start(t), "PLAN", "both-signed")
	r := postForm(b.cfg.BaseURL+saml.PathLogout, url.Values{"SAMLResponse": {answer.SAMLResponse}})
	if _, err := b.provider.HandleLogout(r, handle); saml.KindOf(err) != saml.KindInvalid {
		t.Errorf("got %s", explain(err))
	}
}
