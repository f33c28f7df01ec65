package file

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	// How many lock files there are; lists share them.
	lockCount = 64
	// How many lists are held in memory, about.
	maxLoaded = 8
)

// Journal writes entries into kept driving lists. It is safe for use by many goroutines, and
// several journals, in one process or many, may share the directory.
//
// Apply returns when the entry is on disk and, unless the list is large, when the files
// under ud/ show it. The files of a large list (see Config.RenderDelay) follow within the
// delay; entries that come together share one writing.
type Journal struct {
	cfg     Config
	aliases map[string]alias
	clock   func() time.Time
	peer    *outbound.Peer // nil: no rules

	mu     sync.Mutex
	lists  map[care.ListID]*keptList
	uses   int
	closed bool
	late   sync.WaitGroup // delayed renderings under way
}

var (
	_ ehr.Journal    = (*Journal)(nil)
	_ ehr.ListKeeper = (*Journal)(nil)
)

// Options are what a Journal needs besides its Config. Now is required.
type Options struct {
	Now  func() time.Time // tells the time of entries
	Peer *outbound.Peer   // holds back while the folder can't be used; nil: every entry tries for itself
}

// New returns a journal on cfg.Dir, which it makes when it is missing. Call Recover once at the
// start, and Close at the end.
func New(cfg Config, o Options) (*Journal, error) {
	cfg.SetDefaults()

	problems := cfg.Validate()
	if o.Now == nil {
		problems = append(problems, errors.New("Options.Now is required"))
	}

	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("file journal: %w", err)
	}

	if err := os.MkdirAll(filepath.Join(cfg.Dir, lockDir), dirMode); err != nil {
		return nil, trouble("open", connector.Unavailable, err)
	}

	return &Journal{cfg: cfg, aliases: aliasTable(cfg.Aliases), clock: o.Now, peer: o.Peer, lists: make(map[care.ListID]*keptList)}, nil
}

// Means are the columns of the list's rows.
func (j *Journal) Means() []care.Means { return []care.Means{care.OnList} }

// Apply writes one entry. Repeating it with the same key returns the first receipt and
// writes nothing. Keys are looked up within the list of the change. Errors are
// *connector.Error: Unsupported (a visit on no list), Rejected (unknown list or row, a letter that the file's charset lacks),
// Unavailable (nothing was written), Unknown (repeat to find out, or to bring the files under ud/
// up to date). A row of an earlier file of the list that is gone from the present one is
// taken: the entry stands in the log and on the work list.
func (j *Journal) Apply(ctx context.Context, change ehr.Change) (ehr.Receipt, error) {
	const op = "apply"

	if ctx.Err() != nil {
		return ehr.Receipt{}, stopped(ctx, op, connector.Unavailable)
	}

	switch change.Kind {
	case care.EntryPlanned, care.EntryResult, care.EntryRestored:
	default:
		return ehr.Receipt{}, refused(op, "Posten til journalen har en ukendt art.")
	}

	if change.Key == "" {
		return ehr.Receipt{}, refused(op, "Posten til journalen har ingen nøgle.")
	}

	if change.List == "" {
		return ehr.Receipt{}, &connector.Error{System: System, Op: op, Kind: connector.Unsupported, Err: care.NewError(care.Invalid,
			"Besøget står ikke på en køreliste og kan ikke skrives i dens fil. Skriv det i omsorgsjournalen i hånden, og markér punktet som løst.")}
	}

	var receipt ehr.Receipt

	err := j.follow(ctx, op, func() error {
		o := &operation{change: change, done: make(chan struct{})}
		j.list(change.List).submit(ctx, o)

		select {
		case <-o.done:
			receipt = o.receipt

			return o.err
		case <-ctx.Done():
			return stopped(ctx, op, connector.Unknown)
		}
	})

	return receipt, err
}

// follow tries by the folder's rules: while it is away, all that waits does not try for itself.
func (j *Journal) follow(ctx context.Context, op string, try func() error) error {
	if j.peer == nil {
		return try()
	}

	return j.peer.Call(ctx, op, try)
}

// Keep stores the input file of a list and which of its rows became visits. The same file
// and rows again change nothing; another file for the list takes the place of the first,
// and the entries so far are shown in it. The earlier file is deleted. Errors are
// *connector.Error: Rejected or Malformed (the file is no list, or lacks a row), Unavailable.
func (j *Journal) Keep(ctx context.Context, list care.ListID, file ehr.File, rows []ehr.RowRef) error {
	if list == "" {
		return refused("keep", "Kørelisten har intet id.")
	}

	return j.follow(ctx, "keep", func() error {
		return j.list(list).locked(func(l *keptList) error { return l.keep(ctx, file, rows) })
	})
}

