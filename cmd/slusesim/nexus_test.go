package main

import "testing"

func TestNexusIsReady(t *testing.T) {
	t.Parallel()

	ready := launch(t, "nexus", "-calm", "-seed", "7", "-strict", "-stale", "412", "-half")
	if ready["simulator"] != "nexus" || ready["seed"] != float64(7) || ready["instance"] != "testby" {
		t.Errorf("ready: %v", ready)
	}

	for name, want := range map[string]int{"page": 200, "api": 401, "control": 404, "token": 405} {
		address, _ := ready[name].(string)
		if got := get(t, address); got != want {
			t.Errorf("%s %s: %d, want %d", name, address, got, want)
		}
	}

	if clients, _ := ready["clients"].([]any); len(clients) == 0 {
		t.Error("no test clients")
	}
}
