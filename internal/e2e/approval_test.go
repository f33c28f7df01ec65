package e2e_test

import (
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"
)

// TestKilledDuringApproval kills the service while it takes another employee's yes to a large
// conversion: before it can have answered, and once the first call that follows from it was made. Nothing
// is booked before the yes, a yes that was lost can be given again, and one that was kept counts once.
func TestKilledDuringApproval(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, postgres bool) {
		t.Helper()

		c := found(t, terms{postgres: postgres, latency: 20 * time.Millisecond, concurrency: 4})
		c.reconfigure(func(m map[string]any) { m["conversion"] = map[string]any{"approve_from": 3} })

		p := c.serve("all")
		planner, leader := newPerson(t, c.base, p.addr).login(c.World, "PLAN"), c.leader(p)

		c.imported(planner)
		suitable := planner.suitable(c.day)
		batch := planner.convert(suitable)

		c.settle()

		if n := c.effects(); n != 0 {
			t.Fatalf("%d effects of a conversion that nobody has approved", n)
		}

		leader.cutOff(http.MethodPost, "/api/v1/conversions/"+batch+"/approve", p.kill)

		p = c.serve("all")

		state := leader.progress(batch).State
		t.Logf("after the kill the conversion is %q", state)

		if status := leader.do(http.MethodPost, "/api/v1/conversions/"+batch+"/approve", "", nil).status; (status/100 == 2) != (state == "waiting") {
			t.Errorf("a second yes to a conversion that was %q: %d", state, status)
		}

		c.after(t.Context(), patience, 1, 1)
		p.kill()

		c.serve("all")

		if status := leader.do(http.MethodPost, "/api/v1/conversions/"+batch+"/approve", "", nil).status; status != http.StatusConflict {
			t.Errorf("a yes to a conversion that has begun: %d", status)
		}

		leader.watch(batch)
		c.settle()

		if now := leader.progress(batch); now.State != "done" || now.Counts.Total != len(suitable) {
			t.Errorf("the conversion is %+v", now)
		}

		c.checkConverted(len(suitable))
	})
}

// suitable are the visits of a day that a planner may convert without a reason.
func (p *person) suitable(day string) []string {
	p.tb.Helper()

	var answer struct {
		Visits []struct {
			ID, Level   string
			Convertible bool
		}
	}

	p.call(http.MethodGet, "/api/v1/visits?day="+day, nil, &answer)

	var ids []string

	for _, v := range answer.Visits {
		if v.Convertible && v.Level != "red" {
			ids = append(ids, v.ID)
		}
	}

	if len(ids) < 10 {
		p.tb.Fatalf("%d visits can be converted", len(ids))
	}

	return ids
}

// cutOff sends a request and does something as soon as it has left, before the answer is read.
func (p *person) cutOff(method, path string, then func()) {
	p.tb.Helper()

	left, ended := make(chan struct{}), make(chan struct{})
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(left) }}

	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(p.tb.Context(), trace), method, p.base+path, http.NoBody)
	if err != nil {
		p.tb.Fatal(err)
	}

	go func() {
		defer close(ended)

		if res, err := p.http.Do(req); err == nil {
			_ = res.Body.Close() // the answer is lost
		}
	}()

	<-left
	then()
	<-ended
}
