package demo

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

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
	citizen  *person // whoever came through it; nil until then
	used     bool
}

var linkPattern = regexp.MustCompile(`https?://\S+/b/[A-Za-z0-9_-]+`)

// invites reports whether an SMS invites to a visit that begins at an instant.
func invites(t world.Text, start time.Time) bool {
	local := start.In(care.Zone())

	return linkPattern.MatchString(t.Text) && strings.Contains(t.Text, fmt.Sprintf(" %d. ", local.Day())) && strings.Contains(t.Text, local.Format(" kl. 15.04."))
}

// invitations are the links to visits that begin at an instant, as they lie in the citizens'
// telephones.
func (w *walk) invitations(start time.Time) []*invitation {
	seen := map[string]bool{}

	var out []*invitation

	for _, sms := range w.World.Texts() {
		if link := linkPattern.FindString(sms.Text); invites(sms, start) && !seen[link] {
			seen[link] = true
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

	switch v.role { //nolint:exhaustive // those taken back are never played
	case ignores:
		return nil
	case stays, phones:
		return w.host(ctx, caregiver, v)
	case meets, leaves, calls:
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

		if inv.citizen == nil {
			citizen, err := w.knock(ctx, inv)
			if err != nil {
				return nil, err
			}

			inv.citizen = citizen
		}

		in, err := w.admit(ctx, caregiver, v)
		if err != nil {
			return nil, err
		}

		if in {
			inv.used = true

			return inv.citizen, nil
		}
	}

	return nil, fmt.Errorf("none of %d invitations for %d visits is this visit's", len(invitations), len(group))
}

// knock opens the link and proves who comes.
func (w *walk) knock(ctx context.Context, inv *invitation) (*person, error) {
	citizen, err := newPerson(w.Base)
	if err != nil {
		return nil, err
	}

	if err := w.land(ctx, citizen, inv.link); err != nil {
		return nil, err
	}

	a, err := citizen.post(ctx, inv.link, nil)
	if err != nil {
		return nil, err
	}

	if err := a.want("POST /b/{link}", http.StatusSeeOther); err != nil {
		return nil, err
	}

	return citizen, w.identify(ctx, citizen, inv.to)
}

// typeCode asks for a one-time code and types it.
func (w *walk) typeCode(ctx context.Context, citizen *person, phone string) error {
	asked := w.Now()

	a, err := citizen.post(ctx, "/b/kode", nil)
	if err != nil {
		return err
	}

	if err := a.want("POST /b/kode", http.StatusSeeOther); err != nil {
		return err
	}

	code, err := w.code(ctx, phone, asked)
	if err != nil {
		return err
	}

	if a, err = citizen.post(ctx, "/b/svar", url.Values{"kode": {code}}); err != nil {
		return err
	}

	return a.want("POST /b/svar", http.StatusSeeOther)
}

// land opens a link. One that works only in a moment, because the program does not know yet that
// its SMS left, is opened again, as people do.
func (w *walk) land(ctx context.Context, citizen *person, link string) error {
	var refused error

	for range knocks {
		landing, err := citizen.do(ctx, http.MethodGet, link, "", nil)
		if err != nil {
			return err
		}

		if refused = landing.want("GET /b/{link}", http.StatusOK); refused == nil || landing.status != http.StatusNotFound {
			return refused
		}

		if err := w.Jump(ctx, w.Now().Add(retryStep)); err != nil {
			return err
		}

		if err := w.Settle(ctx); err != nil {
			return err
		}
	}

	return refused
}

var codePattern = regexp.MustCompile(`\b[0-9]{6}\b`)

// code waits for the code that was asked for to come to a telephone.
func (w *walk) code(ctx context.Context, to string, asked time.Time) (string, error) {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	for {
		if err := w.Settle(limit); err != nil {
			return "", err
		}

		for _, sms := range slices.Backward(w.World.Texts()) {
			if sms.To == to && !sms.Sent.Before(asked) && !linkPattern.MatchString(sms.Text) {
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
			return true, w.letIn(ctx, caregiver, "/api/v1/visits/"+v.ID+"/admissions/"+a.ID+"/admit")
		}
	}

	return false, nil
}

// letIn lets somebody in. Where the room is made only shortly before the visit and the platform failed at
// that, it may not stand yet: the caregiver is told to try again, and does.
func (w *walk) letIn(ctx context.Context, caregiver *person, path string) error {
	var refused error

	for range knocks {
		refused = caregiver.call(ctx, http.MethodPost, path, map[string]any{"recognised": true}, nil)
		if refused == nil || !strings.Contains(refused.Error(), "Rummet er ikke klar endnu") {
			return refused
		}

		if err := w.Jump(ctx, w.Now().Add(retryStep)); err != nil {
			return err
		}

		if err := w.Settle(ctx); err != nil {
			return err
		}
	}

	return refused
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

// enterRoom joins through the platform's own page. A room that the platform is still making is
// tried again, as people do.
func (w *walk) enterRoom(ctx context.Context, p *person, v *visit, link, name string) error {
	target, form, err := w.World.Door(link)
	if err != nil {
		return err
	}

	form.Set("name", name)

	var leg struct {
		Leg string `json:"leg"`
	}

	for range knocks {
		if err = p.callForm(ctx, target, form, &leg); err == nil {
			v.legs = append(v.legs, leg.Leg)

			return nil
		}

		if err := w.Jump(ctx, w.Now().Add(retryStep)); err != nil {
			return err
		}
	}

	return err
}

// knocks is how often somebody tries to open a link or to enter a room.
const knocks = 20

// part lets everybody leave and the caregiver say how it went.
func (w *walk) part(ctx context.Context, v *visit) error {
	caregiver, err := w.caregiver(ctx, v.Employee)
	if err != nil {
		return err
	}

	for _, leg := range v.legs {
		target, form := w.World.Leave(leg)
		if err := caregiver.callForm(ctx, target, form, nil); err != nil {
			return err
		}
	}

	word := map[string]any{}

	switch v.role { //nolint:exhaustive // those taken back are never played
	case leaves, ignores:
		return nil
	case meets, calls:
		word["kind"], word["delivery"] = "completed", "screen"
	case phones:
		word["kind"], word["delivery"] = "completed", "phone"
	case stays:
		word["kind"], word["reason"] = "not_completed", "udeblevet"
	}

	return caregiver.call(ctx, http.MethodPost, "/api/v1/visits/"+v.ID+"/conclude", word, nil)
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
