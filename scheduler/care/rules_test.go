package care_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// situation is a visit that fits in every way, an hour before its start.
func situation(tb testing.TB) care.Situation {
	tb.Helper()

	return care.Situation{
		Visit:   newVisit(tb).Snapshot(),
		Citizen: care.Citizen{ID: "citizen", Phone: care.NewPhone("+4520000001"), Suitability: care.Suitable},
		Unit:    care.Unit{ID: "oest", LiveFrom: "2026-01-01"},
		Now:     start.Add(-time.Hour),
	}
}

func rules() care.Rules {
	return care.Rules{
		ScreenServices: []string{"Medicinadministration"}, PhysicalServices: []string{"Sårbehandling"}, ScreenCategories: []string{"Skærmbesøg"},
		AbsentStatuses: []string{"Aflyst"}, MinimumLead: 20 * time.Minute,
	}
}

// TestAssess has one row per rule and per edge of a rule.
func TestAssess(t *testing.T) {
	t.Parallel()

	at := func(from, to time.Duration) care.Interval {
		return care.Interval{Start: start.Add(from), End: start.Add(to)}
	}

	for name, c := range map[string]struct {
		change     func(*care.Situation, *care.Rules)
		level      care.Level
		codes      []string
		impossible bool
	}{
		"fits":             {level: care.Green},
		"service by case":  {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Service = " MEDICINADMINISTRATION " }, level: care.Green},
		"unknown service":  {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Service = "x" }, level: care.Yellow, codes: []string{"service_unknown"}},
		"no service":       {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Service = "" }, level: care.Yellow, codes: []string{"service_unknown"}},
		"physical service": {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Service = "sårbehandling" }, level: care.Red, codes: []string{"service_physical"}},
		"in both lists":    {change: func(_ *care.Situation, r *care.Rules) { r.PhysicalServices = r.ScreenServices }, level: care.Red, codes: []string{"service_physical"}},
		"not judged":       {change: func(s *care.Situation, _ *care.Rules) { s.Citizen.Suitability = care.SuitabilityUnknown }, level: care.Yellow, codes: []string{"suitability_unknown"}},
		"not judged is red": {change: func(s *care.Situation, r *care.Rules) {
			s.Citizen.Suitability, r.UnknownSuitability = care.SuitabilityUnknown, care.Red
		}, level: care.Red, codes: []string{"suitability_unknown"}},
		"not judged is fine": {change: func(s *care.Situation, r *care.Rules) {
			s.Citizen.Suitability, r.UnknownSuitability = care.SuitabilityUnknown, care.Green
		}, level: care.Green},
		"unsuitable":        {change: func(s *care.Situation, _ *care.Rules) { s.Citizen.Suitability = care.Unsuitable }, level: care.Red, codes: []string{"citizen_unsuitable"}},
		"hospitalised":      {change: func(s *care.Situation, _ *care.Rules) { s.Citizen.Hospitalised = true }, level: care.Red, codes: []string{"hospitalised"}},
		"list says off":     {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Status = "aflyst" }, level: care.Red, codes: []string{"absent"}},
		"list says planned": {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Status = "Planlagt" }, level: care.Green},
		"no contact":        {change: func(s *care.Situation, _ *care.Rules) { s.Citizen.Phone = care.Phone{} }, level: care.Red, codes: []string{"no_contact"}},
		"mail alone": {change: func(s *care.Situation, _ *care.Rules) {
			s.Citizen.Phone, s.Citizen.Email = care.Phone{}, care.NewEmail("a@b.example")
		}, level: care.Red, codes: []string{"no_phone"}},
		"Nexus Video":      {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Category = "Videobesøg (Nexus Video)" }, level: care.Red, codes: []string{"screen_elsewhere"}},
		"screen elsewhere": {change: func(s *care.Situation, _ *care.Rules) { s.Visit.Facts.Category = "skærmbesøg" }, level: care.Red, codes: []string{"screen_elsewhere"}},
		"unit not live":    {change: func(s *care.Situation, _ *care.Rules) { s.Unit.LiveFrom = "" }, level: care.Red, codes: []string{"unit_not_live"}},
		"live tomorrow":    {change: func(s *care.Situation, _ *care.Rules) { s.Unit.LiveFrom = "2026-11-24" }, level: care.Red, codes: []string{"unit_not_live"}},
		"live today":       {change: func(s *care.Situation, _ *care.Rules) { s.Unit.LiveFrom = "2026-11-23" }, level: care.Green},
		"just in time":     {change: func(s *care.Situation, _ *care.Rules) { s.Now = start.Add(-20 * time.Minute) }, level: care.Green},
		"short notice":     {change: func(s *care.Situation, _ *care.Rules) { s.Now = start.Add(-20*time.Minute + time.Second) }, level: care.Yellow, codes: []string{"short_notice"}},
		"begins now":       {change: func(s *care.Situation, _ *care.Rules) { s.Now = start }, level: care.Red, codes: []string{"time_passed"}, impossible: true},
		"employee clash": {change: func(s *care.Situation, _ *care.Rules) {
			s.SameEmployee = []care.Interval{at(14*time.Minute, 30*time.Minute)}
		}, level: care.Yellow, codes: []string{"employee_clash"}},
		"employee is next": {change: func(s *care.Situation, _ *care.Rules) {
			s.SameEmployee = []care.Interval{at(15*time.Minute, 30*time.Minute), at(-time.Hour, 0)}
		}, level: care.Green},
		"citizen clash": {change: func(s *care.Situation, _ *care.Rules) { s.SameCitizen = []care.Interval{at(-time.Minute, time.Minute)} }, level: care.Yellow, codes: []string{"citizen_clash"}},
		"worst first": {change: func(s *care.Situation, _ *care.Rules) {
			s.Visit.Facts.Service, s.Citizen.Hospitalised, s.SameCitizen = "x", true, []care.Interval{at(0, time.Minute)}
		}, level: care.Red, codes: []string{"hospitalised", "service_unknown", "citizen_clash"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, r := situation(t), rules()
			if c.change != nil {
				c.change(&s, &r)
			}

			got := r.Assess(s)

			var codes []string
			for _, reason := range got.Reasons {
				codes = append(codes, reason.Code)
			}

			if got.Level != c.level || got.Possible == c.impossible || !slices.Equal(codes, c.codes) {
				t.Errorf("%s, possible %t, %v; want %s, %v", got.Level, got.Possible, codes, c.level, c.codes)
			}
		})
	}
}

