//nolint:wrapcheck // once classifies every error of the library in one place
package handover

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"

	"github.com/sluse/sluse/connector"
)

// server are folders on a server that is reached by SFTP.
type server struct {
	dialer *dialer
	sent   string
	now    func() time.Time

	mutex   sync.Mutex
	session *session // nil: none was opened yet
}

func newServer(config Config, now func() time.Time) (*server, error) {
	d, err := newDialer(*config.SFTP)
	if err != nil {
		return nil, err
	}

	return &server{dialer: d, sent: config.Sent, now: now}, nil
}

func (s *server) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if s.session != nil {
		s.session.close()
	}
}

// get returns the connection, and opens one when there is none: one at a time, as it serves all.
func (s *server) get(ctx context.Context) (on *session, fresh bool, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	if s.session != nil && s.session.alive() {
		return s.session, false, nil
	}

	on, err = s.dialer.open(ctx)
	if err != nil {
		return nil, false, err
	}

	s.session = on

	return on, true, nil
}

// act is one thing that is done with the files of the server.
type act func(files *sftp.Client) error

// do does what may be repeated. A connection that has ended since it was last used is noticed by its
// first use only, so that is tried on a new one.
func (s *server) do(ctx context.Context, op string, a act) error {
	fresh, err := s.once(ctx, op, connector.Unavailable, a)
	if !fresh && errors.Is(err, errGone) {
		_, err = s.once(ctx, op, connector.Unavailable, a)
	}

	return err
}

// once does one thing on the connection, and tells whether that was opened for it. The kind lost is that of
// the error when the connection or the time runs out on the way; the connection is given up then, and with
// it what else goes on there.
func (s *server) once(ctx context.Context, op string, lost connector.Kind, a act) (fresh bool, err error) {
	on, fresh, err := s.get(ctx)
	if err != nil {
		return fresh, err
	}

	ctx, cancel := context.WithTimeout(ctx, s.dialer.config.Timeout)
	defer cancel()

	stop := context.AfterFunc(ctx, on.close)
	err = a(on.files)

	if !stop() {
		return fresh, failure(op, lost, errSlow)
	}

	return fresh, serverFailure(op, lost, err, on)
}

func (s *server) read(ctx context.Context, dir, name string) (data []byte, found bool, err error) {
	err = s.do(ctx, "read", func(files *sftp.Client) error {
		file, err := files.Open(path.Join(dir, name))
		if err != nil {
			return err
		}
		defer file.Close()

		data, err = io.ReadAll(io.LimitReader(file, maxReceipt))

		return err
	})
	if errors.Is(err, errNoFolder) {
		return nil, false, nil
	}

	return data, err == nil, err
}

func (s *server) exists(ctx context.Context, dir, name string) (bool, error) {
	err := s.do(ctx, "look", func(files *sftp.Client) error {
		_, err := files.Stat(path.Join(dir, name))

		return err
	})
	if errors.Is(err, errNoFolder) {
		return false, nil
	}

	return err == nil, err
}

// place writes beside, checks that all has arrived, and moves. Whoever looks sees the whole file or none.
func (s *server) place(ctx context.Context, dir, name string, data []byte) error {
	half := path.Join(s.sent, nursery, temporary())

	_, err := s.once(ctx, "place", connector.Unknown, func(files *sftp.Client) error {
		err := s.write(files, half, data)
		if err == nil {
			err = rename(files, half, path.Join(dir, name))
		}

		if err != nil {
			_ = files.Remove(half) // where that fails too, sweep finds it
		}

		return err
	})

	return err
}

// write makes a whole file in the nursery, which it makes too when it is not there.
func (s *server) write(files *sftp.Client, half string, data []byte) error {
	const fresh = os.O_WRONLY | os.O_CREATE | os.O_EXCL

	file, err := files.OpenFile(half, fresh)
	if errors.Is(err, fs.ErrNotExist) {
		_ = files.Mkdir(path.Dir(half)) // another process may have been quicker: opening tells

		file, err = files.OpenFile(half, fresh)
	}

	if err != nil {
		return err
	}

	_, err = file.Write(data)
	if err == nil {
		err = optional(file.Sync())
	}

	if err == nil {
		_ = file.Chmod(0o640) // a server that gives rights by folders may refuse
		err = complete(file, len(data))
	}

	return errors.Join(err, file.Close())
}

