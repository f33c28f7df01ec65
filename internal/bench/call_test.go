package bench_test

import (
	"testing"
	"time"

	"github.com/sluse/sluse/internal/app"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// callWithin is how soon an employee must have the room of a call in hand (K26), at callLatency.
const (
	callWithin  = 10 * time.Second
	callLatency = 300 * time.Millisecond
	callLook    = 50 * time.Millisecond

	callPlatform = 8 * time.Second // vdxsim's time to make a room
)

// BenchmarkCall is requirement K26: an employee calls a citizen on the spot while a conversion of
// hundreds of visits keeps the same platform busy. The platform needs 8 seconds to make a room.
func BenchmarkCall(b *testing.B) {
	for _, kind := range databases() {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				call(b, kind)
			}
		})
	}
}

func call(b *testing.B, kind string) {
	b.Helper()

	r := newWorld(b, world.Options{
		Clock: shifted(afternoonBefore()), VideoLatency: callLatency,
		Municipalities: []world.Municipality{{ID: municipality, Name: "Testby Kommune", Host: "127.0.0.1", Database: database(b, kind)}},
	})
	r.start(b, app.All)
	r.importList(b, list(conversions))

	caregiver := care.Actor{Employee: "M000", Name: "Medarbejder Test", Grants: []care.Grant{{Unit: care.EveryUnit, Role: care.Caregiver}}}

	mine, err := r.service().MyCitizens(b.Context(), caregiver)
	if err != nil || len(mine) == 0 {
		b.Fatal(len(mine), err)
	}

	if _, err := r.service().Convert(b.Context(), planner(), scheduler.ConvertRequest{Visits: r.visits(b), RedReason: "Måling"}); err != nil {
		b.Fatal(err)
	}

	begun := time.Now()

	view, err := r.service().CallNow(b.Context(), caregiver, mine[0].Citizen.ID)
	if err != nil {
		b.Fatal(err)
	}

	var linked time.Duration

	ticks := time.NewTicker(callLook)
	defer ticks.Stop()

	for !view.Open && time.Since(begun) < 6*callWithin {
		<-ticks.C

		if linked == 0 {
			if _, err := r.service().HostLink(b.Context(), caregiver, view.Visit.ID); err == nil {
				linked = time.Since(begun)
			}
		}

		if view, err = r.service().Call(b.Context(), caregiver, view.Visit.ID); err != nil {
			b.Fatal(err)
		}
	}

	open := time.Since(begun)
	label := "K26 a call during a conversion, 300 ms, " + kind

	report(row{label + ": link in hand", "≤ 10 s", seconds(linked), "", "", linked > 0 && linked <= callWithin})
	report(row{label + ": room open", "≤ 8 s at the platform + 3 s", seconds(open), "", "", view.Open && open <= callPlatform+3*time.Second})
}
