package scheduler_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluse/sluse/connector/message/mail/mailsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/fhir/fhirsim"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// modelTB lets rapid see failures, so that it can make them small.
type modelTB struct {
	testing.TB
	rt *rapid.T
}

func (m modelTB) Helper()                           {}
func (m modelTB) Fatal(args ...any)                 { m.rt.Fatal(args...) }
func (m modelTB) Fatalf(format string, args ...any) { m.rt.Fatalf(format, args...) }
func (m modelTB) Errorf(format string, args ...any) { m.rt.Errorf(format, args...) }
func (m modelTB) Cleanup(f func())                  { m.rt.Cleanup(f) }

func (m modelTB) TempDir() string {
	dir, err := os.MkdirTemp(m.TB.TempDir(), "model")
	if err != nil {
		m.rt.Fatal(err)
	}

	return dir
}

// machine plays random lives of a few visits. What must always hold is checked after every job.
type machine struct {
	*rig
	rt      *rapid.T
	rows    map[string]string // the list as it is now
	sources []string
	batches []care.BatchID
	last    map[care.VisitID]care.Snapshot
	told    map[care.VisitID]int  // messages that invite, by the peers' histories
	near    map[care.VisitID]bool // was about to begin at some time
	known   people
}

func newMachine(r *rig) *machine {
	return &machine{rig: r, last: map[care.VisitID]care.Snapshot{}, told: map[care.VisitID]int{}, near: map[care.VisitID]bool{}, known: newPeople()}
}

// modelRows are the visits of the model: SMS, SMS or mail, mail; two units, two laws.
func modelRows() map[string]string {
	return map[string]string{"A-1": nancy, "A-2": bruno, "A-4": niels, "A-5": vester}
}

// TestModel is the model-based test. More runs: go test -run TestModel -rapid.checks=500.
func TestModel(t *testing.T) {
	t.Parallel()

	if !flagGiven("rapid.checks") {
		must(t, flag.Set("rapid.checks", modelRuns))
	}

	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(newRig(modelTB{t, rt}, knownDevices, func(s *setup) { s.set.Reminder = time.Hour }))
		m.rt, m.rows, m.after = rt, modelRows(), m.check

		for source := range m.rows {
			m.sources = append(m.sources, source)
		}

		slices.Sort(m.sources)
		m.load(m.file())
		m.begin()

		// What happens often has several names.
		rt.Repeat(map[string]func(*rapid.T){
			"":         func(*rapid.T) { m.check() },
			"list":     m.relist,
			"convert":  m.convertSome,
			"convert ": m.convertSome,
			"undo":     m.undo,
			"cancel":   m.cancel,
			"physical": m.physical,
			"move":     m.move,
			"move ":    m.move,
			"conclude": m.conclude,
			"citizen":  m.citizen,
			"call":     m.call,
			"stop":     m.stop,
			"reopen":   m.reopen,
			"word":     m.word,
			"codeword": m.codeword,
			"device":   m.device,
			"consent":  m.consent,
			"judge":    m.judge,
			"host":     m.host,
			"retry":    m.retry,
			"settle":   m.settle,
			"fault":    m.fault,
			"lose":     m.lose,
			"lose ":    m.lose,
			"job":      m.job,
			"job ":     m.job,
			"job  ":    m.job,
			"jobs":     func(*rapid.T) { m.rush() },
			"jobs ":    func(*rapid.T) { m.rush() },
			"tick":     m.tick,
		})

		m.rest()
	})
}

// begin converts everything; half of the runs begin when the rooms are made.
func (m *machine) begin() {
	b, err := m.Convert(m.tb.Context(), leader(), scheduler.ConvertRequest{Visits: m.ids(m.sources...), RedReason: "Aftalt"})
	must(m.tb, err)

	m.batches = append(m.batches, b.ID)
	m.check()

	if rapid.Bool().Draw(m.rt, "rooms are made") {
		m.rush()
	}

	if rapid.Bool().Draw(m.rt, "it is the day") {
		m.until(on(8, 50))
	}
}

func flagGiven(name string) bool {
	given := false

	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })

	return given
}

func (m *machine) file() ehr.File {
	rows := []string{with(with(with(nancy, colID, "A-0"), colStart, "06:00"), colEnd, "06:15")} // a list is never empty
	for _, source := range m.sources {
		if row := m.rows[source]; row != "" {
			rows = append(rows, row)
		}
	}

	return list(rows...)
}

// try takes an answer of a use case: any refusal is fine, a fault of ours is not.
func (m *machine) try(err error) {
	if kind := care.KindOf(err); kind == care.Internal {
		m.rt.Fatalf("internal error: %v", err)
	}

	m.check()
}

