package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// call runs the program and returns its exit code and what it printed.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()

	var out, err strings.Builder

	code = run(t.Context(), args, std{out: &out, err: &err})

	return code, out.String(), err.String()
}

// town makes simulated peers and the configuration of two municipalities, and returns its path.
func town(t *testing.T) (w *world.World, file string) {
	t.Helper()

	addr, err := world.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	w, err = world.Start(t.Context(), world.Options{
		Dir: t.TempDir(), Clock: time.Now, Listen: addr, Seed: 7,
		Municipalities: []world.Municipality{{ID: "testby", Name: "Testby Kommune", Host: "127.0.0.1"}, {ID: "proeveby", Name: "Prøveby Kommune", Host: "localhost"}},
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})

	return w, w.ConfigFile
}

// secretsOf are the texts that must never be printed.
func secretsOf(t *testing.T, w *world.World) []string {
	t.Helper()

	var secrets []string

	for _, name := range []string{"vdx.secret", "history.key", "testby/links.key", "testby/encryption.json", "testby/lookup.json", "proeveby/links.key"} {
		data, err := os.ReadFile(filepath.Join(w.Dir, name))
		if err != nil {
			t.Fatal(err)
		}

		secrets = append(secrets, string(data))
	}

	return secrets
}

func TestUsage(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "none.yaml")

	tests := map[string]struct {
		args []string
		code int
		want string // on standard error
	}{
		"nothing":              {nil, 2, "sluse serve"},
		"unknown":              {[]string{"fly"}, 2, "sluse serve"},
		"serve without file":   {[]string{"serve"}, 2, "-config is missing"},
		"serve with more":      {[]string{"serve", "-config", file, "now"}, 2, "serve takes 0 arguments besides flags, not 1"},
		"unknown flag":         {[]string{"serve", "-port", "1"}, 2, "not defined: -port"},
		"help of a command":    {[]string{"serve", "-h"}, 0, "-role"},
		"migrate what":         {[]string{"migrate"}, 2, "migrate up or status?"},
		"migrate down":         {[]string{"migrate", "down", "-config", file}, 2, "migrate up or status?"},
		"migrate without file": {[]string{"migrate", "up"}, 2, "-config is missing"},
		"config what":          {[]string{"config"}, 2, "config what?"},
		"config unknown":       {[]string{"config", "write"}, 2, "config write"},
		"check without file":   {[]string{"config", "check"}, 2, "-config is missing"},
		"import without list":  {[]string{"import", "-config", file, "-municipality", "testby"}, 2, "import takes 1 arguments besides flags, not 0"},
		"import two lists":     {[]string{"import", "-config", file, "-municipality", "testby", "a", "b"}, 2, "import takes 1 arguments besides flags, not 2"},
		"no file":              {[]string{"config", "check", "-config", file}, 1, "no such file"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			code, out, stderr := call(t, tt.args...)
			if code != tt.code || out != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, printed %q, told %s", code, out, stderr)
			}
		})
	}

	if code, out, stderr := call(t, "help"); code != 0 || !strings.Contains(out, "sluse serve") || stderr != "" {
		t.Errorf("help: exit code %d, %s", code, stderr)
	}
}

func TestConfigCommands(t *testing.T) {
	t.Parallel()

	w, file := town(t)

	if code, out, stderr := call(t, "config", "check", "-config", file); code != 0 || out != "ok: 2 municipalities\n" {
		t.Errorf("check: exit code %d, %s%s", code, out, stderr)
	}

	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	bad := filepath.Join(w.Dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte(strings.Replace(string(data), "log_level: warn", "log_level: loud\ntypo: 1", 1)), 0o600); err != nil {
		t.Fatal(err)
	}

	code, _, stderr := call(t, "config", "check", "-config", bad)
	for _, want := range []string{"bad.yaml has 2 problems:", "line 3: log_level: must be", "line 4: typo: is no key"} {
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("check of a bad file: exit code %d, %q is missing: %s", code, want, stderr)
		}
	}

	reference, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}

	if code, out, _ := call(t, "config", "reference"); code != 0 || out != string(reference) {
		t.Errorf("reference: exit code %d", code)
	}
}