// TestAssessInEveryState: only a physical visit can be converted, and one that is by screen is red.
func TestAssessInEveryState(t *testing.T) {
	t.Parallel()

	for _, state := range care.States() {
		s := situation(t)
		s.Visit = inState(t, state).Snapshot()

		got, physical := rules().Assess(s), state == care.Listed || state == care.Reverted
		if got.Possible != physical || (got.Level == care.Green) != physical {
			t.Errorf("%s: %s, possible %t", state, got.Level, got.Possible)
		}
	}
}

// TestPermissions writes down who may do what. Whatever is not here is denied.
func TestPermissions(t *testing.T) {
	t.Parallel()

	want := map[care.Permission][]care.Role{
		care.ImportLists: {care.Planner, care.Leader}, care.SeeDay: {care.Planner, care.Leader}, care.Convert: {care.Planner, care.Leader},
		care.ConvertRed: {care.Leader}, care.Undo: {care.Planner, care.Leader}, care.HandleTrouble: {care.Planner, care.Leader},
		care.HostVisits: {care.Caregiver}, care.SeeStatistics: {care.Planner, care.Leader}, care.SeeConnections: {care.Planner, care.Leader, care.Administrator, care.ServiceDesk},
		care.CallCitizens: {care.Caregiver}, care.ManageContacts: {care.Planner, care.Caregiver}, care.InviteOthers: {care.Planner, care.Caregiver},
		care.ManageDirectory: {care.Administrator}, care.ManageAccess: {care.Administrator, care.ServiceDesk},
		care.LinkEmployees: {care.Leader, care.Administrator}, care.SetIdentity: {care.Planner, care.Leader},
		care.StopAccess: {care.Planner, care.Leader, care.ServiceDesk}, care.ApproveEmergency: {care.Leader, care.Administrator}, care.SeeAudit: {care.Auditor},
		care.OpenOutageWays: {care.Administrator}, care.ExportReports: {care.Leader, care.Administrator},
		care.ManageDeletion:   {care.Leader, care.Administrator},
		care.HandleRooms:      {care.Administrator},
		care.JudgeSuitability: {care.Planner, care.Caregiver, care.Leader},
	}

	for _, p := range append(care.Permissions(), "unknown", "") {
		for _, role := range append(care.Roles(), "unknown", "") {
			may := slices.Contains(want[p], role)

			one := care.Actor{Employee: "E", Grants: []care.Grant{{Unit: "oest", Role: role}}}
			every := care.Actor{Employee: "E", Grants: []care.Grant{{Unit: care.EveryUnit, Role: role}}}

			if one.May(p, "oest") != may || one.MayAnywhere(p) != may || every.May(p, "vest") != may || (one.Must(p, "oest") == nil) != may {
				t.Errorf("%s as %s: want %t", p, role, may)
			}

			if one.May(p, "vest") || one.May(p, "") || one.May(p, care.EveryUnit) {
				t.Errorf("%s as %s in a unit that was not granted", p, role)
			}
		}
	}

	if (care.Actor{}).MayAnywhere(care.SeeDay) || care.KindOf(care.Actor{}.Must(care.SeeDay, "oest")) != care.Forbidden {
		t.Error("somebody without a grant may see")
	}
}

