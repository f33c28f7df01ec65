package main

import (
	"io"
	"testing"
)

func TestIDPIsReady(t *testing.T) {
	t.Parallel()
	ready := launch(t, "idp", "-profile", "oiosaml3", "-sp", "http://127.0.0.1:1/saml/metadata")
	for _, name := range []string{"base", "metadata"} {
		address, _ := ready[name].(string)
		if got := get(t, address); got != 200 {
			t.Errorf("%s %s: %d", name, address, got)
		}
	}
	if logins, _ := ready["logins"].([]any); len(logins) != 8 {
		t.Errorf("%d logins", len(logins))
	}
	for _, args := range [][]string{
		{"idp", "-profile", "other"}, {"idp", "-sp", "https://sp.example/metadata"}, {"idp", "-listen", "0.0.0.0:0"},
	} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v: started", args)
		}
	}
}
