package main

import (
	"strings"
	"testing"
)

func TestOIDCIsReady(t *testing.T) {
	t.Parallel()

	ready := launch(t, "oidc", "-dialect", "idporten")

	issuer, _ := ready["issuer"].(string)
	control, _ := ready["control"].(string)

	if ready["simulator"] != "oidc" || ready["client_id"] != "sluse" || !strings.HasPrefix(control, issuer) {
		t.Errorf("ready: %v", ready)
	}

	for _, address := range []string{issuer + "/.well-known/openid-configuration", control} {
		if got := get(t, address); got != 200 {
			t.Errorf("%s: %d", address, got)
		}
	}

	people, _ := ready["people"].([]any)
	if len(people) == 0 {
		t.Fatal("nobody can log in")
	}

	first, _ := people[0].(map[string]any)
	if number, _ := first["number"].(string); !strings.HasPrefix(number, "TEST-") {
		t.Errorf("a Norwegian provider knows %v", first)
	}
}

func TestOIDCRefusals(t *testing.T) {
	t.Parallel()

	for name, args := range map[string][]string{
		"open listener":   {"oidc", "-listen", "0.0.0.0:0"},
		"unknown dialect": {"oidc", "-dialect", "klingon"},
	} {
		var out, help strings.Builder
		if err := run(t.Context(), args, &out, &help); err == nil || out.String() != "" {
			t.Errorf("%s: %v, printed %q", name, err, out.String())
		}
	}
}
