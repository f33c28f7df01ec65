package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestLogoutByForm: a provider that takes forms only gets one with a button.
func TestLogoutByForm(t *testing.T) {
	t.Parallel()

	b := setup(t)
	page := b.get(t, nil, "/saml/slo?answer=form", http.StatusOK)

	for _, want := range []string{
		`<form method="post" action="https://idp.example.dk/slo">`, `<input type="hidden" name="SAMLResponse" value="PHg&#43;&#34;&lt;">`,
		`<input type="hidden" name="RelayState" value="r">`, `type="submit">Fortsæt</button>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// TestPartialLogoutIsTold: who leaves a shared computer has to know that other logins live on.
func TestPartialLogoutIsTold(t *testing.T) {
	t.Parallel()

	b := setup(t)

	w := b.do(t, request(http.MethodGet, testby, "/saml/slo?answer=partial"))
	if w.Header().Get("Location") != "/logget-af?delvis=ja" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}

	const text = "kunne ikke logge dig af alle andre steder"
	if page := b.get(t, nil, "/logget-af?delvis=ja", http.StatusOK); !strings.Contains(page, text) {
		t.Error("not told")
	}

	if page := b.get(t, nil, "/logget-af", http.StatusOK); strings.Contains(page, text) {
		t.Error("told without a reason")
	}
}
