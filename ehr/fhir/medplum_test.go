package fhir_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/scheduler/care"
)

// requireNode makes a missing Node.js a failure instead of a skip. CI sets it.
const requireNode = "SLUSE_REQUIRE_NODE"

// installLimit bounds the download of Medplum's packages, which happens once per machine.
const installLimit = 5 * time.Minute

// TestMedplum is the second opinion: the port's suite against a FHIR server that somebody
// else wrote, with its own validation against R4's definitions (eoj.md §8.3).
func TestMedplum(t *testing.T) {
	t.Parallel()

	base := startMedplum(t)

	for name, change := range map[string]func(*fhir.Config){
		"WeakETags":   nil,
		"StrongETags": func(c *fhir.Config) { c.ETag = fhir.ETagStrong },
		"OneByOne":    func(c *fhir.Config) { c.NoRevinclude, c.SkipPlannedEncounter = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var opened atomic.Int64

			ehrtest.RunJournal(t, func(t *testing.T) ehrtest.Record {
				t.Helper()

				config := fhir.Config{BaseURL: base}
				if change != nil {
					change(&config)
				}

				config.SetDefaults()

				// One server serves all tests, so each has visits of its own.
				visits := plannedMany(t, 4)
				prefix := name + string(rune('a'+opened.Add(1))) + "-"

				for i := range visits {
					visits[i].Key, visits[i].Source.ID = prefix+visits[i].Key, prefix+visits[i].Source.ID
				}

				return ehrtest.Record{
					Journal: open(t, config),
					Another: func(t *testing.T) ehr.Journal { t.Helper(); return open(t, config) },
					Planned: visits,
					Entries: func(t *testing.T, c ehr.Change) []care.EntryKind { t.Helper(); return medplumEntries(t, base, c) },
				}
			})
		})
	}

	t.Run("Validates", func(t *testing.T) {
		t.Parallel()
		medplumValidates(t, base)
	})
}

// medplumValidates makes sure that the second opinion is one: a resource against R4's
// invariants and one with an unknown property are refused, and the journal says so.
func medplumValidates(t *testing.T, base string) {
	t.Helper()

	for _, body := range []string{
		`{"resourceType":"Appointment","status":"booked","participant":[{"status":"accepted"}]}`,
		`{"resourceType":"Appointment","status":"proposed","virtualService":[{}],"participant":[{"actor":{"display":"x"},"status":"accepted"}]}`,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/Appointment", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}

		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}

		_ = response.Body.Close()

		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, response.StatusCode)
		}
	}

	config := fhir.Config{BaseURL: base, VisitSystem: "urn:x-sluse: no uri"}
	config.SetDefaults()

	_, err := open(t, config).Apply(t.Context(), planned(t, 0))
	if !connector.Is(err, connector.Rejected) || care.KindOf(err) == care.Internal {
		t.Errorf("a system that is no URI: %v", err)
	}
}

// medplumEntries reads the history of the visit's Appointment.
func medplumEntries(t *testing.T, base string, c ehr.Change) []care.EntryKind {
	t.Helper()

	type version struct {
		ID                string `json:"id"`
		Status            string `json:"status"`
		Identifier        []any  `json:"identifier"`
		CancelationReason struct {
			Coding []struct {
				Code string `json:"code"`
			} `json:"coding"`
		} `json:"cancelationReason"`
	}

	type entry struct {
		Resource version `json:"resource"`
	}

	type bundle struct {
		Entry []entry `json:"entry"`
	}

	var found, history bundle

	token := url.QueryEscape("urn:x-sluse:id:visit|" + fhir.VisitIdentifier(c.Source))
	getJSON(t, base+"/Appointment?identifier="+token, &found)

	if len(found.Entry) == 0 {
		return nil
	}

	if len(found.Entry) > 1 {
		t.Errorf("%d Appointments of one visit", len(found.Entry))
	}

	getJSON(t, base+"/Appointment/"+found.Entry[0].Resource.ID+"/_history", &history)

	var kinds []care.EntryKind

	// Medplum's memory repository turns the order of its history around at every reading. Each
	// entry adds a key, so their number tells the order.
	slices.SortFunc(history.Entry, func(a, b entry) int { return len(a.Resource.Identifier) - len(b.Resource.Identifier) })

	for i := range history.Entry {
		v := &history.Entry[i].Resource

		switch {
		case v.Status == "booked":
			kinds = append(kinds, care.EntryPlanned)
		case len(v.CancelationReason.Coding) > 0 && v.CancelationReason.Coding[0].Code == "tilbagefoert":
			kinds = append(kinds, care.EntryRestored)
		default:
			kinds = append(kinds, care.EntryResult)
		}
	}

	return kinds
}

