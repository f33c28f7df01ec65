package main

import "testing"

func TestSMSIsReady(t *testing.T) {
	t.Parallel()
	ready := launch(t, "sms", "-calm", "-seed", "7")
	if ready["simulator"] != "sms" || ready["seed"] != float64(7) || ready["api_key"] == "" {
		t.Errorf("ready: %v", ready)
	}
	base, _ := ready["base"].(string)
	inbox, _ := ready["inbox"].(string)
	for address, want := range map[string]int{inbox: 200, base + "/messages/x": 401, base + "/x": 404} {
		if got := get(t, address); got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
}
