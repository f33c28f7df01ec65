package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/sluse/sluse/docs"
	"github.com/sluse/sluse/ehr/handover/sftppeer"
	"github.com/sluse/sluse/internal/world"
)

// TestHandOver hands a list's changes over to a software robot, in folders of this machine and on an
// SFTP server: killed between a file and its mark, with the server away, a file that is cut, a server
// that shows another key, and an undo before the robot has answered. Each change reaches the robot's
// record once, and a visit's in their order.
func TestHandOver(t *testing.T) {
	t.Parallel()

	for _, place := range []struct {
		name           string
		postgres, sftp bool
	}{{"sftp, sqlite", false, true}, {"sftp, postgres", true, true}, {"folder, sqlite", false, false}, {"folder, postgres", true, false}} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			handOver(t, place.postgres, place.sftp)
		})
	}
}

func handOver(t *testing.T, postgres, sftp bool) {
	t.Helper()

	c := found(t, terms{postgres: postgres, record: world.FileRecord})
	r := newRobot(c, sftp)
	p := c.serve("all")
	leader := c.leader(p)
	visits := c.imported(leader)

	// The service dies when the file is there and its mark is not.
	r.stick()
	first := leader.convert(visits[:4])
	c.until("the first file", func() bool { return len(r.queued()) > 0 })
	p.kill()
	p = c.serve("all")
	r.awaits(leader, first, 4)
	r.has(4, 0)

	// The folders are away; when they are back, the first file is cut.
	r.goAway()
	second := leader.convert(visits[4:8])
	admin := newPerson(t, c.base, p.addr).login(c.World, "ADMIN")
	c.until("a try that fails", func() bool { return admin.sees("record") == "Intet svar" })
	r.comeBack()
	r.awaits(leader, second, 4)
	r.has(8, 0)

	before := r.becomesAnother()
	third := leader.convert(visits[8:12])

	if sftp {
		p = r.meetsStranger(p, before)
	}

	// The robot sleeps while the third conversion is undone: nothing overtakes what it has not answered.
	c.until("the third conversion is handed over", func() bool { return len(r.queued()) == 4 })
	leader.call(http.MethodPost, "/api/v1/conversions/"+third+"/undo", nil, nil)
	leader.call(http.MethodPost, "/api/v1/conversions/"+first+"/undo", nil, nil)
	p.kill()
	c.serve("all")
	r.undone(leader, first)
	r.undone(leader, third)
	c.settle()
	r.has(12, 8)
	r.isTidy()
}

// robot is a software robot's side of a hand-over, and the record in which it types.
type robot struct {
	town   *town
	root   string
	server *sftppeer.Server // nil: the folders lie on this machine

	did   []typed         // in the order of its work
	notes []handed        // about citizens, in the order of its work
	keys  map[string]bool // what it has done
}

// typed is a change that the robot made in its record.
type typed struct{ visit, entry string }

// handed is what the robot reads of a file.
type handed struct {
	Schema int    `json:"schema"`
	Key    string `json:"key"`
	Entry  string `json:"entry"`
	Visit  struct {
		ID string `json:"id"`
	} `json:"visit"`
	Citizen struct {
		CPR string `json:"cpr"`
	} `json:"citizen"`
	Fields []noteField `json:"fields"`
	Text   string      `json:"text"`
	Author string      `json:"author"`
}

// Folders below the root, as the example has them.
const (
	queueFolder    = "sluse/koe"
	receiptsFolder = "sluse/kvitteringer"
	sentFolder     = "sluse/sendt"
	doneFolder     = "sluse/laest"
)

// newRobot connects the town to a robot as the shipped example does, with the folders on an SFTP server or
// on this machine.
func newRobot(c *town, remote bool) *robot {
	c.tb.Helper()

	r := &robot{town: c, root: filepath.Join(c.tb.TempDir(), "server"), keys: map[string]bool{}}

	for _, dir := range []string{queueFolder, receiptsFolder, sentFolder, doneFolder} {
		if err := os.MkdirAll(filepath.Join(r.root, dir), 0o750); err != nil {
			c.tb.Fatal(err)
		}
	}

	if remote {
		r.server = sftppeer.Start(c.tb, r.root)
	}

	r.connect()

	return r
}