func TestConfigKeys(t *testing.T) {
	t.Parallel()

	made := map[string]bool{}

	for range 2 {
		code, out, stderr := call(t, "config", "keys")
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d: %s", code, stderr)
		}

		var keys map[string]string
		if err := json.Unmarshal([]byte(out), &keys); err != nil {
			t.Fatal(err)
		}

		for _, name := range []string{"encryption", "lookup", "links"} {
			if len(keys[name]) < 32 || made[keys[name]] {
				t.Errorf("%s is short, or the same as before", name)
			}

			made[keys[name]] = true
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()

	if code, out, _ := call(t, "version"); code != 0 || !strings.HasPrefix(out, "sluse ") || !strings.Contains(out, "go1.") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestMigrateServeImport(t *testing.T) {
	t.Parallel()

	w, file := town(t)
	all := &strings.Builder{}
	must := func(want int, args ...string) string {
		t.Helper()

		code, out, stderr := call(t, args...)
		all.WriteString(out + stderr)

		if code != want {
			t.Fatalf("%v: exit code %d, want %d: %s%s", args, code, want, out, stderr)
		}

		return out + stderr
	}

	if got := must(1, "serve", "-config", file); !strings.Contains(got, "municipality testby: database schema") {
		t.Errorf("serve before migrate: %s", got)
	}

	if got := must(1, "migrate", "status", "-config", file); !strings.Contains(got, "testby: ") || !strings.Contains(got, " missing") {
		t.Errorf("status before: %s", got)
	}

	if got := must(0, "migrate", "up", "-config", file); !strings.HasPrefix(got, "testby: version ") || !strings.Contains(got, "proeveby: version ") {
		t.Errorf("up: %s", got)
	}

	if got := must(0, "migrate", "status", "-config", file); strings.Contains(got, "missing") {
		t.Errorf("status after: %s", got)
	}

	must(0, "migrate", "up", "-config", file)

	if got := must(2, "serve", "-config", file, "-role", "boss"); !strings.Contains(got, "-role is all, web or worker") {
		t.Errorf("role: %s", got)
	}

	importLists(t, must, file)
	all.WriteString(serveOnce(t, file))

	for _, secret := range append(secretsOf(t, w), "Vestergaard", "0212159995", "021215-9995", "20000011") {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%.6s… was printed", secret)
		}
	}
}

// TestDoctor looks at the simulated VDX: everything is well, then the key is wrong.
func TestDoctor(t *testing.T) {
	t.Parallel()

	w, file := town(t)

	code, out, stderr := call(t, "doctor", "-config", file, "-municipality", "testby")
	if code != 0 || !strings.Contains(out, "VDX svarer og kender os.") || strings.Contains(out, "proeveby") {
		t.Errorf("exit code %d: %s%s", code, out, stderr)
	}

	if code, _, stderr := call(t, "doctor", "-config", file, "-municipality", "ingensteder"); code != 1 || !strings.Contains(stderr, "ingensteder") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	if err := os.WriteFile(filepath.Join(w.Dir, "vdx.secret"), []byte("forkert-hemmelighed"), 0o600); err != nil {
		t.Fatal(err)
	}

	code, out, stderr = call(t, "doctor", "-config", file)
	if code != 1 || !strings.Contains(out, "fejl") || !strings.Contains(out, "Prøveby") || strings.Contains(out+stderr, "forkert-hemmelighed") {
		t.Errorf("exit code %d: %s%s", code, out, stderr)
	}
}

// importLists imports a list whose days lie ahead, with a row that is wrong.
func importLists(t *testing.T, must func(want int, args ...string) string, file string) {
	t.Helper()

	day := care.DayOf(time.Now()).Add(2)
	list := filepath.Join(t.TempDir(), "liste.csv")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	write(list, "Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats\n"+
		string(day)+";08:00;08:20;T-1;LBH;Øst dag;0212159995;Bo Vestergaard;20000011;Tilsyn/omsorg\n"+
		string(day)+";25:00;25:20;T-2;LBH;Øst dag;0212159995;Bo Vestergaard;20000011;Tilsyn/omsorg\n"+
		string(day)+";09:00;08:20;T-3;LBH;Øst dag;02121599;Bo Vestergaard;2000;Tilsyn/omsorg\n")

	args := []string{"import", "-config", file, "-municipality", "testby"}

	preview := must(0, append(args, "-preview", list)...)
	for _, want := range []string{"3 rækker i filen, 2 kan ikke importeres\n", "nye 1, flyttede 0, ændrede 0, væk 0, uændrede 0\n", "fejl: række 3", "fejl: række 4"} {
		if !strings.Contains(preview, want) {
			t.Errorf("preview: %q is missing in\n%s", want, preview)
		}
	}

	if strings.Contains(preview, "importeret") {
		t.Errorf("a preview imports: %s", preview)
	}

	if got := must(0, append(args, list)...); !strings.Contains(got, "importeret: nye 1, flyttede 0, ændrede 0, væk 0, uændrede 0\n") {
		t.Errorf("import: %s", got)
	}

	if got := must(0, append(args, list)...); !strings.Contains(got, "importeret: nye 0, flyttede 0, ændrede 0, væk 0, uændrede 1\n") {
		t.Errorf("import again: %s", got)
	}

	bad := filepath.Join(t.TempDir(), "hej.csv")
	write(bad, "hej\n")

	if got := must(1, append(args, bad)...); !strings.Contains(got, "Filen ligner ikke en køreliste") {
		t.Errorf("import of no list: %s", got)
	}

	if got := must(1, append(args, filepath.Join(t.TempDir(), "none.csv"))...); !strings.Contains(got, "read list") {
		t.Errorf("import of no file: %s", got)
	}

	if got := must(1, "import", "-config", file, "-municipality", "andenby", list); !strings.Contains(got, "there is no municipality andenby") {
		t.Errorf("import elsewhere: %s", got)
	}

	if got := must(2, "import", "-config", file, list); !strings.Contains(got, "-municipality is missing") {
		t.Errorf("import nowhere: %s", got)
	}
}

// serveOnce runs the service until it is ready, then interrupts it, and returns its log.
func serveOnce(t *testing.T, file string) string {
	t.Helper()

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "log_level: warn", "log_level: info", 1)), 0o600); err != nil {
		t.Fatal(err)
	}

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()

	log := &watch{on: `"msg":"ready"`, then: interrupt}
	if code := run(ctx, []string{"serve", "-config", file}, std{out: log, err: log}); code != 0 {
		t.Errorf("serve: exit code %d: %s", code, log.text.String())
	}

	for _, want := range []string{`"address":"127.0.0.1:`, `"municipalities":2`, `"msg":"stopping"`} {
		if !strings.Contains(log.text.String(), want) {
			t.Errorf("%s is not logged: %s", want, log.text.String())
		}
	}

	return log.text.String()
}

