package scheduler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// preview uploads a file.
func (r *rig) preview(f ehr.File) scheduler.Preview {
	r.tb.Helper()

	p, err := r.PreviewList(r.tb.Context(), planner(), scheduler.Upload{File: f})
	must(r.tb, err)

	return p
}

// load uploads and imports a file.
func (r *rig) load(f ehr.File) scheduler.ListRecord {
	r.tb.Helper()

	record, err := r.ImportList(r.tb.Context(), planner(), r.preview(f).Upload)
	must(r.tb, err)

	return record
}

// list returns a driving list with the given rows and the usual columns.
func list(rows ...string) ehr.File {
	const header = "Dato;Starttid;Sluttid;Besøgs-id;Medarbejder;Rute;CPR-nr.;Borger;Mobil;E-mail;Indsats;Lovgrundlag;Besøgstype;Status;Egnet"

	return ehr.File{Name: "liste.csv", Data: []byte(header + "\n" + strings.Join(rows, "\n") + "\n")}
}

// Rows that most tests need. All persons are official test citizens.
const (
	nancy  = "23-11-2026;09:00;09:15;A-1;MSK;Øst dag;251248-9996;Nancy Ann Berggren;20000033;;Medicinadministration;SUL §138;Planlagt besøg;;"
	bruno  = "23-11-2026;10:00;10:20;A-2;LBH;Øst dag;250947-9989;Bruno Elmer;20000032;bruno@borger.example;Psykisk støtte;SUL §138;Planlagt besøg;;"
	kaja   = "23-11-2026;11:00;11:15;A-3;MSK;Øst dag;210300-9996;Kaja Hansen;20000030;;Tilsyn/omsorg;SEL §83;Planlagt besøg;;"
	niels  = "23-11-2026;12:00;12:30;A-4;TKR;Vest dag;300174-9995;Niels Vendelboe;20000035;;Bostøtte;SEL §85;Planlagt besøg;;"
	vester = "23-11-2026;13:00;13:15;A-5;LBH;Øst dag;021215-9995;Bo Vestergaard;;bo@borger.example;Tilsyn/omsorg;SUL §138;Planlagt besøg;;"
)

// with replaces one column of a row, counted from 0.
func with(row string, column int, text string) string {
	cells := strings.Split(row, ";")
	cells[column] = text

	return strings.Join(cells, ";")
}

// Columns of list.
const (
	colStart   = 1
	colEnd     = 2
	colID      = 3
	colStaff   = 4
	colRoute   = 5
	colCPR     = 6
	colPhone   = 8
	colMail    = 9
	colService = 10
	colType    = 12
	colStatus  = 13
	colFit     = 14
)

// all returns every visit of the sample day.
func (r *rig) all() []care.Snapshot {
	r.tb.Helper()

	day := theDay.Bounds()

	out, err := r.store.Visits(r.tb.Context(), scheduler.VisitQuery{Window: day})
	must(r.tb, err)

	return out
}

// visit returns the visit with an id of the list.
func (r *rig) visit(source string) care.Snapshot {
	r.tb.Helper()

	all := r.all()

	i := slices.IndexFunc(all, func(v care.Snapshot) bool { return v.Source.ID == source })
	if i < 0 {
		r.tb.Fatalf("there is no visit %s", source)
	}

	return all[i]
}

// ids returns the ids of visits by their ids of the list.
func (r *rig) ids(sources ...string) []care.VisitID {
	r.tb.Helper()

	out := make([]care.VisitID, len(sources))
	for i, s := range sources {
		out[i] = r.visit(s).ID
	}

	return out
}

// convert turns visits into screen visits and lets the queue make them.
func (r *rig) convert(sources ...string) care.Batch {
	r.tb.Helper()

	b, err := r.Convert(r.tb.Context(), leader(), scheduler.ConvertRequest{Visits: r.ids(sources...), RedReason: "Aftalt med borgeren"})
	must(r.tb, err)
	r.work()

	return b
}

// booked imports rows and converts those with the given ids.
func booked(tb testing.TB, rows, sources []string, changes ...change) *rig {
	tb.Helper()

	r := newRig(tb, changes...)
	r.load(list(rows...))
	r.convert(sources...)

	for _, s := range sources {
		if v := r.visit(s); v.State != care.RoomIsBooked {
			tb.Fatalf("%s is %s: %v\n%s", s, v.State, v.Exceptions, strings.Join(r.jobs.ran, "\n"))
		}
	}

	return r
}

// room returns the live room of a visit.
func (r *rig) room(source string) care.Room {
	r.tb.Helper()

	room, ok := r.visit(source).LiveRoom()
	if !ok {
		r.tb.Fatalf("%s has no room", source)
	}

	return room
}

// open returns the exceptions of a visit that need a person.
func (r *rig) open(source string) []care.Exception {
	r.tb.Helper()

	return slices.DeleteFunc(r.visit(source).Exceptions, func(e care.Exception) bool { return !e.Open() })
}

// trouble returns the one open exception of a visit.
func (r *rig) trouble(source string, kind care.ExceptionKind) care.Exception {
	r.tb.Helper()

	open := r.open(source)
	if len(open) != 1 || open[0].Kind != kind || open[0].Text == "" {
		r.tb.Fatalf("%s has exceptions %+v, want one of kind %s", source, open, kind)
	}

	return open[0]
}

// sent returns the texts of a visit's SMS, oldest first.
func (r *rig) sent(source string) []string {
	r.tb.Helper()

	return r.smsOf(r.visit(source))
}

func (r *rig) smsOf(v care.Snapshot) []string {
	if r.texts != nil {
		return r.texts.of(v)
	}

	var out []string

	for _, m := range r.vdx.SMS() {
		if _, ok := v.RoomOf(care.RoomRef(m.RoomUUID)); ok {
			out = append(out, m.Text)
		}
	}

	return out
}

// locator reads the link out of a message.
func locator(tb testing.TB, text string) care.Locator {
	tb.Helper()

	_, after, ok := strings.Cut(text, "/b/")
	if !ok {
		tb.Fatalf("no link in %q", text)
	}

	end := strings.IndexFunc(after, func(c rune) bool { return c == ' ' || c == '\n' || c == '\r' })
	if end >= 0 {
		after = after[:end]
	}

	return care.NewLocator(strings.TrimRight(after, "."))
}

// recorded returns the kinds and categories that the record got for a visit, in order.
func (r *rig) recorded(source string) []string {
	r.tb.Helper()

	return r.recordedOf(r.visit(source))
}

func (r *rig) recordedOf(v care.Snapshot) []string {
	var out []string

	got, _ := r.fhir.Visit(fhir.VisitIdentifier(v.Source))
	for _, e := range got.Entries {
		text := string(e.Kind) + " " + e.Category
		if e.Duplicate {
			text += " (again)"
		}

		out = append(out, text)
	}

	return out
}
