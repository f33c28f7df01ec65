package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/config"
)

// environment stands in for the process's.
type environment map[string]string

func (e environment) lookup(name string) (string, bool) {
	value, ok := e[name]

	return value, ok
}

func secrets() environment {
	return environment{
		"ENCRYPTION": "nøglesæt til kryptering", "LOOKUP": "nøglesæt til opslag", "LINKS": strings.Repeat("l", 32), "VDX": "vdx",
		"ENCRYPTION2": "andet nøglesæt til kryptering", "LOOKUP2": "andet nøglesæt til opslag", "LINKS2": strings.Repeat("m", 32),
	}
}

// minimal is the shortest file that is right. Line numbers of the tests below refer to it.
const minimal = `listen: 127.0.0.1:0
municipalities:
  - id: testby
    name: Testby Kommune
    hosts: ["127.0.0.1:8080"]
    public_url: http://127.0.0.1:8080
    phone: "89 00 00 00"
    database: {url: "sqlite:/tmp/a.db"}
    keys:
      encryption: {env: ENCRYPTION}
      lookup: {env: LOOKUP}
      links: {env: LINKS}
    units:
      - {id: oest, name: Øst, lists: ["Øst*"], live_from: "2026-11-01"}
    roles:
      - {group: plan, role: planner, unit: oest}
    login: {idp_metadata_file: idp.xml, certificate_file: c.pem, key_file: k.pem}
    video:
      vdx: {base_url: https://v.example, token_url: https://t.example, client_id: c, client_secret: {env: VDX}}
    messages:
      sender: Testby
      sms: {base_url: https://s.example, token_url: https://t.example, client_id: c, client_secret: {env: VDX}}
    record:
      file: {dir: /tmp/lister}
`

// second is a second municipality that goes with minimal.
const second = `  - id: proeveby
    name: Prøveby Kommune
    hosts: ["localhost:8080"]
    public_url: http://localhost:8080
    phone: "89 00 00 01"
    database: {url: "sqlite:/tmp/b.db"}
    keys: {encryption: {env: ENCRYPTION2}, lookup: {env: LOOKUP2}, links: {env: LINKS2}}
    units: [{id: oest, name: Øst, lists: ["Øst*"]}]
    roles: [{group: plan, role: planner, unit: "*"}]
    login: {idp_metadata_file: idp.xml, certificate_file: c.pem, key_file: k.pem}
    video:
      vdx: {base_url: https://v.example, token_url: https://t.example, client_id: c, client_secret: {env: VDX}}
    messages:
      sender: Prøveby
      sms: {base_url: https://s.example, token_url: https://t.example, client_id: c, client_secret: {env: VDX}}
    record:
      file: {dir: /tmp/andre}
`

// edit replaces texts of the minimal file; each has to stand in it.
func edit(t *testing.T, text string, pairs ...string) string {
	t.Helper()

	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in the file", pairs[i])
		}

		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}

	return text
}

// faults parses a text and returns its problems, a line each.
func faults(t *testing.T, text string, env environment) []string {
	t.Helper()

	_, err := config.Parse([]byte(text), env.lookup)
	if err == nil {
		return nil
	}

	var problems config.ProblemsError
	if !errors.As(err, &problems) {
		t.Fatalf("%T: %v", err, err)
	}

	out := make([]string, len(problems))
	for i, p := range problems {
		out[i] = strings.ReplaceAll(p.String(), "municipalities[0].", "m.")
	}

	return out
}

