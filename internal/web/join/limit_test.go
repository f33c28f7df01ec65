package join

import (
	"strconv"
	"testing"
	"time"
)

func TestLimiterForgetsTheOldest(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	l := newLimiter(time.Second, 2, 100, func() time.Time { return now })

	for i := range 1000 {
		if !l.allow(strconv.Itoa(i)) {
			t.Fatalf("key %d is refused at once", i)
		}
	}

	if len(l.byKey) != 100 || l.order.Len() != 100 {
		t.Errorf("%d keys are kept", len(l.byKey))
	}

	if !l.allow("999") || l.allow("999") {
		t.Error("the bucket of two does not hold two")
	}

	now = now.Add(time.Second)

	if !l.allow("999") {
		t.Error("the bucket does not fill")
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()

	for ip, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/56", "x": "unknown",
	} {
		if got := network(ip); got != want {
			t.Errorf("%s: %s", ip, got)
		}
	}
}
