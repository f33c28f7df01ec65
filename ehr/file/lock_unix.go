//go:build unix

package file

import (
	"errors"
	"os"
	"syscall"
)

// lockFile waits for the exclusive lock of the file at path; unlock gives it back. The lock
// is between processes and between goroutines alike, and dies with its process.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller classifies
	}

	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}

	if err != nil {
		_ = f.Close()

		return nil, err //nolint:wrapcheck // the caller classifies
	}

	return func() { _ = f.Close() }, nil
}
