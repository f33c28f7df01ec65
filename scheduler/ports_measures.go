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

	// KnownCalls reports for each call whether it is stored, in the same order.
	KnownCalls(ctx context.Context, calls []VendorCall) ([]bool, error)
	// StandingImport reads the import of a file with the same content that is not undone; NotFound.
	StandingImport(ctx context.Context, source, content string) (CallImport, error)
	// SaveCalls stores an import and those of its calls that are not known. It sets New and Known.
	// Conflict when a file with the same content stands.
	SaveCalls(ctx context.Context, in CallImport, calls []VendorCall, effects Effects) (CallImport, error)
	// CallImports reads the newest imports, newest first.
	CallImports(ctx context.Context, limit int) ([]CallImport, error)
	// CallImport reads one. NotFound.
	CallImport(ctx context.Context, id string) (CallImport, error)
	// UndoCalls takes the calls of an import out that no other import has. NotFound; Conflict when it
	// was undone already.
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

// VendorCall is one call of another vendor's product. It holds no name. What makes it the same call in
// two files is stored as a keyed hash: its id; without one when it began, how long it lasted, the
// employee and the citizen, and its number among rows that are alike. The citizen's key is stored as
// a keyed hash too.
type VendorCall struct {
	ID       string // the vendor's; empty: not told
	Alike    int    // how many rows of the file before it are like it
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
	Content  string // SHA-256 of the file in hex
	Rows     int    // data rows in the file
	New      int    // calls that were not stored yet
	Known    int    // calls that were
	LeftOut  int    // rows that are no calls from an employee to a citizen
	Faults   int    // rows that were not taken
	UndoneBy care.EmployeeID
	UndoneAt time.Time // zero: it stands
}
