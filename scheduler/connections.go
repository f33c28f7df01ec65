package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Backlog is the work of one queue that is not done, that of all processes.
type Backlog struct {
	Queue   string // "video", "message", "record", "work"
	Due     int    // could run now
	Running int
	Later   int       // waits for its time, or for a system that is down
	Oldest  time.Time // since when the first of what is due has been, UTC; zero when nothing is
	Next    time.Time // when the first of what waits is due, UTC; zero when nothing waits
}

// SystemHour is an hour of one system.
type SystemHour struct {
	Role   connector.Role
	System string
	connector.HourCount
}

// ProcessHealth is what one process knows of one system, and when it said so.
type ProcessHealth struct {
	Process string
	SeenAt  time.Time
	connector.Health
}

// HealthLog keeps how outside systems were and are. Errors are *care.Error.
type HealthLog interface {
	// AddHours adds to what is kept of the hours.
	AddHours(ctx context.Context, hours []SystemHour) error
	// Hours reads the hours that begin in a window, in order of role, system and hour.
	Hours(ctx context.Context, window care.Interval) ([]SystemHour, error)
	// SaveHealth replaces what a process knows, and forgets processes not heard of for an hour.
	SaveHealth(ctx context.Context, process string, at time.Time, known []connector.Health) error
	// HealthSince reads what processes said since a time.
	HealthSince(ctx context.Context, since time.Time) ([]ProcessHealth, error)
}

// Monitor watches the outside systems. Errors are *care.Error.
type Monitor interface {
	// Health tells how every system is, all processes together, one line each.
	Health(ctx context.Context) ([]connector.Health, error)
	// Backlog tells how much work waits.
	Backlog(ctx context.Context) ([]Backlog, error)
	// Hours tells how the systems were in the hours that begin in a window.
	Hours(ctx context.Context, window care.Interval) ([]SystemHour, error)
	// Down tells whether a system counts as down in this process, and since when. It asks nobody.
	Down(role connector.Role) (since time.Time, is bool)
	// Held returns the error with which a call to a system that is down would be held back now; nil when
	// one may be tried. It asks nobody. Errors are *connector.Error.
	Held(role connector.Role, op string) error
}

// unwatched is the monitor of a service that has none.
type unwatched struct{}

// Health knows of nothing.
func (unwatched) Health(context.Context) ([]connector.Health, error) { return nil, nil }

// Backlog knows of nothing.
func (unwatched) Backlog(context.Context) ([]Backlog, error) { return nil, nil }

// Hours knows of nothing.
func (unwatched) Hours(context.Context, care.Interval) ([]SystemHour, error) { return nil, nil }

// Down knows of nothing.
func (unwatched) Down(connector.Role) (time.Time, bool) { return time.Time{}, false }

// Held knows of nothing.
func (unwatched) Held(connector.Role, string) error { return nil }

// ConnectionView is one outside system on the panel "Forbindelser".
type ConnectionView struct {
	connector.Health

	Name    string // Danish: what the system is to us, for example "Videoplatformen"
	State   string // Danish: one word for a chip
	Text    string // Danish: one or two sentences on what is and what we do
	Advice  string // Danish: what a person has to do; empty when nothing
	Problem string // Danish: the last error in words; empty when there was none
}

// ConnectionsView is the panel "Forbindelser".
type ConnectionsView struct {
	At      time.Time
	Systems []ConnectionView // video, messages, record, login
	Queues  []Backlog
}

// Connections tells how the outside systems are and how much work waits for them. Needs
// SeeConnections in any unit.
func (s *Service) Connections(ctx context.Context, actor care.Actor) (ConnectionsView, error) {
	if !actor.MayAnywhere(care.SeeConnections) {
		return ConnectionsView{}, actor.Must(care.SeeConnections, care.EveryUnit)
	}

	known, err := s.monitor.Health(ctx)
	if err != nil {
		return ConnectionsView{}, err
	}

	queues, err := s.monitor.Backlog(ctx)
	if err != nil {
		return ConnectionsView{}, err
	}

	view := ConnectionsView{At: s.now(), Queues: queues}
	for _, h := range known {
		view.Systems = append(view.Systems, connectionOf(h))
	}

	slices.SortStableFunc(view.Systems, func(a, b ConnectionView) int { return cmp.Compare(placeOf(a.Role), placeOf(b.Role)) })

	return view, nil
}

// placeOf orders systems as a visit meets them.
func placeOf(r connector.Role) int {
	return slices.Index([]connector.Role{connector.OwnRole, connector.VideoRole, connector.SMSRole, connector.MailRole, connector.RecordRole, connector.JournalRole, connector.LoginRole, connector.CitizenLoginRole}, r)
}

func connectionOf(h connector.Health) ConnectionView {
	v := ConnectionView{Health: h, Name: roleDanish(h.Role), State: stateDanish(h.State)}
	v.Text, v.Advice = stateText(h)

	if !h.LastError.IsZero() {
		v.Problem = fmt.Sprintf("%s den %s (%s)", kindDanish(h.ErrorKind), h.LastError.In(care.Zone()).Format("02.01.2006 kl. 15.04"), h.ErrorOp)
	}

	return v
}

