package vdxsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func TestScriptedFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind   vdxsim.FaultKind
		status int // 0: the connection is dropped
		effect bool
	}{
		{vdxsim.FaultResetBefore, 0, false},
		{vdxsim.FaultResetAfter, 0, true},
		{vdxsim.FaultTimeoutBefore, 0, false},
		{vdxsim.FaultTimeoutAfter, 0, true},
		{vdxsim.FaultUnauthorized, 401, false},
		{vdxsim.FaultTooMany, 429, false},
		{vdxsim.FaultServerError, 500, false},
		{vdxsim.FaultBadGatewayBefore, 502, false},
		{vdxsim.FaultBadGatewayAfter, 502, true},
		{vdxsim.FaultUnavailable, 503, false},
		{vdxsim.FaultBrokenBody, 200, true},
		{vdxsim.FaultSlow, 200, true},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			fault := vdxsim.Fault{Kind: tt.kind, Op: vdxsim.OpMeetingCreate, Key: idA, Hang: time.Millisecond, RetryAfter: 1500 * time.Millisecond}
			if err := b.Script(fault); err != nil {
				t.Fatal(err)
			}
			a, err := b.try(t, http.MethodPost, "/v2/meetings", booking(idA, b.start.Add(time.Hour), b.start.Add(2*time.Hour), ""))
			if (err != nil) != (tt.status == 0) || a.status != tt.status {
				t.Errorf("got %d, %v", a.status, err)
			}
			if tt.kind == vdxsim.FaultTooMany && a.header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
			if tt.kind == vdxsim.FaultBrokenBody && json.Valid([]byte(a.raw)) {
				t.Errorf("the body is whole: %s", a.raw)
			}
			if _, exists := b.Room(idA); exists != tt.effect {
				t.Errorf("effect %v, want %v", exists, tt.effect)
			}
			rec := b.Requests(vdxsim.OpMeetingCreate)[0]
			if rec.Effect != tt.effect || rec.Fault != tt.kind || rec.Status != tt.status || rec.Key != idA {
				t.Errorf("record %+v", rec)
			}
			if got := b.do(t, http.MethodGet, "/v2/info", ""); got.status != 200 || len(b.PendingFaults()) != 0 {
				t.Errorf("the fault must strike once: %d", got.status)
			}
		})
	}
}

// TestADroppedGETIsOneCall: the transport must not repeat it behind the client's back.
func TestADroppedGETIsOneCall(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	for _, kind := range []vdxsim.FaultKind{vdxsim.FaultResetBefore, vdxsim.FaultResetAfter, vdxsim.FaultTimeoutBefore} {
		b.ClearRequests()
		b.do(t, http.MethodGet, "/v2/info", "") // leaves a kept-alive connection
		if err := b.Script(vdxsim.Fault{Kind: kind, Op: vdxsim.OpRoomGet, Hang: time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.try(t, http.MethodGet, "/v2/scheduling-info/"+idA, ""); err == nil {
			t.Errorf("%s: the call was answered", kind)
		}
		if n := len(b.Requests(vdxsim.OpRoomGet)); n != 1 {
			t.Errorf("%s: %d calls in the history", kind, n)
		}
	}
}

func TestAScriptedFaultWaitsForItsCall(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if err := b.Script(vdxsim.Fault{Kind: vdxsim.FaultUnavailable, Op: vdxsim.OpRoomGet, Key: idB, Count: 2}); err != nil {
		t.Fatal(err)
	}
	b.standard(t)
	if a := b.room(t, idA); a.status != 200 {
		t.Errorf("another room: %d", a.status)
	}
	for i, want := range []int{503, 503, 404} {
		if a := b.room(t, idB); a.status != want {
			t.Errorf("call %d: %d, want %d", i, a.status, want)
		}
	}
	if err := b.Script(vdxsim.Fault{Kind: "418"}); err == nil {
		t.Error("an unknown kind was accepted")
	}
}

// TestSeededFaultsAreFair: at a rate of one no key is refused more than MaxInRow times in a
// row, no two 401 follow each other, and the same seed gives the same fate.
func TestSeededFaultsAreFair(t *testing.T) {
	t.Parallel()
	fate := func(seed uint64) string {
		b := setup(t, func(o *vdxsim.Options) {
			o.Calm, o.Seed = false, seed
			o.Faults = vdxsim.Faults{Unauthorized: 0.5, Unavailable: 0.3, ServerError: 0.2, MaxInRow: 3}
			o.ProvisionDelay = time.Second
		})
		history, inRow, last := "", 0, 0
		for range 60 {
			a := b.room(t, idA)
			history += fmt.Sprint(a.status, " ")
			if a.status == 404 {
				inRow = 0
			} else if inRow++; inRow > 3 {
				t.Fatalf("seed %d: more than three faults in a row: %s", seed, history)
			}
			if a.status == 401 && last == 401 {
				t.Fatalf("seed %d: two 401 in a row: %s", seed, history)
			}
			last = a.status
		}
		return history
	}
	if a, b := fate(1), fate(1); a != b {
		t.Errorf("one seed, two fates:\n%s\n%s", a, b)
	}
	if fate(1) == fate(2) {
		t.Error("two seeds, one fate")
	}
}

func TestSpreadHitsItsRate(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) {
		o.Calm = false
		o.Faults = vdxsim.Spread(0.2)
		o.Faults.Hang = time.Millisecond
	})
	const calls = 600
	for i := range calls {
		_, _ = b.try(t, http.MethodDelete, fmt.Sprintf("/v2/meetings/3f0c8f0e-6a55-4d52-9a1e-%012d", i), "")
	}
	hits := 0
	for _, n := range b.Counts().Faults {
		hits += n
	}
	if share := float64(hits) / calls; share < 0.14 || share > 0.26 {
		t.Errorf("seed 7: %.3f of the calls failed, want about 0.2", share)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	bad := []vdxsim.Options{
		{},
		{Clock: time.Now, Faults: vdxsim.Faults{Slow: 2}},
		{Clock: time.Now, Faults: vdxsim.Faults{Slow: 0.6, TooMany: 0.6}},
		{Clock: time.Now, Organisations: []vdxsim.Organisation{{Code: "a", Parent: "b"}}},
		{Clock: time.Now, Organisations: []vdxsim.Organisation{{Code: "a", SMSCallbackURL: "https://vdx.example/cb"}}},
		{Clock: time.Now, Organisations: []vdxsim.Organisation{{Code: "a", Parent: "b"}, {Code: "b", Parent: "a"}}},
		{Clock: time.Now, Clients: []vdxsim.Client{{ID: "a"}}},
		{Clock: time.Now, Doors: []vdxsim.Door{"window"}},
		{Clock: time.Now, OverflowPool: "x"},
		{Clock: time.Now, Gateway: &vdxsim.Gateway{Registrations: []vdxsim.Registration{{Name: "a/b"}}}},
	}
	for i, o := range bad {
		if _, err := vdxsim.New(o); err == nil {
			t.Errorf("case %d was accepted", i)
		}
	}
}

func TestRefusesOtherMachines(t *testing.T) {
	t.Parallel()
	srv, err := vdxsim.New(vdxsim.Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80"} {
		if _, err := srv.Start(t.Context(), addr, ""); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
	if _, err := srv.Start(t.Context(), "127.0.0.1:0", "0.0.0.0:0"); err == nil {
		t.Error("control plane listens on 0.0.0.0")
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
}