func getJSON(t *testing.T, address string, v any) {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if err := json.NewDecoder(response.Body).Decode(v); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// startMedplum starts the server of testdata/medplum and returns its base address.
func startMedplum(t *testing.T) string {
	t.Helper()

	home, err := installMedplum(t)
	if err != nil {
		if os.Getenv(requireNode) == "1" {
			t.Fatalf("%s=1, but Medplum can't be run: %v", requireNode, err)
		}

		t.Skipf("the check with a third-party FHIR server is left out: %v (set %s=1 to make this a failure)", err, requireNode)
	}

	node := exec.CommandContext(t.Context(), "node", append(nodeFlags(t), filepath.Join(home, "server.mjs"))...)
	node.Stderr = t.Output()

	stdin, err := node.StdinPipe() // the server ends with its stdin
	if err != nil {
		t.Fatal(err)
	}

	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := node.Start(); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		_ = stdin.Close()
		_ = node.Wait()
	})

	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("Medplum does not start: %v", err)
	}

	return strings.TrimSpace(line)
}

// nodeFlags gives Node.js 20 the WebSocket that Medplum's core expects from 22 on.
func nodeFlags(t *testing.T) []string {
	t.Helper()

	version, err := exec.CommandContext(t.Context(), "node", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}

	if strings.HasPrefix(string(version), "v20.") || strings.HasPrefix(string(version), "v21.") {
		return []string{"--experimental-websocket", "--no-warnings"}
	}

	return []string{"--no-warnings"}
}

// installMedplum installs the locked packages into a folder of the user's cache that is named
// after their content, and returns it. It is done once per machine.
func installMedplum(t *testing.T) (string, error) {
	t.Helper()

	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", errors.New(program + " is not installed")
		}
	}

	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}

	files := []string{"package.json", "package-lock.json", "server.mjs"}
	hash := sha256.New()
	contents := map[string][]byte{}

	for _, name := range files {
		data, err := os.ReadFile(filepath.Join("testdata", "medplum", name))
		if err != nil {
			t.Fatal(err)
		}

		contents[name] = data
		_, _ = hash.Write(data)
	}

	home := filepath.Join(cache, "sluse", "medplum-"+hex.EncodeToString(hash.Sum(nil))[:16])
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}

	return home, fillCache(t, home, contents)
}

// fillCache installs beside home and moves it there in one step, so that a broken or a
// second installation never leaves half a folder.
func fillCache(t *testing.T, home string, contents map[string][]byte) error {
	t.Helper()

	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return err
	}

	work, err := os.MkdirTemp(filepath.Dir(home), "installing-") //nolint:usetesting // it must be on the file system it is moved within
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	for name, data := range contents {
		if err := os.WriteFile(filepath.Join(work, name), data, 0o600); err != nil {
			return err
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), installLimit)
	defer cancel()

	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir, npm.Stdout, npm.Stderr = work, io.Discard, t.Output()

	if err := npm.Run(); err != nil {
		return errors.New("npm ci failed: " + err.Error())
	}

	if err := os.Rename(work, home); err != nil {
		if _, other := os.Stat(home); other == nil {
			return nil // somebody else was first
		}

		return err
	}

	return nil
}