func (m *machine) one(rt *rapid.T) care.Snapshot {
	return m.visit(rapid.SampledFrom(m.sources).Draw(rt, "visit"))
}

// relist imports a list in which one visit is changed, gone or back.
func (m *machine) relist(rt *rapid.T) {
	source := rapid.SampledFrom(m.sources).Draw(rt, "row")
	row := modelRows()[source]

	switch rapid.SampledFrom([]string{"gone", "as it was", "moved", "number", "no number", "employee", "off"}).Draw(rt, "change") {
	case "gone":
		row = ""
	case "moved":
		start := rapid.IntRange(0, 3).Draw(rt, "slot")
		row = with(with(row, colStart, fmt.Sprintf("%02d:30", 9+2*start)), colEnd, fmt.Sprintf("%02d:45", 9+2*start))
	case "number":
		row = with(row, colPhone, "20000099")
	case "no number":
		row = with(row, colPhone, "")
	case "employee":
		row = with(row, colStaff, "VIK")
	case "off":
		row = with(row, colStatus, "Aflyst")
	}

	m.rows[source] = row
	m.load(m.file())
	m.check()
}

func (m *machine) convertSome(rt *rapid.T) {
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(m.sources), 1, 4, rapid.ID[string]).Draw(rt, "visits")

	b, err := m.Convert(m.tb.Context(), leader(), scheduler.ConvertRequest{Visits: m.ids(some...), RedReason: "Aftalt"})
	if err == nil {
		m.batches = append(m.batches, b.ID)
	}

	m.try(err)
}

func (m *machine) undo(rt *rapid.T) {
	if len(m.batches) > 0 {
		m.try(m.Undo(m.tb.Context(), planner(), rapid.SampledFrom(m.batches).Draw(rt, "batch")))
	}
}

func (m *machine) cancel(rt *rapid.T) {
	m.try(m.CancelVisit(m.tb.Context(), planner(), m.one(rt).ID, rapid.SampledFrom(care.Reasons()).Draw(rt, "reason")))
}

func (m *machine) physical(rt *rapid.T) {
	m.try(m.MakePhysical(m.tb.Context(), planner(), m.one(rt).ID))
}

func (m *machine) move(rt *rapid.T) {
	start := on(9, 0).Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "quarters")) * 15 * time.Minute)
	m.try(m.MoveVisit(m.tb.Context(), planner(), m.one(rt).ID, care.Interval{Start: start, End: start.Add(15 * time.Minute)}))
}

func (m *machine) conclude(rt *rapid.T) {
	req := rapid.SampledFrom([]scheduler.ConcludeRequest{
		{Kind: care.ResultCompleted, Delivery: care.Screen},
		{Kind: care.ResultCompleted, Delivery: care.ByPhone},
		{Kind: care.ResultNotCompleted, Reason: care.CitizenAbsent},
		{Physical: true},
	}).Draw(rt, "how")

	m.try(m.Conclude(m.tb.Context(), caregiver("MSK"), m.one(rt).ID, req))
}

// citizen comes through the newest link, proves who they are, and is let in.
func (m *machine) citizen(rt *rapid.T) {
	v := m.one(rt)

	link, ok := v.Link()
	if !ok || link.Channel != care.SMS || link.SentAt.IsZero() { // one that was withheld has bounced, and never left
		return
	}

	in, err := m.Enter(m.tb.Context(), m.link(v.Source.ID))
	m.try(err)

	if err != nil {
		return
	}

	g := &guest{m.rig, v.Source.ID, in.Token}
	m.try(m.AskCode(m.tb.Context(), g.token))

	if rapid.Bool().Draw(rt, "wait for the code") {
		m.rush()
	}

	if slices.ContainsFunc(m.toCitizen(v.Source.ID), codePattern.MatchString) {
		m.try(m.EnterCode(m.tb.Context(), g.token, g.code()))
	}

	m.try(m.Admit(m.tb.Context(), caregiver("MSK"), v.ID, g.admission().ID, true))

	_, err = m.GuestLink(m.tb.Context(), g.token)
	if admitted := g.admission().State == care.AdmissionAdmitted; err == nil && !admitted {
		m.rt.Fatalf("a session that is %s has the room's link", g.admission().State)
	}
}

