package handover

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/sluse/sluse/connector"
)

// carrier is where the folders lie: this machine's disk, or a server by SFTP. Its errors are
// *connector.Error. What is done to a file is done wholly or not at all, and may be repeated.
type carrier interface {
	// read returns the first maxReceipt bytes; false: there is no such file.
	read(ctx context.Context, dir, name string) ([]byte, bool, error)
	exists(ctx context.Context, dir, name string) (bool, error)
	// place makes a file, or replaces it. Unknown: it may be there.
	place(ctx context.Context, dir, name string, data []byte) error
	// move takes a file to another folder and replaces what is there; one that is gone is no error.
	move(ctx context.Context, from, name, to string) error
	// remove deletes a file; one that is gone is no error.
	remove(ctx context.Context, dir, name string) error
	list(ctx context.Context, dir string) ([]listed, error)
	// sweep deletes what a process that died left half written.
	sweep(ctx context.Context) error
	// probe tries whether files can be made where ours are made, and leaves nothing.
	probe(ctx context.Context) error
	close()
}

// listed is a file of a folder.
type listed struct {
	name     string
	modified time.Time
}

// nursery is the folder, in that of our marks, where files are written before they are moved to their names.
const nursery = ".new"

// halfTime is after what time a file in the nursery is certainly nobody's any longer. It allows for
// the server's clock being another.
const halfTime = 24 * time.Hour

// temporary is a name in the nursery that nobody else takes.
func temporary() string { return rand.Text() }

func failure(op string, kind connector.Kind, err error) *connector.Error {
	return &connector.Error{System: System, Op: op, Kind: kind, Err: err}
}
