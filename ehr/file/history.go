package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Received is one entry as it stands in a list's change log: what the record got.
type Received struct {
	Seq      int // 1, 2, 3 … within the list
	At       time.Time
	Key      string
	Kind     care.EntryKind
	Source   care.SourceRef
	Citizen  string // masked, "251248-••••"
	Employee care.EmployeeID
	Unit     string
	Service  string
	Law      care.LegalBasis
	Planned  care.Interval
	Delivery care.Delivery
	Category string
	Comment  string
	Result   care.ResultKind
	Reason   care.ReasonCode
	Actual   care.Interval

	// What the kept file looked like then: its own category, and whether the entry made it
	// show a category or comment that it did not show by itself.
	fileCategory  string
	wroteCategory bool
	wroteComment  bool
}

// Receipt returns what Apply returned for the entry.
func (r Received) Receipt(list care.ListID) ehr.Receipt {
	return ehr.Receipt{ID: fmt.Sprintf("%s/%d", list, r.Seq), Version: strconv.Itoa(r.Seq)}
}

// line is the wire form of Received in aendringer.jsonl.
type line struct {
	Seq           int       `json:"seq"`
	At            time.Time `json:"at"`
	Key           string    `json:"key"`
	Kind          string    `json:"kind"`
	System        string    `json:"system"`
	ID            string    `json:"id"`
	Occurrence    string    `json:"occurrence"`
	Citizen       string    `json:"citizen"`
	Employee      string    `json:"employee,omitempty"`
	Unit          string    `json:"unit,omitempty"`
	Service       string    `json:"service,omitempty"`
	Law           string    `json:"law,omitempty"`
	PlannedStart  time.Time `json:"planned_start"`
	PlannedEnd    time.Time `json:"planned_end"`
	Delivery      string    `json:"delivery,omitempty"`
	Category      string    `json:"category,omitempty"`
	Comment       string    `json:"comment,omitempty"`
	Result        string    `json:"result,omitempty"`
	Reason        string    `json:"reason,omitempty"`
	ActualStart   time.Time `json:"actual_start,omitzero"`
	ActualEnd     time.Time `json:"actual_end,omitzero"`
	FileCategory  string    `json:"file_category,omitempty"`
	WroteCategory bool      `json:"wrote_category,omitempty"`
	WroteComment  bool      `json:"wrote_comment,omitempty"`
}

func (r Received) encode() ([]byte, error) {
	data, err := json.Marshal(line{
		Seq: r.Seq, At: r.At.UTC(), Key: r.Key, Kind: string(r.Kind),
		System: r.Source.System, ID: r.Source.ID, Occurrence: r.Source.Occurrence,
		Citizen: r.Citizen, Employee: string(r.Employee), Unit: r.Unit, Service: r.Service, Law: string(r.Law),
		PlannedStart: r.Planned.Start.UTC(), PlannedEnd: r.Planned.End.UTC(), Delivery: string(r.Delivery),
		Category: r.Category, Comment: r.Comment, Result: string(r.Result), Reason: string(r.Reason),
		ActualStart: r.Actual.Start.UTC(), ActualEnd: r.Actual.End.UTC(),
		FileCategory: r.fileCategory, WroteCategory: r.wroteCategory, WroteComment: r.wroteComment,
	})
	if err != nil {
		return nil, fmt.Errorf("encode entry: %w", err)
	}

	return append(data, '\n'), nil
}

func (l line) received() Received {
	return Received{
		Seq: l.Seq, At: l.At, Key: l.Key, Kind: care.EntryKind(l.Kind),
		Source:  care.SourceRef{System: l.System, ID: l.ID, Occurrence: l.Occurrence},
		Citizen: l.Citizen, Employee: care.EmployeeID(l.Employee), Unit: l.Unit, Service: l.Service, Law: care.LegalBasis(l.Law),
		Planned: care.Interval{Start: l.PlannedStart, End: l.PlannedEnd}, Delivery: care.Delivery(l.Delivery),
		Category: l.Category, Comment: l.Comment, Result: care.ResultKind(l.Result), Reason: care.ReasonCode(l.Reason),
		Actual:       care.Interval{Start: l.ActualStart, End: l.ActualEnd},
		fileCategory: l.FileCategory, wroteCategory: l.WroteCategory, wroteComment: l.WroteComment,
	}
}

// errDamaged tells of a change log in which a line before the last can't be read.
var errDamaged = errors.New("the change log is damaged")

// readLog reads the entries from offset on, and returns where the whole lines end. A last
// line that was cut off by a crash is left out: nobody was told that it was written.
func readLog(path string, offset int64) (entries []Received, end int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, nil
	} else if err != nil {
		return nil, 0, err //nolint:wrapcheck // the caller classifies
	}

	defer f.Close()

	if _, err = f.Seek(offset, io.SeekStart); err != nil {
		return nil, 0, err //nolint:wrapcheck // the caller classifies
	}

	data, err := io.ReadAll(f)
	if err != nil {
		return nil, 0, err //nolint:wrapcheck // the caller classifies
	}

	end = offset

	for len(data) > 0 {
		text, rest, whole := bytes.Cut(data, []byte("\n"))

		var l line
		if !whole {
			break
		} else if err := json.Unmarshal(text, &l); err != nil || l.Seq <= 0 || l.Key == "" {
			if len(rest) > 0 {
				return nil, 0, fmt.Errorf("%w at byte %d", errDamaged, end)
			}

			break
		}

		entries = append(entries, l.received())
		end += int64(len(text)) + 1
		data = rest
	}

	return entries, end, nil
}
