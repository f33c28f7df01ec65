package main

import "testing"

func TestFHIRIsReady(t *testing.T) {
	t.Parallel()

	ready := launch(t, "fhir", "-calm", "-seed", "7", "-strong", "-token", "-strict", "-minimal")
	if ready["simulator"] != "fhir" || ready["seed"] != float64(7) {
		t.Errorf("ready: %v", ready)
	}

	for name, want := range map[string]int{"page": 200, "fhir": 401, "control": 404, "token": 405} {
		address, _ := ready[name].(string)
		if got := get(t, address); got != want {
			t.Errorf("%s %s: %d, want %d", name, address, got, want)
		}
	}

	if clients, _ := ready["clients"].([]any); len(clients) == 0 {
		t.Error("no test clients")
	}
}
