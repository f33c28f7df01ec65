package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// list is a driving list with two visits that can be converted, over midnight, of a team and
// employees that only this list knows, and one without an employee.
const list = `Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype
24-12-2026;22:30;22:45;A-1;ZZ1;Team Havn;0212159995;Bo Vestergaard;20000011;Ernæringsvejledning;SUL §138;Planlagt besøg
24-12-2026;23:50;00:10;A-2;ZZ2;Team Havn;0504909989;Rasmus Lauridsen;20000012;Tilsyn/omsorg;SEL §83;Planlagt besøg
25-12-2026;01:30;01:50;A-3;;Team Havn;0504909995;Magnus Lauridsen;20000013;Tilsyn/omsorg;Ældreloven;Planlagt besøg
`

func write(t *testing.T, text string) string {
	t.Helper()

	path := filepath.Join(t.TempDir(), "liste.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	return path
}

// played runs the program and returns what it printed.
func played(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()

	var out, err strings.Builder

	code = run(t.Context(), args, &out, &err)

	return code, out.String(), err.String()
}

func TestWalkPrintsOneObject(t *testing.T) {
	t.Parallel()

	code, out, stderr := played(t, "-walk", "-json", "-eid", "both", "-list", write(t, list))
	if code != 0 {
		t.Fatalf("exit code %d: %s %s", code, out, stderr)
	}

	got := map[string]any{}

	decoder := json.NewDecoder(strings.NewReader(out))
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	if _, err := decoder.Token(); err != io.EOF {
		t.Errorf("more than one object: %s", out)
	}

	if got["record"] != "fhir" || got["rules"] != "plain" {
		t.Errorf("record %v, rules %v", got["record"], got["rules"])
	}

	want := map[string]float64{
		"rows": 3, "converted": 2, "rooms_booked": 2, "rooms_live": 2, "invitations_delivered": 2, "joined": 2, "completed": 2,
		"not_completed": 0, "entries_planned": 2, "entries_result": 2, "duplicate_rooms": 0, "duplicate_entries": 0, "lost": 0,
		"taken_back": 0, "restored": 0, "restored_exact": 0, "not_possible": 0, "active_violations": 0,
	}
	for field, n := range want {
		if have, ok := got[field]; !ok || have != n {
			t.Errorf("%s is %v, want %v", field, have, n)
		}
	}

	if seconds, calls := got["seconds"].(float64), got["remote_calls"].(float64); seconds <= 0 || calls < 10 {
		t.Errorf("seconds %v, remote calls %v", got["seconds"], got["remote_calls"])
	}
}

func TestWalkTellsAStory(t *testing.T) {
	t.Parallel()

	code, out, stderr := played(t, "-walk", "-addr", "localhost:0", "-eid", "oidc", "-list", write(t, list))
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}

	for _, want := range []string{"3 rækker", "24-12 22.30  ZZ1", "24-12 23.50  ZZ2", "Gennemført", "omlagt til skærmbesøg      2", "med MitID / kode           2 / 2", "hos anden udbyder   2"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}

	for _, hidden := range []string{"0212159995", "Vestergaard", "20000011"} {
		if strings.Contains(out, hidden) {
			t.Errorf("the story tells %q", hidden)
		}
	}
}

// TestServeUntilInterrupted starts the demo for a person, and interrupts it once it is ready.
func TestServeUntilInterrupted(t *testing.T) {
	t.Parallel()

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()

	ready := &watch{on: "Stop med Ctrl-C", then: interrupt}

	if code := run(ctx, []string{"-addr", "127.0.0.1:0", "-list", write(t, list)}, ready, io.Discard); code != 0 {
		t.Errorf("exit code %d", code)
	}

	for _, want := range []string{"Planlæggerens dag", "/min-dag", "Borgernes sms'er", "Borgernes e-mails", "Videorummene", "Omsorgsjournalen", " PLAN", " ZZ1", "liste.csv"} {
		if !strings.Contains(ready.text, want) {
			t.Errorf("%q is missing in\n%s", want, ready.text)
		}
	}
}

// watch calls then once the text has come by.
type watch struct {
	on, text string
	then     func()
}

func (w *watch) Write(p []byte) (int, error) {
	w.text += string(p)

	if strings.Contains(w.text, w.on) {
		w.then()
	}

	return len(p), nil
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	var lc net.ListenConfig

	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })

	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"unknown flag":         {[]string{"-nonsense"}, 2, "not defined"},
		"stray argument":       {[]string{"now"}, 2, `"now" is no flag`},
		"faults too many":      {[]string{"-faults", "2"}, 2, "-faults must be between 0 and 0.9"},
		"eid":                  {[]string{"-eid", "nemid"}, 2, "-eid must be one of [saml oidc both]"},
		"record":               {[]string{"-ehr", "cura"}, 2, "-ehr must be one of [file fhir nexus]"},
		"rules":                {[]string{"-rules", "aarhus"}, 2, "-rules must be one of [holbaek viborg varde plain]"},
		"faults negative":      {[]string{"-faults", "-0.1"}, 2, "-faults must be between 0 and 0.9"},
		"faults no number":     {[]string{"-faults", "NaN"}, 2, "-faults must be between 0 and 0.9"},
		"JSON of nothing":      {[]string{"-json"}, 2, "-json needs -walk"},
		"help":                 {[]string{"-h"}, 0, "-walk"},
		"open address":         {[]string{"-walk", "-addr", "0.0.0.0:0"}, 1, "no loopback host:port"},
		"no port":              {[]string{"-walk", "-addr", "localhost"}, 1, "no loopback host:port"},
		"address in use":       {[]string{"-walk", "-addr", taken.Addr().String(), "-list", write(t, list)}, 1, "choose another address with -addr"},
		"no list":              {[]string{"-walk", "-list", "findes-ikke.csv"}, 1, "read list"},
		"no driving list":      {[]string{"-walk", "-list", write(t, "hej\n")}, 1, "Filen ligner ikke en køreliste"},
		"list without rows":    {[]string{"-walk", "-list", write(t, list[:strings.IndexByte(list, '\n')+1])}, 1, "no row that can be imported"},
		"nothing to convert":   {[]string{"-walk", "-list", write(t, strings.NewReplacer("Ernæringsvejledning", "Sårbehandling", "Tilsyn/omsorg", "Sårbehandling").Replace(list))}, 1, "no visit on the list can be converted: 3 x Indsatsen kan ikke gives på skærm"},
		"no database":          {[]string{"-walk", "-db", "postgres://u:hemmelig@127.0.0.1:1/x"}, 1, "-db: a schema can't be made there"},
		"another database":     {[]string{"-walk", "-db", "mysql://u:hemmelig@127.0.0.1/x"}, 1, "-db is neither sqlite nor the address of a PostgreSQL database"},
		"database port":        {[]string{"-walk", "-db", "postgres://u:hemmelig@127.0.0.1:port/x"}, 1, "-db is neither sqlite nor the address of a PostgreSQL database"},
		"database setting":     {[]string{"-walk", "-db", "postgres://u:hemmelig@127.0.0.1/x?sslmode=hemmelig"}, 1, "-db: "},
		"database of no words": {[]string{"-walk", "-db", "u:hemmelig@"}, 1, "-db is neither sqlite nor"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			code, out, stderr := played(t, tt.args...)
			if code != tt.code || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d: %s", code, stderr)
			}

			if strings.Contains(out+stderr, "hemmelig") {
				t.Errorf("the password is told: %s", stderr)
			}
		})
	}
}
