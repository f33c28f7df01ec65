package connector

import (
	"context"
	"time"
)

// Role is what an outside system is to us, whatever product it is. The zero value is invalid.
type Role string

// The roles.
const (
	VideoRole        Role = "video"         // the video platform
	SMSRole          Role = "sms"           // sends text messages
	MailRole         Role = "mail"          // the mail relay
	RecordRole       Role = "record"        // the care record
	JournalRole      Role = "journal"       // the case journal beside the record
	LoginRole        Role = "login"         // the identity provider for employees
	CitizenLoginRole Role = "citizen_login" // an identity provider for citizens
	OwnRole          Role = "sluse"         // this program itself
)

// HealthState is how an outside system is, seen from our calls to it. The zero value is invalid.
type HealthState string

// The states, the best first.
const (
	Unused  HealthState = "unused"  // not called yet
	Healthy HealthState = "ok"      // answers as usual
	Slow    HealthState = "slow"    // answers late or fails now and then; we make fewer calls at once
	Limited HealthState = "limited" // asked us to wait
	Refused HealthState = "refused" // refuses our credentials: a person has to look
	Down    HealthState = "down"    // does not answer; calls are held back and one is tried now and then
)

// Health is what one process knows about one outside system. It holds nothing of any call's content.
type Health struct {
	Role   Role
	System string // the adapter's name, as in Error
	State  HealthState
	Since  time.Time // since when it is in this state, UTC; zero when unused

	NextTry time.Time // with Down and Limited: when the next call is let through, UTC

	InFlight int     // calls that are being answered now
	Waiting  int     // calls that wait for their turn
	Limit    int     // calls at once that are let through now; 0: no limit
	Agreed   int     // this process's share of the calls at once that the operator agreed to; 0: no limit
	Rate     float64 // this process's share of the agreed calls per second; 0: no limit

	LastSuccess time.Time // UTC; zero: never
	LastError   time.Time // UTC; zero: never
	ErrorKind   Kind      // of the last error; 0: none
	ErrorOp     string    // the operation that failed last
	ErrorStatus int       // its HTTP status; 0: none
	ErrorText   string    // Danish: what the adapter says of a refusal of our access and what to do; empty: nothing

	// Of the last five minutes.
	Calls    int
	Failures int
	P50, P95 time.Duration // of the calls that were answered
}

// HourCount is what became of the calls to a system in one hour, and how long it was watched.
type HourCount struct {
	Hour   time.Time     // begins then, UTC
	Good   int           // calls that the system answered, whatever it said
	Failed int           // calls without an answer: Unavailable, Unknown or RateLimited
	Up     time.Duration // it did not count as down
	Down   time.Duration // it did
}

// bulk is the key of WithBulk's mark.
type bulk struct{}

// WithBulk says whether calls made with the context belong to work for which no person waits. They
// go after the calls for which somebody does. A context without the mark is one with a person.
func WithBulk(ctx context.Context, is bool) context.Context {
	return context.WithValue(ctx, bulk{}, is)
}

// IsBulk reports what WithBulk said last.
func IsBulk(ctx context.Context) bool {
	is, _ := ctx.Value(bulk{}).(bool)

	return is
}
