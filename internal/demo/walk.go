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

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
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

// byScreen reports whether a visit of the role stays a screen visit of the list until it begins.
func (r role) byScreen() bool {
	return !slices.Contains([]role{undone, fallen, sent, rung, calls}, r)
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
		ID  string `json:"id"`
		CPR string `json:"cpr"` // masked
	} `json:"citizen"`
	Employee string          `json:"employee"`
	ListName string          `json:"list_name"`
	Law      care.LegalBasis `json:"law"`
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
	Exceptions []struct {
		ID    string `json:"id"`
		Kind  string `json:"kind"`
		Retry bool   `json:"retry"`
	} `json:"exceptions"`

	role   role
	legs   []string // of the people in the room, to leave by
	joined bool
	row    ehr.Row // of the driving list
	state  string  // at the end
}

// walk is a walk in progress.
type walk struct {
	*Demo
	out     io.Writer
	planner *person
	staff   map[string]*person
	visits  []*visit // those of the main list that were converted, by start
	back    back     // those of the other lists, which were taken back
	adHoc   *adHoc   // nil until there is one
	rows    int      // of the main list
	by      identities

	impossible int // visits that the record can't be told of
	silent     int // of them, those that don't say so
}

// Walk plays the main job over HTTP, as planner, citizens and caregivers, writes a line per visit
// to out, and reports what the peers have seen. The error says which invariant broke, or what
// could not be done.
func (d *Demo) Walk(ctx context.Context, out io.Writer) (Report, error) {
	begun := time.Now() //nolint:forbidigo // the report tells real seconds
	w := &walk{Demo: d, out: out, staff: map[string]*person{}}

	var err error

	for _, step := range []func(context.Context) error{w.importLists, w.convert, w.takeBack, w.playDays, w.callOnTheSpot, w.finish} {
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

	all = slices.DeleteFunc(all, func(v *visit) bool { return !w.main[v.ListName] })

	chosen := choosable(all)
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

	batch, err := w.commit(ctx, chosen)
	if err != nil {
		return err
	}

	if w.visits, err = w.takeUp(ctx, batch); err != nil {
		return err
	}

	for i, v := range w.visits {
		v.role = roleOf(i)
	}

	slices.SortStableFunc(w.visits, byStart)

	return nil
}

// choosable are the visits that the rules allow.
func choosable(all []*visit) []string {
	var chosen []string

	for _, v := range all {
		if v.Convertible && v.Level != "red" && v.Employee != "" { // nobody could play an employee without a name
			chosen = append(chosen, v.ID)
		}
	}

	return chosen
}

// commit converts visits, and waits until that is done.
func (w *walk) commit(ctx context.Context, chosen []string) (batch string, err error) {
	var made struct {
		ID string `json:"id"`
	}

	if err := w.planner.call(ctx, http.MethodPost, "/api/v1/conversions", map[string]any{"visits": chosen}, &made); err != nil {
		return "", err
	}

	return made.ID, w.await(ctx, made.ID)
}

func byStart(a, b *visit) int { return a.Planned.Start.Compare(b.Planned.Start) }

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

// takeUp finds the visits of a batch and their rows on the driving list.
func (w *walk) takeUp(ctx context.Context, batch string) ([]*visit, error) {
	all, err := w.day(ctx)
	if err != nil {
		return nil, err
	}

	var out []*visit

	for _, v := range all {
		if v.Conversion != batch {
			continue
		}

		if v.row, err = w.rowOf(v); err != nil {
			return nil, err
		}

		out = append(out, v)
	}

	return out, nil
}
