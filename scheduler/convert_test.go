package scheduler_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestEligibilityOfTheDay looks at rows through the day's page: level and reasons.
func TestEligibilityOfTheDay(t *testing.T) {
	t.Parallel()

	const green = "green"

	for name, c := range map[string]struct {
		row  string
		want string
		at   time.Time
	}{
		"fits":              {row: nancy, want: green},
		"not a service":     {row: with(nancy, colService, "Fodpleje"), want: "yellow service_unknown"},
		"physical service":  {row: with(nancy, colService, "Sårbehandling"), want: "red service_physical"},
		"unsuitable":        {row: with(nancy, colFit, "ikke egnet"), want: "red citizen_unsuitable"},
		"suitable":          {row: with(nancy, colFit, "egnet"), want: green},
		"hospitalised":      {row: with(nancy, colStatus, "Indlagt"), want: "red absent"},
		"no contact":        {row: with(nancy, colPhone, ""), want: "red no_contact"},
		"mail only":         {row: with(with(nancy, colPhone, ""), colMail, "nancy@borger.example"), want: "red no_phone"},
		"screen elsewhere":  {row: with(nancy, colType, "Skærmbesøg"), want: "red screen_elsewhere"},
		"unit not live":     {row: with(nancy, colRoute, "Nord dag"), want: "red unit_not_live"},
		"soon":              {row: nancy, at: on(8, 45), want: "yellow short_notice"},
		"begun":             {row: nancy, at: on(9, 0), want: "red time_passed impossible"},
		"two reasons":       {row: with(with(nancy, colService, "Fodpleje"), colPhone, ""), want: "red no_contact service_unknown"},
		"two at once":       {row: nancy + "\n" + with(with(nancy, colID, "B"), colCPR, "210300-9996"), want: "yellow employee_clash"},
		"citizen has two":   {row: nancy + "\n" + with(with(nancy, colID, "B"), colStaff, "LBH"), want: "yellow citizen_clash"},
		"one after another": {row: nancy + "\n" + with(with(with(nancy, colID, "B"), colStart, "09:15"), colEnd, "09:30"), want: green},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRig(t)
			r.load(list(c.row))
			r.until(c.at)

			day, err := r.Day(t.Context(), planner(), scheduler.DayQuery{Day: theDay})
			must(t, err)

			view := day.Visits[slices.IndexFunc(day.Visits, func(v scheduler.VisitView) bool { return v.Visit.Source.ID == "A-1" })]
			words := []string{view.Assessment.Level.String()}

			for _, reason := range view.Assessment.Reasons {
				words = append(words, reason.Code)

				if reason.Text == "" || !strings.HasSuffix(reason.Text, ".") {
					t.Errorf("%s is told as %q", reason.Code, reason.Text)
				}
			}

			if !view.Assessment.Possible {
				words = append(words, "impossible")
			}

			if got := strings.Join(words, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestRedNeedsPermissionAndReason.
func TestRedNeedsPermissionAndReason(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, with(bruno, colService, "Sårbehandling")))
	both := r.ids("A-1", "A-2")

	// The planner's conversion leaves the red one alone.
	plan, err := r.DryRun(t.Context(), planner(), both)
	must(t, err)

	if plan.Rooms != 1 || plan.Skipped != 1 || !strings.Contains(plan.Items[1].Why, "leders tilladelse") {
		t.Errorf("plan: %d rooms, %d skipped, %q", plan.Rooms, plan.Skipped, plan.Items[1].Why)
	}

	_, err = r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: both[1:], RedReason: "Fordi"})
	refused(t, err, care.Conflict)

	// The leader has to say why.
	_, err = r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: both, RedReason: "  "})
	refused(t, err, care.Invalid)

	batch, err := r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: both, RedReason: "Aftalt med lægen"})
	must(t, err)

	if batch.Visits != 2 {
		t.Errorf("%d visits", batch.Visits)
	}

	_, err = r.DryRun(t.Context(), planner("vest"), both)
	refused(t, err, care.Forbidden)
	_, err = r.Convert(t.Context(), caregiver("MSK"), scheduler.ConvertRequest{Visits: both})
	refused(t, err, care.Forbidden)
	_, err = r.DryRun(t.Context(), planner(), nil)
	refused(t, err, care.Invalid)
	_, err = r.DryRun(t.Context(), planner(), make([]care.VisitID, 2001))
	refused(t, err, care.Invalid)
}

