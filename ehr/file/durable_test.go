package file_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"go.uber.org/goleak"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

// The test binary is also the second process: with these set it writes entries and says on
// standard output which ones it was told are written.
const (
	childDir = "SLUSE_TEST_FILE_DIR"
	childTag = "SLUSE_TEST_FILE_TAG"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := writer(dir, os.Getenv(childTag)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}

		return
	}

	goleak.VerifyTestMain(m)
}

// writer plans every visit of the sample day, under a key that all writers share and under
// one of its own.
func writer(dir, tag string) error {
	ctx := context.Background()

	data, err := os.ReadFile(filepath.Join("testdata", "koreliste-dag.csv"))
	if err != nil {
		return err
	}

	list, err := file.NewSource(file.Config{}, citizenKey).Read(ctx, ehr.File{Name: "koreliste-dag.csv", Data: data})
	if err != nil {
		return err
	}

	j, err := file.New(file.Config{Dir: dir}, file.Options{Now: clock})
	if err != nil {
		return err
	}

	for _, row := range list.Rows {
		change := planned(row)
		own := change
		own.Key += "/" + tag

		for _, c := range []ehr.Change{change, own} {
			if _, err := j.Apply(ctx, c); err != nil {
				return err
			}

			if _, err := os.Stdout.WriteString(c.Key + "\n"); err != nil {
				return err
			}
		}
	}

	return j.Close(ctx)
}

func child(t *testing.T, dir, tag string) *exec.Cmd {
	t.Helper()

	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childTag+"="+tag)
	cmd.Stderr = t.Output()

	return cmd
}

func TestTwoProcessesShareADirectory(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	j := journal(t, dir)
	input := sample(t, "koreliste-dag.csv")
	list := keep(t, j, input)

	var group sync.WaitGroup

	for _, tag := range []string{"a", "b"} {
		group.Go(func() {
			if out, err := child(t, dir, tag).Output(); err != nil {
				t.Errorf("process %s: %v\n%s", tag, err, out)
			}
		})
	}

	for _, row := range list.Rows {
		apply(t, j, planned(row))
	}

	group.Wait()

	seen := map[string]int{}
	for i, e := range history(t, j) {
		seen[e.Key]++

		if e.Seq != i+1 {
			t.Fatalf("entry %d has number %d", i+1, e.Seq)
		}
	}

	if len(seen) != 3*len(list.Rows) {
		t.Errorf("%d keys, want %d", len(seen), 3*len(list.Rows))
	}

	for key, n := range seen {
		if n != 1 {
			t.Errorf("%s stands %d times", key, n)
		}
	}

	for _, row := range read(t, output(t, dir, input)).Rows {
		if row.Category != "Planlagt skærmbesøg" || strings.Count(row.Comment, "skærmbesøg") != 1 {
			t.Errorf("line %d shows %q, %q", row.Line, row.Category, row.Comment)
		}
	}
}

func TestKilledProcessLosesNothingItWasToldOf(t *testing.T) {
	t.Parallel()

	for _, after := range []int{1, 2, 7, 20, 51, 90} {
		t.Run(fmt.Sprintf("after %d", after), func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			input := sample(t, "koreliste-dag.csv")
			keep(t, journal(t, dir), input)

			cmd := child(t, dir, "a")

			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}

			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}

			var told []string

			for lines := bufio.NewScanner(out); lines.Scan(); {
				told = append(told, lines.Text())
				if len(told) == after {
					_ = cmd.Process.Kill()
				}
			}

			_ = cmd.Wait()

			j := journal(t, dir)
			if err := j.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}

			seen := map[string]bool{}
			for _, e := range history(t, j) {
				seen[e.Key] = true
			}

			for _, key := range told {
				if !seen[key] {
					t.Errorf("%s was told to be written and is lost", key)
				}
			}

			fresh, err := j.Output(t.Context(), listID)
			if err != nil || !bytes.Equal(fresh.Data, output(t, dir, input).Data) {
				t.Errorf("the file on disk is not what the log says: %v", err)
			}
		})
	}
}

func TestTornAndDamagedLog(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		spoil func([]byte) []byte
		lost  int
		kind  connector.Kind
	}{
		"torn":          {func(b []byte) []byte { return append(b, `{"seq":3,"ke`...) }, 0, 0},
		"torn with end": {func(b []byte) []byte { return append(b, "{\"seq\":3,\x00\x00\n"...) }, 0, 0},
		"cut":           {func(b []byte) []byte { return b[:len(b)-5] }, 1, 0},
		"middle":        {func(b []byte) []byte { b[5] = 0; return b }, 0, connector.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			list := keep(t, journal(t, dir), sample(t, "koreliste-dag.csv"))
			first := journal(t, dir)
			apply(t, first, planned(list.Rows[0]))
			apply(t, first, planned(list.Rows[1]))

			path := filepath.Join(dir, string(listID), "aendringer.jsonl")

			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}

			if err := os.WriteFile(path, test.spoil(data), 0o600); err != nil {
				t.Fatal(err)
			}

			j := journal(t, dir)

			_, err = j.Apply(t.Context(), planned(list.Rows[2]))
			if connector.KindOf(err) != test.kind {
				t.Fatalf("Apply: %v, want kind %v", err, test.kind)
			}

			if err == nil && len(history(t, j)) != 3-test.lost {
				t.Errorf("%d entries, want %d", len(history(t, j)), 3-test.lost)
			}
		})
	}
}

