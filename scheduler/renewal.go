package scheduler

import (
	"context"

	"github.com/sluse/sluse/scheduler/care"
)

// Renewal is a new token for a citizen's or participant's session, taken into use in the transaction
// in which its holder is identified (ASVS 7.2.4). Whoever planted the old one in the browser, or saw
// it, has nothing from then on.
type Renewal struct {
	entered Entered
	taken   bool
}

type renewalKey struct{}

// WithRenewal returns a context in which a session that is identified gets a new token.
func WithRenewal(ctx context.Context) (context.Context, *Renewal, error) {
	token, err := newToken()
	if err != nil {
		return ctx, nil, err
	}

	r := &Renewal{entered: Entered{Token: token}}

	return context.WithValue(ctx, renewalKey{}, r), r, nil
}

// Taken returns the session with its new token; false when nobody was identified, and the old one
// stays.
func (r *Renewal) Taken() (Entered, bool) { return r.entered, r.taken }

// renew gives the session of a row the context's new token, if it has just been identified.
func (s *Service) renew(ctx context.Context, v *care.Visit, row *AuditRow) *Renewal {
	r, ok := ctx.Value(renewalKey{}).(*Renewal)
	if !ok || row == nil || !v.RenewSession(row.Admission, hashOf(r.entered.Token)) {
		return nil
	}

	r.entered.Expires = s.sessionEnd(v.Snapshot())

	return r
}

// proved notes in the rows of a citizen's or participant's session how, and how surely, they were
// known when it was done.
func proved(ctx context.Context, v care.Snapshot, rows []AuditRow) {
	for i, row := range rows {
		if a, ok := v.AdmissionOf(row.Admission); ok {
			rows[i].Origin = originIn(ctx, a)
		}
	}
}

// originIn is the origin of what somebody did in a session of theirs.
func originIn(ctx context.Context, a care.Admission) Origin {
	o := OriginOf(ctx)
	o.Level, o.Method = a.Level, string(a.Method)

	return o
}
