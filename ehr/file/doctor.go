package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"

	"github.com/sluse/sluse/connector"
)

const subjectFolder = "Mappen til kørelister (record.file.dir)"

// Check implements connector.Checker. It makes one empty file in the directory and deletes it again:
// nothing else tells whether we may. Names of categories can't be looked up: there is no record to ask.
func (c Config) Check(context.Context) []connector.Finding {
	say := func(level connector.Level, text string) []connector.Finding {
		return []connector.Finding{{Level: level, Subject: subjectFolder, Text: text}}
	}

	info, err := os.Stat(c.Dir)

	switch {
	case errors.Is(err, fs.ErrNotExist):
		return say(connector.Notice, "Mappen findes ikke endnu. Sluse laver den ved start, hvis brugeren må.")
	case err != nil:
		return say(connector.Failing, "Mappen kan ikke læses. Se på stien og på rettighederne.")
	case !info.IsDir():
		return say(connector.Failing, "Det er ikke en mappe. Ret stien.")
	}

	probe, err := os.CreateTemp(c.Dir, ".proeve-")
	if err != nil {
		return say(connector.Failing, "Der kan ikke lægges filer i mappen. Se på rettighederne og på pladsen.")
	}

	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return say(connector.Failing, "Der kan lægges filer i mappen, men de kan ikke slettes igen. Se på rettighederne.")
	}

	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return say(connector.Notice, "Alle på maskinen kan læse mappen. Filerne indeholder personnumre: giv kun Sluse og robotten adgang.")
	}

	return say(connector.Fine, "Der kan lægges filer, og de kan slettes igen.")
}
