package demo

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/internal/testenv/pg"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// outageDays are the days of the long outage.
const outageDays = 4

// threeADay are three visits on each of the days, each of a citizen with no other visit: one is held, to
// one the citizen does not come, one is converted and undone.
func threeADay() string {
	people := []string{
		"0107729995;Max Berggren", "0108589995;Schwendlund Mosebryggersen", "0108629996;May June Moberg", "0201609995;Einer Lauridsen",
		"0201609996;Lonni Lauridsen", "0201919990;Else Lauridsen", "0201919995;EK Lauridsen", "0201919996;Ellen Louise Lauridsen",
		"0212159995;Bo Vestergaard", "0504909989;Rasmus Lauridsen", "0504909995;Magnus Lauridsen", "0505059996;Pia Berggren",
	}
	lines := []string{"Dato;Start;Slut;Besøgs-id;Medarbejder;Rute;CPR;Borger;Mobil;Indsats;Lovgrundlag;Besøgstype;Bemærkning"}

	for i, who := range people {
		day := time.Date(2026, 11, 24+i/3, 0, 0, 0, 0, care.Zone()).Format("02-01-2006")
		what := []string{"Ernæringsvejledning;SUL §138", "Tilsyn/omsorg;SEL §83", "Ernæringsvejledning;SUL §138"}[i%3]
		lines = append(lines, fmt.Sprintf("%s;%02d:00;%02d:20;D-%d;%s;Øst dag;%s;200000%d;%s;Planlagt besøg;Hund i haven",
			day, 9+i%3, 9+i%3, i, []string{"LBH", "AØJ"}[i%2], who, 40+i, what))
	}

	return strings.Join(lines, "\n") + "\n"
}

// TestRecordIsAwayForFourDays plays four days of the whole program while the record is away: visits are
// converted, undone, held and missed, as planners, citizens and caregivers do it over HTTP. When the
// record is back it gets everything once, in order, with the times at which it was.
func TestRecordIsAwayForFourDays(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		record   world.RecordKind
		practice world.Practice
		postgres bool
		more     bool // with SLUSE_SEEDS only, like the many walks
	}{
		{record: world.FHIRRecord, practice: world.Plain, postgres: true},
		{record: world.NexusRecord, practice: world.Viborg},
		{record: world.FHIRRecord, practice: world.Holbaek, more: true},
		{record: world.NexusRecord, practice: world.Holbaek, postgres: true, more: true},
	} {
		if c.more && os.Getenv("SLUSE_SEEDS") == "" {
			continue
		}

		t.Run(fmt.Sprintf("%s, %s, PostgreSQL %t", c.record, c.practice, c.postgres), func(t *testing.T) {
			t.Parallel()

			o := Options{Seed: 1, Record: c.record, Practice: c.practice}
			if c.postgres {
				o.Database = pg.URL(t)
			}

			l := &longOutage{practice: townOf(t, threeADay(), o)}
			l.live()
		})
	}
}

// longOutage is a municipality whose record is away for days.
type longOutage struct {
	*practice

	calls int      // to the record, when it went away
	gone  []*visit // converted and undone while it was away
}

func (l *longOutage) live() {
	l.tb.Helper()
	l.do(l.importLists)

	// The first day's visits are converted while all is well.
	l.visits = l.converted(l.ofDay(0)[:2], meets)
	l.away()

	for day := range outageDays {
		l.evening(day)
		l.daytime(day)
	}

	l.nothingWritten()
	l.jump(l.Days[outageDays-1].Bounds().Start.Add(18 * time.Hour))
	l.returns()
	l.compare()
}

// logIn begins a new session of the planner: the last one has ended.
func (l *longOutage) logIn() {
	l.tb.Helper()

	var err error
	if l.planner, err = l.login(l.tb.Context(), "PLAN"); err != nil {
		l.tb.Fatal(err)
	}
}

// ofDay are the visits of a day by their start.
func (l *longOutage) ofDay(day int) []*visit {
	l.tb.Helper()

	all, err := l.day(l.tb.Context())
	if err != nil {
		l.tb.Fatal(err)
	}

	all = slices.DeleteFunc(all, func(v *visit) bool { return care.DayOf(v.Planned.Start) != l.Days[day] })
	slices.SortStableFunc(all, byStart)

	if len(all) != 3 {
		l.tb.Fatalf("%d visits on day %d", len(all), day)
	}

	return all
}

// away has the record fail by every way in which a call gets no answer and has no effect.
func (l *longOutage) away() {
	l.tb.Helper()

	const always, hang = 1 << 30, 20 * time.Millisecond // faults in a row; a silent call is given up

	var err error
	if l.World.Nexus != nil {
		err = l.World.Nexus.SetFaults(nexussim.Faults{Unavailable: .4, ServerError: .3, ResetBefore: .1, BadGatewayBefore: .1, TimeoutBefore: .1, MaxInRow: always, Hang: hang})
	} else {
		err = l.World.FHIR.SetFaults(fhirsim.Faults{Unavailable: .4, ServerError: .3, ResetBefore: .1, BadGatewayBefore: .1, TimeoutBefore: .1, MaxInRow: always, Hang: hang})
	}

	if err != nil {
		l.tb.Fatal(err)
	}

	l.calls = l.World.RecordCalls()
}