// roleDanish is how people call a system.
func roleDanish(r connector.Role) string {
	switch r {
	case connector.VideoRole:
		return "Videoplatformen"
	case connector.SMSRole:
		return "SMS"
	case connector.MailRole:
		return "E-mail"
	case connector.RecordRole:
		return "Omsorgsjournalen"
	case connector.JournalRole:
		return "Sagsjournalen"
	case connector.LoginRole:
		return "Login for medarbejdere"
	case connector.CitizenLoginRole:
		return "Borgernes login"
	case connector.OwnRole:
		return "Sluse"
	}

	return string(r)
}

func stateDanish(s connector.HealthState) string {
	switch s {
	case connector.Unused:
		return "Ikke brugt"
	case connector.Healthy:
		return "Virker"
	case connector.Slow:
		return "Langsom"
	case connector.Limited:
		return "På pause"
	case connector.Refused:
		return "Afviser adgang"
	case connector.Down:
		return "Svarer ikke"
	}

	return string(s)
}

// stateText says what is, and what somebody has to do.
func stateText(h connector.Health) (text, advice string) {
	switch h.State {
	case connector.Unused:
		return "Der har ikke været kald endnu.", ""
	case connector.Healthy:
		return "Svarer, som den plejer.", ""
	case connector.Slow:
		return fmt.Sprintf("Svarer langsomt eller fejler. Vi kalder %d ad gangen i stedet for %d, indtil det går bedre.", h.Limit, h.Agreed), ""
	case connector.Limited:
		return "Har bedt os vente til " + clock(h.NextTry) + ". Opgaverne venter så længe.", ""
	case connector.Refused:
		return "Afviser vores adgang. Opgaverne venter, og vi prøver igen med mellemrum.",
			cmp.Or(h.ErrorText, "Systemforvalteren skal se på certifikat, adgangskode og rettigheder.")
	case connector.Down:
		text = "Har ikke svaret siden " + clock(h.Since) + ". Opgaverne venter, og intet går tabt."
		if h.NextTry.IsZero() {
			return text + " Vi prøver igen ved næste kald.", "Kontakt leverandøren, hvis det varer ved."
		}

		return text + " Vi prøver igen " + clock(h.NextTry) + ".", "Kontakt leverandøren, hvis det varer ved."
	}

	return "", ""
}

func kindDanish(k connector.Kind) string {
	switch k {
	case connector.Unavailable:
		return "Intet svar"
	case connector.RateLimited:
		return "For mange kald"
	case connector.Unknown:
		return "Svaret gik tabt"
	case connector.Unauthorized:
		return "Adgang afvist"
	case connector.Malformed:
		return "Svaret kunne ikke læses"
	case connector.Pending, connector.NotFound, connector.Conflict, connector.Rejected, connector.Unsupported:
	}

	return "Fejl"
}

// AvailabilityView is how one system was in a month (K32).
type AvailabilityView struct {
	Role   connector.Role
	System string
	Name   string // Danish
	Good   int    // calls that were answered
	Failed int    // calls without an answer
	Up     time.Duration
	Down   time.Duration
	// Share of the watched time in which the system did not count as down, 0 to 1; for this program
	// itself of the time since the month, or the first word of it in the month, began.
	Share   float64
	Watched bool // there is anything to go by
}

// Availability tells how the systems were in the month of a day, Danish time. Needs SeeConnections in
// any unit.
func (s *Service) Availability(ctx context.Context, actor care.Actor, month care.Day) ([]AvailabilityView, error) {
	if !actor.MayAnywhere(care.SeeConnections) {
		return nil, actor.Must(care.SeeConnections, care.EveryUnit)
	}

	window, err := monthOf(month)
	if err != nil {
		return nil, err
	}

	hours, err := s.monitor.Hours(ctx, window)
	if err != nil {
		return nil, err
	}

	if now := s.now(); now.Before(window.End) {
		window.End = now
	}

	var out []AvailabilityView

	for _, h := range hours {
		i := slices.IndexFunc(out, func(v AvailabilityView) bool { return v.Role == h.Role && v.System == h.System })
		if i < 0 {
			i = len(out)
			out = append(out, AvailabilityView{Role: h.Role, System: h.System, Name: roleDanish(h.Role)})

			if h.Role == connector.OwnRole {
				window.Start = h.Hour // the first, because hours come in order
			}
		}

		v := &out[i]
		v.Good, v.Failed, v.Up, v.Down = v.Good+h.Good, v.Failed+h.Failed, v.Up+h.Up, v.Down+h.Down
	}

	for i := range out {
		out[i].sum(window)
	}

	slices.SortStableFunc(out, func(a, b AvailabilityView) int { return cmp.Compare(placeOf(a.Role), placeOf(b.Role)) })

	return out, nil
}

// sum works out the share. The program itself notices nothing while it does not run: for it, what
// is missing of the window is the time that it was down.
func (v *AvailabilityView) sum(window care.Interval) {
	if v.Role == connector.OwnRole {
		v.Down = max(window.End.Sub(window.Start)-v.Up, 0)
	}

	if all := v.Up + v.Down; all > 0 {
		v.Share, v.Watched = float64(v.Up)/float64(all), true
	}
}

// monthOf returns the local month of a day.
func monthOf(day care.Day) (care.Interval, error) {
	start, err := time.ParseInLocation("2006-01-02", string(day), care.Zone())
	if err != nil {
		return care.Interval{}, care.NewError(care.Invalid, "Vælg en måned.")
	}

	start = time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, care.Zone())

	return care.Interval{Start: start.UTC(), End: start.AddDate(0, 1, 0).UTC()}, nil
}
