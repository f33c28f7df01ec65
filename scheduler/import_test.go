package scheduler_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// figures are what an import says of itself.
type figures struct{ Rows, Faults, New, Moved, Changed, Gone, Same int }

func figuresOf(r scheduler.ListRecord) figures {
	return figures{r.Rows, r.Faults, r.New, r.Moved, r.Changed, r.Gone, r.Same}
}

// TestEverySampleIsImportedAndImportedAgain takes each list with the habits of real exports. The
// second time nothing changes: no visit, no version, no job.
func TestEverySampleIsImportedAndImportedAgain(t *testing.T) {
	t.Parallel()

	for name, want := range map[string]figures{
		"koreliste-dag.csv":           {Rows: 60, New: 60},
		"koreliste-dag-aendret.csv":   {Rows: 59, New: 59},
		"koreliste-aften-excel.csv":   {Rows: 24, New: 24},
		"koreliste-nat-vintertid.csv": {Rows: 6, New: 6},
		"koreliste-uge.xlsx":          {Rows: 20, New: 20},
		"koreliste-fejl.csv":          {Rows: 9, Faults: 7, New: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := newRig(t)
			p := r.preview(sample(t, name))

			if got := p.Counts[scheduler.ChangeNew]; got != want.New || p.Faults != want.Faults || p.Known {
				t.Errorf("preview: %d new, %d faults, known %t", got, p.Faults, p.Known)
			}

			first := r.load(sample(t, name))
			if diff := cmp.Diff(want, figuresOf(first)); diff != "" {
				t.Errorf("first import (-want +got):\n%s", diff)
			}

			r.work()

			before := r.everything()
			second := r.load(sample(t, name))

			if diff := cmp.Diff(figures{Rows: want.Rows, Faults: want.Faults, Same: want.New}, figuresOf(second)); diff != "" {
				t.Errorf("second import (-want +got):\n%s", diff)
			}

			if diff := cmp.Diff(len(before), len(r.everything())); diff != "" || !slices.EqualFunc(before, r.everything(), sameVersion) {
				t.Error("the second import changed visits")
			}

			if jobs := r.kinds(); len(jobs) > 0 {
				t.Errorf("the second import left work: %v", jobs)
			}

			if !r.preview(sample(t, name)).Known {
				t.Error("the preview does not say that the list is known")
			}
		})
	}
}

func sameVersion(a, b care.Snapshot) bool { return a.ID == b.ID && a.Version == b.Version }

// everything returns every visit of every day.
func (r *rig) everything() []care.Snapshot {
	r.tb.Helper()

	out, err := r.store.Visits(r.tb.Context(), scheduler.VisitQuery{})
	must(r.tb, err)

	return out
}