// connect puts the robot's record into the town's configuration.
func (r *robot) connect() {
	r.town.tb.Helper()
	r.town.rerecord(r.record())
}

// record is the example's record with this robot's folders.
func (r *robot) record() map[string]any {
	r.town.tb.Helper()

	record := recordOf(r.town.tb, "robot-sftp")
	place, _ := record["handover"].(map[string]any)
	place["ask"] = "1s"

	if r.server == nil {
		delete(place, "sftp")

		for _, key := range []string{"queue", "receipts", "sent", "done"} {
			place[key] = filepath.Join(r.root, fmt.Sprint(place[key]))
		}
	} else {
		secret := filepath.Join(r.town.Dir, "sftp.secret")
		if err := os.WriteFile(secret, []byte(sftppeer.Password), 0o600); err != nil {
			r.town.tb.Fatal(err)
		}

		server, _ := place["sftp"].(map[string]any)
		server["address"], server["user"], server["password"] = r.server.Address(), sftppeer.User, map[string]any{"file": secret}
		server["host_keys"], server["timeout"] = []string{r.server.HostKey()}, "5s"
	}

	return record
}

// recordOf is the record's section of a shipped example.
func recordOf(tb testing.TB, example string) map[string]any {
	tb.Helper()

	text, err := docs.Example(example)
	if err != nil {
		tb.Fatal(err)
	}

	var file struct {
		Municipalities []struct{ Record map[string]any }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		tb.Fatal(err)
	}

	return file.Municipalities[0].Record
}

// rerecord replaces the record's section of the configuration.
func (c *town) rerecord(record map[string]any) {
	c.tb.Helper()
	c.reconfigure(func(m map[string]any) { m["record"] = record })
}

// reconfigure changes the municipality's part of the configuration.
func (c *town) reconfigure(change func(municipality map[string]any)) {
	c.tb.Helper()

	text, err := os.ReadFile(c.ConfigFile)
	if err != nil {
		c.tb.Fatal(err)
	}

	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		c.tb.Fatal(err)
	}

	all, _ := file["municipalities"].([]any)
	first, _ := all[0].(map[string]any)
	change(first)

	if text, err = yaml.Marshal(file); err == nil {
		err = os.WriteFile(c.ConfigFile, text, 0o600)
	}

	if err != nil {
		c.tb.Fatal(err)
	}
}

func (r *robot) path(dir string) string { return filepath.Join(r.root, dir) }

// queued are the files that lie in the queue.
func (r *robot) queued() []string {
	files, err := filepath.Glob(filepath.Join(r.path(queueFolder), "*.json"))
	if err != nil {
		r.town.tb.Fatal(err)
	}

	return files
}

// work does what lies in the queue and has no receipt, in any order, and answers. What it did before it
// does not do again.
func (r *robot) work() {
	r.town.tb.Helper()

	files := r.queued()
	r.town.rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })

	for _, name := range files {
		receipt := filepath.Join(r.path(receiptsFolder), filepath.Base(name))
		if _, err := os.Stat(receipt); err == nil {
			continue
		}

		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // its receipt was read meanwhile
		}

		if err != nil {
			r.town.tb.Fatal(err)
		}

		var change handed
		if err := json.Unmarshal(text, &change); err != nil || change.Schema != 1 || change.Key == "" {
			r.town.tb.Fatalf("a file in the queue is not whole: %v", err)
		}

		if !r.keys[change.Key] {
			r.keys[change.Key] = true

			if change.Entry == "citizen_note" {
				r.notes = append(r.notes, change)
			} else {
				r.did = append(r.did, typed{change.Visit.ID, change.Entry})
			}
		}

		r.answer(receipt, change.Key)
	}
}

func (r *robot) answer(receipt, key string) {
	r.town.tb.Helper()

	text, err := json.Marshal(map[string]any{"schema": 1, "key": key, "outcome": "done", "id": fmt.Sprintf("P-%d", len(r.did))})
	if err == nil {
		err = os.WriteFile(receipt+".ny", text, 0o600)
	}

	if err == nil {
		err = os.Rename(receipt+".ny", receipt)
	}

	if err != nil {
		r.town.tb.Fatal(err)
	}
}

