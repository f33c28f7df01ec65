package scheduler

import (
	"context"
	"time"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/measure"
)

// Measures reads what statistics are made of, and keeps the calls of other vendors' products. Errors
// are *care.Error.
type Measures interface {
	// EachFact tells the visits of local days, in no order, and stops with the error that tell returns.
	EachFact(ctx context.Context, q FactQuery, tell func(measure.Fact) error) error
	// CountListed counts the visits of all kinds on driving lists, in groups.
	CountListed(ctx context.Context, q ListedQuery) ([]ListedGroup, error)

	// KnownCalls returns which of the keys of a source's calls are stored.
	KnownCalls(ctx context.Context, source string, keys []string) (map[string]bool, error)
	// SaveCalls stores an import and those of its calls that are not known. It sets New and Known.
	SaveCalls(ctx context.Context, in CallImport, calls []VendorCall, effects Effects) (CallImport, error)
	// CallImports reads the newest imports, newest first.
	CallImports(ctx context.Context, limit int) ([]CallImport, error)
	// UndoCalls takes the calls of an import out. NotFound; Conflict when it was undone already.
	UndoCalls(ctx context.Context, id string, by care.EmployeeID, at time.Time, effects Effects) error
}

// FactQuery narrows EachFact.
type FactQuery struct {
	Days   measure.Span
	Units  []care.UnitID // visits of these; none: nothing
	Listed bool          // visits of all kinds, not only those that were ever meant for the screen
	Own    bool          // our own visits
	// Sources are vendors whose calls are told; NoUnit: also calls that belong to no unit.
	Sources []string
	NoUnit  bool
	// By tells how citizens were identified and reached, which costs more.
	By []measure.Dimension
}

// ListedQuery asks how many visits are on the driving lists of days. By are dimensions that are no
// part of the period.
type ListedQuery struct {
	Units   []care.UnitID
	Buckets []measure.Bucket
	By      []measure.Dimension
}

// ListedGroup is one group of a ListedQuery. Its Keys are those of By.
type ListedGroup struct {
	measure.Listed

	Bucket string
}

// VendorCall is one call of another vendor's product. It holds neither a name nor a CPR number that
// is stored: the citizen's key becomes a keyed hash.
type VendorCall struct {
	Key      string // SHA-256 in hex of what makes the row the same in two files
	Source   string
	Began    time.Time // UTC
	Length   time.Duration
	Unit     care.UnitID // empty: unknown
	Employee care.EmployeeID
	Citizen  care.CitizenKey // zero: not told
	Law      care.LegalBasis
	Shift    care.Shift
	Service  string
}

// CallImport is one import of a vendor's file of calls.
type CallImport struct {
	ID       string
	Source   string
	FileName string
	By       care.EmployeeID
	At       time.Time
	Rows     int // data rows in the file
	New      int // calls that were not stored yet
	Known    int // calls that were
	Faults   int // rows that were not taken
	UndoneBy care.EmployeeID
	UndoneAt time.Time // zero: it stands
}
