package scheduler_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/klgateway"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestKLGatewayReport reports a day's screen visits, and writes down who got it.
func TestKLGatewayReport(t *testing.T) {
	t.Parallel()

	reporter, err := klgateway.New(klgateway.Config{Organisation: "123456789012345"})
	must(t, err)

	r := booked(t, []string{nancy, bruno, kaja, niels}, []string{"A-1", "A-2"}, func(s *setup) { s.gateway = reporter })
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-2").ID))
	r.work()

	got, err := r.KLGatewayReport(t.Context(), leader(), scheduler.StatisticsQuery{From: theDay, To: theDay.Add(6)})
	must(t, err)

	var fates []string

	for line := range bytes.Lines(got.Data) {
		for _, fate := range []string{`"code":"124be95d-6924-4609-9d2a-e7c73ae3ab3d"`, `"code":"HH"`} {
			if strings.Contains(string(line), `"status":"planned"`) && strings.Contains(string(line), fate) {
				fates = append(fates, fate)
			}
		}
	}

	if got.Citizens != 2 || got.LeftOut != 0 || len(fates) != 2 || fates[0] == fates[1] {
		t.Errorf("%d citizens, %d left out, %v", got.Citizens, got.LeftOut, fates)
	}

	if diff := cmp.Diff(1, len(r.auditOf("export_klgateway"))); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

// TestKLGatewayReportRefuses says who gets no report, and why.
func TestKLGatewayReportRefuses(t *testing.T) {
	t.Parallel()

	reporter, err := klgateway.New(klgateway.Config{Organisation: "123456789012345"})
	must(t, err)

	without, with := newRig(t), newRig(t, func(s *setup) { s.gateway = reporter })
	month := scheduler.StatisticsQuery{From: theDay, To: theDay.Add(30)}

	for name, test := range map[string]struct {
		rig   *rig
		actor care.Actor
		query scheduler.StatisticsQuery
		want  care.Kind
	}{
		"a planner":    {with, planner(), month, care.Forbidden},
		"not set up":   {without, leader(), month, care.Invalid},
		"backwards":    {with, leader(), scheduler.StatisticsQuery{From: theDay, To: theDay.Add(-1)}, care.Invalid},
		"too long":     {with, leader(), scheduler.StatisticsQuery{From: theDay, To: theDay.Add(31)}, care.Invalid},
		"another unit": {with, leader("vest"), scheduler.StatisticsQuery{From: theDay, To: theDay, Unit: "oest"}, care.Forbidden},
	} {
		if _, err := test.rig.KLGatewayReport(t.Context(), test.actor, test.query); care.KindOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
