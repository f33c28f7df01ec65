package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Evidence is what the routes about evidence call.
type Evidence interface {
	Evidence(ctx context.Context, actor care.Actor, id care.VisitID) (scheduler.EvidenceView, error)
	EachEvidence(ctx context.Context, actor care.Actor, q scheduler.StatisticsQuery, tell func(scheduler.EvidenceView) error) error
	Correct(ctx context.Context, actor care.Actor, id care.VisitID, req scheduler.CorrectRequest) error
}

// leg is one stay in a room. The room's own key and address are nobody's business here.
type leg struct {
	Role    string `json:"role"`
	Joined  string `json:"joined,omitempty"`
	Entered string `json:"entered,omitempty"`
	Left    string `json:"left,omitempty"`
	Seat    *int   `json:"seat,omitempty"` // 0: the citizen's
	Media   string `json:"media"`
	Ending  string `json:"ending"`
	Witness string `json:"witness"`
	Use     string `json:"use"`
}

type seat struct {
	Seat int    `json:"seat"`
	Kind string `json:"kind"`
	Came bool   `json:"came"`
}

// judged is one verdict as it was stored.
type judged struct {
	verdict

	At       string   `json:"at"`
	Grade    string   `json:"grade"`
	Rule     int      `json:"rule"`
	Complete bool     `json:"complete"`
	Alarms   []string `json:"alarms"`
}

type evidence struct {
	Visit     care.VisitID `json:"visit"`
	Planned   interval     `json:"planned"`
	Invited   string       `json:"invited,omitempty"`
	Opened    string       `json:"opened,omitempty"`
	Came      string       `json:"came,omitempty"`
	LetIn     string       `json:"let_in,omitempty"`
	LetInBy   string       `json:"let_in_by,omitempty"`
	Method    string       `json:"method,omitempty"`
	HostIn    string       `json:"host_in,omitempty"`
	HostOut   string       `json:"host_out,omitempty"`
	GuestIn   string       `json:"guest_in,omitempty"`
	GuestOut  string       `json:"guest_out,omitempty"`
	Ended     string       `json:"ended,omitempty"`
	Ending    string       `json:"ending,omitempty"`
	Outcome   *outcome     `json:"outcome,omitempty"`
	Former    []*outcome   `json:"former"`
	Verdicts  []judged     `json:"verdicts"`
	Legs      []leg        `json:"legs"`
	Present   []seat       `json:"present"`
	Witnesses []string     `json:"witnesses"`
}

// evidence tells what is known of one visit's course.
func (a api) evidence(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	view, err := a.Evidence(c.Request.Context(), route.Actor(c), care.VisitID(id))
	if err != nil {
		return err
	}

	return ok(c, evidenceOf(view))
}

func evidenceOf(e scheduler.EvidenceView) evidence {
	out := evidence{
		Visit: e.Visit, Planned: span(e.Planned), Invited: stamp(e.Invited), Opened: stamp(e.Opened), Came: stamp(e.Came),
		LetIn: stamp(e.LetIn), LetInBy: string(e.LetInBy), Method: string(e.Method), HostIn: stamp(e.HostIn), HostOut: stamp(e.HostOut),
		GuestIn: stamp(e.GuestIn), GuestOut: stamp(e.GuestOut), Ended: stamp(e.Ended), Outcome: outcomeOf(e.Outcome),
		Former: each(e.Former, outcomeOf), Legs: each(e.Legs, legOf), Witnesses: each(e.Witnesses, witnessOf),
		Verdicts: each(e.Verdicts, func(v care.Verdict) judged {
			return judged{
				verdict: verdictOf(v), At: stamp(v.At), Grade: string(v.Outcome.Grade), Rule: v.Rule, Complete: v.Complete,
				Alarms: each(v.Alarms, func(a care.Alarm) string { return string(a) }),
			}
		}),
		Present: each(e.Present, func(s scheduler.SeatView) seat {
			return seat{Seat: s.Seat, Kind: orWord(string(s.Kind), "citizen"), Came: s.Came}
		}),
	}

	if !e.Ended.IsZero() {
		out.Ending = orWord(string(e.Ending), "usual")
	}

	return out
}

func legOf(l scheduler.LegView) leg {
	out := leg{
		Role: orWord(string(l.Role), "unknown"), Joined: stamp(l.Joined), Entered: stamp(l.Entered), Left: stamp(l.Left),
		Media: orWord(string(l.Media), "unknown"), Ending: orWord(string(l.Ending), "usual"), Witness: witnessOf(l.Witness),
		Use: orWord(string(l.Use), "not_weighed"),
	}

	if l.Seat > 0 {
		n := l.Seat - 1
		out.Seat = &n
	}

	return out
}

func witnessOf(w care.Witness) string { return orWord(string(w), "history") }

// orWord gives the words of the domain that are empty a name for the API.
func orWord(word, empty string) string {
	if word == "" {
		return empty
	}

	return word
}

type correctRequest struct {
	Kind     string `json:"kind"`
	Delivery string `json:"delivery"`
	Reason   string `json:"reason"`
	Because  string `json:"because"`
	Known    string `json:"known"`
}

