package pexipsim_test

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
)

func TestEveryFault(t *testing.T) {
	t.Parallel()
	tests := map[pexipsim.FaultKind]struct {
		status int // 0: no answer
		effect bool
	}{
		pexipsim.FaultResetBefore:      {0, false},
		pexipsim.FaultResetAfter:       {0, true},
		pexipsim.FaultTimeoutBefore:    {0, false},
		pexipsim.FaultTimeoutAfter:     {0, true},
		pexipsim.FaultUnauthorized:     {401, false},
		pexipsim.FaultLogin:            {302, false},
		pexipsim.FaultTooMany:          {429, false},
		pexipsim.FaultServerError:      {500, false},
		pexipsim.FaultBadGatewayBefore: {502, false},
		pexipsim.FaultBadGatewayAfter:  {502, true},
		pexipsim.FaultUnavailable:      {503, false},
		pexipsim.FaultSlow:             {201, true},
		pexipsim.FaultBrokenBody:       {201, true}, // an answer without a body is left alone
	}
	for kind, tt := range tests {
		b := setup(t, nil)
		must(t, b.Script(pexipsim.Fault{Kind: kind, Op: pexipsim.OpConferenceCreate, Key: "et", Hang: time.Millisecond}))
		a, err := b.try(t, http.MethodPost, conferences, room("et", ""))
		if (err != nil) != (tt.status == 0) || a.status != tt.status {
			t.Errorf("%s: %d, %v", kind, a.status, err)
		}
		if (b.Ever("et") == 1) != tt.effect {
			t.Errorf("%s: %d rooms", kind, b.Ever("et"))
		}
		if rec := b.Requests(pexipsim.OpConferenceCreate)[0]; (rec.Fault != kind && kind != pexipsim.FaultBrokenBody) || rec.Effect != tt.effect || rec.Key != "et" {
			t.Errorf("%s: recorded %+v", kind, rec)
		}
		if len(b.PendingFaults()) != 0 {
			t.Errorf("%s: still pending", kind)
		}
	}
	b := setup(t, nil)
	must(t, b.Script(pexipsim.Fault{Kind: pexipsim.FaultBrokenBody, Op: pexipsim.OpConferenceList}))
	if a := b.do(t, http.MethodGet, conferences, ""); a.status != 200 || a.object["meta"] != nil {
		t.Errorf("broken body: %d %s", a.status, a.raw)
	}
	if err := b.Script(pexipsim.Fault{Kind: "x"}); err == nil {
		t.Error("an unknown kind")
	}
}

// story is the outcome of many calls under seeded faults.
func story(t *testing.T, seed uint64) ([]string, int) {
	t.Helper()
	b := setup(t, func(o *pexipsim.Options) {
		o.Seed = seed
	})
	rates := pexipsim.Spread(0.3)
	rates.Hang = time.Millisecond
	must(t, b.SetFaults(rates)) // a simulator that is calm at first has no slow first answer
	struck, inRow := 0, 0
	var out []string
	for i := range 60 {
		a, err := b.try(t, http.MethodGet, conferences+"?name=rum", "")
		text := strconv.Itoa(a.status)
		if err != nil {
			text = "no answer"
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "malformed") && !strings.Contains(err.Error(), "EOF") {
				t.Errorf("call %d: %v", i, err)
			}
		}
		out = append(out, text)
		if b.Requests()[i].Fault != "" {
			struck++
			inRow++
		} else {
			inRow = 0
		}
		if inRow > 2 {
			t.Errorf("seed %d: more than two faults in a row", seed)
		}
	}
	return out, struck
}

func TestTheSeedDecides(t *testing.T) {
	t.Parallel()
	one, struck := story(t, 11)
	same, _ := story(t, 11)
	other, _ := story(t, 12)
	if diff := cmp.Diff(one, same); diff != "" {
		t.Errorf("the same seed tells another story:\n%s", diff)
	}
	if cmp.Equal(one, other) || struck < 6 {
		t.Errorf("another seed tells the same story, or only %d faults struck", struck)
	}
}

func TestAwaitRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	got := make(chan int)
	go func() {
		list, err := b.AwaitRequests(t.Context(), pexipsim.OpConferenceList, 2)
		if err != nil {
			t.Error(err)
		}
		got <- len(list)
	}()
	for range 2 {
		b.expect(t, 200, http.MethodGet, conferences, "")
	}
	if n := <-got; n != 2 {
		t.Errorf("%d requests", n)
	}
	b.ClearRequests()
	if c := b.Counts(); c.RemoteCalls != 0 {
		t.Errorf("after clearing: %+v", c)
	}
}
