package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// launch runs slusesim and gives its ready line; the test's end stops it.
func launch(t *testing.T, args ...string) map[string]any {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, write, io.Discard)
		_ = write.CloseWithError(err)
		done <- err
	}()
	line, err := bufio.NewReader(read).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no ready line: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	var ready map[string]any
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("ready line %s: %v", line, err)
	}
	return ready
}

func get(t *testing.T, address string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestVDXIsReady(t *testing.T) {
	t.Parallel()
	ready := launch(t, "vdx", "-calm", "-seed", "7", "-pool", "1")
	if ready["simulator"] != "vdx" || ready["seed"] != float64(7) {
		t.Errorf("ready: %v", ready)
	}
	for name, want := range map[string]int{"rooms": 200, "inbox": 200, "portal": 404} {
		address, _ := ready[name].(string)
		if got := get(t, address); got != want {
			t.Errorf("%s %s: %d, want %d", name, address, got, want)
		}
	}
	if clients, _ := ready["clients"].([]any); len(clients) == 0 {
		t.Error("no test clients")
	}
	gateway, _ := ready["gateway"].(map[string]any)
	if sts, _ := gateway["sts"].(string); !strings.HasPrefix(sts, "https://127.0.0.1:") || ready["session_header"] != "session-data" {
		t.Errorf("gateway: %v", gateway)
	}
	files, _ := ready["certificates"].(map[string]any)
	holders, _ := files["clients"].([]any)
	if len(holders) == 0 {
		t.Fatal("no certificates")
	}
	first, _ := holders[0].(map[string]any)
	for _, path := range []any{files["ca"], files["sts"], first["certificate"], first["key"]} {
		if name, _ := path.(string); !fileExists(name) {
			t.Errorf("no file %v", path)
		}
	}
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"no simulator":      nil,
		"unknown":           {"teams"},
		"open listener":     {"vdx", "-listen", "0.0.0.0:0"},
		"open control":      {"vdx", "-control", ":0"},
		"too many faults":   {"vdx", "-faults", "1.5"},
		"calm and faults":   {"vdx", "-calm", "-faults", "0.1"},
		"negative latency":  {"vdx", "-latency", "-1s"},
		"stray argument":    {"vdx", "now"},
		"unknown flag":      {"vdx", "-nonsense"},
		"open gateway":      {"vdx", "-gateway", "0.0.0.0:0"},
		"distant callback":  {"vdx", "-callback", "https://vdx.example/cb"},
		"help is no result": {"-h"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, help strings.Builder
			if err := run(t.Context(), args, &out, &help); err == nil || out.String() != "" {
				t.Errorf("%v: %v, printed %q", args, err, out.String())
			}
		})
	}
	var help strings.Builder
	if err := run(t.Context(), []string{"vdx", "-h"}, io.Discard, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-latency") {
		t.Errorf("help: %v %s", err, help.String())
	}
}
