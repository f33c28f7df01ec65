package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

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

func TestFHIRBeginsWithAList(t *testing.T) {
	t.Parallel()

	ready := launch(t, "fhir", "-calm", "-list", "../../internal/demo/koreliste-vest.csv")

	base, _ := ready["fhir"].(string)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/Appointment?_count=50", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()

	body, err := io.ReadAll(res.Body)
	if n := strings.Count(string(body), `"resourceType":"Appointment"`); err != nil || n != 6 {
		t.Errorf("%d appointments: %v, %.300s", n, err, body)
	}
}
