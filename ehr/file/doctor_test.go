package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/file"
)

func TestDoctor(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	folder := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}

		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}

		return path
	}

	plain := filepath.Join(dir, "fil")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	for path, want := range map[string]connector.Level{
		folder("lukket", 0o750):        connector.Fine,
		folder("aaben", 0o755):         connector.Notice,
		filepath.Join(dir, "ny"):       connector.Notice,
		plain:                          connector.Failing,
		filepath.Join(plain, "umulig"): connector.Failing,
	} {
		found := file.Config{Dir: path}.Check(t.Context())
		if len(found) != 1 || found[0].Level != want {
			t.Errorf("%s: %v, want %v", filepath.Base(path), found, want)
		}
	}

	left, err := os.ReadDir(filepath.Join(dir, "lukket"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
