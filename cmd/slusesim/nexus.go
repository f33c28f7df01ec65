package main

import (
	"context"
	"flag"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

// nexusReady is the JSON line of the Nexus record.
type nexusReady struct {
	Simulator string `json:"simulator"`
	Seed      uint64 `json:"seed"`
	nexussim.URLs
	Clients []nexussim.Client `json:"clients"`
}

// nexusFlags are the flags of the Nexus record.
func nexusFlags(flags *flag.FlagSet) func(context.Context, settings) (running, error) {
	strict := flags.Bool("strict", false, "refuse what the record would take with loss")
	day := flags.Bool("day", true, "begin with a driving list for today")
	slow := flags.Duration("calendar", 0, "`time` that driving lists and calendars take, up to 300s")
	half := flags.Bool("half", false, "leave comments and strategies out of lists")
	stale := flags.Int("stale", 0, "status `code` for a stale version: 409, 412 or 500; default 409")
	return func(ctx context.Context, s settings) (running, error) {
		return startNexus(ctx, s, *day, nexussim.Options{
			Strict: *strict, Quirks: nexussim.Quirks{CalendarDelay: *slow, HalfLists: *half, StaleStatus: *stale},
		})
	}
}

func startNexus(ctx context.Context, s settings, day bool, o nexussim.Options) (running, error) {
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = nexussim.Spread(s.faults)
	}
	sim, err := nexussim.New(o)
	if err != nil {
		return running{}, err
	}
	if day {
		if _, err := sim.Load(nexusDay(sim.Citizens(), s.clock())); err != nil {
			return running{}, err
		}
	}
	urls, err := sim.Start(ctx, s.listen, s.control)
	if err != nil {
		return running{}, err
	}
	return running{nexusReady{Simulator: "nexus", Seed: s.seed, URLs: urls, Clients: nexussim.DefaultClients()}, sim.Close}, nil
}

// nexusDay is a driving list with something to choose from: three employees from seven
// o'clock UTC on, services of three laws, one visit that is repeated for a week.
func nexusDay(people []nexussim.Citizen, now time.Time) nexussim.Day {
	services := [][2]string{
		{"Medicinadministration", "SUL §138"},
		{"Personlig hjælp og pleje", "Ældreloven"},
		{"Personlig pleje", "SEL §83"},
		{"Bostøtte", "SEL §85"},
		{"Sårbehandling", "SUL §138"},
	}
	employees := []string{"MSK", "LBH", "AØJ"}
	day := nexussim.Day{List: "Øst dag"}
	begin := now.UTC().Truncate(24 * time.Hour).Add(7 * time.Hour)
	for i := range 15 {
		service := services[i%len(services)]
		start := begin.Add(time.Duration(i/len(employees)) * 40 * time.Minute)
		v := nexussim.NewVisit{
			CPR: []string{people[i].CPR}, Start: start, End: start.Add(25 * time.Minute), Employee: employees[i%len(employees)],
			Service: service[0], Law: service[1],
		}
		if i%4 == 0 {
			v.Comment = "Nøgleboks ved dør"
		}
		if i == 0 {
			for d := 1; d < 7; d++ {
				v.Repeat = append(v.Repeat, start.AddDate(0, 0, d))
			}
		}
		day.Visits = append(day.Visits, v)
	}
	return day
}
