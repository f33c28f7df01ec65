package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPeople brings employees and units in from the command line.
func TestPeople(t *testing.T) {
	t.Parallel()

	_, file := town(t)
	write := func(name, text string) string {
		t.Helper()

		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}

		return path
	}

	units := write("enheder.csv", "Enheds-id;Navn;Overordnet;Kørelister\nsyd-1;Syd 1;;Syd 1*\n")
	good := write("medarbejdere.csv", "Initialer;Navn;Enhed;Rolle\nMSK;Mona Skov;syd-1;Medarbejder\n")
	bad := write("fejl.csv", "Initialer;Navn;Enhed;Rolle\nMSK;Mona Skov;findes-ikke;Chef\n")

	if code, _, stderr := call(t, "migrate", "up", "-config", file); code != 0 {
		t.Fatal(stderr)
	}

	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "usage", []string{}},
		{2, "-municipality is missing", []string{"import", "-config", file, good}},
		{2, "-kind is", []string{"import", "-config", file, "-municipality", "testby", "-kind", "x", good}},
		{1, "there is no municipality x", []string{"import", "-config", file, "-municipality", "x", good}},
		{0, "indlæst: nye 1, ændrede 0, fjernede 0, uændrede 0", []string{"import", "-config", file, "-municipality", "testby", "-kind", "units", units}},
		{1, "fejl: række 2, Enhed: ", []string{"import", "-config", file, "-municipality", "testby", "-dry-run", bad}},
		{1, "Intet er ændret", []string{"import", "-config", file, "-municipality", "testby", bad}},
		{0, "prøve: nye 1, ", []string{"import", "-config", file, "-municipality", "testby", "-dry-run", good}},
		{0, "ny MSK\nindlæst: nye 1, ", []string{"import", "-config", file, "-municipality", "testby", good}},
		{0, "indlæst: nye 0, ændrede 0, fjernede 0, uændrede 1", []string{"import", "-config", file, "-municipality", "testby", good}},
	} {
		code, out, stderr := call(t, append([]string{"people"}, c.args...)...)
		if code != c.code || !strings.Contains(out+stderr, c.want) || strings.Contains(out+stderr, "Mona") {
			t.Errorf("%v: %d %s%s", c.args, code, out, stderr)
		}
	}
}