// TestTheDryRunIsWhatHappens compares its figures with the peers' histories.
func TestTheDryRunIsWhatHappens(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	rows := []string{nancy, bruno, kaja, niels, vester, with(with(nancy, colID, "A-6"), colCPR, "300174-9995")}
	r.load(list(rows...))

	ids := append(r.ids("A-1", "A-2", "A-3", "A-4", "A-5"), "unknown")
	before := r.everything()

	plan, err := r.DryRun(t.Context(), leader(), ids)
	must(t, err)

	if len(r.jobs.waiting(t)) != 0 || len(r.vdx.Requests()) != 0 || !slices.EqualFunc(before, r.everything(), sameVersion) {
		t.Error("the dry run did something")
	}

	_, err = r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: ids, RedReason: "Aftalt"})
	must(t, err)
	r.work()

	got := scheduler.Plan{
		Rooms: len(r.vdx.Rooms()), SMS: len(r.vdx.SMS()), Mails: len(r.mail.Letters()), Entries: r.fhir.Totals().Planned,
	}
	want := scheduler.Plan{Rooms: plan.Rooms, SMS: plan.SMS, Mails: plan.Mails, Entries: plan.Entries}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-planned +happened):\n%s", diff)
	}

	for _, item := range plan.Items {
		source := item.View.Visit.Source.ID

		category, _ := strings.CutPrefix(r.recorded(source)[0], "planned ")
		if entries := r.recorded(source); len(entries) != 1 || len(item.Writes) != 1 || category != "" && !strings.Contains(item.Writes[0], "»"+category+"«") {
			t.Errorf("%s: told that %q is written, record %q", source, item.Writes, entries)
		}

		if texts := r.sent(source); item.Channel == care.SMS && len(strings.TrimSpace(texts[0])) > 0 && texts[0][:60] != item.Message[:60] {
			t.Errorf("%s: planned %q, sent %q", source, item.Message, texts)
		}
	}
}

// TestNobodyBooksForASecondTime: two planners choose the same visits at the same time.
func TestNobodyBooksForASecondTime(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, bruno, kaja))

	first, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1", "A-2")})
	must(t, err)
	second, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1", "A-2", "A-3", "A-3")})
	must(t, err)

	_, err = r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1", "A-2", "A-3")})
	refused(t, err, care.Conflict)
	r.work()

	if first.Visits != 2 || second.Visits != 1 || len(r.vdx.Rooms()) != 3 {
		t.Errorf("%d and %d visits, %d rooms", first.Visits, second.Visits, len(r.vdx.Rooms()))
	}
}

// TestProgress counts steps and never says done while a visit still waits.
func TestProgress(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, bruno, kaja, with(niels, colPhone, "")))

	batch, err := r.Convert(t.Context(), leader(), scheduler.ConvertRequest{Visits: r.ids("A-1", "A-2", "A-3", "A-4"), RedReason: "Aftalt"})
	must(t, err)

	progress := func() scheduler.Progress {
		t.Helper()

		p, err := r.Progress(t.Context(), planner(), batch.ID)
		must(t, err)

		return p
	}

	if p := progress(); p.State != care.BatchRunning || p.Done != 0 || p.Total != 12 || p.Counts.Active != 4 {
		t.Errorf("at first: %+v", p)
	}

	last := 0

	for len(r.jobs.waiting(t)) > 0 && r.jobs.waiting(t)[0].due.Before(r.clock.Now().Add(time.Second)) {
		must(t, r.run(r.jobs.waiting(t)[0]))

		p := progress()
		if p.Done < last || p.Done > p.Total {
			t.Errorf("done %d after %d of %d", p.Done, last, p.Total)
		}

		if p.State != care.BatchRunning && p.Counts.Pending > 0 {
			t.Errorf("%s with %d visits under way", p.State, p.Counts.Pending)
		}

		last = p.Done
	}

	if p := progress(); p.State != care.BatchPartlyFailed || p.Counts.Troubled != 1 || p.Counts.Booked != 4 || p.Done != p.Total {
		t.Errorf("at the end: %+v", p)
	}

	_, err = r.Progress(t.Context(), caregiver("MSK"), batch.ID)
	refused(t, err, care.Forbidden)
	_, err = r.Progress(t.Context(), planner(), "unknown")
	refused(t, err, care.NotFound)

	all, err := r.Batches(t.Context(), planner())
	must(t, err)

	if len(all) != 1 || all[0].Batch.ID != batch.ID {
		t.Errorf("batches: %+v", all)
	}
}

