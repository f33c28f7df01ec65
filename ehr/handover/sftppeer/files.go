//nolint:wrapcheck // the library turns the errors of files into answers
package sftppeer

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/pkg/sftp"
)

// How a fault shows.
const (
	Drop    = "drop"    // the connection ends
	Hang    = "hang"    // no answer ever comes
	Fail    = "fail"    // the server answers that it failed
	Full    = "full"    // there is no room left
	Denied  = "denied"  // there is no right
	Missing = "missing" // the server can't do it at all
)

// The operations that a Fault may be of.
const (
	Open   = "open" // for reading
	Create = "create"
	Write  = "write"
	Rename = "rename"
	Posix  = "posix-rename"
	Remove = "remove"
	Stat   = "stat"
	List   = "list"
)

// Fault is something that goes wrong. The zero Fault is none.
type Fault struct {
	Op    string
	How   string
	After bool // the operation has its effect; of a write: half of it
}

// Once makes the next call of the fault's operation go wrong.
func (s *Server) Once(f Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.faults = append(s.faults, f)
}

// Always makes every call of the fault's operation go wrong, until it is called with the zero Fault.
func (s *Server) Always(f Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.lasting = f
}

// Storm asks for a fault at every call; nil ends it.
func (s *Server) Storm(dice func() Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.dice = dice
}

// Heal ends all faults.
func (s *Server) Heal() {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.faults, s.lasting, s.dice = nil, Fault{}, nil
}

// next writes the call down and returns the fault that it meets.
func (s *Server) next(op string, r *sftp.Request) Fault {
	s.mutex.Lock()
	defer s.mutex.Unlock()

	s.calls = append(s.calls, Call{Op: op, Path: r.Filepath, Target: r.Target})

	for i, f := range s.faults {
		if f.Op == op {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)

			return f
		}
	}

	if s.lasting.Op == op {
		return s.lasting
	}

	if s.dice != nil {
		if f := s.dice(); f.Op == op {
			return f
		}
	}

	return Fault{}
}

// handlers serve one connection.
type handlers struct {
	server *Server
	conn   net.Conn
	ended  <-chan struct{}
}

func (h *handlers) path(name string) string {
	return filepath.Join(h.server.root, filepath.Clean("/"+name))
}

// run does an operation with the fault that it meets.
func (h *handlers) run(op string, r *sftp.Request, act func() error) error {
	f := h.server.next(op, r)
	if f.How == "" {
		return act()
	}

	if f.After {
		if err := act(); err != nil {
			return err
		}
	}

	return h.show(f)
}

func (h *handlers) show(f Fault) error {
	switch f.How {
	case Drop:
		_ = h.conn.Close()

		return io.ErrUnexpectedEOF
	case Hang:
		<-h.ended

		return io.ErrUnexpectedEOF
	case Denied:
		return sftp.ErrSSHFxPermissionDenied
	case Full:
		return errors.New("No space left on device") //nolint:staticcheck // as servers say it
	case Missing:
		return sftp.ErrSSHFxOpUnsupported
	}

	return sftp.ErrSSHFxFailure
}

// Fileread implements sftp.FileReader.
func (h *handlers) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	var file *os.File

	err := h.run(Open, r, func() (err error) {
		file, err = os.Open(h.path(r.Filepath))

		return err
	})
	if err != nil {
		return nil, err
	}

	return file, nil
}

// Filewrite implements sftp.FileWriter.
func (h *handlers) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	var file *os.File

	err := h.run(Create, r, func() (err error) {
		flags := os.O_RDWR | os.O_CREATE
		if r.Pflags().Excl {
			flags |= os.O_EXCL
		}

		file, err = os.OpenFile(h.path(r.Filepath), flags, 0o600)

		return err
	})
	if err != nil {
		return nil, err
	}

	return &writer{File: file, h: h, r: r}, nil
}

// OpenFile implements sftp.OpenFileWriter: the client may look at what it writes.
func (h *handlers) OpenFile(r *sftp.Request) (sftp.WriterAtReaderAt, error) {
	w, err := h.Filewrite(r)
	if err != nil {
		return nil, err
	}

	both, ok := w.(sftp.WriterAtReaderAt)
	if !ok {
		return nil, sftp.ErrSSHFxFailure
	}

	return both, nil
}

// writer is a file that is being written.
type writer struct {
	*os.File

	h *handlers
	r *sftp.Request
}

// WriteAt writes all, or half of it where a fault comes after.
func (w *writer) WriteAt(p []byte, at int64) (int, error) {
	f := w.h.server.next(Write, w.r)
	if f.How == "" {
		return w.File.WriteAt(p, at)
	}

	if f.After {
		_, _ = w.File.WriteAt(p[:len(p)/2], at)
	}

	return 0, w.h.show(f)
}

// Filecmd implements sftp.FileCmder.
func (h *handlers) Filecmd(r *sftp.Request) error {
	switch r.Method {
	case "Rename": // version 3 of the protocol: never over another file
		return h.run(Rename, r, func() error {
			if _, err := os.Lstat(h.path(r.Target)); err == nil {
				return sftp.ErrSSHFxFailure
			}

			return os.Rename(h.path(r.Filepath), h.path(r.Target))
		})
	case "Remove":
		return h.run(Remove, r, func() error { return os.Remove(h.path(r.Filepath)) })
	case "Mkdir":
		return os.Mkdir(h.path(r.Filepath), 0o700)
	case "Setstat":
		if r.AttrFlags().Permissions {
			return os.Chmod(h.path(r.Filepath), r.Attributes().FileMode().Perm())
		}

		return nil
	}

	return sftp.ErrSSHFxOpUnsupported
}

// PosixRename implements sftp.PosixRenameFileCmder.
func (h *handlers) PosixRename(r *sftp.Request) error {
	return h.run(Posix, r, func() error { return os.Rename(h.path(r.Filepath), h.path(r.Target)) })
}

// Filelist implements sftp.FileLister.
func (h *handlers) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	var out lister

	if r.Method == "List" {
		err := h.run(List, r, func() error {
			entries, err := os.ReadDir(h.path(r.Filepath))
			for _, e := range entries {
				if info, err := e.Info(); err == nil {
					out = append(out, info)
				}
			}

			return err
		})

		return out, err
	}

	err := h.run(Stat, r, func() error {
		info, err := os.Stat(h.path(r.Filepath))
		out = lister{info}

		return err
	})

	return out, err
}

type lister []os.FileInfo

// ListAt implements sftp.ListerAt.
func (l lister) ListAt(to []os.FileInfo, at int64) (int, error) {
	if at >= int64(len(l)) {
		return 0, io.EOF
	}

	n := copy(to, l[at:])
	if n < len(to) {
		return n, io.EOF
	}

	return n, nil
}