// awaits has the robot work until so many visits of a conversion are recorded.
func (r *robot) awaits(p *person, batch string, visits int) {
	r.town.tb.Helper()
	r.town.until("the robot's receipts are read", func() bool {
		r.work()

		return p.progress(batch).Counts.Recorded == visits
	})
}

// undone has the robot work until a conversion is undone.
func (r *robot) undone(p *person, batch string) {
	r.town.tb.Helper()
	r.town.until("the conversion is undone", func() bool {
		r.work()

		return p.progress(batch).State == "undone"
	})
}

// has asserts that so many visits were planned, and so many of them put back afterwards, each once.
func (r *robot) has(planned, restored int) {
	r.town.tb.Helper()

	perVisit := map[string]string{}
	for _, one := range r.did {
		perVisit[one.visit] += one.entry + " "
	}

	counts := map[string]int{}
	for _, entries := range perVisit {
		counts[entries]++
	}

	if counts["planned "] != planned-restored || counts["planned restored "] != restored || len(counts) > 2 {
		r.town.tb.Errorf("the robot's record has %v, want %d planned, %d of them put back", counts, planned, restored)
	}
}

// isTidy asserts that no file of a citizen lies anywhere any longer, but half of the one that was cut.
func (r *robot) isTidy() {
	r.town.tb.Helper()

	if left := r.queued(); len(left) != 0 {
		r.town.tb.Errorf("%d files lie in the queue", len(left))
	}

	for dir, want := range map[string]int{receiptsFolder: 0, doneFolder: len(r.did)} {
		files, err := filepath.Glob(filepath.Join(r.path(dir), "*.json"))
		if err != nil || len(files) != want {
			r.town.tb.Errorf("%d files in %s, want %d: %v", len(files), dir, want, err)
		}
	}
}

// stick has the server keep its answer to the next file that arrives.
func (r *robot) stick() {
	if r.server != nil {
		r.server.Once(sftppeer.Fault{Op: sftppeer.Posix, How: sftppeer.Hang, After: true})
	}
}

// goAway takes the folders away.
func (r *robot) goAway() {
	r.town.tb.Helper()

	if r.server != nil {
		r.server.Down()
	} else if err := os.Rename(r.root, r.root+"-away"); err != nil {
		r.town.tb.Fatal(err)
	}
}

// comeBack brings them back. A server cuts the first file in the middle.
func (r *robot) comeBack() {
	r.town.tb.Helper()

	if r.server != nil {
		r.server.Once(sftppeer.Fault{Op: sftppeer.Write, How: sftppeer.Drop, After: true})
		r.server.Up(r.town.tb)
	} else if err := os.Rename(r.root+"-away", r.root); err != nil {
		r.town.tb.Fatal(err)
	}
}

// becomesAnother lets another server answer under the address, and returns the fingerprint of the one before.
func (r *robot) becomesAnother() (before string) {
	if r.server == nil {
		return ""
	}

	before = r.server.Fingerprint()
	r.server.ChangeKey(sftppeer.NewKey(r.town.tb))

	return before
}

// meetsStranger waits until people read that the server shows another key. Nothing goes there until that
// stands in the settings. It returns the process that has these.
func (r *robot) meetsStranger(p *process, before string) *process {
	c := r.town
	c.tb.Helper()

	shown, logins := r.server.Fingerprint(), r.server.Logins()
	told := func(text string) bool {
		return strings.Contains(text, "en anden nøgle") && strings.Contains(text, shown) && strings.Contains(text, before)
	}

	admin := newPerson(c.tb, c.base, p.addr).login(c.World, "ADMIN")
	c.until("the page of connections tells of the key", func() bool {
		return told(html.UnescapeString(string(admin.do(http.MethodGet, "/forbindelser", "", nil).body)))
	})

	if code, said := run(c.tb, "doctor", "-config", c.ConfigFile); code == 0 || !told(said) {
		c.tb.Errorf("doctor ended with %d and said:\n%s", code, said)
	}

	if r.server.Logins() != logins || len(r.queued()) != 0 {
		c.tb.Error("something went to a stranger")
	}

	r.connect()
	p.kill()

	return c.serve("all")
}
