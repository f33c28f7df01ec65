package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/world/recordday"
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
	var (
		o   nexussim.Options
		day nexusList
	)
	flags.BoolVar(&o.Strict, "strict", false, "refuse what the record would take with loss")
	flags.BoolVar(&day.own, "day", true, "begin with a driving list for today, unless -list names one")
	flags.StringVar(&day.file, "list", "", "begin with the visits of a driving list `file` (CSV or XLSX) of official test citizens")
	flags.DurationVar(&o.Quirks.CalendarDelay, "calendar", 0, "`time` that driving lists and calendars take, up to 300s")
	flags.BoolVar(&o.Quirks.HalfLists, "half", false, "leave comments and strategies out of lists")
	flags.IntVar(&o.Quirks.StaleStatus, "stale", 0, "status `code` for a stale version: 409, 412 or 500; default 409")
	flags.BoolVar(&o.Quirks.Errors500, "errors500", false, "answer 500 where another server would say what was wrong")
	flags.BoolVar(&o.Quirks.NoContent, "nocontent", false, "answer the change of a visit with 204 and no body")
	flags.BoolVar(&o.Quirks.OnlySeries, "series", false, "let repeated visits be changed only as a whole")
	flags.BoolVar(&o.Quirks.NoETag, "noetag", false, "leave ETag headers out")
	flags.BoolVar(&o.Quirks.WeakETag, "weaketag", false, "write ETags as W/\"3\"")
	flags.StringVar((*string)(&o.Quirks.Hrefs), "hrefs", "", fmt.Sprintf("`form` of links: %s, %s or %s; default mixed", nexussim.HrefsAbsolute, nexussim.HrefsPort, nexussim.HrefsRelative))
	flags.StringVar((*string)(&o.Quirks.CPR), "cpr", "", fmt.Sprintf("`form` of CPR numbers: %s or %s; default mixed", nexussim.CPRHyphen, nexussim.CPRDigits))
	return func(ctx context.Context, s settings) (running, error) {
		return startNexus(ctx, s, day, o)
	}
}

// nexusList is what is on the driving lists at the start.
type nexusList struct {
	own  bool
	file string
}

func (l nexusList) load(ctx context.Context, sim *nexussim.Server, now time.Time) error {
	if l.file != "" {
		rows, err := readList(ctx, l.file)
		if err != nil {
			return err
		}
		_, err = recordday.Nexus(sim, rows)
		return err
	}
	if !l.own {
		return nil
	}
	_, err := sim.Load(nexusDay(sim.Citizens(), now))
	return err
}

func startNexus(ctx context.Context, s settings, day nexusList, o nexussim.Options) (running, error) {
	o.Clock, o.Seed, o.Calm, o.Latency = s.clock, s.seed, s.calm || s.faults == 0, s.latency
	if s.faults > 0 {
		o.Faults = nexussim.Spread(s.faults)
	}
	sim, err := nexussim.New(o)
	if err != nil {
		return running{}, err
	}
	if err := day.load(ctx, sim, s.clock()); err != nil {
		return running{}, err
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
