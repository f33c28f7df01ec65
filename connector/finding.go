package connector

import "context"

// Level is how bad a Finding is. The zero value is invalid.
type Level string

// The levels.
const (
	Fine    Level = "ok"
	Notice  Level = "advarsel" // works now, but somebody should look
	Failing Level = "fejl"     // will not work
)

// Finding is one line of `sluse doctor`: what was looked at, and what to do about it.
type Finding struct {
	Level   Level
	Subject string // Danish, short: "Certifikatet til VDX"
	Text    string // Danish sentences; never a secret or anything personal
}

// Checker is implemented by an adapter that can look at its own set-up. It changes nothing at the
// peer.
type Checker interface {
	Check(ctx context.Context) []Finding
}
