package scheduler

import (
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// AuditQuery narrows the audit; zero fields do not narrow.
type AuditQuery struct {
	Citizen care.CitizenID // rows about the citizen, and lists that showed them
	Actor   string         // employee id, or one of the other words of AuditRow.Actor
	From    care.Day       // local days, To inclusive
	To      care.Day
	Before  int64 // rows older than this number; 0: from the newest
	Limit   int   // 0: no limit
}

// AuditEntry is a stored row with its number.
type AuditEntry struct {
	AuditRow

	ID    int64
	Shown int // how many citizens a list showed; AuditRow.Citizens is not read back
}

// Audits reads the audit. Errors are *care.Error.
type Audits interface {
	// Audit reads rows, the newest first.
	Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
}

// AuditView is a page of the audit.
type AuditView struct {
	Entries []AuditEntry
	// Citizens are those whom single rows are about.
	Citizens map[care.CitizenID]care.Citizen
	Next     int64 // AuditQuery.Before of the next page; 0: this is the last
}

// AuditTrail returns what was done with whose data, the newest first. Needs SeeAudit in every unit,
// because the audit has no units. The reading is audited.
func (s *Service) AuditTrail(ctx context.Context, actor care.Actor, q AuditQuery) (AuditView, error) {
	if err := actor.Must(care.SeeAudit, care.EveryUnit); err != nil {
		return AuditView{}, err
	}

	limit := q.Limit
	if limit > 0 {
		q.Limit++ // one more tells whether there is another page
	}

	entries, err := s.store.Audit(ctx, q)
	if err != nil {
		return AuditView{}, err
	}

	out := AuditView{Entries: entries}
	if limit > 0 && len(entries) > limit {
		out.Entries = entries[:limit]
		out.Next = out.Entries[limit-1].ID
	}

	var about []care.CitizenID

	for _, e := range out.Entries {
		if e.Citizen != "" {
			about = append(about, e.Citizen)
		}
	}

	slices.Sort(about)
	about = slices.Compact(about)

	if out.Citizens, err = s.store.Citizens(ctx, about); err != nil {
		return AuditView{}, err
	}

	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: "see_audit", Citizen: q.Citizen, Citizens: about, Detail: q.words()}

	return out, s.store.Record(ctx, []AuditRow{row})
}

// words tells in the audit what was asked of it, in keys.
func (q AuditQuery) words() string {
	var out []string

	for _, w := range [][2]string{{"actor", q.Actor}, {"from", string(q.From)}, {"to", string(q.To)}} {
		if w[1] != "" {
			out = append(out, w[0]+" "+w[1])
		}
	}

	return strings.Join(out, ", ")
}

// AuditedCitizen finds the citizen with a CPR number, so that the audit can be asked by it. Needs
// SeeAudit in every unit. NotFound when no list ever named the citizen.
func (s *Service) AuditedCitizen(ctx context.Context, actor care.Actor, number string) (care.CitizenID, error) {
	if err := actor.Must(care.SeeAudit, care.EveryUnit); err != nil {
		return "", err
	}

	cpr, verdict, _ := care.ParseCPR(number)
	if verdict == care.CPRMalformed {
		return "", care.NewError(care.Invalid, "Det er ikke et CPR-nummer. Skriv ti cifre.")
	}

	found, err := s.store.CitizensByKey(ctx, []care.CitizenKey{{CPR: cpr}})
	if err != nil {
		return "", err
	}

	citizen, ok := found[care.CitizenKey{CPR: cpr}]
	if !ok {
		return "", care.NewError(care.NotFound, "Vi kender ingen borger med det nummer.")
	}

	return citizen.ID, nil
}
