package web_test

import (
	"context"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

func (f *fakeUse) Fetchable() bool { return true }

func (f *fakeUse) AskLists(context.Context, care.Actor, care.Day) error { return f.call("AskLists") }

func (f *fakeUse) Fetches(_ context.Context, _ care.Actor, day care.Day) ([]scheduler.Fetch, error) {
	if day != "2026-11-24" {
		return nil, f.call("Fetches")
	}

	one := func(name string, state scheduler.FetchState, text string) scheduler.Fetch {
		out := scheduler.Fetch{ID: scheduler.FetchID(name), Day: day, List: ehr.ListRef{ID: name, Name: name}, State: state, Text: text, AskedAt: testNow()}
		if state != scheduler.FetchWanted {
			out.Upload, out.Visits, out.DoneAt = "up1", 31, testNow()
		}

		return out
	}

	return []scheduler.Fetch{
		{ID: "2026-11-24", Day: day, State: scheduler.FetchReady, AskedAt: testNow(), DoneAt: testNow(), Visits: 4},
		one("Nat", scheduler.FetchFailed, "Nexus giver ikke adgang til listen. Bed systemforvalteren om at give den."),
		one("Syd aften", scheduler.FetchImported, ""),
		one("Vest dag", scheduler.FetchWanted, "Omsorgsjournalen svarer ikke. Vi prøver igen."),
		one("Øst dag", scheduler.FetchReady, ""),
	}, f.call("Fetches")
}
