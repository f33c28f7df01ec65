package smsgwsim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/message/smsgw/smsgwsim"
)

func TestOverHTTP(t *testing.T) {
	t.Parallel()

	sim, err := smsgwsim.New(smsgwsim.Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})

	urls, err := sim.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, target, key, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}

		req.Header.Set("Authorization", "Bearer "+smsgwsim.DefaultAPIKey)

		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}

		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()

		if !strings.Contains(res.Header.Get("Server"), "simulator") {
			t.Errorf("Server %q", res.Header.Get("Server"))
		}

		data, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}

		return res.StatusCode, string(data)
	}

	const good = `{"to":"+4520000011","sender":"Testby","text":"Se http://127.0.0.1/b/x her <b>"}`

	for _, tt := range []struct {
		key, body string
		want      int
	}{
		{"", good, 400},
		{"a", `{`, 400},
		{"a", `{"extra":1}`, 400},
		{"a", `{"to":"x","sender":"Testby","text":"x"}`, 422},
		{"a", `{"to":"+4520000011","sender":"et alt for langt navn","text":"x"}`, 422},
		{"a", `{"to":"+4520000011","sender":"Testby"}`, 422},
		{"a", good, 201},
		{"a", good, 200},
		{"a", `{"to":"+4520000011","sender":"Testby","text":"x"}`, 409},
	} {
		if status, body := ask(http.MethodPost, urls.Base+"/messages", tt.key, tt.body); status != tt.want {
			t.Errorf("%s %s: %d %s, want %d", tt.key, tt.body, status, body, tt.want)
		}
	}

	if status, body := ask(http.MethodGet, urls.Base+"/messages/a", "", ""); status != 200 || !strings.Contains(body, `"queued"`) {
		t.Errorf("%d %s", status, body)
	}

	if status, _ := ask(http.MethodGet, urls.Base+"/messages/b", "", ""); status != 404 {
		t.Errorf("an unknown message: %d", status)
	}

	if _, body := ask(http.MethodGet, urls.Inbox, "", ""); !strings.Contains(body, `<a href="http://127.0.0.1/b/x">`) || strings.Contains(body, "<b>") {
		t.Errorf("inbox: %s", body)
	}

	if n := sim.Calls(); n != 11 {
		t.Errorf("%d calls", n)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()

	for _, o := range []smsgwsim.Options{{}, {Clock: time.Now, Faults: 2}, {Clock: time.Now, Latency: -1}} {
		if _, err := smsgwsim.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}

	sim, err := smsgwsim.New(smsgwsim.Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}

	if _, err := sim.Start(t.Context(), "0.0.0.0:0", ""); err == nil {
		t.Error("it listens for everybody")
	}

	if err := sim.Script("no such fault", 1); err == nil {
		t.Error("an unknown fault")
	}
}