// TestUndo takes a conversion back before, while and after it is made.
func TestUndo(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		jobs     int // jobs of the conversion that have run
		messages []string
		entries  []string
	}{
		"before anything happened": {jobs: 0},
		"when the room is booked":  {jobs: 1},
		"when the citizen is told": {jobs: 2, messages: []string{"Du har en aftale", "ikke på skærm alligevel"}},
		"when all is done":         {jobs: 3, messages: []string{"Du har en aftale", "ikke på skærm alligevel"}, entries: []string{"planned Planlagt skærmbesøg", "restored Planlagt besøg"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRig(t)
			r.load(list(nancy))

			batch, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("A-1")})
			must(t, err)

			for _, kind := range []scheduler.JobKind{scheduler.BookRoomJob, scheduler.SendJob, scheduler.WriteEntryJob}[:c.jobs] {
				must(t, r.runOne(kind))
			}

			must(t, r.Undo(t.Context(), planner(), batch.ID))
			must(t, r.Undo(t.Context(), planner(), batch.ID))
			must(t, r.runOne(scheduler.UndoVisitJob))
			r.work()
			r.work()

			v := r.visit("A-1")
			if v.State != care.Reverted || v.Delivery != care.Physical || v.NeedsPerson() {
				t.Errorf("%s, %s, %v", v.State, v.Delivery, v.Exceptions)
			}

			if r.vdx.Counts().RoomsLive != 0 {
				t.Error("a room stands")
			}

			if texts := r.sent("A-1"); !slices.EqualFunc(texts, c.messages, strings.Contains) {
				t.Errorf("messages %q, want %q", texts, c.messages)
			}

			if got := r.recorded("A-1"); !slices.Equal(got, c.entries) {
				t.Errorf("entries %q, want %q", got, c.entries)
			}

			p, err := r.Progress(t.Context(), planner(), batch.ID)
			must(t, err)

			if p.State != care.BatchUndone || p.Done != p.Total {
				t.Errorf("progress %+v", p)
			}
		})
	}
}

// TestUndoIsNotForEverybody.
func TestUndoIsNotForEverybody(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, niels))
	batch := r.convert("A-1", "A-4")

	refused(t, r.Undo(t.Context(), planner("oest"), batch.ID), care.Forbidden)
	refused(t, r.Undo(t.Context(), caregiver("MSK"), batch.ID), care.Forbidden)
	refused(t, r.Undo(t.Context(), planner(), "unknown"), care.NotFound)
}

// TestUndoLeavesWhatHasEnded.
func TestUndoLeavesWhatHasEnded(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, bruno))
	batch := r.convert("A-1", "A-2")

	must(t, r.CancelVisit(t.Context(), planner(), r.visit("A-1").ID, care.CancelledCitizen))
	must(t, r.Undo(t.Context(), planner(), batch.ID))
	r.work()

	if a, b := r.visit("A-1").State, r.visit("A-2").State; a != care.Cancelled || b != care.Reverted {
		t.Errorf("%s, %s", a, b)
	}
}

// TestConvertAgainWithoutANumber: a link that was taken back stays dead, also when there is no new one.
func TestConvertAgainWithoutANumber(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(niels))
	first := r.convert("A-4")
	old := r.link("A-4")

	must(t, r.Undo(t.Context(), planner(), first.ID))
	r.work()
	r.load(list(with(niels, colPhone, "")))
	r.convert("A-4")
	r.trouble("A-4", care.MessageTrouble)

	if v := r.visit("A-4"); v.State != care.RoomIsBooked {
		t.Fatalf("state %s", v.State)
	}

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the undone link is %s, %v", view.Stage, err)
	}
}

// TestConvertAgainAfterUndo: a second life with its own room, link, message and entry.
func TestConvertAgainAfterUndo(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy))
	first := r.convert("A-1")
	old, room := r.link("A-1"), r.room("A-1").Ref

	must(t, r.Undo(t.Context(), planner(), first.ID))
	r.work()

	view, err := r.Landing(t.Context(), old)
	must(t, err)

	if view.Stage != scheduler.StageWrong {
		t.Errorf("the undone link is %s", view.Stage)
	}

	// The second time an answer is lost: the message still goes out once.
	must(t, r.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: vdxsim.OpSMSSend}))

	second := r.convert("A-1")
	if r.room("A-1").Ref == room || second.ID == first.ID {
		t.Error("the second conversion has the room of the first")
	}

	if texts := r.sent("A-1"); len(texts) != 3 || !strings.Contains(texts[2], "Du har en aftale") {
		t.Errorf("messages %q", texts)
	}

	want := []string{"planned Planlagt skærmbesøg", "restored Planlagt besøg", "planned Planlagt skærmbesøg"}
	if got := r.recorded("A-1"); !slices.Equal(got, want) {
		t.Errorf("entries %q", got)
	}

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the first link is %s, %v", view.Stage, err)
	}

	// Undoing the first conversion once more does not touch the second.
	_ = r.Undo(t.Context(), planner(), first.ID)
	r.work()

	if v := r.visit("A-1"); v.State != care.RoomIsBooked || v.Batch != second.ID {
		t.Errorf("%s of %s", v.State, v.Batch)
	}

	if most := r.vdx.MaxLive(func(vdxsim.RoomRecord) string { return "A-1" }); most["A-1"] != 1 {
		t.Errorf("%d rooms at once", most["A-1"])
	}
}