// call lets somebody in to a room that is open, or out.
func (m *machine) call(rt *rapid.T) {
	role := rapid.SampledFrom([]vdxsim.Role{vdxsim.RoleHost, vdxsim.RoleGuest}).Draw(rt, "role")

	room, ok := m.one(rt).LiveRoom()
	if !ok {
		return
	}

	if leg, err := m.vdx.Join(string(room.Ref), string(role), role); err == nil && rapid.Bool().Draw(rt, "leaves") {
		m.clock.to(m.clock.Now().Add(time.Minute))
		must(m.tb, m.vdx.Leave(leg.ID))
	}
}

func (m *machine) exception(rt *rapid.T) (care.Snapshot, care.Exception, bool) {
	v := m.one(rt)

	open := m.open(v.Source.ID)
	if len(open) == 0 {
		return v, care.Exception{}, false
	}

	return v, rapid.SampledFrom(open).Draw(rt, "exception"), true
}

func (m *machine) retry(rt *rapid.T) {
	if v, e, ok := m.exception(rt); ok {
		m.try(m.Retry(m.tb.Context(), planner(), v.ID, e.ID))
	}
}

func (m *machine) settle(rt *rapid.T) {
	if v, e, ok := m.exception(rt); ok {
		m.try(m.Settle(m.tb.Context(), planner(), v.ID, e.ID))
	}
}

// fault makes the next calls of a peer fail, most of all by losing answers.
func (m *machine) fault(rt *rapid.T) {
	count := rapid.IntRange(1, 3).Draw(rt, "count")

	switch rapid.IntRange(0, 5).Draw(rt, "peer") {
	case 0:
		kind := rapid.SampledFrom([]fhirsim.FaultKind{fhirsim.FaultResetAfter, fhirsim.FaultResetBefore, fhirsim.FaultUnavailable, fhirsim.FaultBrokenBody}).Draw(rt, "kind")
		must(m.tb, m.fhir.Script(fhirsim.Fault{Kind: kind, Op: fhirsim.OpAny, Count: count}))
	case 1:
		must(m.tb, m.fhir.Reject(fhirsim.Refusal{Count: 1, Text: "nej"}))
	case 2:
		kind := rapid.SampledFrom([]mailsim.FaultKind{mailsim.FaultGreylist, mailsim.FaultResetBefore}).Draw(rt, "kind")
		must(m.tb, m.mail.Script(mailsim.Fault{Kind: kind, Count: count}))
	default:
		kind := rapid.SampledFrom([]vdxsim.FaultKind{
			vdxsim.FaultResetAfter, vdxsim.FaultResetBefore, vdxsim.FaultUnavailable, vdxsim.FaultBrokenBody, vdxsim.FaultTooMany, vdxsim.FaultBadGatewayAfter,
		}).Draw(rt, "kind")
		op := rapid.SampledFrom([]string{
			vdxsim.OpMeetingCreate, vdxsim.OpRoomList, vdxsim.OpMeetingPatch, vdxsim.OpMeetingDelete, vdxsim.OpSMSSend, vdxsim.OpSMSStatus, vdxsim.OpAny,
		}).Draw(rt, "op")
		must(m.tb, m.vdx.Script(vdxsim.Fault{Kind: kind, Op: op, Count: count}))
	}
}

// lose loses answers after their effect, where that makes double rooms, messages and entries.
func (m *machine) lose(rt *rapid.T) {
	switch op := rapid.SampledFrom([]string{
		vdxsim.OpMeetingCreate, vdxsim.OpSMSSend, vdxsim.OpMeetingPatch, vdxsim.OpMeetingDelete, "record",
	}).Draw(rt, "lost"); op {
	case "record":
		must(m.tb, m.fhir.Script(fhirsim.Fault{Kind: fhirsim.FaultResetAfter, Op: fhirsim.OpAny}))
	default:
		must(m.tb, m.vdx.Script(vdxsim.Fault{Kind: vdxsim.FaultResetAfter, Op: op}))
	}
}

// job runs one job that is due.
func (m *machine) job(rt *rapid.T) {
	if due := m.due(); len(due) > 0 {
		_ = m.run(due[rapid.IntRange(0, len(due)-1).Draw(rt, "job")])
	}
}

func (r *rig) due() []row {
	r.tb.Helper()

	now := r.clock.Now()

	return slices.DeleteFunc(r.jobs.waiting(r.tb), func(j row) bool { return j.due.After(now) })
}

// rush runs what is due now, and what falls due in the next seconds.
func (m *machine) rush() { m.until(m.clock.Now().Add(10 * time.Second)) }

func (m *machine) tick(rt *rapid.T) {
	wait := rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 8 * time.Hour}).Draw(rt, "wait")
	if rapid.Bool().Draw(rt, "work goes on") {
		m.until(m.clock.Now().Add(wait))
	} else {
		m.clock.to(m.clock.Now().Add(wait))
	}
}
