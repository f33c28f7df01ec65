package main

import (
	"io"
	"testing"
)

func TestPexipIsReady(t *testing.T) {
	t.Parallel()
	ready := launch(t, "pexip", "-calm", "-seed", "7", "-replication", "0s", "-rate", "1000", "-sink", "http://127.0.0.1:1/hook")
	if ready["simulator"] != "pexip" || ready["seed"] != float64(7) || ready["username"] == "" || ready["password"] == "" {
		t.Errorf("ready: %v", ready)
	}
	api, _ := ready["api"].(string)
	for address, want := range map[string]int{
		ready["rooms"].(string): 200, ready["web_app"].(string) + "x": 404, api + "/configuration/v1/conference/": 401,
	} {
		if got := get(t, address); got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
	clients, _ := ready["clients"].([]any)
	if first, _ := clients[0].(map[string]any); first["private_key_pem"] == "" {
		t.Errorf("clients: %v", clients)
	}
	if err := run(t.Context(), []string{"pexip", "-sink", "https://sluse.example/hook"}, io.Discard, io.Discard); err == nil {
		t.Error("an event sink beyond this machine is taken")
	}
}