// Output returns the list as the record must have it now, and brings the files under ud/ up
// to date.
func (j *Journal) Output(ctx context.Context, list care.ListID) (ehr.File, error) {
	return j.written(ctx, list, func(c *content) (string, func() ([]byte, error)) { return c.manifest.Name, c.output })
}

// WorkList returns the list of what a person has to type into the record, as CSV for Excel,
// and brings the files under ud/ up to date.
func (j *Journal) WorkList(ctx context.Context, list care.ListID) (ehr.File, error) {
	return j.written(ctx, list, func(c *content) (string, func() ([]byte, error)) { return workListName, c.workList })
}

func (j *Journal) written(ctx context.Context, list care.ListID, which func(*content) (string, func() ([]byte, error))) (ehr.File, error) {
	var file ehr.File

	err := j.list(list).locked(func(l *keptList) error {
		if err := l.load(ctx); err != nil {
			return l.classify("output", err)
		}

		if l.content.stale() {
			if err := l.content.render(); err != nil {
				return l.classify("output", err)
			}
		}

		name, produce := which(l.content)

		data, err := produce()
		file = ehr.File{Name: name, Data: data}

		return l.classify("output", err)
	})

	return file, err
}

// History returns every entry that the list received, oldest first, read from its log file.
func (j *Journal) History(_ context.Context, list care.ListID) ([]Received, error) {
	l := j.list(list)
	if _, err := os.Stat(filepath.Join(l.dir, manifestName)); errors.Is(err, os.ErrNotExist) {
		return nil, l.classify("history", errNoList)
	}

	entries, _, err := readLog(filepath.Join(l.dir, logName), 0)
	if err != nil {
		return nil, l.classify("history", err)
	}

	return entries, nil
}

// Lists returns the ids of all kept lists, read from disk.
func (j *Journal) Lists(_ context.Context) ([]care.ListID, error) {
	manifests, err := readManifests(j.cfg.Dir)
	if err != nil {
		return nil, trouble("lists", connector.Unavailable, err)
	}

	lists := make([]care.ListID, len(manifests))
	for i, m := range manifests {
		lists[i] = care.ListID(m.List)
	}

	return lists, nil
}

// Forget deletes everything about a list. An unknown list is no error.
func (j *Journal) Forget(_ context.Context, list care.ListID) error {
	return j.list(list).locked(func(l *keptList) error {
		l.content = nil

		// The manifest first: without it the list is unknown, whatever is left behind.
		err := os.Remove(filepath.Join(l.dir, manifestName))
		if err == nil || errors.Is(err, os.ErrNotExist) {
			err = os.RemoveAll(l.dir)
		}

		if err != nil {
			return trouble("forget", connector.Unavailable, err)
		}

		return nil
	})
}

// Recover brings the files under ud/ of all lists up to date after a crash. A list that
// can't be read does not keep the others from it; the error names all that failed.
func (j *Journal) Recover(ctx context.Context) error {
	lists, err := j.Lists(ctx)
	if err != nil {
		return err
	}

	var failed []error

	for _, list := range lists {
		if ctx.Err() != nil {
			return stopped(ctx, "recover", connector.Unavailable)
		}

		failed = append(failed, j.list(list).locked(func(l *keptList) error { return l.catchUp(ctx) }))
	}

	return errors.Join(failed...)
}

// Close writes what the files of large lists still lack, and waits for it. The journal must
// not be used after it.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	j.closed = true
	lists := make([]*keptList, 0, len(j.lists))

	for _, l := range j.lists {
		lists = append(lists, l)
	}
	j.mu.Unlock()

	var failed []error

	for _, l := range lists {
		failed = append(failed, l.locked(func(l *keptList) error {
			if !l.stopTimer() {
				return nil
			}

			return l.catchUp(ctx)
		}))
	}

	j.late.Wait()

	return errors.Join(failed...)
}

// list returns the handle of a list, and lets go of the content of lists long unused.
func (j *Journal) list(id care.ListID) *keptList {
	j.mu.Lock()
	defer j.mu.Unlock()

	l := j.lists[id]
	if l == nil {
		h := fnv.New32a()
		_, _ = h.Write([]byte(dirName(id)))

		l = &keptList{
			journal: j, id: id, dir: filepath.Join(j.cfg.Dir, dirName(id)),
			lock: filepath.Join(j.cfg.Dir, lockDir, fmt.Sprintf("%02d", h.Sum32()%lockCount)),
		}
		j.lists[id] = l
	}

	j.uses++
	l.used = j.uses

	if len(j.lists) > maxLoaded {
		for id, other := range j.lists {
			if other.used <= j.uses-4*maxLoaded && other.idle() {
				delete(j.lists, id)
			}
		}
	}

	return l
}
