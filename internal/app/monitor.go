package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/message/mail"
	"github.com/sluse/sluse/connector/message/sms"
	"github.com/sluse/sluse/connector/message/smsgw"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/ehr/momentum"
	"github.com/sluse/sluse/internal/queue"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// monitor knows the outside systems of one municipality: as this process meets them, and as the
// others say.
type monitor struct {
	process string // a random name of this process
	now     func() time.Time
	peers   []*outbound.Peer
	log     scheduler.HealthLog
	queue   *queue.Queue

	mutex   sync.Mutex
	rank    int                    // among the processes that work; -1: this one does not
	counted time.Time              // up to when this process told that it runs
	unsaved []scheduler.SystemHour // what could not be written yet
}

var _ scheduler.Monitor = (*monitor)(nil)

// newMonitor makes a peer for every system that the configuration names.
func newMonitor(p parts) (*monitor, error) {
	m := &monitor{process: rand.Text(), now: p.o.Clock, rank: -1, counted: p.o.Clock()}

	add := func(role connector.Role, system string, limit, perMinute int) error {
		peer, err := outbound.NewPeer(outbound.PeerOptions{Role: role, System: system, Now: p.o.Clock, Limit: limit, Rate: float64(perMinute) / 60})
		if err != nil {
			return fmt.Errorf("%s: %w", role, err)
		}

		m.peers = append(m.peers, peer)

		return nil
	}

	platform, err := videoPeer(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", connector.VideoRole, err)
	}

	m.peers = append(m.peers, platform)

	if p.m.Messages.Texts() {
		system := sms.System
		if p.m.Messages.Gateway != nil {
			system = smsgw.System
		}

		if err := add(connector.SMSRole, system, p.m.Messages.Concurrency, p.m.Messages.Rate); err != nil {
			return nil, err
		}
	}

	if p.m.Messages.Mail != nil {
		if err := add(connector.MailRole, mail.System, p.m.Messages.Concurrency, p.m.Messages.Rate); err != nil {
			return nil, err
		}
	}

	concurrency, rate := p.m.Record.Concurrency, p.m.Record.Rate
	if p.m.Record.Kind == file.System {
		concurrency, rate = 0, 0 // nobody agreed to anything: it is a folder, and entries that come together share one writing
	}

	if err := add(connector.RecordRole, p.m.Record.Kind, concurrency, rate); err != nil {
		return nil, err
	}

	if p.m.Record.Momentum != nil {
		if err := add(connector.JournalRole, momentum.System, p.m.Record.Momentum.Concurrency, p.m.Record.Momentum.Rate); err != nil {
			return nil, err
		}
	}

	return m, m.addLogins(p)
}

// peer returns the peer of a role; nil when the configuration has no such system.
func (m *monitor) peer(role connector.Role) *outbound.Peer {
	i := slices.IndexFunc(m.peers, func(p *outbound.Peer) bool { return p.Role() == role })
	if i < 0 {
		return nil
	}

	return m.peers[i]
}

// share divides what was agreed between the processes that work.
func (m *monitor) share(rank, of int) {
	m.mutex.Lock()
	m.rank = rank
	m.mutex.Unlock()

	for _, p := range m.peers {
		p.Share(rank, of)
	}
}

// Down implements scheduler.Monitor.
func (m *monitor) Down(role connector.Role) (since time.Time, is bool) {
	if p := m.peer(role); p != nil {
		return p.Down()
	}

	return time.Time{}, false
}

// Held implements scheduler.Monitor.
func (m *monitor) Held(role connector.Role, op string) error {
	if p := m.peer(role); p != nil {
		return p.Held(op)
	}

	return nil
}

// Hours implements scheduler.Monitor.
func (m *monitor) Hours(ctx context.Context, window care.Interval) ([]scheduler.SystemHour, error) {
	return m.log.Hours(ctx, window)
}

// Backlog implements scheduler.Monitor.
func (m *monitor) Backlog(ctx context.Context) ([]scheduler.Backlog, error) {
	counts, err := m.queue.Backlog(ctx)
	if err != nil {
		return nil, &care.Error{Kind: care.Unavailable, Message: "Køen kan ikke læses lige nu. Prøv igen.", Err: err}
	}

	out := make([]scheduler.Backlog, 0, len(counts))
	for _, name := range queue.Names() {
		c := counts[name]
		out = append(out, scheduler.Backlog{Queue: string(name), Due: c.Due, Running: c.Running, Later: c.Later, Oldest: c.Oldest, Next: c.Next})
	}

	return out, nil
}

// recently is how old the word of another process may be.
const recently = 4 * tellEvery