// TestAChangedListIsToldExactly imports the day's list and its version an hour later.
func TestAChangedListIsToldExactly(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(sample(t, "koreliste-dag.csv"))

	changes := r.preview(sample(t, "koreliste-dag-aendret.csv")).Changes
	kinds := make(map[scheduler.ChangeKind][]string)

	for _, c := range changes {
		source := "new"
		if c.Visit != "" {
			v, err := r.store.Visit(t.Context(), c.Visit)
			must(t, err)

			source = v.Source.ID
		}

		if what := slices.DeleteFunc(slices.Clone(c.What), func(s string) bool { return s == "bemærkningen er ændret" }); len(what) > 0 {
			source += " " + strings.Join(what, ", ")
		}

		if c.Kind == scheduler.ChangeMoved {
			source += " " + c.Before.Start.In(care.Zone()).Format("15.04") + "-" + c.Planned.Start.In(care.Zone()).Format("15.04")
		}

		kinds[c.Kind] = append(kinds[c.Kind], source)
	}

	// Comments are emptied on many rows; they are changes too, but of nobody's interest here.
	kinds[scheduler.ChangeOther] = slices.DeleteFunc(kinds[scheduler.ChangeOther], func(s string) bool { return !strings.Contains(s, " ") })
	kinds[scheduler.ChangeNone] = nil

	const other = " borgeren har nyt mobilnummer, borgerens navn eller adresse er ændret"

	want := map[scheduler.ChangeKind][]string{
		scheduler.ChangeNew:   {"new"},
		scheduler.ChangeMoved: {"KL-1005 07.50-08.35"},
		scheduler.ChangeGone:  {"KL-1003", "KL-1017"},
		scheduler.ChangeNone:  nil,
		// Citizens of the sample have another number and address on each of their rows. Where the
		// row whose number we have is gone or has lost it, the other row's counts.
		scheduler.ChangeOther: {"KL-1010 medarbejder: MSK → VIK", "KL-1020" + other, "KL-1041" + other, "KL-1055" + other, "KL-1058" + other},
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	record := r.load(sample(t, "koreliste-dag-aendret.csv"))
	if record.New != 1 || record.Moved != 1 || record.Gone != 2 || record.New+record.Moved+record.Changed+record.Same != 59 {
		t.Errorf("record %+v", figuresOf(record))
	}

	if v := r.visit("KL-1003"); v.State != care.Cancelled || !v.Dropped() {
		t.Errorf("a physical visit that is gone is %s", v.State)
	}

	// The first list once more: what was dropped is back.
	back := r.load(sample(t, "koreliste-dag.csv"))
	if back.New != 2 || back.Moved != 1 || back.Gone != 1 {
		t.Errorf("back: %+v", figuresOf(back))
	}

	if v := r.visit("KL-1003"); v.State != care.Listed || v.Outcome.Kind != "" {
		t.Errorf("a visit that is back is %s with outcome %q", v.State, v.Outcome.Kind)
	}
}

// TestAChangedListAndBookedVisits is what the citizen and the planner notice of the change.
func TestAChangedListAndBookedVisits(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(sample(t, "koreliste-dag.csv"))
	r.convert("KL-1003", "KL-1005", "KL-1010", "KL-1020")

	room := r.room("KL-1005")
	p := r.preview(sample(t, "koreliste-dag-aendret.csv"))

	for _, c := range p.Changes {
		if c.Screen && (c.Kind == scheduler.ChangeMoved || c.Kind == scheduler.ChangeGone) && c.Effect == "" {
			t.Errorf("the preview does not say what a %s booked visit leads to", c.Kind)
		}
	}

	r.load(sample(t, "koreliste-dag-aendret.csv"))
	r.work()

	moved := r.visit("KL-1005")
	if now := r.room("KL-1005"); now.Ref != room.Ref || !now.Planned.Equal(moved.Facts.Planned) {
		t.Errorf("the room did not follow: %v, planned %v", now.Planned, moved.Facts.Planned)
	}

	if at, _ := r.vdx.Room(string(room.Ref)); !at.Start.Equal(on(8, 35)) {
		t.Errorf("the platform's room begins %s", at.Start)
	}

	if texts := r.sent("KL-1005"); len(texts) != 2 || !strings.Contains(texts[1], "flyttet til") || !strings.Contains(texts[1], "08.35") {
		t.Errorf("the citizen got %q", texts)
	}

	if got := r.recorded("KL-1005"); len(got) != 2 {
		t.Errorf("the record got %q", got)
	}

	gone := r.visit("KL-1003")
	r.othersNotice(gone)

	// The same file again, with visits that need a person: nothing is told twice.
	before := r.everything()
	again := r.load(sample(t, "koreliste-dag-aendret.csv"))
	r.work()

	if again.New+again.Moved+again.Changed+again.Gone != 0 || !slices.EqualFunc(before, r.everything(), sameVersion) {
		t.Errorf("the same list again: %+v", figuresOf(again))
	}

	// A planner keeps the visit as it is; the same file does not bring the question back.
	must(t, r.Settle(t.Context(), planner(), gone.ID, r.trouble("KL-1003", care.SourceGone).ID))
	r.load(sample(t, "koreliste-dag-aendret.csv"))

	if open := r.open("KL-1003"); len(open) > 0 {
		t.Errorf("the settled question is back: %v", open)
	}
}

// othersNotice looks at what the changed list means for booked visits that did not move.
func (r *rig) othersNotice(gone care.Snapshot) {
	r.tb.Helper()

	if gone.State != care.RoomIsBooked || len(r.sent("KL-1003")) != 1 {
		r.tb.Errorf("a booked visit that is gone is %s, messages %q", gone.State, r.sent("KL-1003"))
	}

	r.trouble("KL-1003", care.SourceGone)

	if v := r.visit("KL-1010"); v.Facts.Employee != "VIK" || len(r.open("KL-1010")) > 0 {
		r.tb.Errorf("employee %s, %v", v.Facts.Employee, r.open("KL-1010"))
	}

	// The number is gone from this row, and another row of the same citizen has another one.
	if texts := r.sent("KL-1020"); len(texts) != 2 || texts[0] == texts[1] || len(r.open("KL-1020")) > 0 {
		r.tb.Errorf("the citizen with a new number got %q; %v", texts, r.open("KL-1020"))
	}
}

// TestABookedVisitThatIsBack is no exception any more.
func TestABookedVisitThatIsBack(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno}, []string{"A-1"})
	r.load(list(bruno))
	r.trouble("A-1", care.SourceGone)

	r.load(list(nancy, bruno))

	if open := r.open("A-1"); len(open) > 0 || r.visit("A-1").State != care.RoomIsBooked {
		t.Errorf("%v, %s", open, r.visit("A-1").State)
	}
}

