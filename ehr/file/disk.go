package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Names inside a list's directory.
const (
	manifestName = "liste.json"
	logName      = "aendringer.jsonl"
	inputDir     = "ind"
	outputDir    = "ud"
	stampName    = ".gengivet"
	workListName = "arbejdsliste.csv"
	lockDir      = ".laase"
)

const (
	dirMode = 0o750 // the robot reads as a member of the service's group
	outMode = 0o640
)

// writeFile replaces a file so that a reader, and a crash, sees the old or the new content.
// With durable it is on disk before the function returns.
func writeFile(path string, data []byte, durable bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err //nolint:wrapcheck // the caller classifies
	}

	defer os.Remove(f.Name())

	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(outMode)
	}

	if err == nil && durable {
		err = f.Sync()
	}

	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}

	if err := os.Rename(f.Name(), path); err != nil || !durable {
		return err //nolint:wrapcheck // the caller classifies
	}

	return syncDir(filepath.Dir(path))
}

// syncDir makes new names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err //nolint:wrapcheck // the caller classifies
	}

	return errors.Join(d.Sync(), d.Close())
}

// dirName is the directory of a list: its id where that is a plain name.
func dirName(list care.ListID) string {
	if compiled().plainName.MatchString(string(list)) {
		return string(list)
	}

	sum := sha256.Sum256([]byte(list))

	return "x-" + hex.EncodeToString(sum[:12])
}

// fileName is the name of a kept file without anything that could lead out of its directory,
// hide it, or name a citizen.
func fileName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	name = compiled().oddLetter.ReplaceAllString(name, "_")
	name = compiled().person.ReplaceAllString(name, "${1}xxxxxx-xxxx$2")
	name = strings.TrimLeft(name, ". ")

	if runes := []rune(name); len(runes) > 80 {
		name = string(runes[len(runes)-80:])
	}

	if strings.Trim(name, "._ ") == "" || strings.EqualFold(name, workListName) {
		name = "koreliste-" + name
	}

	return name
}

// refused is the error for a change that another try can't help.
func refused(op, message string) error {
	return &connector.Error{System: System, Op: op, Kind: connector.Rejected, Err: care.NewError(care.Invalid, message)}
}

// trouble is the error for a directory that can't be used now.
func trouble(op string, kind connector.Kind, cause error) error {
	return &connector.Error{System: System, Op: op, Kind: kind, Err: &care.Error{
		Kind: care.Unavailable, Message: "Mappen til kørelister kan ikke bruges lige nu. Der prøves igen; bliver det ved, så kontakt IT.", Err: cause,
	}}
}

// stopped is the error when the caller gave up.
func stopped(ctx context.Context, op string, kind connector.Kind) error {
	return &connector.Error{System: System, Op: op, Kind: kind, Err: &care.Error{
		Kind: care.Unavailable, Message: "Skrivningen til journalen blev afbrudt. Der prøves igen.", Err: ctx.Err(),
	}}
}
