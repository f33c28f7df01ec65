package e2e_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/sluse/sluse/internal/demo"
	"github.com/sluse/sluse/internal/world"
)

// TestNothingLeaks walks the main job with the log at its fullest and then looks for everything
// that is nobody's business in everything that was printed, logged, measured, sent and stored.
//
// Each place has its exemptions, and no others:
//   - an SMS is sent to a telephone number and holds its own link or code;
//   - the request that books a room holds the room's PINs, and requests carry their access token;
//   - the care record is told the citizen's CPR number, in the body, never in address or headers;
//   - a Nexus gets its own visit back with what it had put there, name and address among that;
//   - a room's dial-in address is stored in clear, and the platform's history is asked by it: it
//     names the room and lets nobody in.
//
// The database holds personal data only encrypted, and of links, codes and sessions only hashes.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()

	walks := []struct {
		video    world.VideoKind
		record   world.RecordKind
		rules    world.Practice
		postgres bool
	}{{video: world.VDX2}, {video: world.VDX1, record: world.NexusRecord, rules: world.Holbaek, postgres: true}, {video: world.Pexip}}

	for _, o := range walks {
		t.Run(fmt.Sprintf("%s, %s, postgres %t", o.video, o.record, o.postgres), func(t *testing.T) {
			t.Parallel()
			nothingLeaks(t, newWalk(t, o.postgres, demo.Options{Seed: 7, Video: o.video, Record: o.record, Practice: o.rules}))
		})
	}
}

func nothingLeaks(t *testing.T, w *walked) {
	t.Helper()

	// Somebody's session is ours, so that its token is known.
	planner := newPerson(t, w.Base, strings.TrimPrefix(w.Base, "http://")).login(w.World, "PLAN")
	w.walk()

	known := w.secrets(planner)
	metrics := planner.do(http.MethodGet, "/metrics", "", nil).body

	w.search(known, place{name: "output", text: append(w.out.Bytes(), w.report...)})
	w.search(known, place{name: "guide", text: []byte(w.Guide(w.Base))})
	w.search(known, place{name: "metrics", text: labels(metrics)})
	w.searchMessages(known)
	w.searchPlatform(known)
	w.searchRecord(known)
	w.searchLogins(known)

	if err := w.App.Stop(t.Context()); err != nil {
		t.Error(err)
	}

	w.search(known, place{name: "log", text: texts(t, w.log.Bytes())})

	if w.database != "" {
		w.searchTables(known)
	} else {
		w.searchFiles(known)
	}
}

// kind is a kind of secret.
type kind string

const (
	cpr     kind = "CPR number"
	name    kind = "name"
	address kind = "address"
	phone   kind = "telephone number"
	pin     kind = "PIN"
	code    kind = "one-time code"
	locator kind = "locator"
	room    kind = "room link"
	dialIn  kind = "room's dial-in address"
	token   kind = "token"
	key     kind = "key or password"
)

// secrets are what to look for.
type secrets map[kind][]string

func (s secrets) add(k kind, values ...string) {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(s[k], v) {
			s[k] = append(s[k], v)
		}
	}
}

// minimum is how many secrets of a kind a walk makes at least; fewer mean that the search is blind.
var minimum = map[kind]int{cpr: 60, name: 30, address: 40, phone: 60, pin: 80, code: 15, locator: 45, room: 90, dialIn: 45, token: 3, key: 4}

func (w *walked) secrets(planner *person) secrets {
	w.tb.Helper()

	out := make(secrets)
	w.fromList(out)

	w.fromPlatform(out)

	// The relative whom the walk invites into a call.
	out.add(name, "Pårørende Test")
	out.add(phone, "20990001")

	for _, sms := range w.World.Texts() {
		if found := link.FindStringSubmatch(sms.Text); found != nil {
			out.add(locator, found[1])
		} else {
			out.add(code, regexp.MustCompile(`\b[0-9]{6}\b`).FindString(sms.Text))
		}
	}

	for _, c := range planner.http.Jar.Cookies(mustURL(w.tb, w.Base)) {
		out.add(token, c.Value)
	}

	w.fromFiles(out)

	for k, least := range minimum {
		if k == dialIn && w.World.Pexip != nil {
			continue // a room's name there is no address, and its addresses are secret
		}

		if len(out[k]) < least {
			w.tb.Errorf("only %d of kind %s are known", len(out[k]), k)
		}
	}

	return out
}

// fromList adds what the driving list says of citizens.
func (w *walked) fromList(out secrets) {
	rows := strings.Split(strings.TrimSpace(string(w.File.Data)), "\n")
	for _, row := range rows[1:] {
		cells := strings.Split(row, ";")
		out.add(cpr, cells[6], strings.ReplaceAll(cells[6], "-", ""))
		out.add(name, cells[7])
		out.add(address, cells[8])
		out.add(phone, cells[11])

		if parts := strings.Fields(cells[7]); len(parts[len(parts)-1]) > 6 {
			out.add(name, parts[len(parts)-1])
		}
	}
}

// fromFiles adds the keys and passwords that the configuration names.
func (w *walked) fromFiles(out secrets) {
	w.tb.Helper()

	for _, file := range append(w.keyFiles(), "history.key", "testby/encryption.json", "testby/lookup.json", "testby/links.key", "testby/saml.key") {
		text, err := os.ReadFile(filepath.Join(w.World.Dir, file))
		if err != nil {
			w.tb.Fatal(err)
		}

		if bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("-----")) {
			// Structured: every long word of it is key material, or names the algorithm.
			for _, word := range regexp.MustCompile(`[A-Za-z0-9+/=_-]{40,}`).FindAllString(string(text), -1) {
				out.add(key, word)
			}

			continue
		}

		out.add(key, string(text))
	}
}