// watch collects a log, and calls then once a text has come by.
type watch struct {
	on   string
	then func()

	mu   sync.Mutex
	text strings.Builder
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.text.Write(p)

	if strings.Contains(w.text.String(), w.on) {
		w.then()
	}

	return len(p), nil
}

// TestLoginFingerprints: what is to be confirmed is the same from a file and from the address.
func TestLoginFingerprints(t *testing.T) {
	t.Parallel()

	w, _ := town(t)
	file := filepath.Join(t.TempDir(), "idp.xml")

	if err := os.WriteFile(file, w.IDP.Metadata(), 0o600); err != nil {
		t.Fatal(err)
	}

	code, fromFile, stderr := call(t, "login", "fingerprints", file)
	if code != 0 || !strings.Contains(fromFile, w.IDP.EntityID()) || !strings.Contains(fromFile, "SHA-256") || !strings.Contains(fromFile, "idp_fingerprints:") {
		t.Errorf("%d %s\n%s", code, stderr, fromFile)
	}

	if code, fromAddress, stderr := call(t, "login", "fingerprints", w.LoginURL+"/metadata"); code != 0 || fromAddress != fromFile {
		t.Errorf("%d %s\n%s", code, stderr, fromAddress)
	}

	if code, _, _ := call(t, "login", "fingerprints", file+".missing"); code != 1 {
		t.Errorf("a file that is missing: %d", code)
	}

	if code, _, _ := call(t, "login", "now"); code != 2 {
		t.Errorf("no such command: %d", code)
	}
}
