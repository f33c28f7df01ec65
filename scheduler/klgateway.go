package scheduler

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// maxReportDays bounds one report to a month.
const maxReportDays = 31

// CitizenReporter makes an authority's report of one citizen's visits.
type CitizenReporter interface {
	// Report returns one line; false: there is nothing to report of this citizen.
	Report(citizen care.Citizen, visits []care.Snapshot, at time.Time) (line []byte, ok bool, err error)
}

// ReportFile is a report of several citizens. It holds CPR numbers.
type ReportFile struct {
	Data     []byte // a line per citizen
	Citizens int    // in it
	LeftOut  int    // who had a screen visit and are not in it, because they have no CPR number
}

// KLGatewayReport makes the report of KL's Gateway for control: the screen visits of local days, To
// inclusive, at most 31, one line per citizen. Needs ExportReports in the unit; unit empty: every
// unit in which the actor has it. Who is in it is audited, before anybody gets it. Invalid: the
// period is wrong, or the municipality has not set the report up.
func (s *Service) KLGatewayReport(ctx context.Context, actor care.Actor, q StatisticsQuery) (ReportFile, error) {
	units, err := s.scope(actor, care.ExportReports, q.Unit)
	if err != nil {
		return ReportFile{}, err
	}

	if s.gateway == nil {
		return ReportFile{}, care.NewError(care.Invalid, "Rapporten til KL Gateway er ikke sat op. Bed systemforvalteren om at angive kommunens SOR-nummer.")
	}

	if q.To < q.From || q.From.Add(maxReportDays-1) < q.To {
		return ReportFile{}, care.NewError(care.Invalid, "Vælg en periode på højst 31 dage, med slutdato efter startdato.")
	}

	visits, err := s.reported(ctx, q, units)
	if err != nil {
		return ReportFile{}, err
	}

	people := slices.Sorted(maps.Keys(visits))

	citizens, err := s.store.Citizens(ctx, people)
	if err != nil {
		return ReportFile{}, err
	}

	var (
		out  ReportFile
		data bytes.Buffer
		in   []care.CitizenID
		now  = s.now()
	)

	for _, id := range people {
		line, ok, err := s.gateway.Report(citizens[id], visits[id], now)
		if err != nil {
			return ReportFile{}, fmt.Errorf("report of a citizen: %w", err)
		}

		if ok {
			data.Write(line)

			in = append(in, id)
		}
	}

	out.Data, out.Citizens, out.LeftOut = data.Bytes(), len(in), len(people)-len(in)

	return out, s.store.Record(ctx, []AuditRow{{
		At: now, Actor: string(actor.Employee), Action: "export_klgateway", Citizens: in,
		Detail: fmt.Sprintf("from %s to %s, citizens %d", q.From, q.To, len(in)),
	}})
}

// ReportUnits returns the units of which the actor may have reports.
func (s *Service) ReportUnits(actor care.Actor) []care.Unit {
	return s.unitsFor(actor, care.ExportReports)
}

// reported reads the visits that are, or were to be, given by screen, day by day: the others of a
// month are many and need not be held.
func (s *Service) reported(ctx context.Context, q StatisticsQuery, units []care.Unit) (map[care.CitizenID][]care.Snapshot, error) {
	out := make(map[care.CitizenID][]care.Snapshot)

	for day := q.From; day <= q.To; day = day.Add(1) {
		window := day.Bounds()

		visits, err := s.store.Visits(ctx, VisitQuery{Window: window, Units: ids(units)})
		if err != nil {
			return nil, err
		}

		for _, v := range visits {
			// A visit over midnight belongs to the day on which it begins.
			if v.State != care.Listed && (!v.Dropped() || v.Generation > 0) && !v.Facts.Planned.Start.Before(window.Start) {
				out[v.Facts.Citizen] = append(out[v.Facts.Citizen], v)
			}
		}
	}

	return out, nil
}
