package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// What happens at a visit that is taken back before it begins.
const (
	undone role = "fortrudt"           // the planner undoes its conversion
	fallen role = "fysisk, samlet"     // it becomes physical again with others, as in an outage
	sent   role = "fysisk igen"        // it alone becomes physical again
	rung   role = "ringes op i stedet" // it is given by telephone
)

// backRoles deals the roles out to the visits of the lists that the walk takes back.
func backRoles() []role { return []role{undone, fallen, undone, sent, rung} }

// back is the part of the walk that takes conversions back. Its visits are none of the walk's others,
// and not in the figures about them.
type back struct {
	visits      []*visit
	batch       string // the conversion that is undone
	from, until int    // their rooms among all that were made
	links       map[string]bool
	exact       map[string]bool // visits that the record held byte for byte as before, at once
}

// restored are the visits that are physical again.
func (b back) restored() []*visit {
	return slices.DeleteFunc(slices.Clone(b.visits), func(v *visit) bool { return v.role == rung })
}

// takeBack converts the visits of the other lists, and takes all that back: a part of the conversion is
// undone, some are physical again, one becomes a call. A walk with somebody's own list has no others.
func (w *walk) takeBack(ctx context.Context) error {
	all, err := w.day(ctx)
	if err != nil {
		return err
	}

	chosen := choosable(slices.DeleteFunc(all, func(v *visit) bool { return w.main[v.ListName] }))
	if len(chosen) < len(backRoles()) {
		return nil
	}

	chosen = chosen[:len(backRoles())]
	rooms, links := len(w.World.Rooms()), w.links()

	if err := w.convertBack(ctx, chosen); err != nil {
		return err
	}

	w.back.from, w.back.until, w.back.links, w.back.exact = rooms, len(w.World.Rooms()), w.links(), map[string]bool{}
	for link := range links {
		delete(w.back.links, link)
	}

	if err := w.turnBack(ctx); err != nil {
		return fmt.Errorf("take back: %w", err)
	}

	for _, v := range w.back.restored() {
		w.back.exact[v.ID] = w.World.Exact(v.row)
	}

	return nil
}

// links are the links in every message so far.
func (w *walk) links() map[string]bool {
	out := map[string]bool{}

	for _, sms := range w.World.Texts() {
		if link := linkPattern.FindString(sms.Text); link != "" {
			out[link] = true
		}
	}

	return out
}

// convertBack converts in two parts, of which one is undone.
func (w *walk) convertBack(ctx context.Context, chosen []string) error {
	var part, rest []string

	roles := map[string]role{}

	for i, id := range chosen {
		roles[id] = backRoles()[i]
		if roles[id] == undone {
			part = append(part, id)
		} else {
			rest = append(rest, id)
		}
	}

	for _, some := range [][]string{part, rest} {
		batch, err := w.commit(ctx, some)
		if err != nil {
			return err
		}

		visits, err := w.takeUp(ctx, batch)
		if err != nil {
			return err
		}

		for _, v := range visits {
			v.role = roles[v.ID]
		}

		if w.back.batch == "" {
			w.back.batch = batch
		}

		w.back.visits = append(w.back.visits, visits...)
	}

	return nil
}

// turnBack does, as the planner, what the roles say, and waits until the record knows.
func (w *walk) turnBack(ctx context.Context) error {
	if err := w.planner.call(ctx, http.MethodPost, "/api/v1/conversions/"+w.back.batch+"/undo", nil, nil); err != nil {
		return err
	}

	for _, v := range w.back.visits {
		var err error

		switch v.role { //nolint:exhaustive // those of the undone part are done
		case fallen:
			err = w.planner.call(ctx, http.MethodPost, "/api/v1/fallbacks", map[string]any{"visits": []string{v.ID}, "delivery": care.Physical}, nil)
		case sent:
			err = w.planner.call(ctx, http.MethodPost, "/api/v1/visits/"+v.ID+"/physical", nil, nil)
		case rung:
			err = w.planner.call(ctx, http.MethodPost, "/api/v1/visits/"+v.ID+"/phone", nil, nil)
		}

		if err != nil {
			return fmt.Errorf("%s: %w", v.role, err)
		}
	}

	return w.awaitBack(ctx)
}

// errNotBack is wrapped by the error of a walk in which the record did not get to know.
var errNotBack = errors.New("the record still shows screen visits that were taken back")

// awaitBack waits until the record was told of every visit that was taken back.
func (w *walk) awaitBack(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, waitSettled)
	defer cancel()

	for {
		if err := w.Settle(limit); err != nil {
			return fmt.Errorf("%w: %w", errNotBack, err)
		}

		if !slices.ContainsFunc(w.back.visits, func(v *visit) bool { return !w.isTold(v, w.untilNow(v)) }) {
			return nil
		}

		if err := w.Jump(limit, w.Now().Add(retryStep)); err != nil {
			return fmt.Errorf("%w: %w", errNotBack, err)
		}
	}
}

// concludeCall says, as the planner, that the call in place of a screen visit was made.
func (w *walk) concludeCall(ctx context.Context, now map[string]*visit) error {
	for _, v := range w.back.visits {
		seen := now[v.ID]
		if v.role != rung || seen == nil || seen.State != string(care.Reverted) {
			continue
		}

		word := map[string]any{"kind": "completed", "delivery": "phone"}
		if err := w.planner.call(ctx, http.MethodPost, "/api/v1/visits/"+v.ID+"/conclude", word, nil); err != nil {
			return fmt.Errorf("%s: %w", v.role, err)
		}
	}

	return nil
}
