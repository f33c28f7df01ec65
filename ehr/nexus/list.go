package nexus

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// planningCalendars is the kind of preference that a driving list is. Lists of other kinds may
// have the same name: HCL_ORDER has the aids depot's "Køreliste" (eoj.md §1.4).
const planningCalendars = "CROSS_CITIZEN_CALENDAR"

// System is what stands in the rows' SourceRef.
func (n *Nexus) System() string { return System }

// Lists names the driving lists that the settings let through.
func (n *Nexus) Lists(ctx context.Context) ([]ehr.ListRef, error) {
	found, err := n.calendarPreferences(ctx)
	if err != nil {
		return nil, err
	}

	var out []ehr.ListRef

	for _, p := range found {
		if len(n.config.Lists) == 0 || matches(n.config.Lists, p.text("name")) {
			out = append(out, ehr.ListRef{ID: p.id(), Name: p.text("name")})
		}
	}

	return out, nil
}

// calendarPreferences are the record's driving lists as half objects.
func (n *Nexus) calendarPreferences(ctx context.Context) ([]object, error) {
	const op = "lists"

	preferences, err := n.preferences(ctx)
	if err != nil {
		return nil, err
	}

	if _, ok := preferences[planningCalendars]; !ok {
		return nil, missing(op, connector.Unsupported, "nogen køreliste (planlægningskalender)")
	}

	var out []object

	for _, p := range preferences.list(planningCalendars) {
		if p.id() != "" && p.text("name") != "" {
			out = append(out, p)
		}
	}

	return out, nil
}

func (n *Nexus) preferences(ctx context.Context) (object, error) {
	const op = "lists"

	home, err := n.start(ctx)
	if err != nil {
		return nil, err
	}

	if !home.has("preferences") {
		return nil, missing(op, connector.Unsupported, "kørelister og visninger")
	}

	return n.followOne(ctx, op, home, "preferences", "kørelister og visninger")
}

// longestPeriod is the most that one Read is asked for, a little over a week for the clock change.
const longestPeriod = 7*24*time.Hour + time.Hour

var filterLike = regexp.MustCompile(`^[0-9]{1,18}$`)

// Read reads one list's visits that begin in the period. Every local day is a call of its own that
// may take minutes; a night list's day begins at 12:00.
func (n *Nexus) Read(ctx context.Context, list ehr.ListRef, period care.Interval) (ehr.DrivingList, error) {
	const op = "read_list"

	if !filterLike.MatchString(list.ID) || !period.Valid() || period.Duration() > longestPeriod {
		return ehr.DrivingList{}, fail(op, connector.Rejected, care.NewError(care.Invalid,
			"Vælg en køreliste og en periode på højst en uge."))
	}

	r := &reading{nexus: n, list: list, period: period, seen: map[string]bool{}, kept: ehr.DrivingList{Encoding: "KMD Nexus"}}

	for _, from := range n.starts(list.Name, period) {
		answer, err := n.readDay(ctx, list.ID, from)
		if err != nil {
			return ehr.DrivingList{}, err
		}

		r.take(answer)
	}

	if err := r.follow(ctx); err != nil {
		return ehr.DrivingList{}, err
	}

	return r.finish(), nil
}

// starts are the starts of the list's days that touch the period.
func (n *Nexus) starts(name string, period care.Interval) []time.Time {
	var out []time.Time

	hour := 0
	if n.config.isNight(name) {
		hour = 12
	}

	start := func(d care.Day) time.Time {
		at, _ := time.ParseInLocation(time.DateOnly, string(d), care.Zone()) // a Day is always one

		return time.Date(at.Year(), at.Month(), at.Day(), hour, 0, 0, 0, care.Zone())
	}

	for d := care.DayOf(period.Start).Add(-1); start(d).Before(period.End); d = d.Add(1) {
		if start(d.Add(1)).After(period.Start) {
			out = append(out, start(d))
		}
	}

	return out
}

// readDay reads a list's day. Both times are the start of the day, as public clients send them
// (eoj.md §1.4); the path has no rel.
func (n *Nexus) readDay(ctx context.Context, filter string, from time.Time) (object, error) {
	at := n.root().below("calendar", "events", "criteria", "EVENT", filter).with(url.Values{
		"calendarMode": {"PLANNING_MODE"}, "from": {utc(from)}, "to": {utc(from)},
		"plannedGrantStatuses": {""}, "registeredGrantStatuses": {""},
		"showPermanentResources": {"false"}, "showResourcesWithEvents": {"true"}, "showResourcesWithShifts": {"false"},
	})

	call := at.call("read_list", http.MethodPost)
	call.Safe = true

	answer, err := n.ask(ctx, n.calendars, call)
	if err != nil {
		if connector.Is(err, connector.NotFound) {
			return nil, fail("read_list", connector.NotFound, care.NewError(care.NotFound,
				"Kørelisten findes ikke længere i Nexus, eller Sluse er ikke givet adgang til den. Bed systemforvalteren om at se på den."))
		}

		return nil, err
	}

	return calendarIn(answer)
}