// Health implements scheduler.Monitor.
func (m *monitor) Health(ctx context.Context) ([]connector.Health, error) {
	others, err := m.log.HealthSince(ctx, m.now().Add(-recently))
	if err != nil {
		return nil, err
	}

	known := m.own()

	for _, o := range others {
		if o.Process != m.process {
			known = append(known, o.Health)
		}
	}

	return together(known), nil
}

// own is what this process knows.
func (m *monitor) own() []connector.Health {
	out := make([]connector.Health, len(m.peers))
	for i, p := range m.peers {
		out[i] = p.Health()
	}

	return out
}

// together makes one line per system of what several processes know.
func together(known []connector.Health) []connector.Health {
	bySystem := make(map[string][]connector.Health)
	for _, h := range known {
		key := string(h.Role) + "/" + h.System
		bySystem[key] = append(bySystem[key], h)
	}

	out := make([]connector.Health, 0, len(bySystem))
	for _, key := range slices.Sorted(maps.Keys(bySystem)) {
		out = append(out, merge(bySystem[key]))
	}

	return out
}

// severity orders states, the worst last.
func severity(s connector.HealthState) int {
	return slices.Index([]connector.HealthState{connector.Unused, connector.Healthy, connector.Slow, connector.Limited, connector.Refused, connector.Down}, s)
}

// merge adds up what several processes know of one system. It is as bad as the worst of them says,
// unless another one has had an answer since.
func merge(all []connector.Health) connector.Health {
	var latest time.Time
	for _, h := range all {
		if h.LastSuccess.After(latest) {
			latest = h.LastSuccess
		}
	}

	out := connector.Health{Role: all[0].Role, System: all[0].System, State: connector.Unused}
	calls := 0

	for _, h := range all {
		if severity(h.State) > severity(connector.Healthy) && latest.After(h.LastError) && !h.LastSuccess.Equal(latest) {
			h.State, h.Since, h.NextTry = connector.Healthy, latest, time.Time{}
		}

		if severity(h.State) > severity(out.State) {
			out.State, out.Since, out.NextTry = h.State, h.Since, h.NextTry
		}

		if h.LastError.After(out.LastError) {
			out.LastError, out.ErrorKind, out.ErrorOp, out.ErrorStatus, out.ErrorText = h.LastError, h.ErrorKind, h.ErrorOp, h.ErrorStatus, h.ErrorText
		}

		out.InFlight, out.Waiting = out.InFlight+h.InFlight, out.Waiting+h.Waiting
		out.Limit, out.Agreed, out.Rate = out.Limit+h.Limit, out.Agreed+h.Agreed, out.Rate+h.Rate
		out.Calls, out.Failures = out.Calls+h.Calls, out.Failures+h.Failures

		if answered := h.Calls - h.Failures; answered > 0 { // the middle of middles is near enough
			out.P50 = (out.P50*time.Duration(calls) + h.P50*time.Duration(answered)) / time.Duration(calls+answered)
			out.P95 = max(out.P95, h.P95)
			calls += answered
		}
	}

	out.LastSuccess = latest

	return out
}

// mostUnsaved bounds what is kept in memory while the database does not answer: some hours of it.
const mostUnsaved = 10_000

// tell writes down how the systems were since the last time, and how they are.
func (m *monitor) tell(ctx context.Context) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()

	now, first := m.now(), m.rank == 0
	hours := append(m.unsaved, m.running(now, first)...) //nolint:gocritic // it takes the place of unsaved

	for _, p := range m.peers {
		for _, h := range p.Fetch() {
			if !first { // the time passes once, however many watch
				h.Up, h.Down = 0, 0
			}

			if h.Good+h.Failed > 0 || h.Up+h.Down > 0 {
				hours = append(hours, scheduler.SystemHour{Role: p.Role(), System: p.System(), HourCount: h})
			}
		}
	}

	slices.SortFunc(hours, func(a, b scheduler.SystemHour) int { // one order for all processes
		return strings.Compare(string(a.Role)+a.Hour.String(), string(b.Role)+b.Hour.String())
	})

	m.unsaved = hours[:min(len(hours), mostUnsaved)]

	if err := m.log.AddHours(ctx, hours); err != nil {
		return err
	}

	m.unsaved = nil

	return m.log.SaveHealth(ctx, m.process, now, m.own())
}

// running tells that this program ran, by the hour.
func (m *monitor) running(now time.Time, first bool) []scheduler.SystemHour {
	var out []scheduler.SystemHour

	for from := m.counted; from.Before(now); {
		hour := from.UTC().Truncate(time.Hour)

		to := hour.Add(time.Hour)
		if to.After(now) {
			to = now
		}

		if first {
			out = append(out, scheduler.SystemHour{Role: connector.OwnRole, System: "sluse", HourCount: connector.HourCount{Hour: hour, Up: to.Sub(from)}})
		}

		from = to
	}

	if now.After(m.counted) {
		m.counted = now
	}

	return out
}