// jump moves the clock as far as a night's sleep of the program, and lets it do what is due.
func (l *longOutage) jump(to time.Time) {
	l.tb.Helper()

	if err := l.Jump(l.tb.Context(), to); err != nil {
		l.tb.Fatal(err)
	}

	if err := l.Settle(l.tb.Context()); err != nil {
		l.tb.Fatal(err)
	}
}

// evening is the planner's work for a day: some are converted, one of them is undone.
func (l *longOutage) evening(day int) {
	l.tb.Helper()
	l.jump(l.Days[day].Add(-1).Bounds().Start.Add((planningHour + 2) * time.Hour))

	l.logIn()

	all := l.ofDay(day)
	if day > 0 {
		l.visits = append(l.visits, l.taken(l.started(all[:2]))...)
	}

	for i, v := range l.visits {
		v.role = []role{meets, stays, leaves, stays}[i%4]
	}

	batch := l.started(all[2:])
	l.jump(l.Now().Add(time.Minute))
	l.gone = append(l.gone, l.taken(batch)...)

	if err := l.planner.call(l.tb.Context(), http.MethodPost, "/api/v1/conversions/"+batch+"/undo", nil, nil); err != nil {
		l.tb.Fatal(err)
	}

	for range []int{8, 1, 1, 1}[day] { // as long as it takes to be sure that nobody answers
		l.jump(l.Now().Add(time.Minute))
	}

	l.toldOnce()
}

// started begins a conversion, which can't end while the record is away.
func (l *longOutage) started(visits []*visit) (batch string) {
	l.tb.Helper()

	ids := make([]string, 0, len(visits))
	for _, v := range visits {
		ids = append(ids, v.ID)
	}

	var made struct {
		ID string `json:"id"`
	}

	if err := l.planner.call(l.tb.Context(), http.MethodPost, "/api/v1/conversions", map[string]any{"visits": ids}, &made); err != nil {
		l.tb.Fatal(err)
	}

	return made.ID
}

// taken are the visits of a conversion.
func (l *longOutage) taken(batch string) []*visit {
	l.tb.Helper()

	all, err := l.takeUp(l.tb.Context(), batch)
	if err != nil || len(all) == 0 {
		l.tb.Fatalf("%d visits were taken: %v", len(all), err)
	}

	return all
}

// daytime lets the day's visits take place.
func (l *longOutage) daytime(day int) {
	l.tb.Helper()

	for _, v := range l.visits {
		if care.DayOf(v.Planned.Start) == l.Days[day] {
			if err := l.playGroup(l.tb.Context(), v.Planned.Start.UTC(), []*visit{v}); err != nil {
				l.tb.Fatalf("day %d, %s: %v", day, v.role, err)
			}
		}
	}
}

// toldOnce: planners have one notice that the record is away, and no visit is somebody's business.
func (l *longOutage) toldOnce() {
	l.tb.Helper()

	if told := l.outages(); !slices.Equal(told, []string{"record"}) {
		l.tb.Errorf("planners are told of %v", told)
	}

	l.noTrouble()
}

func (l *longOutage) outages() []string {
	l.tb.Helper()

	var list struct {
		Items []struct {
			Role string `json:"role"`
		} `json:"items"`
	}

	if err := l.planner.call(l.tb.Context(), http.MethodGet, "/api/v1/outages", nil, &list); err != nil {
		l.tb.Fatal(err)
	}

	var roles []string
	for _, o := range list.Items {
		roles = append(roles, o.Role)
	}

	return roles
}

func (l *longOutage) noTrouble() {
	l.tb.Helper()

	for day := range outageDays {
		for _, v := range l.ofDay(day) {
			for _, e := range v.Exceptions {
				l.tb.Errorf("the visit at %s needs a person: %s", v.Planned.Start, e.Kind)
			}
		}
	}
}

// nothingWritten: the record holds what it held on the first day, and was not asked all the time.
func (l *longOutage) nothingWritten() {
	l.tb.Helper()

	for i, v := range slices.Concat(l.visits, l.gone) {
		for _, m := range l.rule(v).Means {
			before := i < 2 && m.Tells(care.EntryPlanned)
			if t := l.told(v, m); t.Results+t.Restored > 0 || (t.Planned > 0) != before {
				l.tb.Errorf("the record knows by %s of the visit at %s: %+v", m, v.Planned.Start, t)
			}
		}
	}

	if asked := l.World.RecordCalls() - l.calls; asked < 6 || asked > 80*outageDays {
		l.tb.Errorf("%d calls in %d days to a record that is away", asked, outageDays)
	} else {
		l.tb.Logf("%d calls in %d days to a record that is away", asked, outageDays)
	}
}

