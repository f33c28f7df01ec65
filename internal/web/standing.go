package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Directory says what an employee may do now; *directory.Service satisfies it. Whoever has left
// is not active. Errors are *care.Error; on an error nothing is granted.
type Directory interface {
	Grants(ctx context.Context, employee care.EmployeeID, fromLogin []care.Grant) (grants []care.Grant, active bool, err error)
}

// SessionRules are a municipality's rules for employees' sessions.
type SessionRules struct {
	Idle     time.Duration // after how much rest a session ends; 0: SessionIdle
	MinLevel map[care.Role]care.Assurance
}

func (r SessionRules) idle() time.Duration { return cmp.Or(r.Idle, SessionIdle) }

// standing is what an employee may do in a session.
type standing struct {
	grants []care.Grant
	active bool
	// missing is the level that some of the employee's roles need and the login did not have; zero
	// when all roles hold.
	missing care.Assurance
}

// standingOf asks what the employee of a session may do now. In an emergency only the directory
// counts, nobody administers, and there is no level: two persons stand in for it.
func (m *mount) standingOf(ctx context.Context, s Session) (standing, error) {
	var fromLogin []care.Grant
	if s.Method != scheduler.ByEmergency {
		fromLogin = m.site.Grants(s.Groups)
	}

	out := standing{grants: fromLogin, active: true}

	if m.site.Directory != nil {
		var err error
		if out.grants, out.active, err = m.site.Directory.Grants(ctx, s.Employee, fromLogin); err != nil {
			return standing{}, err
		}
	}

	out.grants = slices.DeleteFunc(slices.Clone(out.grants), func(g care.Grant) bool {
		if s.Method == scheduler.ByEmergency {
			return g.Role == care.Administrator
		}

		need := m.site.SessionRules.MinLevel[g.Role]
		if s.Level < need {
			out.missing = max(out.missing, need)
		}

		return s.Level < need
	})

	return out, nil
}

func (s standing) digest() string { return Standing(s.grants) }

// Standing is a digest that tells two sets of grants apart, whatever order they come in.
func Standing(grants []care.Grant) string {
	lines := make([]string, 0, len(grants))
	for _, g := range grants {
		lines = append(lines, fmt.Sprintf("%q %q", g.Unit, g.Role))
	}

	slices.Sort(lines)

	h := sha256.New()
	for _, line := range slices.Compact(lines) {
		fmt.Fprintln(h, line)
	}

	return hex.EncodeToString(h.Sum(nil)[:16])
}
