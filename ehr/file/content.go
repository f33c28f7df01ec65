package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// manifest is liste.json: which input is current.
type manifest struct {
	List       string        `json:"list"`
	Generation int           `json:"generation"`
	Name       string        `json:"name"`
	Hash       string        `json:"hash"`     // of the input
	KeptSeq    int           `json:"kept_seq"` // entries up to here were written before the input came
	Rows       []manifestRow `json:"rows"`
	Former     []manifestRow `json:"former,omitempty"` // rows of earlier inputs that are gone
}

type manifestRow struct {
	Line       int    `json:"line"`
	System     string `json:"system"`
	ID         string `json:"id"`
	Occurrence string `json:"occurrence"`
}

func (r manifestRow) ref() care.SourceRef {
	return care.SourceRef{System: r.System, ID: r.ID, Occurrence: r.Occurrence}
}

// content is a list in memory: its current input and what its log says. It is only used
// under the list's lock, and read again when another process has changed the files.
type content struct {
	dir      string
	manifest manifest
	stat     os.FileInfo // of the manifest file it was read from
	input    []byte
	table    *table
	category int // columns, -1 when the file has none
	comment  int
	refs     map[int]care.SourceRef // by line
	byRef    map[care.SourceRef]int // index in table.rows
	former   map[care.SourceRef]bool

	logEnd int64 // how far the log is read
	seq    int
	keys   map[string]Received
	states map[care.SourceRef]*rowState
}

// errNoList tells that a directory holds no list.
var errNoList = errors.New("no such list")

// loadContent reads a list from disk, without its log.
func loadContent(ctx context.Context, dir string, aliases map[string]alias) (*content, error) {
	path := filepath.Join(dir, manifestName)

	stat, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errNoList
	} else if err != nil {
		return nil, err //nolint:wrapcheck // the caller classifies
	}

	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller classifies
	}

	c := &content{dir: dir, stat: stat}
	if err := json.Unmarshal(data, &c.manifest); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}

	if c.input, err = os.ReadFile(c.inputPath()); err != nil {
		return nil, err //nolint:wrapcheck // the caller classifies
	}

	return c, c.open(ctx, aliases)
}

// open decodes the input.
func (c *content) open(ctx context.Context, aliases map[string]alias) error {
	t, err := openTable(ctx, ehr.File{Name: c.manifest.Name, Data: c.input}, aliases)
	if err != nil {
		return err
	}

	c.table = t
	c.category = t.header.column(fieldCategory)
	c.comment = t.header.column(fieldComment)
	c.refs = make(map[int]care.SourceRef, len(c.manifest.Rows))
	c.byRef = make(map[care.SourceRef]int, len(c.manifest.Rows))
	c.former = make(map[care.SourceRef]bool, len(c.manifest.Former))
	c.keys = make(map[string]Received)
	c.states = make(map[care.SourceRef]*rowState)

	byLine := make(map[int]int, len(t.rows))
	for i, row := range t.rows {
		byLine[row.line] = i
	}

	for _, row := range c.manifest.Rows {
		i, ok := byLine[row.Line]
		if !ok || t.rows[i].broken {
			return fmt.Errorf("%w: row %d", errNoRow, row.Line)
		}

		c.refs[row.Line] = row.ref()
		c.byRef[row.ref()] = i
	}

	for _, row := range c.manifest.Former {
		c.former[row.ref()] = true
	}

	return nil
}

// errNoRow tells that a row of the list is not in its file.
var errNoRow = errors.New("no such row in the file")

func (c *content) inputPath() string {
	return filepath.Join(c.dir, inputDir, fmt.Sprintf("%d-%s", c.manifest.Generation, c.manifest.Name))
}

func (c *content) logPath() string { return filepath.Join(c.dir, logName) }

// current reports whether the list on disk is still the one that was read.
func (c *content) current() bool {
	stat, err := os.Stat(filepath.Join(c.dir, manifestName))

	return err == nil && os.SameFile(stat, c.stat) && stat.ModTime().Equal(c.stat.ModTime()) && stat.Size() == c.stat.Size()
}

