package momentum_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/momentum"
	"github.com/sluse/sluse/ehr/momentum/momentumsim"
	"github.com/sluse/sluse/scheduler/care"
)

const nancy = "2512489996"

func now() time.Time { return time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC) }

type bench struct {
	*momentum.Journal

	sim  *momentumsim.Server
	logs *bytes.Buffer
}

func setup(t *testing.T, options momentumsim.Options, changes ...func(*momentum.Config)) bench {
	t.Helper()

	options.Clock = now
	sim := momentumsim.New(options, momentumsim.Citizen{ID: 17, CPR: nancy}, momentumsim.Citizen{ID: 18, CPR: "0201609995"}, momentumsim.Citizen{ID: 19, CPR: "2512481AB6"})
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)

	config := momentum.Config{
		BaseURL: server.URL + "/api", TokenURL: server.URL + "/token", Resource: momentumsim.Resource, ClientID: momentumsim.ClientID,
		ClientSecret: care.NewSecret(momentumsim.Secret), APIKey: care.NewSecret(momentumsim.APIKey), Write: true,
	}
	config.SetDefaults()

	for _, c := range changes {
		c(&config)
	}

	logs := &bytes.Buffer{}

	j, err := momentum.New(config, momentum.Options{Now: now, Log: slog.New(slog.NewJSONHandler(logs, nil))})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(j.Close)

	return bench{j, sim, logs}
}

func change(cpr, key string) ehr.Change {
	number, _, _ := care.ParseCPR(cpr)

	return ehr.Change{
		Key: key, Kind: care.EntryResult, Means: care.ByJournal, Citizen: care.KeyOf(number, care.SurrogateID{}), Name: "Skærmbesøg",
		Title: "Gennemført skærmbesøg", Text: "Gennemført skærmbesøg: Medicin den 24-11-2026 kl. 08.30 til 08.45.", Result: care.ResultCompleted,
	}
}

// TestNotes writes each note once, whoever tries it how often, calm and with faults.
func TestNotes(t *testing.T) {
	t.Parallel()

	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()

			options := momentumsim.Options{Seed: seed, Faults: 0.3}
			if seed == 0 {
				options.Faults = 0
			}

			b := setup(t, options)
			receipts := make([]ehr.Receipt, 4)

			for i, key := range []string{"v1/result/1.1", "v1/result/1.1", "v2/result/1.1", "v1/result/1.1"} {
				receipts[i] = retry(t, b, change(nancy, key))
			}

			if receipts[0] != receipts[1] || receipts[0] != receipts[3] || receipts[0] == receipts[2] {
				t.Errorf("receipts %v", receipts)
			}

			if notes := b.sim.Journal(nancy); len(notes) != 2 || notes[0].Type != "Skærmbesøg" {
				t.Errorf("journal %+v", notes)
			}

			b.leaks(t)
		})
	}
}

// retry does what the queue does.
func retry(t *testing.T, b bench, c ehr.Change) ehr.Receipt {
	t.Helper()

	var last error

	for range 20 {
		receipt, err := b.Apply(t.Context(), c)
		if err == nil {
			return receipt
		}

		if last = err; strings.Contains(err.Error(), nancy[6:]) {
			t.Errorf("the error shows a number: %v", err)
		}
	}

	t.Fatalf("never written: %v", last)

	return ehr.Receipt{}
}

func (b bench) leaks(t *testing.T) {
	t.Helper()

	for _, path := range b.sim.Paths() {
		if strings.Contains(path, nancy) {
			t.Errorf("a number in an address: %s", path)
		}
	}

	for _, secret := range []string{nancy, momentumsim.Secret, momentumsim.APIKey, "Bearer"} {
		if strings.Contains(b.logs.String(), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}

// TestAtOnce: two journals that write the same note one after the other, and others at once.
func TestAtOnce(t *testing.T) {
	t.Parallel()

	b := setup(t, momentumsim.Options{})

	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if _, err := b.Apply(t.Context(), change(nancy, fmt.Sprint("v", i))); err != nil {
				t.Error(err)
			}
		})
	}

	group.Wait()

	if n := len(b.sim.Journal(nancy)); n != 8 {
		t.Errorf("%d notes", n)
	}
}

// TestRefusals: what can't be written says so in Danish, and writes nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		how  func(*ehr.Change)
		kind connector.Kind
	}{
		"another means":  {func(c *ehr.Change) { c.Means = care.OnList }, connector.Unsupported},
		"no key":         {func(c *ehr.Change) { c.Key = "" }, connector.Rejected},
		"no CPR":         {func(c *ehr.Change) { c.Citizen = care.CitizenKey{} }, connector.Rejected},
		"a code inside":  {func(c *ehr.Change) { c.Text += " PIN 482913" }, connector.Rejected},
		"nobody's":       {func(c *ehr.Change) { *c = change("0201609996", "k") }, connector.NotFound},
		"refused by it ": {func(c *ehr.Change) { c.Name = "" }, connector.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b, wanted := setup(t, momentumsim.Options{}), change(nancy, "k")
			c.how(&wanted)

			_, err := b.Apply(t.Context(), wanted)
			if connector.KindOf(err) != c.kind || care.KindOf(err) == 0 || len(b.sim.Journal(nancy)) != 0 {
				t.Errorf("%v, journal %v", err, b.sim.Journal(nancy))
			}
		})
	}

	off := setup(t, momentumsim.Options{}, func(c *momentum.Config) { c.Write = false })
	if _, err := off.Apply(t.Context(), change(nancy, "k")); !connector.Is(err, connector.Unsupported) || off.Means() != nil {
		t.Errorf("off: %v, %v", err, off.Means())
	}
}

// TestTokenEnds: an ended token is renewed once.
func TestTokenEnds(t *testing.T) {
	t.Parallel()

	b := setup(t, momentumsim.Options{})
	if findings := b.Check(t.Context()); findings[0].Level != connector.Fine {
		t.Errorf("%+v", findings)
	}

	b.sim.Expire()

	if _, err := b.Apply(t.Context(), change(nancy, "k")); err != nil {
		t.Error(err)
	}

	wrong := setup(t, momentumsim.Options{}, func(c *momentum.Config) { c.APIKey = care.NewSecret("x") })
	if findings := wrong.Check(t.Context()); findings[0].Level != connector.Failing {
		t.Errorf("%+v", findings)
	}

	if _, err := wrong.Apply(t.Context(), change(nancy, "k")); !connector.Is(err, connector.Unauthorized) {
		t.Errorf("wrong key: %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()

	if problems := (momentum.Config{}).Validate(); len(problems) != 10 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
}
