package handover

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sluse/sluse/connector"
)

// disk are folders of this machine.
type disk struct {
	sent string
	now  func() time.Time
}

func (disk) close() {}

func (disk) read(_ context.Context, dir, name string) ([]byte, bool, error) {
	file, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}

	if err != nil {
		return nil, false, diskFailure("read", err)
	}
	defer file.Close()

	data, err := io.ReadAll(io.LimitReader(file, maxReceipt))
	if err != nil {
		return nil, false, diskFailure("read", err)
	}

	return data, true, nil
}

func (disk) exists(_ context.Context, dir, name string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err == nil, nil
	}

	return false, diskFailure("look", err)
}

// place writes beside, syncs, and moves. The group may read the file, because a robot runs under an
// account of its own.
func (d disk) place(_ context.Context, dir, name string, data []byte) error {
	half, err := d.write(data)
	if err == nil {
		defer os.Remove(half)

		err = os.Rename(half, filepath.Join(dir, name))
	}

	if err != nil {
		return diskFailure("place", err)
	}

	return nil
}

// write makes a whole file in the nursery and returns its path.
func (d disk) write(data []byte) (string, error) {
	half := filepath.Join(d.sent, nursery, temporary())

	file, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Mkdir(filepath.Dir(half), 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			file, err = os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}

	if err != nil {
		return "", err //nolint:wrapcheck // the caller says what it is of
	}

	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(0o640), file.Sync(), file.Close()); err != nil {
		_ = os.Remove(half)
	}

	return half, err
}

func (disk) move(_ context.Context, from, name, to string) error {
	err := os.Rename(filepath.Join(from, name), filepath.Join(to, name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	return diskFailure("move", err)
}

func (disk) remove(_ context.Context, dir, name string) error {
	err := os.Remove(filepath.Join(dir, name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	return diskFailure("remove", err)
}

func (disk) list(_ context.Context, dir string) ([]listed, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, diskFailure("list", err)
	}

	var out []listed

	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // else it went meanwhile
			out = append(out, listed{name: e.Name(), modified: info.ModTime()})
		}
	}

	return out, nil
}

func (d disk) sweep(ctx context.Context) error {
	dir := filepath.Join(d.sent, nursery)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	return sweep(ctx, d, dir, d.now())
}

func (d disk) probe(context.Context) error {
	half, err := d.write(nil)
	if err != nil {
		return diskFailure("probe", err)
	}

	return diskFailure("probe", os.Remove(half))
}

// sweep deletes the old files of a nursery.
func sweep(ctx context.Context, c carrier, dir string, now time.Time) error {
	files, err := c.list(ctx, dir)
	if err != nil {
		return err
	}

	for _, f := range files {
		if now.Sub(f.modified) < halfTime {
			continue
		}

		if err := c.remove(ctx, dir, f.name); err != nil {
			return err
		}
	}

	return nil
}

// diskFailure says what is wrong without telling paths; no error: nil.
func diskFailure(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return failure(op, connector.Unauthorized, errNoRight)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return failure(op, connector.Unavailable, errFull)
	case errors.Is(err, fs.ErrNotExist):
		return failure(op, connector.Unavailable, errNoFolder)
	}

	return failure(op, connector.Unavailable, errors.New("a file or folder can't be read or written"))
}

// What is wrong with the folders, whoever carries them.
var (
	errNoRight  = errors.New("we lack the right to a file or folder")
	errFull     = errors.New("there is no room left")
	errNoFolder = errors.New("a folder is not there")
)