// complete checks that the server has all of it: one that is full may say so nowhere else.
func complete(file *sftp.File, length int) error {
	info, err := file.Stat()
	if err == nil && info.Size() != int64(length) {
		err = errFull
	}

	return err
}

// rename moves a file onto another one. Whatever the server said, it is done when the file is gone: nobody
// else takes one that is still to be moved, but to move it too.
func rename(files *sftp.Client, from, to string) error {
	err := replace(files, from, to)
	if err == nil || !isStatus(err) {
		return err
	}

	if _, there := files.Stat(from); errors.Is(there, fs.ErrNotExist) {
		return nil
	}

	return err
}

// replace is one try. A server without posix-rename does not move a file onto another one, so there what
// is in the way goes first; for that moment there is no file, and never half of one.
func replace(files *sftp.Client, from, to string) error {
	if _, has := files.HasExtension("posix-rename@openssh.com"); has {
		err := files.PosixRename(from, to)
		if err == nil || optional(err) != nil {
			return err
		}
	}

	err := files.Rename(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || !isStatus(err) {
		return err
	}

	if _, there := files.Stat(to); there != nil {
		return err
	}

	if err := files.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}

	return files.Rename(from, to)
}

func (s *server) move(ctx context.Context, from, name, to string) error {
	return s.do(ctx, "move", func(files *sftp.Client) error {
		return rename(files, path.Join(from, name), path.Join(to, name))
	})
}

func (s *server) remove(ctx context.Context, dir, name string) error {
	return s.do(ctx, "remove", func(files *sftp.Client) error {
		if err := files.Remove(path.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}

		return nil
	})
}

func (s *server) list(ctx context.Context, dir string) ([]listed, error) {
	var out []listed

	err := s.do(ctx, "list", func(files *sftp.Client) error {
		entries, err := files.ReadDir(dir)
		for _, e := range entries {
			if e.Mode().IsRegular() {
				out = append(out, listed{name: e.Name(), modified: e.ModTime()})
			}
		}

		return err
	})

	return out, err
}

func (s *server) sweep(ctx context.Context) error {
	err := sweep(ctx, s, path.Join(s.sent, nursery), s.now())
	if errors.Is(err, errNoFolder) {
		return nil // nothing was written yet
	}

	return err
}

func (s *server) probe(ctx context.Context) error {
	half := path.Join(s.sent, nursery, temporary())

	return s.do(ctx, "probe", func(files *sftp.Client) error {
		if err := s.write(files, half, nil); err != nil {
			return err
		}

		return files.Remove(half)
	})
}

// What ends a connection while something is done.
var (
	errGone = errors.New("the connection to the server was lost")
	errSlow = errors.New("the server did not answer in time, or was not waited for")
)

// optional is the error of something that a server need not be able to.
func optional(err error) error {
	if status, ok := errors.AsType[*sftp.StatusError](err); ok && status.FxCode() == sftp.ErrSSHFxOpUnsupported {
		return nil
	}

	return err
}

// isStatus reports whether the server has answered, if only to refuse.
func isStatus(err error) bool {
	_, ok := errors.AsType[*sftp.StatusError](err)

	return ok || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// serverFailure says what is wrong without the server's words; no error: nil.
func serverFailure(op string, lost connector.Kind, err error, on *session) error {
	switch {
	case err == nil:
		return nil
	case !on.alive(), !isStatus(err) && !errors.Is(err, errFull):
		on.close()

		return failure(op, lost, errGone)
	case errors.Is(err, fs.ErrPermission):
		return failure(op, connector.Unauthorized, errNoRight)
	case errors.Is(err, fs.ErrNotExist):
		return failure(op, connector.Unavailable, errNoFolder)
	case errors.Is(err, errFull), isFull(err):
		return failure(op, connector.Unavailable, errFull)
	}

	return failure(op, connector.Unavailable, errors.New("the server can't do it"))
}

// isFull reads the server's words: version 3 of the protocol, which all speak, has no code for it.
func isFull(err error) bool {
	text := strings.ToLower(err.Error())

	return strings.Contains(text, "no space") || strings.Contains(text, "quota") || strings.Contains(text, "disk full")
}
