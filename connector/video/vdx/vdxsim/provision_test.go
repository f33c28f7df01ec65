package vdxsim_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestProvisioningFollowsTheClock(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t) // 08:30–09:00, available 15 minutes before, 8 s to provision
	steps := []struct {
		at   time.Duration
		want string
	}{
		{14*time.Minute + 59*time.Second, "AWAITS_PROVISION"},
		{15 * time.Minute, "STARTING_TO_PROVISION"},
		{15*time.Minute + 8*time.Second, "PROVISIONED_OK"},
		{60 * time.Minute, "PROVISIONED_OK"},
		{60*time.Minute + time.Second, "STARTING_TO_DEPROVISION"},
		{60*time.Minute + 9*time.Second, "DEPROVISION_OK"},
	}
	for _, s := range steps {
		b.SetClock(b.start.Add(s.at))
		r := b.room(t, idA)
		if r.str("provisionStatus") != s.want {
			t.Errorf("at %v: %s, want %s", s.at, r.str("provisionStatus"), s.want)
		}
	}
	r := b.room(t, idA)
	if r.object["uriWithoutDomain"] != nil || r.str("uriWithDomain") == "" {
		t.Errorf("after deprovisioning only uriWithDomain stays: %s", r.raw)
	}
	rec, _ := b.Room(idA)
	if want := b.start.Add(15*time.Minute + 8*time.Second); !rec.ProvisionedAt.Equal(want) {
		t.Errorf("provisioned at %v, want %v", rec.ProvisionedAt, want)
	}
	if want := b.start.Add(time.Hour); !rec.Ended.Equal(want) || !rec.Cancelled.IsZero() {
		t.Errorf("ended %v, cancelled %v", rec.Ended, rec.Cancelled)
	}
}

func TestAClockJumpGivesTheSameTimes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	b.Advance(24 * time.Hour)
	rec, _ := b.Room(idA)
	if rec.Status != vdxsim.DeprovisionOK || !rec.ProvisionedAt.Equal(b.start.Add(15*time.Minute+8*time.Second)) {
		t.Errorf("%v at %v", rec.Status, rec.ProvisionedAt)
	}
}

func TestEndNowClosesAProvisionedRoom(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	b.Advance(20 * time.Minute)
	now := b.Now().Format(time.RFC3339)
	if a := b.do(t, http.MethodPatch, "/v2/meetings/"+idA, `{"endTime":"`+now+`"}`); a.status != http.StatusOK {
		t.Fatalf("end now: %s", a.raw)
	}
	b.Advance(10 * time.Second)
	rec, _ := b.Room(idA)
	if rec.Status != vdxsim.DeprovisionOK || rec.Cancelled.IsZero() || rec.Live(b.Now()) {
		t.Errorf("status %v, cancelled %v", rec.Status, rec.Cancelled)
	}
}

func TestAMeetingInThePastWaitsForEver(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.book(t, idA, b.start.Add(-2*time.Hour), b.start.Add(-time.Hour), "")
	b.Advance(48 * time.Hour)
	if r := b.room(t, idA); r.str("provisionStatus") != "AWAITS_PROVISION" {
		t.Errorf("status %s", r.str("provisionStatus"))
	}
}

func TestProvisioningByHand(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.standard(t)
	if err := b.HoldProvisioning(idA); err != nil {
		t.Fatal(err)
	}
	b.Advance(20 * time.Minute)
	if r := b.room(t, idA); r.str("provisionStatus") != "AWAITS_PROVISION" {
		t.Errorf("held: %s", r.str("provisionStatus"))
	}
	if err := b.ReleaseProvisioning(idA); err != nil {
		t.Fatal(err)
	}
	if err := b.FailProvisioning(idA, "no licence"); err != nil {
		t.Fatal(err)
	}
	if r := b.room(t, idA); r.str("provisionStatus") != "PROVISION_PROBLEMS" || r.str("provisionStatusDescription") != "no licence" {
		t.Errorf("failed: %s", r.raw)
	}
	if err := b.FinishProvisioning(idA); err != nil {
		t.Fatal(err)
	}
	if r := b.room(t, idA); r.str("provisionStatus") != "PROVISIONED_OK" || r.str("provisionVmrId") == "" {
		t.Errorf("finished: %s", r.raw)
	}
}

func TestPoolRooms(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *vdxsim.Options) {
		o.Organisations = vdxsim.DefaultOrganisations()
		o.Organisations[0].PoolSize = 1
	})
	soon := b.start.Add(time.Minute)
	b.book(t, idA, soon, soon.Add(time.Hour), `"maxParticipants":5`)
	r := b.room(t, idA)
	if r.str("provisionStatus") != "PROVISIONED_OK" || r.object["maxParticipants"] != float64(10) {
		t.Errorf("a pool room is ready and deaf to maxParticipants: %s", r.raw)
	}
	if a := b.do(t, http.MethodPost, "/v2/meetings", booking(idB, soon, soon.Add(time.Hour), `"meetingType":"POOL"`)); a.code() != "Bad Request/20" {
		t.Errorf("empty pool: %s", a.code())
	}
	b.Advance(3 * time.Minute)
	later := b.Now().Add(time.Minute)
	if a := b.do(t, http.MethodPost, "/v2/meetings", booking(idB, later, later.Add(time.Hour), `"meetingType":"POOL"`)); a.status != http.StatusOK {
		t.Errorf("the pool refills one room a minute: %s", a.raw)
	}
	if rec, _ := b.Room(idB); !rec.Pooled {
		t.Error("the second meeting should have got the new pool room")
	}
	if b.PoolIdle("sluse-kommune") != 0 {
		t.Error("the pool's only room is taken")
	}
	// Own PINs always make a fresh room.
	id := "5f0c8f0e-6a55-4d52-9a1e-5b1d6c1f7a11"
	b.Advance(5 * time.Minute)
	b.book(t, id, b.Now(), b.Now().Add(time.Hour), `"guestPin":123456`)
	if rec, _ := b.Room(id); rec.Pooled || rec.Status != vdxsim.StartingToProvision {
		t.Errorf("with a PIN: pooled %v, %v", rec.Pooled, rec.Status)
	}
}
