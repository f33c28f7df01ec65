package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// finish lets the day end: what nobody concluded is concluded by evidence, and what nobody can
// tell is on the exception list, where the planner says what happened.
func (w *walk) finish(ctx context.Context) error {
	var err error
	if w.planner, err = w.login(ctx, "PLAN"); err != nil { // yesterday's session has ended
		return err
	}

	last := w.visits[len(w.visits)-1].Planned.End
	for _, v := range append(w.back.visits, w.visits...) {
		last = laterOf(v.Planned.End, last)
	}

	for round := range lastRounds {
		if err := w.Jump(ctx, laterOf(w.Now().Add(stepOf(round)), last.Add(20*time.Minute))); err != nil {
			return err
		}

		if err := w.Settle(ctx); err != nil {
			return err
		}

		open, err := w.answer(ctx)
		if err != nil {
			return err
		}

		if !open && w.isRecorded() && w.World.Counts().RoomsLive == 0 {
			break
		}
	}

	if err := w.countImpossible(ctx); err != nil {
		return err
	}

	return w.tell(ctx)
}

// lastRounds is how often the walk looks whether everything has come to its end.
const lastRounds = 40

// stepOf is how far the clock is moved in a round: ever farther, as what fails again and again waits ever
// longer for its next try.
func stepOf(round int) time.Duration { return retryStep << min(round/6, 6) }

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}

	return b
}

// answer does, as the planner, what nobody but a person can: it concludes the visits to which nobody
// came, and settles what the record could not be told. It reports whether any visit is under way.
func (w *walk) answer(ctx context.Context) (open bool, err error) {
	all, err := w.day(ctx)
	if err != nil {
		return false, err
	}

	state := map[string]*visit{}
	for _, v := range all {
		state[v.ID] = v
	}

	if err := errors.Join(w.writeByHand(ctx, state), w.concludeCall(ctx, state)); err != nil {
		return false, err
	}

	for _, v := range w.visits {
		now := state[v.ID]
		if now == nil {
			return false, errors.New("a visit is gone from the day")
		}

		v.state = now.State

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
	for _, v := range append(w.back.visits, w.visits...) {
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
