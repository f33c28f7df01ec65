package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/saml"
)

func TestPrivilegesAsGroups(t *testing.T) {
	t.Parallel()

	limit := func(name string, values ...string) saml.Constraint {
		return saml.Constraint{Name: name, Values: values}
	}

	got, ignored := groupsOf(saml.Principal{PrivilegesIgnored: 2, Groups: []string{"Plan"}, Privileges: []saml.Privilege{
		{Role: "r/free/1"},
		{Role: "r/units/1", Constraints: []saml.Constraint{limit(orgUnit, "u1", "u2")}},
		{Role: "r/kle/1", Constraints: []saml.Constraint{limit("http://sts.kombit.dk/constraints/KLE/1", "25.*")}},
		{Role: "r/both/1", Constraints: []saml.Constraint{limit(orgUnit, "u1"), limit("x", "y")}},
		{Role: "r/empty/1", Constraints: []saml.Constraint{limit(orgUnit)}},
	}})

	if diff := cmp.Diff([]string{"Plan", "r/free/1", "r/units/1 u1", "r/units/1 u2"}, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}

	if ignored != 4 { // two by the parser, KLE, and the one with two limits
		t.Errorf("%d ignored", ignored)
	}
}

func TestAgentInWords(t *testing.T) {
	t.Parallel()

	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":              "Edge på Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1":    "Safari på iPhone",
		"Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet på Android",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                     "Firefox på Linux",
		"<script>alert(1)</script>": "Ukendt browser",
		"":                          "Ukendt browser",
	} {
		if got := agentOf(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}