func TestMinimalFileHasDefaults(t *testing.T) {
	t.Parallel()

	for name, text := range map[string]string{
		"plain": minimal, "BOM": "\ufeff" + minimal, "CRLF": strings.ReplaceAll(minimal, "\n", "\r\n"), "two": minimal + second,
		"null":           minimal + "    times:\n    rules:\n",
		"empty sections": minimal + "    times: {}\n    rules: {}\n",
		"document start": "---\n" + minimal,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c, err := config.Parse([]byte(text), secrets().lookup)
			if err != nil {
				t.Fatal(err)
			}

			m := c.Municipalities[0]
			got := map[string]any{
				"log": c.LogLevel, "stop": c.StopTimeout, "video": m.Video.Kind, "participants": m.Video.Participants,
				"record": m.Record.Kind, "suitability": m.Rules.UnknownSuitability, "lead": m.Rules.MinimumLead, "door": m.Times.Door,
				"cap": m.Times.HardCap, "reminder": m.Times.Reminder, "base": m.Login.BaseURL, "pin": m.Video.VDX.ConnectTimeout,
				"screen": m.Rules.ScreenCategories[0], "absent": len(m.Rules.AbsentStatuses), "lookup": m.Keys.Lookup.Reveal(),
			}
			want := map[string]any{
				"log": "info", "stop": 20 * time.Second, "video": "vdx", "participants": 5,
				"record": "file", "suitability": "yellow", "lead": 30 * time.Minute, "door": 15 * time.Minute,
				"cap": time.Hour, "reminder": time.Duration(0), "base": "http://127.0.0.1:8080", "pin": 5 * time.Second,
				"screen": "Planlagt skærmbesøg", "absent": 4, "lookup": "nøglesæt til opslag",
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExplicitZeroStaysZero(t *testing.T) {
	t.Parallel()

	c, err := config.Parse([]byte(minimal+"    times: {hard_cap: 0s}\n    rules: {minimum_lead: 0s}\n"), secrets().lookup)
	if err != nil {
		t.Fatal(err)
	}

	m := c.Municipalities[0]
	if m.Times.HardCap != 0 || m.Rules.MinimumLead != 0 || m.Times.Door != 15*time.Minute || m.Rules.UnknownSuitability != "yellow" {
		t.Errorf("read %+v, %+v", m.Times, m.Rules)
	}
}

func TestWritingIsStrict(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		text string
		want []string
	}{
		"empty":                {"", []string{"municipalities: must name at least one municipality"}},
		"comment":              {"# intet\n", []string{"municipalities: must name at least one municipality"}},
		"a text":               {"hej", []string{"line 1: must be a section of keys"}},
		"a list":               {"- a", []string{"line 1: must be a section of keys"}},
		"unknown key":          {minimal + "    navn: x\n", []string{"line 25: m.navn: is no key; see sluse config reference"}},
		"unknown top key":      {minimal + "lisen: x\n", []string{"line 25: lisen: is no key; see sluse config reference"}},
		"unknown deep key":     {edit(t, minimal, "{dir: /tmp/lister}", "{dir: /tmp/lister, dri: x}"), []string{"line 24: m.record.file.dri: is no key; see sluse config reference"}},
		"unknown in list":      {edit(t, minimal, "group: plan,", "group: plan, goup: x,"), []string{"line 16: m.roles[0].goup: is no key; see sluse config reference"}},
		"unknown law":          {minimal + "      by_law: {SEL_84: {comment: x}}\n", []string{"line 25: m.record.by_law.SEL_84: is no law; use SUL_138, SEL_83, SEL_83A, SEL_85, SEL_OTHER, AEL or UNKNOWN"}},
		"unknown in a law":     {minimal + "      by_law: {SEL_83: {coment: x}}\n", []string{"line 25: m.record.by_law.SEL_83.coment: is no key; see sluse config reference"}},
		"key twice":            {minimal + "listen: 127.0.0.1:1\n", []string{`line 25: is no YAML: mapping key "listen" already defined at [1:1]`}},
		"tab":                  {"\tlisten: x\n", []string{"line 1: is no YAML: tab character cannot use as a map key directly"}},
		"open bracket":         {"listen: [\n", []string{"line 1: is no YAML: sequence end token ']' not found"}},
		"not UTF-8":            {"listen: x\nlog_level: \xe6\n", []string{"line 2: is not UTF-8"}},
		"two documents":        {minimal + "---\n" + minimal, []string{"line 25: a second document or a directive; the file is one document"}},
		"anchor":               {edit(t, minimal, "name: Testby Kommune", "name: &n Testby Kommune"), []string{"line 4: m.name: anchors, aliases and tags are not allowed; write the value out"}},
		"anchored section":     {edit(t, minimal, "file: {dir: /tmp/lister}", "file: &f {dir: /tmp/lister, bogus: 1}"), []string{"line 24: m.record.file: anchors, aliases and tags are not allowed; write the value out"}},
		"merge key":            {minimal + "    times:\n      <<: {door: 10m}\n", []string{"line 26: m.times.<<: is no key; see sluse config reference"}},
		"tag":                  {edit(t, minimal, `"89 00 00 00"`, "!!str 89000000"), []string{"line 7: m.phone: anchors, aliases and tags are not allowed; write the value out"}},
		"complex key":          {minimal + "? log_level\n: info\n", []string{"line 25: ?: is no key; see sluse config reference"}},
		"list for text":        {edit(t, minimal, "name: Testby Kommune", "name: [Testby]"), []string{"line 4: m.name: must be a text; write it in quotes"}},
		"text for list":        {edit(t, minimal, `hosts: ["127.0.0.1:8080"]`, `hosts: "127.0.0.1:8080"`), []string{"line 5: m.hosts: must be a list"}},
		"text for section":     {edit(t, minimal, `database: {url: "sqlite:/tmp/a.db"}`, `database: "sqlite:/tmp/a.db"`), []string{"line 8: m.database: must be a section of keys"}},
		"list for section":     {edit(t, minimal, `database: {url: "sqlite:/tmp/a.db"}`, `database: [x]`), []string{"line 8: m.database: must be a section of keys"}},
		"text for the list":    {"municipalities: testby\n", []string{"line 1: municipalities: must be a list"}},
		"number as a duration": {minimal + "    times: {reminder: 60}\n", []string{"line 25: m.times.reminder: must be a duration like 90s, 15m or 2h"}},
		"zero as a duration":   {minimal + "    times: {reminder: 0}\n", []string{"line 25: m.times.reminder: must be a duration like 90s, 15m or 2h"}},
		"days":                 {minimal + "    times: {reminder: 1d}\n", []string{"line 25: m.times.reminder: must be a duration like 90s, 15m or 2h"}},
		"octal text":           {edit(t, minimal, `"89 00 00 00"`, "0112"), []string{"line 7: m.phone: must be a text; write it in quotes"}},
		"hexadecimal text":     {edit(t, minimal, "Testby Kommune", "0x1f"), []string{"line 4: m.name: must be a text; write it in quotes"}},
		"true as text":         {edit(t, minimal, "Testby Kommune", "true"), []string{"line 4: m.name: must be a text; write it in quotes"}},
		"fraction":             {edit(t, minimal, "video:\n", "video:\n      participants: 5.5\n"), []string{"line 19: m.video.participants: must be a whole number"}},
		"text as number":       {edit(t, minimal, "video:\n", "video:\n      participants: \"5\"\n"), []string{"line 19: m.video.participants: must be a whole number"}},
		"huge number":          {edit(t, minimal, "video:\n", "video:\n      participants: 99999999999\n"), []string{"line 19: m.video.participants: must be a whole number"}},
		"huger number":         {edit(t, minimal, "video:\n", "video:\n      participants: 99999999999999999999999\n"), []string{"line 19: m.video.participants: must be a whole number"}},
		"yes":                  {edit(t, minimal, "login: {", "login: {force_authn: yes, "), []string{"line 17: m.login.force_authn: must be true or false"}},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tt.want, faults(t, tt.text, secrets())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDepthAndSizeAreBounded(t *testing.T) {
	t.Parallel()

	var deep strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&deep, "%*sa:\n", i, "")
	}

	for name, text := range map[string]string{
		"brackets": strings.Repeat("[", 100_000), "braces": strings.Repeat("{a: ", 20_000), "dashes": strings.Repeat("- ", 50_000) + "x",
		"indented": deep.String(), "question marks": strings.Repeat("? ", 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := faults(t, text, nil)
			if len(got) != 1 || !strings.HasSuffix(got[0], "more than 32 levels") {
				t.Errorf("%.200v", got)
			}
		})
	}

	if got := faults(t, strings.Repeat("#\n", 1<<20), nil); len(got) != 1 || got[0] != "the file has more than 1048576 bytes" {
		t.Errorf("%.200v", got)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	path := filepath.Join(dir, "sluse.yaml")

	if _, err := config.Load(path, secrets().lookup); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}

	if _, err := config.Load(dir, secrets().lookup); err == nil {
		t.Error("a directory is read")
	}

	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := config.Load(path, secrets().lookup); err != nil {
		t.Error(err)
	}

	if err := os.WriteFile(path, []byte(strings.Repeat(" ", 2<<20)), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := config.Load(path, secrets().lookup); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("a huge file: %v", err)
	}
}

// TestSecrets puts a secret's text into the place of the key for links.
func TestSecrets(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}

		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}

		return path
	}

	const hidden = "8f3kFh28sKfh28sKfh28sKfh28sKfh28"

	long := strings.Repeat("x", 65<<10)
	tests := map[string]struct{ secret, want string }{
		"file":           {"{file: " + write("good", hidden, 0o400) + "}", ""},
		"block":          {"\n        file: " + write("block", hidden, 0o600) + "\n", ""},
		"line end":       {"{file: " + write("lf", hidden+"\r\n", 0o600) + "}", ""},
		"group may read": {"{file: " + write("group", hidden, 0o440) + "}", ""},
		"all may read":   {"{file: " + write("open", hidden, 0o644) + "}", "is open to every user of the machine"},
		"all may write":  {"{file: " + write("write", hidden, 0o602) + "}", "is open to every user of the machine"},
		"no file":        {"{file: " + filepath.Join(dir, "none") + "}", "can't be read"},
		"directory":      {"{file: " + dir + "}", "is no file"},
		"empty file":     {"{file: " + write("empty", " \n", 0o600) + "}", "is empty"},
		"huge file":      {"{file: " + write("huge", long, 0o600) + "}", "has more than 65536 bytes"},
		"no variable":    {"{env: NONE}", "the environment variable NONE is not set or empty"},
		"empty variable": {"{env: EMPTY}", "the environment variable EMPTY is not set or empty"},
		"plain":          {hidden, "never in the file itself"},
		"plain number":   {"12345678", "never in the file itself"},
		"both":           {"{file: x, env: LINKS}", "never in the file itself"},
		"neither":        {"{}", "never in the file itself"},
		"more":           {"{env: LINKS, trim: true}", "never in the file itself"},
		"list":           {"[" + hidden + "]", "never in the file itself"},
		"left out":       {"", "must be set, with 32 characters or more"},
		"too short":      {"{env: VDX}", "must be set, with 32 characters or more"},
		"alias":          {"&l {env: LINKS}", "anchors, aliases and tags are not allowed"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if runtime.GOOS == "windows" && strings.HasPrefix(name, "all may") {
				t.Skip("no modes")
			}

			env := secrets()
			env["EMPTY"] = "  "

			got := faults(t, edit(t, minimal, "links: {env: LINKS}", "links: "+tt.secret), env)

			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("refused: %v", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want) || !strings.HasPrefix(got[0], "line 12: m.keys.links: ")):
				t.Errorf("got %q, want %q", got, tt.want)
			}

			if strings.Contains(fmt.Sprint(got), hidden) {
				t.Errorf("the problem quotes the secret: %v", got)
			}
		})
	}
}

