package vdxsim

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// mayRead is the visibility of one meeting (§2.8): USER only sees what they organise,
// everybody else exactly their own organisation.
func mayRead(by principal, m *meeting) *problem {
	switch {
	case m.organisation != by.organisation:
		return forbidden("The meeting belongs to another organisation")
	case by.onlyUser() && m.organizedBy.email != by.email:
		return forbidden("The meeting is organised by somebody else")
	}
	return nil
}

// mayReadRoom is the visibility of a room (§1.8, §2.8): provisioners everything, the own
// organisation always, planners and administrators also the descendants.
func (w *world) mayReadRoom(by principal, r *room) bool {
	if by.has(RoleProvisioner) || by.has(RoleProvisionerUser) || r.organisation == by.organisation {
		return true
	}
	return (by.has(RolePlanner) || by.has(RoleAdmin)) && w.below(by.organisation, r.organisation)
}

// visible are the meetings that match and that the caller may see. It scans: only search
// pays for it.
func (w *world) visible(by principal, match func(*meeting) bool) []*meeting {
	var found []*meeting
	for _, r := range w.rooms {
		m := r.meeting
		if r.deletedAt.IsZero() && match(m) && mayRead(by, m) == nil {
			found = append(found, m)
		}
	}
	return found
}

// byShort looks a short id up: unknown is 404, and a caller whose only role is ADMIN may
// see any organisation's meeting (§1.4).
func (w *world) byShort(by principal, shortID string) (*meeting, *problem) {
	m := w.byShortID[shortID]
	if m == nil {
		return nil, notFound("Meeting")
	}
	if by.only(RoleAdmin) {
		return m, nil
	}
	return m, mayRead(by, m)
}

// search is the free-text union of §1.4 with its defects of §7: a text over 100 characters
// breaks for callers with more than USER (it becomes a user row), and a USER-only caller
// who asks for anything but the own address breaks as soon as something matches.
func (w *world) search(by principal, text string, from, to *time.Time) ([]*meeting, *problem) {
	if !by.onlyUser() && javaLength(text) > 100 {
		return nil, crash("Data too long for column 'email'")
	}
	lower := strings.ToLower(text)
	found := w.visible(by, func(m *meeting) bool {
		if from != nil && to != nil && (!m.start.After(*from) || !m.start.Before(*to)) {
			return false
		}
		return m.organizedBy.email == text || has(m.labels, text) || m.room.uriWithDomain == text ||
			like(lower, strings.ToLower(m.subject)) ||
			(m.description != nil && like(lower, strings.ToLower(*m.description)))
	})
	if by.onlyUser() && text != by.email && len(found) > 0 {
		return nil, crash("UnsupportedOperationException")
	}
	return found, nil
}

// like is SQL's LIKE %pattern% with the wildcards of the pattern left alive, as the service
// does not escape them.
func like(pattern, text string) bool {
	return wild("%"+pattern+"%", text)
}

// wild matches % (any run) and _ (any one byte) without backtracking over more than the
// last %.
func wild(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '_' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// byAddress finds one meeting by uriWithDomain. Numbers are recycled after DEPROVISION_OK,
// and two rows break the service (§2.10).
func (w *world) byAddress(by principal, uri string) (*meeting, *problem) {
	rooms := w.byFullURI[uri]
	switch len(rooms) {
	case 0:
		return nil, notFound("Meeting")
	case 1:
		return rooms[0].meeting, mayRead(by, rooms[0].meeting)
	default:
		return nil, crash("Query did not return a unique result: " + strconv.Itoa(len(rooms)))
	}
}

// byNumber finds one live meeting by uriWithoutDomain, in any domain (§2.10).
func (w *world) byNumber(by principal, uri string) (*meeting, *problem) {
	rooms := w.byShortURI[uri]
	if len(rooms) == 0 {
		return nil, notFound("Meeting")
	}
	return rooms[0].meeting, mayRead(by, rooms[0].meeting)
}

// roomsIn are the rooms of the scheduling-info list: the status fits, and vmrStart or end
// lies strictly inside the window (§1.8).
func (w *world) roomsIn(by principal, from, to time.Time, status ProvisionStatus) []*room {
	inside := func(t time.Time) bool { return t.After(from) && t.Before(to) }
	var found []*room
	for _, r := range w.rooms {
		if r.deletedAt.IsZero() && r.status == status && w.mayReadRoom(by, r) &&
			(inside(r.vmrStart()) || inside(r.meeting.end)) {
			found = append(found, r)
		}
	}
	return found
}

// shuffle gives a list an order that no client can rely on; salt changes per call.
func shuffle[T any](d dice, salt string, list []T, key func(T) string) {
	order := make(map[string]uint64, len(list))
	for _, item := range list {
		order[key(item)] = d.number("order", salt, key(item))
	}
	sort.Slice(list, func(i, j int) bool { return order[key(list[i])] < order[key(list[j])] })
}
