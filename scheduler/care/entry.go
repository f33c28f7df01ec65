package care

import "time"

// EntryKind says what an entry in the care record tells. The zero value is invalid.
type EntryKind string

// The kinds.
const (
	EntryPlanned  EntryKind = "planned"  // planlagt skærmbesøg
	EntryResult   EntryKind = "result"   // gennemført or ikke gennemført
	EntryRestored EntryKind = "restored" // it is a physical visit again; the original category is back
)

// EntryState is what became of an entry. The zero value is invalid.
type EntryState string

// The states: due → written · rejected · superseded; or omitted from the first.
const (
	EntryDue        EntryState = "due"
	EntryWritten    EntryState = "written"
	EntryRejected   EntryState = "rejected"   // needs a person
	EntrySuperseded EntryState = "superseded" // overtaken before it was tried
	EntryOmitted    EntryState = "omitted"    // the municipality's rule has no way to tell it; Failure says why
)

// Entry is one write to the care record. The entries of a visit by one means are written in order.
type Entry struct {
	ID        EntryID
	Kind      EntryKind
	Means     Means // empty when omitted
	State     EntryState
	Key       string // idempotency key: visit, kind and generation
	RecordID  string // the record's key, when written
	RecordVer string // the record's version, when written
	Failure   string // Danish sentence, when rejected or omitted
	Seen      string // the category that a person saw in the record and agreed to overwrite; empty: none
	DueAt     time.Time
	WrittenAt time.Time // zero until written
}
