package nexussim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// DefaultInstance is the municipality's instance name when Options say nothing.
const DefaultInstance = "testby"

// HrefForm is how hrefs are written (eoj.md §1.2).
type HrefForm string

// The forms of hrefs.
const (
	HrefsMixed    HrefForm = "mixed"    // each of the forms below, chosen by seed
	HrefsAbsolute HrefForm = "absolute" // scheme and host as the caller named them
	HrefsPort     HrefForm = "port"     // with the port written out, also the scheme's own (:443)
	HrefsRelative HrefForm = "relative" // from the host's root
)

// CPRForm is how CPR numbers are written in answers.
type CPRForm string

// The forms of CPR numbers.
const (
	CPRMixed  CPRForm = "mixed"
	CPRHyphen CPRForm = "hyphen"
	CPRDigits CPRForm = "digits"
)

// Quirks are habits of the record that may be switched (eoj.md §1.10). The zero value is an
// ordinary day: mixed hrefs, mixed CPR numbers, strong ETags, 409 for a stale version.
type Quirks struct {
	// StaleStatus is the answer to a stale version: 409, 412 or 500. Zero is 409.
	StaleStatus int `json:"stale_status"`
	// NoETag leaves ETag headers out; the version in the body remains.
	NoETag bool `json:"no_etag"`
	// WeakETag writes W/"3" and accepts both forms.
	WeakETag bool `json:"weak_etag"`
	// Errors500 answers 500 where another server would say what was wrong. 401 and 403 remain.
	Errors500 bool `json:"errors_500"`
	// HalfLists leaves comments and changeStrategies out of lists.
	HalfLists bool `json:"half_lists"`
	// NoContent answers a PUT of a visit with 204 and no body.
	NoContent bool `json:"no_content"`
	// TypesAtPathways shows the types of visits at a citizen's pathway alone, where public code saw
	// them (eoj.md §1.6), and neither at a visit nor at a list.
	TypesAtPathways bool `json:"types_at_pathways"`
	// OnlySeries offers ALL as the only strategy of repeated events.
	OnlySeries bool `json:"only_series"`
	// Hrefs and CPR are forms of writing; empty is mixed.
	Hrefs HrefForm `json:"hrefs"`
	CPR   CPRForm  `json:"cpr"`
	// CalendarDelay holds driving lists and calendars back, up to 300 s (eoj.md §1.4).
	CalendarDelay time.Duration `json:"calendar_delay"`
}

// maxDelay is the longest wait that public code allows for (eoj.md §1.4).
const maxDelay = 300 * time.Second

func (q Quirks) defaulted() Quirks {
	q.StaleStatus = orElse(q.StaleStatus, http.StatusConflict)
	q.Hrefs = orElse(q.Hrefs, HrefsMixed)
	q.CPR = orElse(q.CPR, CPRMixed)
	return q
}

func (q Quirks) validate() error {
	switch {
	case !slices.Contains([]int{http.StatusConflict, http.StatusPreconditionFailed, http.StatusInternalServerError}, q.StaleStatus):
		return fmt.Errorf("nexussim: StaleStatus is %d, want 409, 412 or 500", q.StaleStatus)
	case !slices.Contains([]HrefForm{HrefsMixed, HrefsAbsolute, HrefsPort, HrefsRelative}, q.Hrefs):
		return fmt.Errorf("nexussim: no form of hrefs %q", q.Hrefs)
	case !slices.Contains([]CPRForm{CPRMixed, CPRHyphen, CPRDigits}, q.CPR):
		return fmt.Errorf("nexussim: no form of CPR numbers %q", q.CPR)
	case q.CalendarDelay < 0 || q.CalendarDelay > maxDelay:
		return fmt.Errorf("nexussim: CalendarDelay is %v, want 0 to %v", q.CalendarDelay, maxDelay)
	}
	return nil
}

// Options configure a Server. Only Clock is required; every other zero value has a usable
// meaning. The zero value is not calm: without Calm and without Faults a small share of calls
// fails (DefaultFaultRate), because real peers do.
type Options struct {
	// Clock is the time source, usually time.Now. Advance adds an offset to it.
	Clock func() time.Time
	// Wait holds a call for d or until ctx ends; nil waits by the wall clock. Tests pass one that
	// returns at once and so see a calendar of 300 s without waiting.
	Wait func(ctx context.Context, d time.Duration)
	// Seed makes ids, paths, forms of writing and faults reproducible.
	Seed uint64
	// Calm switches the seeded faults off. Scripted faults (Server.Script) still happen.
	Calm bool
	// Faults are the seeded fault rates; the zero value means Spread(DefaultFaultRate) unless
	// Calm is set.
	Faults Faults
	// Strict refuses what the record would take with loss: a PUT that leaves members out or brings
	// unknown ones, times in another form than UTC with milliseconds.
	Strict bool
	// Latency is added to every call before it is handled.
	Latency time.Duration
	// Quirks are the record's habits to begin with.
	Quirks Quirks
	// Instance is the municipality's name in paths. Empty is DefaultInstance.
	Instance string
	// Clients are the API users. None means DefaultClients.
	Clients []Client
	// TokenTTL is the life of an access token by the simulator's clock. Zero is five minutes.
	TokenTTL time.Duration
	// PageSize is the number of entries on a page of a list when the caller names none. Zero is
	// chosen by seed, 2 to 9.
	PageSize int
	// RequestLimit bounds the kept request history. Zero is 200 000; the oldest are dropped.
	RequestLimit int
}

// Client is an API user, test values only.
type Client struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
	Name   string `json:"name"` // shown as the author of what it writes
	// Rights decide which rels appear. Nil is every right.
	Rights []Right `json:"rights,omitempty"`
}

// DefaultClients is one API user with every right.
func DefaultClients() []Client {
	return []Client{{ID: "sluse", Secret: "test-sluse", Name: "Sluse (systembruger)"}}
}

// defaulted returns a copy with every default filled in.
func (o Options) defaulted() Options {
	o.Instance = orElse(o.Instance, DefaultInstance)
	o.TokenTTL = orElse(o.TokenTTL, 5*time.Minute)
	o.RequestLimit = orElse(o.RequestLimit, 200_000)
	o.PageSize = orElse(o.PageSize, 2+int(dice{o.Seed}.number("page")%8))
	o.Quirks = o.Quirks.defaulted()
	if len(o.Clients) == 0 {
		o.Clients = DefaultClients()
	}
	if o.Wait == nil {
		o.Wait = waitByTheClock
	}
	switch {
	case o.Calm:
		o.Faults = Faults{}
	case o.Faults == (Faults{}):
		o.Faults = Spread(DefaultFaultRate)
	}
	return o
}

func (o Options) validate() error {
	var problems []error
	if o.Clock == nil {
		problems = append(problems, errors.New("nexussim: Clock is required"))
	}
	if o.Latency < 0 || o.TokenTTL < 0 || o.RequestLimit < 0 || o.PageSize < 0 {
		problems = append(problems, errors.New("nexussim: Latency, TokenTTL, RequestLimit and PageSize must not be negative"))
	}
	for _, c := range o.Clients {
		for _, r := range c.Rights {
			if !slices.Contains(AllRights(), r) {
				problems = append(problems, fmt.Errorf("nexussim: client %s: no right %q", c.ID, r))
			}
		}
	}
	return errors.Join(append(problems, o.Faults.validate(), o.Quirks.validate())...)
}

// waitByTheClock waits in wall-clock time.
func waitByTheClock(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
