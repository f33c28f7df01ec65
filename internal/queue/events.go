package queue

import (
	"sync"

	"github.com/riverqueue/river"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Event says that the outcome of a job's run is stored.
type Event struct {
	Kind    scheduler.JobKind
	Visit   care.VisitID
	Outcome string // "job_completed", "job_snoozed", "job_cancelled" or "job_failed"
}

// hub hands events to whoever listens.
type hub struct {
	mutex     sync.Mutex
	listeners map[chan Event]struct{}
}

func newHub() *hub { return &hub{listeners: make(map[chan Event]struct{})} }

func (h *hub) publish(e Event) {
	h.mutex.Lock()
	defer h.mutex.Unlock()

	for listener := range h.listeners {
		select {
		case listener <- e:
		default: // it is slow and misses this one
		}
	}
}

// Subscribe tells of the jobs that this process runs, until cancel is called. One who does not
// listen misses events.
func (q *Queue) Subscribe() (events <-chan Event, cancel func()) {
	listener := make(chan Event, 256)

	q.events.mutex.Lock()
	q.events.listeners[listener] = struct{}{}
	q.events.mutex.Unlock()

	return listener, func() {
		q.events.mutex.Lock()
		delete(q.events.listeners, listener)
		q.events.mutex.Unlock()
	}
}

// forward hands on river's events until river stops.
func (q *Queue) forward() {
	in, _ := q.runner.SubscribeConfig(&river.SubscribeConfig{
		ChanSize: 4096,
		Kinds:    []river.EventKind{river.EventKindJobCompleted, river.EventKindJobSnoozed, river.EventKindJobCancelled, river.EventKindJobFailed},
	})

	go func() {
		for e := range in {
			q.events.publish(Event{Kind: scheduler.JobKind(e.Job.Kind), Visit: visitOf(e.Job.EncodedArgs), Outcome: string(e.Kind)})
		}
	}()
}
