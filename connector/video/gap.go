package video

import (
	"cmp"
	"slices"
	"time"
)

// Mark is what of an event tells whether others are missing.
type Mark struct {
	Node     string
	Seq      int64
	At       time.Time // by the node's clock
	Received time.Time // by ours
}

// Gap is a run of a node's numbers of which no event has come.
type Gap struct {
	Node        string
	First, Last int64
	After       time.Time // the event before the gap; zero: none came before
	Before      time.Time // the event behind the gap
	Noticed     time.Time // when the event behind the gap was received
}

// Gaps tells which events of any node are missing, as far as one can know: what a node has not
// sent yet can't be seen. A node counts from 1, and again from 1 when it was restarted
// (pexip.md §4.2). The order in which events came does not matter. Only gaps that end at or after
// since are told: of each node the caller gives the marks since then, and the last one before.
func Gaps(marks []Mark, since time.Time) []Gap {
	marks = slices.Clone(marks)
	slices.SortFunc(marks, func(a, b Mark) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq))
	})

	var (
		all   []Gap
		count counter
	)

	for i, m := range marks {
		if i == 0 || marks[i-1].Node != m.Node {
			all = append(all, count.open...)
			count = counter{}
		}

		if m.Seq > 0 && !count.take(m) {
			all = append(all, count.open...)
			count = counter{}
			count.take(m)
		}
	}

	return slices.DeleteFunc(append(all, count.open...), func(g Gap) bool { return g.Before.Before(since) })
}

// counter follows one run of a node's numbers, from one start of the node to the next.
type counter struct {
	highest int64
	last    time.Time // the event with the highest number
	open    []Gap
}

// take counts an event. It reports false when the number can't belong to this run, so that the
// node must have been restarted.
func (c *counter) take(m Mark) bool {
	if m.Seq > c.highest {
		if m.Seq > c.highest+1 {
			c.open = append(c.open, Gap{Node: m.Node, First: c.highest + 1, Last: m.Seq - 1, After: c.last, Before: m.At, Noticed: m.Received})
		}

		c.highest, c.last = m.Seq, m.At

		return true
	}

	// A clock that was set back makes events look out of order.
	i := slices.IndexFunc(c.open, func(g Gap) bool { return g.First <= m.Seq && m.Seq <= g.Last })
	if i < 0 {
		return false
	}

	before, behind := c.open[i], c.open[i]
	before.Last, behind.First = m.Seq-1, m.Seq+1

	c.open = slices.Delete(c.open, i, i+1)

	for _, g := range []Gap{before, behind} {
		if g.First <= g.Last {
			c.open = append(c.open, g)
		}
	}

	return true
}