// returns has the record answer again, and waits until it was told everything.
func (l *longOutage) returns() {
	l.tb.Helper()

	l.logIn()

	if l.World.Nexus != nil {
		l.World.Nexus.Calm()
	} else {
		l.World.FHIR.Calm()
	}

	for range 30 {
		l.jump(l.Now().Add(time.Minute))

		if !slices.ContainsFunc(slices.Concat(l.visits, l.gone), l.waits) {
			break
		}
	}

	if told := l.outages(); len(told) > 0 {
		l.tb.Errorf("after the outage planners are told of %v", told)
	}

	l.noTrouble()
}

// waits reports whether an entry of a visit is still due, by the program's own book.
func (l *longOutage) waits(v *visit) bool {
	l.tb.Helper()

	var seen struct {
		Entries []struct {
			State care.EntryState `json:"state"`
		} `json:"entries"`
	}

	if err := l.planner.call(l.tb.Context(), http.MethodGet, "/api/v1/visits/"+v.ID, nil, &seen); err != nil {
		l.tb.Fatal(err)
	}

	return slices.ContainsFunc(seen.Entries, func(e struct {
		State care.EntryState `json:"state"`
	},
	) bool {
		return e.State == care.EntryDue
	})
}

// compare holds the record's own history against what happened.
func (l *longOutage) compare() {
	l.tb.Helper()

	for _, v := range l.visits {
		for _, m := range l.rule(v).Means {
			want := world.Told{}
			if m.Tells(care.EntryPlanned) {
				want.Planned = 1
			}

			if m.Tells(care.EntryResult) {
				want.Results, want.Outcome = 1, care.ResultCompleted
				if v.role == stays {
					want.Outcome = care.ResultNotCompleted
				}
			}

			got := l.told(v, m)
			if got.Outcome == "" { // the record's category does not tell
				want.Outcome = ""
			}

			if got.Meeting = ""; got != want {
				l.tb.Errorf("%s by %s at %s: the record has %+v, want %+v", v.role, m, v.Planned.Start, got, want)
			}
		}

		l.rightTimes(v)
	}

	for _, v := range l.gone {
		if !l.World.Exact(v.row) {
			l.tb.Errorf("the undone visit at %s is not as it was", v.Planned.Start)
		}

		for _, m := range l.rule(v).Means {
			if t := l.told(v, m); t.Results+t.Doubled > 0 || t.Planned > t.Restored || t.Restored > 1 {
				l.tb.Errorf("undone by %s at %s: the record has %+v", m, v.Planned.Start, t)
			}
		}
	}

	if n := l.World.ActiveViolations(); n > 0 {
		l.tb.Errorf("%d times the record showed a citizen no visit, or several", n)
	}
}

// rightTimes: what was written days later tells when the visit was planned and held.
func (l *longOutage) rightTimes(v *visit) {
	l.tb.Helper()

	if l.World.FHIR == nil {
		return // a visit of a Nexus has one time, which we never write, and notes tell the day: Told counts no others
	}

	i := slices.IndexFunc(l.World.FHIR.Visits(), func(held fhirsim.Visit) bool {
		return len(held.Appointments) == 1 && l.instant(held.Appointments[0].Start).Equal(v.Planned.Start)
	})
	if i < 0 {
		l.tb.Errorf("no appointment begins at %s", v.Planned.Start)

		return
	}

	held := l.World.FHIR.Visits()[i]
	if kinds := kindsOf(held); !slices.Equal(kinds, []fhirsim.Kind{fhirsim.Planned, fhirsim.Result}) {
		l.tb.Errorf("the entries of the visit at %s are %v", v.Planned.Start, kinds)
	}

	if v.role == stays {
		return
	}

	if len(held.Encounters) != 1 {
		l.tb.Fatalf("%d encounters at %s", len(held.Encounters), v.Planned.Start)
	}

	if v.role == meets { // who concludes before the platform has told of the call knows the day
		if start := held.Encounters[0].Start; start != v.Planned.Start.Format(time.DateOnly) {
			l.tb.Errorf("the visit at %s was held on %s by the record", v.Planned.Start, start)
		}

		return
	}

	for _, text := range []string{held.Encounters[0].Start, held.Encounters[0].End} {
		if at := l.instant(text); at.Before(v.Planned.Start.Add(-5*time.Minute)) || at.After(v.Planned.Start.Add(10*time.Minute)) {
			l.tb.Errorf("the visit at %s was held at %s by the record", v.Planned.Start, text)
		}
	}
}

func (l *longOutage) instant(text string) time.Time {
	l.tb.Helper()

	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		l.tb.Fatal(err)
	}

	return at
}

func kindsOf(v fhirsim.Visit) []fhirsim.Kind {
	kinds := make([]fhirsim.Kind, 0, len(v.Entries))
	for _, e := range v.Entries {
		kinds = append(kinds, e.Kind)
	}

	return kinds
}
