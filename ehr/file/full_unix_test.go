//go:build unix

package file_test

import (
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/file"
)

// childLimit makes this test the second process: no file may grow beyond as many bytes.
const childLimit = "SLUSE_TEST_FILE_LIMIT"

// TestDiskFull has a process write onto a disk that is full, in the middle of a line or of a list.
// It tells of no entry that it is written, and when there is room again each is written once.
func TestDiskFull(t *testing.T) {
	t.Parallel()

	if limit := os.Getenv(childLimit); limit != "" {
		writeUntilFull(t, os.Getenv(childDir+"_FULL"), limit)

		return
	}

	for _, limit := range []int{1, 300, 777, 2000, 5000} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			j := journal(t, dir)
			input := sample(t, "koreliste-dag.csv")
			list := keep(t, j, input)

			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDiskFull$", "-test.v")
			cmd.Env = append(os.Environ(), childLimit+"="+strconv.Itoa(limit), childDir+"_FULL="+dir)

			out, err := cmd.CombinedOutput()
			if err != nil || strings.Count(string(out), "full: ") != len(list.Rows) {
				t.Fatalf("the process on the full disk: %v\n%s", err, out)
			}

			for _, row := range list.Rows {
				apply(t, j, planned(row))
			}

			seen := map[string]int{}
			for _, e := range history(t, j) {
				seen[e.Key]++
			}

			for key, n := range seen {
				if n != 1 || len(seen) != len(list.Rows) {
					t.Errorf("%d of %d entries, %s %d times", len(seen), len(list.Rows), key, n)
				}
			}

			for _, row := range read(t, output(t, dir, input)).Rows {
				if row.Category != "Planlagt skærmbesøg" {
					t.Errorf("line %d shows %q", row.Line, row.Category)
				}
			}
		})
	}
}

// writeUntilFull tries every visit of the sample day.
func writeUntilFull(t *testing.T, dir, limit string) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // so that a write beyond the limit fails as on a full disk

	bytes, err := strconv.ParseUint(limit, 10, 63)
	if err != nil {
		t.Fatal(err)
	}

	rows := read(t, sample(t, "koreliste-dag.csv")).Rows

	j, err := file.New(file.Config{Dir: dir}, file.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}

	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		t.Fatal(err)
	}

	for _, row := range rows {
		_, err := j.Apply(t.Context(), planned(row))
		if k := connector.KindOf(err); k != connector.Unavailable && k != connector.Unknown {
			t.Errorf("on a full disk: %v", err)
		}

		t.Log("full:", connector.KindOf(err))
	}
}