func TestSyntaxErrorQuotesNoSecret(t *testing.T) {
	t.Parallel()

	got := faults(t, edit(t, minimal, "links: {env: LINKS}", "links: hemmelig: [hemmelig"), secrets())
	if len(got) != 1 || strings.Contains(got[0], "hemmelig") || !strings.HasPrefix(got[0], "line ") {
		t.Errorf("got %q", got)
	}
}

// TestEverythingAtOnce has faults of every sort in one file.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()

	text := edit(t, minimal,
		"listen: 127.0.0.1:0", "listen: nowhere\nlog_level: loud\ntypo: 1",
		"encryption: {env: ENCRYPTION}", "encryption: {env: NONE}",
		"lookup: {env: LOOKUP}", "lookup: {file: /none}",
		"links: {env: LINKS}", "links: plain",
		"role: planner", "role: boss",
		"sender: Testby", "sender: [Testby]",
		"client_id: c, client_secret: {env: VDX}}\n    messages", "client_secret: {env: NONE}}\n    messages",
	)
	want := []string{
		"line 1: listen: must be host:port",
		"line 2: log_level: must be debug, info, warn or error",
		"line 3: typo: is no key; see sluse config reference",
		"line 12: m.keys.encryption: the environment variable NONE is not set or empty",
		"line 13: m.keys.lookup: the secret's file /none can't be read",
		"line 14: m.keys.links: a secret is given as {file: PATH} or {env: NAME}, never in the file itself",
		"line 18: m.roles[0].role: must be planner, caregiver, leader, administrator, auditor or service_desk",
		"line 21: m.video.vdx.client_id: must be set",
		"line 21: m.video.vdx.client_secret: the environment variable NONE is not set or empty",
		"line 23: m.messages.sender: must be a text; write it in quotes",
	}

	if diff := cmp.Diff(want, faults(t, text, secrets())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(minimal + second))
	f.Add([]byte("a: &a [*a, <<: {b: 1}]\n? x\n: !!str y\n---\n\tz"))
	f.Add([]byte("municipalities: [{keys: {links: {env: LINKS}}, times: {door: 1}}, , ]"))
	f.Add([]byte("municipalities:\n- messages: {mail: {host: |\n  x\n  }}"))

	env := environment{"LINKS": "8f3kFh28sKfh28sKfh28sKfh28sKfh28"}

	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse(data, env.lookup)

		var problems config.ProblemsError
		if err == nil && len(c.Municipalities) == 0 || err != nil && (!errors.As(err, &problems) || len(problems) == 0) {
			t.Errorf("read %+v, %v", c, err)
		}

		if err != nil && strings.Contains(err.Error(), env["LINKS"]) {
			t.Error("a secret is quoted")
		}
	})
}