// TestAnotherCitizenOnABookedVisit: the citizen who was invited must not come in to somebody
// else's visit, and nobody else gets their messages.
func TestAnotherCitizenOnABookedVisit(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy, bruno}, []string{"A-1"})
	was := r.visit("A-1").Facts.Citizen

	other := with(with(nancy, colCPR, "210300-9996"), 7, "Kaja Hansen")
	p := r.preview(list(other, bruno))

	if c := p.Changes[0]; c.Kind != scheduler.ChangeOther || c.Effect == "" || !slices.Contains(c.What, "besøget er hos en anden borger") {
		t.Errorf("preview: %+v", c)
	}

	r.load(list(other, bruno))
	r.work()

	if v := r.visit("A-1"); v.Facts.Citizen != was || len(r.sent("A-1")) != 1 {
		t.Errorf("citizen changed: %t, messages %q", v.Facts.Citizen != was, r.sent("A-1"))
	}

	r.trouble("A-1", care.ChangeTrouble)

	// Once it is a physical visit again the list rules.
	must(t, r.MakePhysical(t.Context(), planner(), r.visit("A-1").ID))
	r.load(list(other, bruno))

	if v := r.visit("A-1"); v.Facts.Citizen == was {
		t.Error("a physical visit keeps the citizen that the list has replaced")
	}
}

// TestTheListSaysThatABookedVisitIsOff: the planner is asked, nothing happens behind their back.
func TestTheListSaysThatABookedVisitIsOff(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.load(list(with(nancy, colStatus, "Indlagt")))
	r.work()

	if e := r.trouble("A-1", care.ChangeTrouble); !strings.Contains(e.Text, "Indlagt") {
		t.Errorf("text %q", e.Text)
	}

	if v := r.visit("A-1"); v.State != care.RoomIsBooked {
		t.Errorf("state %s", v.State)
	}
}

func TestTheTelephoneIsLost(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.load(list(with(nancy, colPhone, "")))

	if e := r.trouble("A-1", care.MessageTrouble); !strings.Contains(e.Text, "mobilnummer") {
		t.Errorf("text %q", e.Text)
	}
}

// TestANewTelephone: the old link dies, because somebody else may have the old number.
func TestANewTelephone(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	old := r.link("A-1")

	r.load(list(with(nancy, colPhone, "20000099")))
	r.work()
	r.until(on(8, 50))

	messages := r.vdx.SMS()
	if n := len(messages); n != 2 || !strings.HasSuffix(messages[0].To, "20000033") || !strings.HasSuffix(messages[1].To, "20000099") {
		t.Fatalf("messages %+v", messages)
	}

	if view, err := r.Landing(t.Context(), old); err != nil || view.Stage != scheduler.StageWrong {
		t.Errorf("the old link: %s, %v", view.Stage, err)
	}

	r.enter()
}

func TestOnlyTheTelephoneIsLost(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{bruno}, []string{"A-2"})
	r.load(list(with(bruno, colPhone, "")))

	if e := r.trouble("A-2", care.CitizenTrouble); !strings.Contains(e.Text, "engangskode") {
		t.Errorf("text %q", e.Text)
	}
}

// TestImportNeedsThePermissionInEveryUnit of the file, and of the visits that it would change.
func TestImportNeedsThePermissionInEveryUnit(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	upload := scheduler.Upload{File: list(nancy, niels)}

	for name, who := range map[string]care.Actor{
		"caregiver": caregiver("MSK"), "administrator": actor("ADMIN", care.Administrator), "nobody": {Employee: "X"},
	} {
		_, err := r.PreviewList(t.Context(), who, upload)
		t.Log(name)
		refused(t, err, care.Forbidden)
	}

	_, err := r.PreviewList(t.Context(), planner("oest"), upload)
	refused(t, err, care.Forbidden)

	id := r.preview(upload.File).Upload
	_, err = r.ImportList(t.Context(), planner("oest"), id)
	refused(t, err, care.Forbidden)
	_, err = r.ImportList(t.Context(), planner("oest", "vest"), id)
	must(t, err)

	// A file of Øst that takes a visit from Vest.
	stolen := list(nancy, with(niels, colRoute, "Øst dag"))
	_, err = r.PreviewList(t.Context(), planner("oest"), scheduler.Upload{File: stolen})
	refused(t, err, care.Forbidden)
	_, err = r.ImportList(t.Context(), planner("oest"), r.preview(stolen).Upload)
	refused(t, err, care.Forbidden)

	if v := r.visit("A-4"); v.Facts.Unit != "vest" {
		t.Errorf("unit %s", v.Facts.Unit)
	}

	_, err = r.RecentLists(t.Context(), caregiver("MSK"))
	refused(t, err, care.Forbidden)

	lists, err := r.RecentLists(t.Context(), planner())
	must(t, err)

	if len(lists) != 1 {
		t.Errorf("%d lists", len(lists))
	}
}

