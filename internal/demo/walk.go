package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
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
	ID       string `json:"id"`
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
	rows    int
}

// Walk plays the main job over HTTP, as planner, citizens and caregivers, writes a line per visit
// to out, and reports what the peers have seen. The error says which invariant broke, or what
// could not be done.
func (d *Demo) Walk(ctx context.Context, out io.Writer) (Report, error) {
	begun := time.Now() //nolint:forbidigo // the report tells real seconds
	w := &walk{Demo: d, out: out, staff: map[string]*person{}}

	var err error

	for _, step := range []func(context.Context) error{w.importList, w.convert, w.playDays, w.finish} {
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

// playDays goes through the day: everybody whose visits begin at the same time at once.
func (w *walk) playDays(ctx context.Context) error {
	groups := map[time.Time][]*visit{}
	for _, v := range w.visits {
		groups[v.Planned.Start.UTC()] = append(groups[v.Planned.Start.UTC()], v)
	}

	starts := slices.SortedFunc(maps.Keys(groups), time.Time.Compare)
	for _, start := range starts {
		if err := w.playGroup(ctx, start, groups[start]); err != nil {
			return fmt.Errorf("visits at %s: %w", start.Format(time.RFC3339), err)
		}
	}

	return nil
}

func (w *walk) playGroup(ctx context.Context, start time.Time, group []*visit) error {
	if err := w.Jump(ctx, start.Add(-arriveBefore)); err != nil {
		return err
	}

	invitations := w.invitations(start)

	for _, v := range group {
		if err := w.play(ctx, v, group, invitations); err != nil {
			return fmt.Errorf("%s: %w", v.role, err)
		}
	}

	if err := w.Jump(ctx, w.Now().Add(talk)); err != nil {
		return err
	}

	for _, v := range group {
		if err := w.part(ctx, v); err != nil {
			return fmt.Errorf("%s: %w", v.role, err)
		}
	}

	return w.Settle(ctx)
}

// invitation is an SMS with a link, as it lies in a citizen's telephone.
type invitation struct {
	to, link string
	used     bool
}

var linkPattern = regexp.MustCompile(`https?://\S+/b/[A-Za-z0-9_-]+`)

// invitations are the links to rooms that begin at an instant. The telephones are the peer's.
func (w *walk) invitations(start time.Time) []*invitation {
	rooms := map[string]bool{}

	for _, r := range w.World.VDX.Rooms() {
		if r.Start.Equal(start) && r.Deleted.IsZero() {
			rooms[r.UUID] = true
		}
	}

	seen := map[string]bool{}

	var out []*invitation

	for _, sms := range w.World.VDX.SMS() {
		if link := linkPattern.FindString(sms.Text); link != "" && rooms[sms.RoomUUID] && !seen[sms.RoomUUID] {
			seen[sms.RoomUUID] = true
			out = append(out, &invitation{to: sms.To, link: link})
		}
	}

	return out
}

func (w *walk) play(ctx context.Context, v *visit, group []*visit, invitations []*invitation) error {
	caregiver, err := w.caregiver(ctx, v.Employee)
	if err != nil {
		return err
	}

	switch v.role {
	case ignores:
		return nil
	case stays, phones:
		return w.host(ctx, caregiver, v)
	case meets, leaves:
	}

	citizen, err := w.arrive(ctx, v, group, invitations, caregiver)
	if err != nil {
		return err
	}

	if err := w.host(ctx, caregiver, v); err != nil {
		return err
	}

	return w.guest(ctx, citizen, v)
}

// shift is how long an employee stays logged in; the program ends a session that nobody has used
// for eight hours.
const shift = 4 * time.Hour

func (w *walk) caregiver(ctx context.Context, initials string) (*person, error) {
	if p := w.staff[initials]; p != nil && w.Now().Sub(p.since) < shift {
		return p, nil
	}

	p, err := w.login(ctx, initials)
	w.staff[initials] = p

	return p, err
}

// arrive lets the citizen of a visit come through the link, prove who they are, and be admitted.
// Which of the group's invitations is the visit's shows in the caregiver's waiting room.
func (w *walk) arrive(ctx context.Context, v *visit, group []*visit, invitations []*invitation, caregiver *person) (*person, error) {
	for _, inv := range invitations {
		if inv.used {
			continue
		}

		citizen, err := w.knock(ctx, inv)
		if err != nil {
			return nil, err
		}

		in, err := w.admit(ctx, caregiver, v)
		if err != nil {
			return nil, err
		}

		if in {
			inv.used = true

			return citizen, nil
		}
	}

	return nil, fmt.Errorf("none of %d invitations for %d visits is this visit's", len(invitations), len(group))
}

// knock opens the link, asks for a code, and types it.
func (w *walk) knock(ctx context.Context, inv *invitation) (*person, error) {
	citizen, err := newPerson(w.Base)
	if err != nil {
		return nil, err
	}

	landing, err := citizen.do(ctx, http.MethodGet, inv.link, "", nil)
	if err != nil {
		return nil, err
	}

	if err := landing.want("GET /b/{link}", http.StatusOK); err != nil {
		return nil, err
	}

	for _, path := range []string{inv.link, "/b/kode"} {
		a, err := citizen.post(ctx, path, nil)
		if err != nil {
			return nil, err
		}

		if err := a.want("POST /b", http.StatusSeeOther); err != nil {
			return nil, err
		}
	}

	code, err := w.code(ctx, inv.to)
	if err != nil {
		return nil, err
	}

	a, err := citizen.post(ctx, "/b/svar", url.Values{"kode": {code}})
	if err != nil {
		return nil, err
	}

	return citizen, a.want("POST /b/svar", http.StatusSeeOther)
}

var codePattern = regexp.MustCompile(`\b[0-9]{6}\b`)

// code waits for the newest code on a telephone.
func (w *walk) code(ctx context.Context, to string) (string, error) {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	for since := w.Now().Add(-waitSettled); ; {
		if err := w.Settle(limit); err != nil {
			return "", err
		}

		for _, sms := range slices.Backward(w.World.VDX.SMS()) {
			if sms.To == to && sms.Sent.After(since) && !linkPattern.MatchString(sms.Text) {
				if code := codePattern.FindString(sms.Text); code != "" {
					return code, nil
				}
			}
		}

		if err := w.Jump(limit, w.Now().Add(time.Second)); err != nil {
			return "", err
		}
	}
}

// admit lets in whoever waits, identified, at the visit; false when nobody does.
func (w *walk) admit(ctx context.Context, caregiver *person, v *visit) (bool, error) {
	var lobby struct {
		Admissions []struct {
			ID    string `json:"id"`
			State string `json:"state"`
		} `json:"admissions"`
	}

	if err := caregiver.call(ctx, http.MethodGet, "/api/v1/visits/"+v.ID+"/lobby", nil, &lobby); err != nil {
		return false, err
	}

	for _, a := range lobby.Admissions {
		if a.State == "identified" {
			path := "/api/v1/visits/" + v.ID + "/admissions/" + a.ID + "/admit"

			return true, caregiver.call(ctx, http.MethodPost, path, map[string]any{"recognised": true}, nil)
		}
	}

	return false, nil
}

func (w *walk) host(ctx context.Context, caregiver *person, v *visit) error {
	a, err := caregiver.post(ctx, "/min-dag/"+v.ID+"/start", nil)
	if err != nil {
		return err
	}

	if err := a.want("POST /min-dag/{visit}/start", http.StatusSeeOther); err != nil {
		return err
	}

	return w.enterRoom(ctx, caregiver, v, a.location, "Medarbejder")
}

func (w *walk) guest(ctx context.Context, citizen *person, v *visit) error {
	a, err := citizen.post(ctx, "/b/ind", nil)
	if err != nil {
		return err
	}

	if err := a.want("POST /b/ind", http.StatusSeeOther); err != nil {
		return err
	}

	v.joined = true

	return w.enterRoom(ctx, citizen, v, a.location, "Borger")
}

// enterRoom joins through the platform's own page.
func (w *walk) enterRoom(ctx context.Context, p *person, v *visit, link, name string) error {
	u, err := url.Parse(link)
	if err != nil {
		return errors.New("the room's link is no address")
	}

	query := u.Query()
	form := url.Values{"conference": {query.Get("conference")}, "pin": {query.Get("pin")}, "name": {name}}

	var leg struct {
		Leg string `json:"leg"`
	}

	if err := p.callForm(ctx, w.World.URLs.Base+"/portal/join", form, &leg); err != nil {
		return err
	}

	v.legs = append(v.legs, leg.Leg)

	return nil
}

// part lets everybody leave and the caregiver say how it went.
func (w *walk) part(ctx context.Context, v *visit) error {
	caregiver, err := w.caregiver(ctx, v.Employee)
	if err != nil {
		return err
	}

	for _, leg := range v.legs {
		if err := caregiver.callForm(ctx, w.World.URLs.Base+"/portal/leave", url.Values{"leg": {leg}}, nil); err != nil {
			return err
		}
	}

	word := map[string]any{}

	switch v.role {
	case leaves, ignores:
		return nil
	case meets:
		word["kind"], word["delivery"] = "completed", "screen"
	case phones:
		word["kind"], word["delivery"] = "completed", "phone"
	case stays:
		word["kind"], word["reason"] = "not_completed", "udeblevet"
	}

	return caregiver.call(ctx, http.MethodPost, "/api/v1/visits/"+v.ID+"/conclude", word, nil)
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

		if !open && w.World.FHIR.Totals().Results >= len(w.visits) && w.World.VDX.Counts().RoomsLive == 0 {
			break
		}
	}

	return w.tell(ctx)
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}

// answerForAbsent concludes, as the planner, the visits to which nobody came. open reports whether
// any visit is still under way.
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
			return false, fmt.Errorf("a visit is gone from the day")
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

// callForm sends a form to the platform's page as a program does.
func (p *person) callForm(ctx context.Context, target string, form url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("request: %w", err)
	}

	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")

	return p.send(req, out)
}

// both reports whether host and guest were in a room together.
func both(r vdxsim.RoomRecord, now time.Time) bool { return r.Overlap(now) > 0 }