// refresh reads what has come to the log since.
func (c *content) refresh() error {
	stat, err := os.Stat(c.logPath())
	if err == nil && stat.Size() < c.logEnd || errors.Is(err, os.ErrNotExist) && c.logEnd > 0 {
		return fmt.Errorf("%w: it has become shorter", errDamaged)
	}

	entries, end, err := readLog(c.logPath(), c.logEnd)
	if err != nil {
		return err
	}

	for _, e := range entries {
		c.take(e)
	}

	c.logEnd = end

	return nil
}

// take folds an entry of the log in.
func (c *content) take(e Received) {
	c.seq = max(c.seq, e.Seq)
	if _, doubled := c.keys[e.Key]; doubled {
		return
	}

	c.keys[e.Key] = e

	state := c.states[e.Source]
	if state == nil {
		state = &rowState{}
		c.states[e.Source] = state
	}

	state.take(e, e.Seq <= c.manifest.KeptSeq)
}

// prepare makes the log entry of a change, and says what the row shows before and after.
func (c *content) prepare(change ehr.Change, masked string) (Received, bool) {
	e := Received{
		Seq: c.seq + 1, Key: change.Key, Kind: change.Kind, Source: change.Source, Citizen: masked,
		Employee: change.Employee, Unit: change.Unit, Service: change.Service, Law: change.Law, Planned: change.Planned,
		Delivery: change.Delivery, Category: change.Category, Comment: change.Comment,
		Result: change.Result, Reason: change.Reason, Actual: change.Actual,
	}

	at, ok := c.byRef[change.Source]
	if !ok {
		return e, c.former[change.Source]
	}

	after := rowState{}
	if before := c.states[change.Source]; before != nil {
		after = *before
		after.categories, after.tokens = slices.Clone(before.categories), slices.Clone(before.tokens)
	}

	after.take(e, false)

	row := c.table.rows[at]
	category, comment := c.own(row, c.category), c.own(row, c.comment)
	e.fileCategory = category
	e.wroteCategory = after.showCategory(category) != category
	e.wroteComment = e.Comment != "" && after.showComment(comment) != comment

	return e, true
}

// writable reports whether the file's charset has every letter of the change.
func (c *content) writable(change ehr.Change) bool {
	if c.table.text == nil {
		return true
	}

	for _, text := range []string{change.Category, change.Comment} {
		if _, ok := c.table.text.charset.encode(text); !ok {
			return false
		}
	}

	return true
}

// stamp is what the files under ud/ were made from.
func (c *content) stamp() string {
	return fmt.Sprintf("%d %s %d\n", c.manifest.Generation, c.manifest.Hash, c.logEnd)
}

// stale reports whether the files under ud/ lag behind the log.
func (c *content) stale() bool {
	data, err := os.ReadFile(filepath.Join(c.dir, outputDir, stampName))
	if errors.Is(err, os.ErrNotExist) {
		return c.logEnd > 0
	}

	return err != nil || string(data) != c.stamp()
}

// render writes the files under ud/. They can be made again at any time, so only their
// names change in one step; they need not be on disk before Apply returns.
func (c *content) render() error {
	list, err := c.output()
	if err != nil {
		return err
	}

	work, err := c.workList()
	if err != nil {
		return err
	}

	dir := filepath.Join(c.dir, outputDir)

	return errors.Join(
		writeFile(filepath.Join(dir, workListName), work, false),
		writeFile(filepath.Join(dir, c.manifest.Name), list, false),
		writeFile(filepath.Join(dir, stampName), []byte(c.stamp()), false),
	)
}

// large reports whether making the output takes so long that not every entry can wait for it.
func (c *content) large() bool {
	if c.table.text == nil {
		return len(c.input) > largeXLSX
	}

	return len(c.input) > largeCSV
}

// Beyond these sizes making the output takes more than some ten milliseconds.
const (
	largeCSV  = 4 << 20
	largeXLSX = 256 << 10
)

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)

	return hex.EncodeToString(sum[:])
}