func TestWhatIsNoListIsToldInDanish(t *testing.T) {
	t.Parallel()

	r := newRig(t)

	for name, f := range map[string]ehr.File{
		"empty": {Name: "x.csv"}, "picture": {Name: "x.xlsx", Data: []byte("\x89PNG\r\n\x1a\n")}, "no columns": {Name: "x.csv", Data: []byte("a;b\n1;2\n")},
	} {
		_, err := r.PreviewList(t.Context(), planner(), scheduler.Upload{File: f})
		t.Log(name)
		refused(t, err, care.Invalid)
	}

	_, err := r.ImportList(t.Context(), planner(), r.preview(list("31-11-2026;09:00;09:15;A-1;MSK;Øst dag;251248-9996;N;20000033;;Tilsyn/omsorg;SUL §138;Planlagt besøg;;")).Upload)
	refused(t, err, care.Invalid)

	_, err = r.ImportList(t.Context(), planner(), "unknown")
	refused(t, err, care.NotFound)
	_, err = r.PreviewUpload(t.Context(), planner(), "unknown")
	refused(t, err, care.NotFound)
}

// TestOneListImportedByManyAtOnce gives one set of visits.
func TestOneListImportedByManyAtOnce(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	upload := r.preview(sample(t, "koreliste-dag.csv")).Upload

	var group sync.WaitGroup

	errs := make([]error, 6)
	made := make([]int, len(errs))

	for i := range errs {
		group.Go(func() {
			var record scheduler.ListRecord

			record, errs[i] = r.ImportList(t.Context(), planner(), upload)
			made[i] = record.New
		})
	}

	group.Wait()
	must(t, errors.Join(errs...))

	sum := 0
	for _, n := range made {
		sum += n
	}

	if n := len(r.all()); n != 60 || sum != 60 {
		t.Errorf("%d visits, %d told as new", n, sum)
	}
}

// TestImportWhileTheQueueWorks: an import that meets changes is worked out anew.
func TestImportWhileTheQueueWorks(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(sample(t, "koreliste-dag.csv"))

	_, err := r.Convert(t.Context(), planner(), scheduler.ConvertRequest{Visits: r.ids("KL-1001", "KL-1004", "KL-1005", "KL-1006", "KL-1008")})
	must(t, err)

	upload := r.preview(sample(t, "koreliste-dag-aendret.csv")).Upload
	done := make(chan error, 1)

	go func() {
		_, err := r.ImportList(t.Context(), planner(), upload)
		done <- err
	}()

	r.work()
	must(t, <-done)
	r.work()

	v := r.visit("KL-1005")
	if room := r.room("KL-1005"); v.State != care.RoomIsBooked || !room.Planned.Equal(v.Facts.Planned) || !v.Facts.Planned.Start.Equal(on(8, 35)) {
		t.Errorf("%s, room %v, planned %v", v.State, room.Planned, v.Facts.Planned)
	}

	if texts := r.sent("KL-1005"); !strings.Contains(texts[len(texts)-1], "08.35") {
		t.Errorf("the citizen's last message is %q", texts[len(texts)-1])
	}
}

// TestAMoveOfARunningVisitIsNotFollowed: the conversation must not be cut by a list.
func TestAMoveOfARunningVisitIsNotFollowed(t *testing.T) {
	t.Parallel()

	r := booked(t, []string{nancy}, []string{"A-1"})
	r.until(on(9, 0))
	r.enter().admit()

	room := r.room("A-1")

	r.load(list(with(with(nancy, colStart, "12:00"), colEnd, "12:15")))
	r.work()

	if v := r.visit("A-1"); v.State != care.Open || !v.Facts.Planned.Start.Equal(on(9, 0)) || r.room("A-1").Ref != room.Ref {
		t.Errorf("%s at %s", v.State, v.Facts.Planned.Start)
	}

	if at, _ := r.vdx.Room(string(room.Ref)); !at.End.Equal(on(10, 30)) || len(r.sent("A-1")) != 2 { // invitation and code
		t.Errorf("the room ends %s; messages %q", at.End, r.sent("A-1"))
	}

	r.trouble("A-1", care.ChangeTrouble)
}