// place is where to look, and what may stand there.
type place struct {
	name   string
	text   []byte
	exempt []kind
	hexed  bool // bytes are written as hexadecimal digits
}

func (w *walked) search(known secrets, p place) {
	w.tb.Helper()

	if len(p.text) == 0 {
		return
	}

	for k, values := range known {
		if slices.Contains(p.exempt, k) {
			continue
		}

		for _, v := range values {
			if at := find(p.text, k, v); at >= 0 {
				w.tb.Errorf("%s: a %s: …%q", p.name, k, around(p.text, at, len(v)))

				break
			}

			if p.hexed && bytes.Contains(p.text, []byte(hex.EncodeToString([]byte(v)))) && len(v) > 6 {
				w.tb.Errorf("%s: a %s, as bytes", p.name, k)

				break
			}
		}
	}
}

// around is the neighbourhood of what was found, without the thing itself.
func around(text []byte, at, n int) string {
	return string(text[max(0, at-80):at]) + "(here)" + string(text[at+n:min(len(text), at+n+20)])
}

// find looks for a value. Short numbers must stand for themselves: six digits within a longer
// number or word, or behind a decimal point, are not a PIN.
func find(text []byte, k kind, value string) int {
	alone := k == pin || k == code || k == phone

	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(value))
		if at < 0 {
			return -1
		}

		at += from
		if !alone || (k == phone && !digit(text, at+len(value)) && !digitsBefore(text, at)) || (k != phone && !wordy(text, at-1) && !wordy(text, at+len(value))) {
			return at
		}

		from = at + 1
	}
}

func digit(text []byte, at int) bool {
	return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9'
}

// digitsBefore reports whether a number goes on to the left, other than by the country code.
func digitsBefore(text []byte, at int) bool {
	if bytes.HasSuffix(text[:at], []byte("+45")) || bytes.HasSuffix(text[:at], []byte("0045")) {
		return false
	}

	return digit(text, at-1)
}

func wordy(text []byte, at int) bool {
	if at < 0 || at >= len(text) {
		return false
	}

	b := text[at]

	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '.' || b == '_' || b == '-' || b >= 0x80
}

// texts are the names and texts of a log of JSON objects. Numbers are left out: a duration in
// nanoseconds may look like a PIN, and no secret of the program is a number.
func texts(tb testing.TB, log []byte) []byte {
	tb.Helper()

	var out bytes.Buffer

	for line := range bytes.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			tb.Errorf("the log has a line that is no JSON: %s", line)
		}

		for name, value := range entry {
			if name == "time" {
				continue
			}

			out.WriteString(name + " ")

			if text, ok := value.(string); ok {
				out.WriteString(text)
			}

			out.WriteByte('\n')
		}
	}

	if out.Len() < 10_000 {
		tb.Errorf("the log has only %d bytes: the search is blind", out.Len())
	}

	return out.Bytes()
}

// labels are metrics without their values.
func labels(metrics []byte) []byte {
	return regexp.MustCompile(`(?m) [0-9.e+-]+$`).ReplaceAll(metrics, nil)
}

func (w *walked) searchMessages(known secrets) {
	for _, sms := range w.World.Texts() {
		exempt := []kind{locator}
		if !link.MatchString(sms.Text) {
			exempt = []kind{code, pin} // a code may equal somebody's PIN by chance
		}

		w.search(known, place{name: "SMS", text: []byte(sms.Text), exempt: exempt})
	}

	for _, letter := range w.World.Mail.Letters() {
		w.search(known, place{name: "e-mail", text: letter.Raw, exempt: []kind{locator}})
		w.search(known, place{name: "calendar file", text: []byte(letter.Calendar), exempt: []kind{locator}})
	}
}

func (w *walked) searchLogins(known secrets) {
	text, err := json.Marshal(w.World.IDP.History())
	if err != nil {
		w.tb.Fatal(err)
	}

	w.search(known, place{name: "identity provider", text: text})
}

// searchFiles looks into the raw bytes of the SQLite database, free pages and write-ahead log
// included.
func (w *walked) searchFiles(known secrets) {
	w.tb.Helper()

	files, err := filepath.Glob(filepath.Join(w.World.Dir, string(municipality), "sluse.db*"))
	if err != nil || len(files) == 0 {
		w.tb.Fatalf("no database files: %v", err)
	}

	size := 0

	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			w.tb.Fatal(err)
		}

		size += len(text)
		w.search(known, place{name: filepath.Base(file), text: text, exempt: []kind{dialIn}})
	}

	if size < 100_000 {
		w.tb.Errorf("the database has %d bytes: the search is blind", size)
	}
}

// searchTables looks into every table of the PostgreSQL database.
func (w *walked) searchTables(known secrets) {
	w.tb.Helper()

	ctx := w.tb.Context()

	conn, err := pgx.Connect(ctx, w.database)
	if err != nil {
		w.tb.Fatal(err)
	}

	defer func() { _ = conn.Close(ctx) }() // only read

	rows, err := conn.Query(ctx, "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname LIKE 'sluse%'")
	if err != nil {
		w.tb.Fatal(err)
	}

	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		w.tb.Fatalf("%d tables: %v", len(tables), err)
	}

	for _, table := range tables {
		var text bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &text, "COPY "+table+" TO STDOUT"); err != nil {
			w.tb.Fatal(err)
		}

		w.search(known, place{name: table, text: text.Bytes(), exempt: []kind{dialIn}, hexed: true})
	}
}
