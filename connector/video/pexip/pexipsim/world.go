package pexipsim

import (
	"container/heap"
	"slices"
	"strconv"
	"strings"
	"time"
)

// vmrVersion is how a conference is configured from one instant on.
type vmrVersion struct {
	at                      time.Time
	name, tag, serviceType  string
	pin, guestPIN, callType string
	allowGuests, muteGuests bool
	limit                   int // -1 is none
	aliases                 []string
	gone                    bool
	everywhere              bool // every node knows already
}

// vmr is a Virtual Meeting Room with everything it has been, for nodes that learn late.
type vmr struct {
	id           int
	versions     []vmrVersion
	created      time.Time
	deleted      time.Time
	wrongPINs    []time.Time
	blockedUntil time.Time
	refused      int
	instances    []*instance
}

func (v *vmr) last() *vmrVersion { return &v.versions[len(v.versions)-1] }

// standing is the last version that was not the deletion.
func (v *vmr) standing() *vmrVersion {
	for i := len(v.versions) - 1; i >= 0; i-- {
		if !v.versions[i].gone {
			return &v.versions[i]
		}
	}
	return v.last()
}

// node is a Conferencing Node.
type node struct {
	Node
	delay time.Duration
}

// clock is the node's idea of the time.
func (n *node) clock(t time.Time) time.Time { return t.Add(n.Skew) }

// knows is the version of a room that a node acts by at t, nil when it knows of none.
func (n *node) knows(v *vmr, t time.Time) *vmrVersion {
	for i := len(v.versions) - 1; i >= 0; i-- {
		version := &v.versions[i]
		if version.everywhere || !version.at.Add(n.delay).After(t) {
			if version.gone {
				return nil
			}
			return version
		}
	}
	return nil
}

// timer is something that falls due.
type timer struct {
	at  time.Time
	seq int
	do  func(t time.Time)
}

type timers []timer

func (q timers) Len() int { return len(q) }
func (q timers) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q timers) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *timers) Push(x any) {
	if t, ok := x.(timer); ok {
		*q = append(*q, t)
	}
}

// Pop is for container/heap.
func (q *timers) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// world is what happens on the nodes: rooms as they know them, conferences, people. It knows
// no HTTP and is guarded by Server.mu.
type world struct {
	opts   Options
	dice   dice
	hub    *hub
	global func(name string) int

	nodes     []*node
	vmrs      map[int]*vmr // by conference id, those that stand
	ever      []*vmr
	byAlias   map[string][]*vmr // lower-case, those that ever had it
	aliasIDs  map[int][]int     // conference id → ids of its aliases
	live      map[string]*instance
	instances map[string]*instance // by id, live and in history
	past      []*instance          // in order of their end, at most Options.HistoryLimit
	legs      map[string]*leg
	due       timers
	seq       int
}

func newWorld(o Options, d dice, h *hub) *world {
	w := &world{
		opts: o, dice: d, hub: h, vmrs: make(map[int]*vmr), byAlias: make(map[string][]*vmr),
		aliasIDs: make(map[int][]int), live: make(map[string]*instance), instances: make(map[string]*instance),
		legs: make(map[string]*leg),
	}
	for _, n := range o.Nodes {
		w.nodes = append(w.nodes, &node{Node: n, delay: max(orDuration(n.Replication, o.Replication), 0)})
	}
	return w
}

// mediaNodes are the nodes that people can be on.
func (w *world) mediaNodes() []*node {
	return slices.DeleteFunc(slices.Clone(w.nodes), func(n *node) bool { return n.Proxying })
}

// edge is the proxying node in front, if there is one.
func (w *world) edge() string {
	for _, n := range w.nodes {
		if n.Proxying {
			return n.Address
		}
	}
	return ""
}

// publish stores how a room is from now on; nodes learn of it in their time.
func (w *world) publish(id int, v vmrVersion, now time.Time) {
	v.at = now
	room := w.vmrs[id]
	if room == nil {
		room = &vmr{id: id, created: now}
		w.vmrs[id] = room
		w.ever = append(w.ever, room)
	}
	room.versions = append(room.versions, v)
	for _, alias := range v.aliases {
		lower := strings.ToLower(alias)
		if !slices.Contains(w.byAlias[lower], room) {
			w.byAlias[lower] = append(w.byAlias[lower], room)
		}
	}
}

// forget is the deletion of a room. A running conference goes on (§10).
func (w *world) forget(id int, now time.Time) {
	room := w.vmrs[id]
	if room == nil {
		return
	}
	delete(w.vmrs, id)
	delete(w.aliasIDs, id)
	room.deleted = now
	room.versions = append(room.versions, vmrVersion{at: now, gone: true})
}

// after plans something.
func (w *world) after(t time.Time, d time.Duration, do func(t time.Time)) {
	w.seq++
	heap.Push(&w.due, timer{at: t.Add(d), seq: w.seq, do: do})
}

// advance lets everything happen that is due, in order, each at its own instant.
func (w *world) advance(now time.Time) {
	for len(w.due) > 0 && !w.due[0].at.After(now) {
		if next, ok := heap.Pop(&w.due).(timer); ok {
			next.do(next.at)
		}
	}
}

// seconds is a global setting as a duration.
func (w *world) seconds(name string) time.Duration {
	return time.Duration(w.global(name)) * time.Second
}

// roomAt finds the room that a node would find for an alias, and the node: the one asked for,
// or by the seed one of those that know the room.
func (w *world) roomAt(alias, address string, t time.Time) (*vmr, *vmrVersion, *node) {
	lower := strings.ToLower(alias)
	for _, room := range slices.Backward(w.byAlias[lower]) {
		var knowing []*node
		for _, n := range w.mediaNodes() {
			version := n.knows(room, t)
			if version != nil && (address == "" || n.Address == address) && has(version.aliases, lower) {
				knowing = append(knowing, n)
			}
		}
		if len(knowing) > 0 {
			n := knowing[w.dice.between(0, len(knowing), "node", lower, strconv.Itoa(len(w.legs)))]
			return room, n.knows(room, t), n
		}
	}
	return nil, nil, nil
}

// has compares aliases without regard to case.
func has(list []string, lower string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.ToLower(s) == lower })
}

// everRoom finds the last room that had an alias, for pages of rooms that are gone.
func (w *world) everRoom(alias string) *vmr {
	list := w.byAlias[strings.ToLower(alias)]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// find is the last room with a name or a tag.
func (w *world) find(key string) *vmr {
	for _, room := range slices.Backward(w.ever) {
		if v := room.standing(); v.name == key || (v.tag == key && key != "") {
			return room
		}
	}
	return nil
}