// heavyWorkbook is over the size from which files follow later, by long texts and not by
// many rows.
func heavyWorkbook(t *testing.T) ehr.File {
	t.Helper()

	book, err := excelize.OpenReader(bytes.NewReader(bigWorkbook(t, 60).Data))
	if err != nil {
		t.Fatal(err)
	}

	random := rand.NewChaCha8([32]byte{1})

	for line := range 40 {
		noise := make([]byte, 15_000)
		_, _ = random.Read(noise)

		if err := book.SetCellStr("Sheet1", fmt.Sprintf("Q%d", line+2), hex.EncodeToString(noise)); err != nil {
			t.Fatal(err)
		}
	}

	if err := book.SetCellStr("Sheet1", "Q1", "Notat til udskrift"); err != nil {
		t.Fatal(err)
	}

	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}

	return ehr.File{Name: "tung.xlsx", Data: b.Bytes()}
}

func TestLargeListsFollowLater(t *testing.T) {
	t.Parallel()

	input := heavyWorkbook(t)
	dir := t.TempDir()

	j, err := file.New(file.Config{Dir: dir, RenderDelay: time.Minute}, file.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}

	list := keep(t, j, input)
	change := planned(list.Rows[59])
	apply(t, j, change)

	path := filepath.Join(dir, string(listID), "ud", input.Name)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatalf("a large list was written at once: %v", err)
	}

	if err := j.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	if out := cells(t, output(t, dir, input).Data); out["O61"] != "Planlagt skærmbesøg" {
		t.Errorf("after Close the file shows %q", out["O61"])
	}

	// A process that died before the delay was over: the next one catches up.
	if err := os.RemoveAll(filepath.Join(dir, string(listID), "ud")); err != nil {
		t.Fatal(err)
	}

	if err := os.Mkdir(filepath.Join(dir, string(listID), "ud"), 0o750); err != nil {
		t.Fatal(err)
	}

	soon, err := file.New(file.Config{Dir: dir, RenderDelay: time.Millisecond}, file.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}

	apply(t, soon, ehrtest.Completed(change))

	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		if _, err := os.Stat(path); err == nil {
			tick.Stop()

			break
		} else if t.Context().Err() != nil {
			t.Fatal("the file did not follow")
		}
	}

	if err := soon.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestListsAndForget(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	j := journal(t, dir)
	input := sample(t, "koreliste-nat-vintertid.csv")
	list := read(t, input)

	// More lists than are held in memory, with ids that must not become paths.
	var ids []care.ListID
	for i := range 45 {
		ids = append(ids, care.ListID(fmt.Sprintf("../liste %d", i)))
	}

	for _, id := range ids {
		if err := j.Keep(t.Context(), id, ehr.File{Name: `..\..\010490-9989.csv`, Data: input.Data}, []ehr.RowRef{{Line: 2, Source: list.Rows[0].Source}}); err != nil {
			t.Fatal(err)
		}

		change := planned(list.Rows[0])
		change.List = id
		apply(t, j, change)
	}

	for _, id := range ids {
		if entries, err := j.History(t.Context(), id); err != nil || len(entries) != 1 {
			t.Errorf("%s: %d entries, %v", id, len(entries), err)
		}

		out, err := j.Output(t.Context(), id)
		if err != nil || strings.Contains(out.Name, "9989") || strings.Contains(out.Name, "..") {
			t.Errorf("%s: file %q, %v", id, out.Name, err)
		}
	}

	if kept, err := j.Lists(t.Context()); err != nil || len(kept) != len(ids) {
		t.Errorf("%d lists, %v", len(kept), err)
	}

	for _, id := range ids {
		if err := j.Forget(t.Context(), id); err != nil {
			t.Error(err)
		}
	}

	if _, err := j.History(t.Context(), ids[0]); !connector.Is(err, connector.Rejected) {
		t.Errorf("history of a forgotten list: %v", err)
	}

	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestNothingPersonalOutsideTheListItself(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	j := journal(t, dir)
	input := sample(t, "koreliste-dag.csv")
	list := keep(t, j, input)
	entries(t, j, list)

	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, input.Name) {
			return err
		}

		data, err := os.ReadFile(path)

		for _, row := range list.Rows {
			for _, secret := range []string{row.CPR.Reveal(), row.CPR.Reveal()[:6] + "-" + row.CPR.Reveal()[6:], row.Name} {
				if bytes.Contains(data, []byte(secret)) {
					t.Errorf("%s shows a CPR number or a name", path)
				}
			}
		}

		return err
	})
	if err != nil {
		t.Error(err)
	}
}
