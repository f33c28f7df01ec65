package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// role is what happens at a visit of the walk. The roles are dealt out in a fixed order, so that
// a walk with the same list always tells the same story.
type role string

const (
	meets   role = "mødes"               // both come, the caregiver concludes
	leaves  role = "mødes, ikke kvittet" // both come, nobody concludes: the evidence does
	stays   role = "borger udebliver"    // the caregiver waits in vain and says so
	phones  role = "ringes op"           // the citizen can't; the caregiver calls
	ignores role = "ingen kommer"        // nobody comes: a person has to say what happened
	calls   role = "ring nu, pårørende"  // a call on the spot, into which a relative is invited
)

// roleOf deals the roles out.
func roleOf(i int) role {
	switch {
	case i%9 == 4:
		return stays
	case i%13 == 6:
		return leaves
	case i%17 == 8:
		return phones
	case i%23 == 11:
		return ignores
	default:
		return meets
	}
}

// timesOfTheWalk.
const (
	arriveBefore = time.Minute      // how long before the start the citizen comes
	talk         = 70 * time.Second // how long they talk, in the demo's time
	waitSettled  = 2 * time.Minute  // real time that a step may take, under faults
)

// visit is a visit as the API tells it.
type visit struct {
	ID      string `json:"id"`
	Citizen struct {
		ID string `json:"id"`
	} `json:"citizen"`
	Employee string `json:"employee"`
	Planned  struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"planned"`
	Service     string `json:"service"`
	State       string `json:"state"`
	StatusText  string `json:"status_text"`
	Level       string `json:"level"`
	Convertible bool   `json:"convertible"`
	Reasons     []struct {
		Text string `json:"text"`
	} `json:"reasons"`
	Conversion string `json:"conversion"`

	role   role
	legs   []string // of the people in the room, to leave by
	joined bool
}

// walk is a walk in progress.
type walk struct {
	*Demo
	out     io.Writer
	planner *person
	staff   map[string]*person
	visits  []*visit // those that were converted, by start
	adHoc   *adHoc   // nil until there is one
	rows    int
	by      identities
}

// Walk plays the main job over HTTP, as planner, citizens and caregivers, writes a line per visit
// to out, and reports what the peers have seen. The error says which invariant broke, or what
// could not be done.
func (d *Demo) Walk(ctx context.Context, out io.Writer) (Report, error) {
	begun := time.Now() //nolint:forbidigo // the report tells real seconds
	w := &walk{Demo: d, out: out, staff: map[string]*person{}}

	var err error

	for _, step := range []func(context.Context) error{w.importList, w.convert, w.playDays, w.callOnTheSpot, w.finish} {
		if err = step(ctx); err != nil {
			break
		}
	}

	r := w.report()
	r.Seconds = time.Since(begun).Seconds()

	if err != nil {
		return r, err // the report tells how far it came
	}

	return r, r.check()
}

func (w *walk) importList(ctx context.Context) error {
	var err error
	if w.planner, err = w.login(ctx, "PLAN"); err != nil {
		return err
	}

	var record struct {
		Rows   int `json:"rows"`
		Faults int `json:"faults"`
	}

	if err := w.planner.upload(ctx, "/api/v1/driving-lists", w.File.Name, w.File.Data, &record); err != nil {
		return err
	}

	w.rows = record.Rows
	fmt.Fprintf(w.out, "Køreliste %s: %d rækker, %d med fejl\n", w.File.Name, record.Rows, record.Faults)

	return nil
}

// day reads the visits of every day of the list.
func (w *walk) day(ctx context.Context) ([]*visit, error) {
	var all []*visit

	for _, day := range w.Days {
		var answer struct {
			Visits []*visit `json:"visits"`
		}

		if err := w.planner.call(ctx, http.MethodGet, "/api/v1/visits?day="+string(day), nil, &answer); err != nil {
			return nil, err
		}

		all = append(all, answer.Visits...)
	}

	return all, nil
}

// convert chooses everything that the rules allow, looks at the dry run, and commits.
func (w *walk) convert(ctx context.Context) error {
	all, err := w.day(ctx)
	if err != nil {
		return err
	}

	var chosen []string

	for _, v := range all {
		if v.Convertible && v.Level != "red" && v.Employee != "" { // nobody could play an employee without a name
			chosen = append(chosen, v.ID)
		}
	}

	if len(chosen) == 0 {
		return nothingToConvert(all)
	}

	var plan struct {
		Totals struct {
			Rooms int `json:"rooms"`
			SMS   int `json:"sms"`
			Mails int `json:"mails"`
		} `json:"totals"`
	}

	if err := w.planner.call(ctx, http.MethodPost, "/api/v1/conversions", map[string]any{"visits": chosen, "dry_run": true}, &plan); err != nil {
		return err
	}

	fmt.Fprintf(w.out, "Prøvekørsel: %d rum, %d sms, %d e-mail\n", plan.Totals.Rooms, plan.Totals.SMS, plan.Totals.Mails)

	var batch struct {
		ID string `json:"id"`
	}

	if err := w.planner.call(ctx, http.MethodPost, "/api/v1/conversions", map[string]any{"visits": chosen}, &batch); err != nil {
		return err
	}

	if err := w.await(ctx, batch.ID); err != nil {
		return err
	}

	return w.takeUp(ctx, batch.ID)
}

// errNothing is wrapped by the error of a walk with a list that has nothing to convert.
var errNothing = errors.New("no visit on the list can be converted")

// nothingToConvert tells why not, the commonest reason first.
func nothingToConvert(all []*visit) error {
	count := map[string]int{}

	for _, v := range all {
		why := "uden medarbejder"

		for _, r := range v.Reasons {
			why = r.Text
		}

		count[why]++
	}

	reasons := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(count[b]-count[a], strings.Compare(a, b))
	})
	for i, why := range reasons {
		reasons[i] = fmt.Sprintf("%d x %s", count[why], strings.TrimRight(why, "."))
	}

	return fmt.Errorf("%w: %s", errNothing, strings.Join(reasons, "; "))
}

// await watches a conversion until it is done. What waits for another try is brought forward by
// the clock, because nobody wants to watch a demo wait.
func (w *walk) await(ctx context.Context, batch string) error {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	for {
		if err := w.Settle(limit); err != nil {
			return err
		}

		var p struct {
			State string `json:"state"`
			Done  int    `json:"done"`
			Total int    `json:"total"`
		}

		if err := w.planner.call(limit, http.MethodGet, "/api/v1/conversions/"+batch, nil, &p); err != nil {
			return err
		}

		if p.State == "done" {
			fmt.Fprintf(w.out, "Omlagt: %d af %d trin\n", p.Done, p.Total)

			return nil
		}

		if err := w.Jump(limit, w.Now().Add(retryStep)); err != nil {
			return err
		}
	}
}

// retryStep is how far the clock is moved to make a waiting retry due.
const retryStep = 5 * time.Second

// takeUp deals the roles out to the visits of the batch.
func (w *walk) takeUp(ctx context.Context, batch string) error {
	all, err := w.day(ctx)
	if err != nil {
		return err
	}

	for _, v := range all {
		if v.Conversion == batch {
			v.role = roleOf(len(w.visits))
			w.visits = append(w.visits, v)
		}
	}

	slices.SortStableFunc(w.visits, func(a, b *visit) int { return a.Planned.Start.Compare(b.Planned.Start) })

	return nil
}

// finish lets the day end: what nobody concluded is concluded by evidence, and what nobody can
// tell is on the exception list, where the planner says what happened.
func (w *walk) finish(ctx context.Context) error {
	var err error
	if w.planner, err = w.login(ctx, "PLAN"); err != nil { // yesterday's session has ended
		return err
	}

	last := w.visits[len(w.visits)-1].Planned.End
	for _, v := range w.visits {
		if v.Planned.End.After(last) {
			last = v.Planned.End
		}
	}

	for range 40 {
		if err := w.Jump(ctx, laterOf(w.Now().Add(retryStep), last.Add(20*time.Minute))); err != nil {
			return err
		}

		if err := w.Settle(ctx); err != nil {
			return err
		}

		open, err := w.answerForAbsent(ctx)
		if err != nil {
			return err
		}

		if !open && w.World.FHIR.Totals().Results >= w.expected() && w.World.Counts().RoomsLive == 0 {
			break
		}
	}

	return w.tell(ctx)
}

// expected is how many results the record gets: of the converted visits and the call on the spot.
func (w *walk) expected() int {
	if w.adHoc == nil {
		return len(w.visits)
	}

	return len(w.visits) + 1
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}

// answerForAbsent concludes, as the planner, the visits to which nobody came. It reports
// whether any visit is still under way.
func (w *walk) answerForAbsent(ctx context.Context) (open bool, err error) {
	all, err := w.day(ctx)
	if err != nil {
		return false, err
	}

	state := map[string]*visit{}
	for _, v := range all {
		state[v.ID] = v
	}

	for _, v := range w.visits {
		now := state[v.ID]
		if now == nil {
			return false, errors.New("a visit is gone from the day")
		}

		if now.State != "booked" && now.State != "open" && now.State != "booking" {
			continue
		}

		open = true

		if v.role == ignores && now.StatusText == "Kræver handling" {
			word := map[string]any{"kind": "not_completed", "reason": "udeblevet"}
			if err := w.planner.call(ctx, http.MethodPost, "/api/v1/visits/"+v.ID+"/conclude", word, nil); err != nil {
				return false, err
			}
		}
	}

	return open, nil
}

// tell writes a line per visit.
func (w *walk) tell(ctx context.Context) error {
	all, err := w.day(ctx)
	if err != nil {
		return err
	}

	roles := map[string]role{}
	for _, v := range w.visits {
		roles[v.ID] = v.role
	}

	if w.adHoc != nil {
		roles[w.adHoc.ID] = calls
	}

	for _, v := range all {
		played := string(roles[v.ID])
		if played == "" {
			played = "-"
		}

		fmt.Fprintf(w.out, "%s  %-4s %-28s %-22s %s\n", v.Planned.Start.Format("02-01 15.04"), v.Employee, short(v.Service), played, v.StatusText)
	}

	return nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 28 {
		return string(r[:27]) + "…"
	}

	return s
}
