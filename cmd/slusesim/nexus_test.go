package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestNexusIsReady(t *testing.T) {
	t.Parallel()

	ready := launch(t, "nexus", "-calm", "-seed", "7", "-strict", "-stale", "412", "-half", "-errors500", "-nocontent", "-series", "-weaketag", "-hrefs", "port", "-cpr", "digits")
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

func TestNexusBeginsWithAList(t *testing.T) {
	t.Parallel()

	ready := launch(t, "nexus", "-calm", "-list", "../../internal/demo/koreliste-vest.csv")

	base, _ := ready["page"].(string)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, http.NoBody)
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
	if n := strings.Count(string(body), `<article class="visit`); err != nil || n != 6 {
		t.Errorf("%d visits: %v, %.300s", n, err, body)
	}
}
