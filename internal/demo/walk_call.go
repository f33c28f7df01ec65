package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/sluse/sluse/internal/world"
)

// relativePhone is the telephone of the relative whom the walk invites. It is nobody's on a list.
const relativePhone = "+4520990001"

// adHoc is a call between two visits.
type adHoc struct {
	*visit

	relative bool // somebody else was invited
	together bool // the relative came into the room too
	byHand   bool // the record can't be told, and the program said so
}

// callOnTheSpot lets a caregiver call the citizen of the last visit once more, and invite a
// relative into the running call with one click.
func (w *walk) callOnTheSpot(ctx context.Context) error {
	i := len(w.visits) - 1
	for i >= 0 && w.visits[i].role != meets {
		i--
	}

	if i < 0 {
		return nil // nobody has met; then there is nobody to call
	}

	last := w.visits[i]

	caregiver, err := w.caregiver(ctx, last.Employee)
	if err != nil {
		return err
	}

	// A citizen is not called while the visit of the list goes on.
	if err := w.Jump(ctx, laterOf(last.Planned.End, w.Now())); err != nil {
		return err
	}

	pressed := w.Now()

	var call struct {
		Visit *visit `json:"visit"`
	}

	if err := caregiver.call(ctx, http.MethodPost, "/api/v1/citizens/"+last.Citizen.ID+"/call", nil, &call); err != nil {
		return err
	}

	w.adHoc = &adHoc{visit: call.Visit}
	w.adHoc.Employee, w.adHoc.role, w.adHoc.row = last.Employee, calls, callRow(call.Visit, last)

	if err := w.awaitRoom(ctx, caregiver); err != nil {
		return err
	}

	if err := w.comeIn(ctx, caregiver, pressed, ""); err != nil {
		return fmt.Errorf("the citizen: %w", err)
	}

	if err := w.host(ctx, caregiver, w.adHoc.visit); err != nil {
		return err
	}

	if err := w.inviteRelative(ctx, caregiver, last.Citizen.ID, pressed); err != nil {
		return fmt.Errorf("the relative: %w", err)
	}

	if err := w.Jump(ctx, w.Now().Add(talk)); err != nil {
		return err
	}

	return w.part(ctx, w.adHoc.visit)
}

// awaitRoom waits, as the call's page does, until people can enter.
func (w *walk) awaitRoom(ctx context.Context, caregiver *person) error {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	for {
		if err := w.Settle(limit); err != nil {
			return err
		}

		var now struct {
			MayGo bool `json:"may_go"`
			Open  bool `json:"open"`
		}

		if err := caregiver.call(limit, http.MethodGet, "/api/v1/visits/"+w.adHoc.ID+"/call", nil, &now); err != nil {
			return err
		}

		if now.MayGo && now.Open {
			return nil
		}

		if err := w.Jump(limit, w.Now().Add(retryStep)); err != nil {
			return err
		}
	}
}

// inviteRelative adds a relative to the citizen's network and to the call, and lets them come.
func (w *walk) inviteRelative(ctx context.Context, caregiver *person, citizen string, since time.Time) error {
	var contact struct {
		ID string `json:"id"`
	}

	who := map[string]any{"kind": "relative", "name": "Pårørende Test", "phone": relativePhone, "consent": "oral"}
	if err := caregiver.call(ctx, http.MethodPost, "/api/v1/citizens/"+citizen+"/contacts", who, &contact); err != nil {
		return err
	}

	if err := caregiver.call(ctx, http.MethodPost, "/api/v1/visits/"+w.adHoc.ID+"/participants", map[string]any{"contact": contact.ID}, nil); err != nil {
		return err
	}

	w.adHoc.relative = true

	if err := w.comeIn(ctx, caregiver, since, relativePhone); err != nil {
		return err
	}

	w.adHoc.together = true

	return nil
}

// comeIn lets whoever got a link since then come through it, be admitted, and enter the room. An
// empty number is the citizen's.
func (w *walk) comeIn(ctx context.Context, caregiver *person, since time.Time, number string) error {
	sms, err := w.awaitText(ctx, since, number)
	if err != nil {
		return err
	}

	guest, err := w.knock(ctx, &invitation{to: sms.To, link: linkPattern.FindString(sms.Text)})
	if err != nil {
		return err
	}

	if number != "" {
		if err := guest.agree(ctx); err != nil {
			return err
		}
	}

	in, err := w.admit(ctx, caregiver, w.adHoc.visit)
	if err != nil {
		return err
	}

	if !in {
		return errors.New("nobody waits at the call")
	}

	return w.guest(ctx, guest, w.adHoc.visit)
}

// termsPattern finds the wording of the terms that a page shows.
var termsPattern = regexp.MustCompile(`name="version" value="([0-9]+)"`)

// agree reads the terms and says yes, which everybody but the citizen has to before the waiting room.
func (p *person) agree(ctx context.Context) error {
	page, err := p.do(ctx, http.MethodGet, "/b", "", nil)
	if err != nil {
		return err
	}

	version := termsPattern.FindSubmatch(page.body)
	if version == nil {
		return fmt.Errorf("%w: the page shows no terms", errStatus)
	}

	a, err := p.post(ctx, "/b/vilkaar", url.Values{"version": {string(version[1])}, "sprog": {"da"}, "svar": {"ja"}})
	if err != nil {
		return err
	}

	return a.want("POST /b/vilkaar", http.StatusSeeOther)
}

// awaitText waits for an invitation that was sent since then.
func (w *walk) awaitText(ctx context.Context, since time.Time, number string) (world.Text, error) {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	for {
		if err := w.Settle(limit); err != nil {
			return world.Text{}, err
		}

		for _, sms := range slices.Backward(w.World.Texts()) {
			mine := sms.To == number || number == "" && sms.To != relativePhone
			if mine && !sms.Sent.Before(since.Truncate(time.Second)) && linkPattern.MatchString(sms.Text) {
				return sms, nil
			}
		}

		if err := w.Jump(limit, w.Now().Add(retryStep)); err != nil {
			return world.Text{}, err
		}
	}
}