// correct gives a visit that has ended another outcome.
func (a api) correct(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body correctRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if n := utf8.RuneCountInString(body.Because); n == 0 || n > care.MaxBecause {
		return care.NewError(care.Invalid, "Feltet »because« skal være på 1-"+strconv.Itoa(care.MaxBecause)+" tegn.")
	}

	req, err := (concludeRequest{Kind: body.Kind, Delivery: body.Delivery, Reason: body.Reason, Known: body.Known}).request()
	if err != nil {
		return err
	}

	err = a.Correct(c.Request.Context(), route.Actor(c), care.VisitID(id), scheduler.CorrectRequest{ConcludeRequest: req, Because: body.Because})
	if err != nil {
		return err
	}

	return done(c)
}

// evidenceCSV tells the evidence of a period as a file, one visit a line, without anybody's name.
// Semicolons and a byte order mark are what Excel expects in Denmark.
func (a api) evidenceCSV(c *gin.Context) error {
	if err := parameters(c, "from", "to", "unit"); err != nil {
		return err
	}

	from, err := dayOf(c, "from")
	if err != nil {
		return err
	}

	to, err := dayOf(c, "to")
	if err != nil {
		return err
	}

	file := &lateFile{c: c, name: "skaermbesoeg-" + string(from) + "-" + string(to) + ".csv"}
	q := scheduler.StatisticsQuery{From: from, To: to, Unit: care.UnitID(c.Query("unit"))}

	if err := a.EachEvidence(c.Request.Context(), route.Actor(c), q, func(e scheduler.EvidenceView) error { return file.write(lineOf(e)) }); err != nil {
		return file.fail(err)
	}

	return file.finish()
}

// lateFile begins to answer with its first line, so that a refusal can still be a problem
// document.
type lateFile struct {
	c    *gin.Context
	name string
	out  *csv.Writer
}

func (f *lateFile) write(line []string) error {
	if f.out == nil {
		f.begin()
	}

	if err := f.out.Write(line); err != nil {
		return care.NewError(care.Unavailable, "Forbindelsen blev afbrudt.")
	}

	return nil
}

func (f *lateFile) begin() {
	f.c.Header("Content-Type", "text/csv; charset=utf-8")
	f.c.Header("Content-Disposition", `attachment; filename="`+f.name+`"`)
	f.c.Status(http.StatusOK)
	_, _ = f.c.Writer.WriteString("\ufeff") // a caller who has gone is noticed by the next line

	f.out = csv.NewWriter(f.c.Writer)
	f.out.Comma, f.out.UseCRLF = ';', true
	_ = f.out.Write(columns()) // into the buffer
}

// fail ends an answer that has begun without the rest, so that nobody takes half a file for a
// whole one.
func (f *lateFile) fail(err error) error {
	if f.out == nil {
		return err
	}

	panic(http.ErrAbortHandler)
}

func (f *lateFile) finish() error {
	if f.out == nil {
		f.begin()
	}

	f.out.Flush()

	return nil
}

func columns() []string {
	return []string{
		"besøg", "enhed", "lov", "vagtlag", "planlagt_start", "planlagt_slut", "inviteret", "link_åbnet", "borger_ved_døren", "lukket_ind",
		"medarbejder_ind", "medarbejder_ud", "borger_ind", "borger_ud", "sammen_sekunder", "slut", "slutårsag",
		"status", "resultat", "årsag", "leveret", "vished", "afgjort_af", "rettet", "vidner", "regel", "platformen_siger",
	}
}

func lineOf(e scheduler.EvidenceView) []string {
	var verdict care.Verdict
	if n := len(e.Verdicts); n > 0 {
		verdict = e.Verdicts[n-1]
	}

	return []string{
		string(e.Visit), string(e.Unit), string(e.Law), string(e.Shift), sheet(e.Planned.Start), sheet(e.Planned.End), sheet(e.Invited),
		sheet(e.Opened), sheet(e.Came), sheet(e.LetIn), sheet(e.HostIn), sheet(e.HostOut), sheet(e.GuestIn), sheet(e.GuestOut),
		strconv.Itoa(int(e.Outcome.Together / time.Second)), sheet(e.Ended), string(e.Ending),
		string(e.State), string(e.Outcome.Kind), string(e.Outcome.Reason), string(e.Outcome.Delivery), string(e.Outcome.Grade), deciderOf(e.Outcome),
		strconv.FormatBool(len(e.Former) > 0), strings.Join(each(e.Witnesses, care.Witness.Danish), ", "), strconv.Itoa(verdict.Rule), orWord(string(verdict.Outcome.Kind), string(verdict.Outcome.Grade)),
	}
}

// deciderOf says who decided, without a name.
func deciderOf(o care.Outcome) string {
	switch o.By {
	case "":
		return ""
	case "system":
		return "platformen"
	default:
		return "medarbejder"
	}
}

// sheet writes an instant in Danish time as a spreadsheet reads it; empty for the zero time.
func sheet(t time.Time) string {
	if t.IsZero() {
		return ""
	}

	return t.In(care.Zone()).Format("2006-01-02 15:04:05")
}
