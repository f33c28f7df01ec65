//go:build !unix

package file

import "errors"

// lockFile refuses: without a file lock two processes could lose each other's entries.
func lockFile(string) (unlock func(), err error) {
	return nil, errors.New("the file journal needs a Unix system")
}
