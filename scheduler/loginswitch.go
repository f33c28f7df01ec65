package scheduler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// The hours that an administrator can choose from. Who needs the ways of an outage for longer says so
// again, because what was opened by hand has to close by itself.
const (
	shortestSwitch = time.Hour
	longestSwitch  = 12 * time.Hour
)

// SwitchHours are the lengths that are offered.
func SwitchHours() []time.Duration {
	return []time.Duration{shortestSwitch, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, longestSwitch}
}

// danish is how people call the logins of an audience in the middle of a sentence.
func (a LoginAudience) danish() string {
	switch a {
	case LoginOfCitizens:
		return "borgernes login"
	case LoginOfStaff:
		return "medarbejdernes login"
	}

	return string(a)
}

// SwitchRequest is an administrator's word that logins do not work.
type SwitchRequest struct {
	Audience LoginAudience
	For      time.Duration // one of SwitchHours
	Reason   string        // at most care.MaxBecause characters; no CPR number
}

func (r SwitchRequest) check() error {
	reason := strings.TrimSpace(r.Reason)

	switch {
	case r.Audience != LoginOfCitizens && r.Audience != LoginOfStaff:
		return care.NewError(care.Invalid, "Vælg, hvis login der ikke virker.")
	case !slices.Contains(SwitchHours(), r.For):
		return care.NewError(care.Invalid, "Vælg, hvor længe nødmåderne skal gælde.")
	case reason == "" || utf8.RuneCountInString(reason) > care.MaxBecause:
		return care.NewError(care.Invalid, "Skriv hvorfor, med højst 500 tegn.")
	case personNumber().MatchString(reason):
		return care.NewError(care.Invalid, "Begrundelsen må ikke indeholde et personnummer.")
	}

	return nil
}

// LoginSwitches lists the audiences whose logins there are, each with its switch, on or off. Needs
// SeeConnections in any unit.
func (s *Service) LoginSwitches(ctx context.Context, actor care.Actor) ([]LoginSwitch, error) {
	if !actor.MayAnywhere(care.SeeConnections) {
		return nil, actor.Must(care.SeeConnections, care.EveryUnit)
	}

	known, err := s.store.LoginHealth(ctx)
	if err != nil {
		return nil, err
	}

	var out []LoginSwitch

	for _, audience := range []LoginAudience{LoginOfCitizens, LoginOfStaff} {
		if !slices.ContainsFunc(s.logins, func(l LoginSource) bool { return l.Staff == (audience == LoginOfStaff) }) {
			continue
		}

		w := known.Switches[audience]
		if !w.On(s.now()) {
			w = LoginSwitch{}
		}

		w.Audience = audience
		out = append(out, w)
	}

	return out, nil
}

// OpenOutageWays opens the ways of an outage although our looks find none: a provider may answer us
// and nobody else. They close by themselves. Needs OpenOutageWays in any unit.
func (s *Service) OpenOutageWays(ctx context.Context, actor care.Actor, req SwitchRequest) error {
	if err := mayOpenOutageWays(actor); err != nil {
		return err
	}

	if err := req.check(); err != nil {
		return err
	}

	now := s.now()
	w := LoginSwitch{Audience: req.Audience, By: actor.Employee, Reason: strings.TrimSpace(req.Reason), At: now, Until: now.Add(req.For)}

	row := by(actor, "open_outage_ways")
	row.At, row.Detail, row.Reason = now, fmt.Sprintf("%s, %d h", w.Audience, int(req.For/time.Hour)), w.Reason

	if err := s.store.SaveLoginSwitch(ctx, w, Effects{Audit: []AuditRow{*row}}); err != nil {
		return err
	}

	return s.raiseLogin(ctx, s.switchNotice(w))
}

// CloseOutageWays closes them before their time. That they are closed already is no error. Needs
// OpenOutageWays in any unit.
func (s *Service) CloseOutageWays(ctx context.Context, actor care.Actor, audience LoginAudience) error {
	if err := mayOpenOutageWays(actor); err != nil {
		return err
	}

	known, err := s.store.LoginHealth(ctx)
	if err != nil {
		return err
	}

	now := s.now()

	w := known.Switches[audience]
	if !w.On(now) {
		return nil
	}

	w.Until = now

	row := by(actor, "close_outage_ways")
	row.At, row.Detail = now, string(audience)

	if err := s.store.SaveLoginSwitch(ctx, w, Effects{Audit: []AuditRow{*row}}); err != nil {
		return err
	}

	return s.store.ResolveNotice(ctx, LoginSwitched, string(audience), now, Effects{})
}

func mayOpenOutageWays(actor care.Actor) error {
	if actor.MayAnywhere(care.OpenOutageWays) {
		return nil
	}

	return actor.Must(care.OpenOutageWays, care.EveryUnit)
}

func (s *Service) switchNotice(w LoginSwitch) Notice {
	return s.notice(LoginSwitched, string(w.Audience), connector.Failing, fmt.Sprintf(
		"%s har slået nødmåder til for %s indtil %s. Borgere og medarbejdere kan komme ind på en svagere måde så længe, og det bliver mærket. Slå dem fra, så snart login virker.",
		w.By, w.Audience.danish(), until(w.Until, w.At)))
}

// until tells when something ends that began at from: with the day when that is another one.
func until(end, from time.Time) string {
	if care.DayOf(end) == care.DayOf(from) {
		return clock(end)
	}

	return end.In(care.Zone()).Format("2.1. kl. 15.04")
}