// TestBatchState: never done while a visit waits for us, and undone only when all is taken back.
func TestBatchState(t *testing.T) {
	t.Parallel()

	undone := care.Batch{UndoneAt: start}

	for name, c := range map[string]struct {
		batch  care.Batch
		counts care.Counts
		want   care.BatchState
	}{
		"begun":                    {counts: care.Counts{Total: 3, Active: 3, Pending: 3}, want: care.BatchRunning},
		"trouble while others run": {counts: care.Counts{Total: 3, Booked: 3, Invited: 2, Recorded: 3, Troubled: 1, Active: 3, Pending: 1}, want: care.BatchRunning},
		"done":                     {counts: care.Counts{Total: 3, Booked: 3, Invited: 3, Recorded: 3, Active: 3}, want: care.BatchDone},
		"done but for a trouble":   {counts: care.Counts{Total: 3, Booked: 3, Invited: 2, Recorded: 3, Troubled: 1, Active: 3}, want: care.BatchPartlyFailed},
		"one cancelled early":      {counts: care.Counts{Total: 2, Booked: 1, Invited: 1, Recorded: 1, Active: 1, Ended: 1}, want: care.BatchDone},
		"one physical early":       {counts: care.Counts{Total: 2, Booked: 1, Invited: 1, Recorded: 1, Active: 1, Reverted: 1}, want: care.BatchDone},
		"empty":                    {want: care.BatchDone},
		"undo begun":               {batch: undone, counts: care.Counts{Total: 2, Active: 2}, want: care.BatchUndoing},
		"a room is still closed":   {batch: undone, counts: care.Counts{Total: 2, Reverted: 2, Closing: 1}, want: care.BatchUndoing},
		"the record waits":         {batch: undone, counts: care.Counts{Total: 2, Reverted: 2, Restoring: 1}, want: care.BatchUndoing},
		"undone":                   {batch: undone, counts: care.Counts{Total: 2, Reverted: 2}, want: care.BatchUndone},
		"undone, one had ended":    {batch: undone, counts: care.Counts{Total: 2, Reverted: 1, Ended: 1}, want: care.BatchUndone},
	} {
		if got := c.batch.State(c.counts); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
