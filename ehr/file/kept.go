package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// keptList is one list of a journal. Entries that arrive together are written together: one
// lock, one append, one fsync, one rendering.
type keptList struct {
	journal *Journal
	id      care.ListID
	dir     string
	lock    string // path of its lock file
	used    int    // guarded by journal.mu

	queueMu sync.Mutex
	queue   []*operation
	writing bool

	mu      sync.Mutex // with the lock file: guards everything below and the files
	content *content
	timer   *time.Timer // of the delayed rendering; nil when none is due
}

// operation is one Apply on its way.
type operation struct {
	change  ehr.Change
	receipt ehr.Receipt
	err     error
	done    chan struct{}
}

// submit queues an operation; the first in an idle queue starts the writer. The end of ctx
// ends its caller's waiting, not the writing for others.
func (l *keptList) submit(ctx context.Context, o *operation) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()

	l.queue = append(l.queue, o)

	if !l.writing {
		l.writing = true

		go l.write(context.WithoutCancel(ctx))
	}
}

// write takes what has come until there is nothing left.
func (l *keptList) write(ctx context.Context) {
	for {
		l.queueMu.Lock()
		batch := l.queue
		l.queue = nil
		l.writing = len(batch) > 0
		l.queueMu.Unlock()

		if len(batch) == 0 {
			return
		}

		err := l.locked(func(l *keptList) error { return l.commit(ctx, batch) })

		for _, o := range batch {
			if o.err == nil && err != nil {
				o.receipt, o.err = ehr.Receipt{}, err
			}

			close(o.done)
		}
	}
}

// idle reports whether nothing is going on with the list.
func (l *keptList) idle() bool {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()

	if l.writing || !l.mu.TryLock() {
		return false
	}

	defer l.mu.Unlock()

	return l.timer == nil
}

// locked runs do with the list to itself, among goroutines and processes.
func (l *keptList) locked(do func(*keptList) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()

	unlock, err := lockFile(l.lock)
	if err != nil {
		return trouble("lock", connector.Unavailable, err)
	}

	defer unlock()

	return do(l)
}

// load makes sure that the content is what is on disk.
func (l *keptList) load(ctx context.Context) error {
	if l.content == nil || !l.content.current() {
		l.content = nil

		c, err := loadContent(ctx, l.dir, l.journal.aliases)
		if errors.Is(err, errNoList) {
			c, err = l.lookAgain(ctx)
		}

		if err != nil {
			return err
		}

		l.content = c
	}

	if err := l.content.refresh(); err != nil {
		l.content = nil

		return err
	}

	return nil
}

// lookAgain tells a list that is unknown from a folder, a share mostly, that is away or was a moment ago.
func (l *keptList) lookAgain(ctx context.Context) (*content, error) {
	if _, err := os.Stat(filepath.Dir(l.lock)); err != nil {
		return nil, err //nolint:wrapcheck // the caller classifies
	}

	return loadContent(ctx, l.dir, l.journal.aliases)
}

// commit writes a batch of operations. Each gets its own outcome; the error is for those
// that have none.
func (l *keptList) commit(ctx context.Context, batch []*operation) error {
	if err := l.load(ctx); err != nil {
		return l.classify("apply", err)
	}

	var lines []byte

	for _, o := range batch {
		e, isNew := l.judge(o)
		if o.err != nil || !isNew {
			continue
		}

		encoded, err := e.encode()
		if err != nil {
			o.err = refused("apply", "Posten kan ikke skrives.")

			continue
		}

		lines = append(lines, encoded...)
		l.content.take(e)
	}

	if len(lines) > 0 {
		if err := l.append(lines); err != nil {
			l.content = nil // what it holds is not on disk; the next reader starts afresh

			for _, o := range batch {
				o.err = nil // all of them find out by repeating
			}

			return err
		}
	}

	return arrived(l.show(ctx))
}

// arrived is the error of files under ud/ that lag behind: the entries themselves stand in the log, so it must
// not be taken for one that had no effect.
func arrived(err error) error {
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Kind == connector.Unavailable {
		return &connector.Error{System: e.System, Op: e.Op, Kind: connector.Unknown, Err: e.Err}
	}

	return err
}

// judge decides what an operation does: refuse, return the first receipt, or add an entry.
func (l *keptList) judge(o *operation) (e Received, isNew bool) {
	c := l.content

	if first, ok := c.keys[o.change.Key]; ok {
		o.receipt = first.Receipt(l.id)

		return first, false
	}

	e, known := c.prepare(o.change, o.change.Citizen.Shown())

	switch {
	case !known:
		o.err = refused("apply", "Besøget står ikke på kørelisten, som den blev indlæst. Indlæs kørelisten igen, eller skriv i journalen i hånden.")
	case !c.writable(o.change):
		o.err = refused("apply", "Besøgstypen eller bemærkningen har tegn, som kørelistens tegnsæt ikke har. Vælg en anden tekst i opsætningen.")
	}

	e.At = l.journal.clock().UTC()
	o.receipt = e.Receipt(l.id)

	return e, true
}

// append adds whole lines to the log and puts them on disk. A torn line that a crash left is
// cut off first; nobody was told that it was written.
func (l *keptList) append(lines []byte) error {
	path := l.content.logPath()

	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return trouble("apply", connector.Unavailable, err)
	}

	defer f.Close()

	end := l.content.logEnd

	if err := f.Truncate(end); err != nil {
		return trouble("apply", connector.Unavailable, err)
	}

	if _, err := f.WriteAt(lines, end); err != nil {
		kind := connector.Unavailable
		if f.Truncate(end) != nil {
			kind = connector.Unknown
		}

		return trouble("apply", kind, err)
	}

	err = f.Sync()
	if err == nil && end == 0 {
		err = syncDir(l.dir)
	}

	if err != nil {
		return trouble("apply", connector.Unknown, err)
	}

	l.content.logEnd = end + int64(len(lines))

	return nil
}

// show brings the files under ud/ up to date: at once, or within the delay for large lists.
func (l *keptList) show(ctx context.Context) error {
	if !l.content.stale() {
		return nil
	}

	if !l.content.large() {
		return l.catchUp(ctx)
	}

	l.delay(ctx)

	return nil
}

// catchUp renders when the files under ud/ lag behind.
func (l *keptList) catchUp(ctx context.Context) error {
	if err := l.load(ctx); err != nil {
		if errors.Is(err, errNoList) {
			return nil // forgotten meanwhile
		}

		return l.classify("output", err)
	}

	if !l.content.stale() {
		return nil
	}

	return l.classify("output", l.content.render())
}

// delay makes sure that a rendering is due. One that fails is tried again.
func (l *keptList) delay(ctx context.Context) {
	j := l.journal
	ctx = context.WithoutCancel(ctx)

	j.mu.Lock()
	defer j.mu.Unlock()

	if l.timer != nil || j.closed {
		return
	}

	j.late.Add(1)

	l.timer = time.AfterFunc(j.cfg.RenderDelay, func() {
		defer j.late.Done()

		err := l.locked(func(l *keptList) error {
			l.timer = nil

			return l.catchUp(ctx)
		})
		if err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()

			l.delay(ctx)
		}
	})
}

// stopTimer reports whether a rendering was due, which will not come any more.
func (l *keptList) stopTimer() bool {
	if l.timer == nil {
		return false
	}

	if l.timer.Stop() {
		l.journal.late.Done()
	}

	l.timer = nil

	return true
}

// classify turns a failure into the port's error.
func (l *keptList) classify(op string, err error) error {
	var known *connector.Error

	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, errNoList):
		return refused(op, "Kørelisten er ikke gemt her. Indlæs den igen, eller skriv i journalen i hånden.")
	case errors.Is(err, errNoRow):
		return refused(op, "Kørelistens fil passer ikke til de indlæste besøg. Indlæs filen igen.")
	case errors.Is(err, errDamaged), errors.Is(err, errPanic), errors.Is(err, errLetters):
		return &connector.Error{System: System, Op: op, Kind: connector.Malformed, Err: &care.Error{
			Kind: care.Internal, Message: "Kørelistens filer er beskadigede. Skriv i journalen i hånden, og kontakt IT.", Err: err,
		}}
	default:
		return trouble(op, connector.Unavailable, err)
	}
}
