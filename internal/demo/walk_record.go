package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/world"
	"github.com/sluse/sluse/scheduler/care"
)

// rule is how the municipality has its record told of a visit.
func (w *walk) rule(v *visit) config.RecordRule {
	if rule, ok := w.record.ByLaw[v.Law]; ok {
		return rule
	}

	return w.record.Default
}

// wants is what the record must hold of a visit at the end, by one means.
func (w *walk) wants(v *visit, m care.Means) world.Told {
	t := w.untilNow(v)(m)

	switch v.role {
	case undone, fallen, sent:
	case rung:
		switch {
		case m == care.ByIntervention, w.World.Nexus != nil && m == care.OnList: // the plan to call is the last word there
		case m.Tells(care.EntryResult):
			t.Results = 1
		}
	case calls:
		t = world.Told{}
		if m.Tells(care.EntryResult) && (m != care.OnList || !w.adHoc.byHand) {
			t.Results = 1
		}
	case phones, meets, leaves, stays, ignores:
		switch {
		case !m.Tells(care.EntryResult):
		case v.role == phones && w.isMute(v, m):
			t.Restored = 1
		default:
			t.Results = 1
		}
	}

	return t
}

// untilNow is the same before the day begins.
func (w *walk) untilNow(v *visit) func(care.Means) world.Told {
	return func(m care.Means) world.Told {
		var t world.Told
		if !m.Tells(care.EntryPlanned) {
			return t
		}

		t.Planned = 1

		switch v.role { //nolint:exhaustive // nothing has happened to the others
		case undone, fallen, sent:
			t.Restored = 1
		case rung:
			switch {
			case m == care.ByIntervention, w.isMute(v, m):
				t.Restored = 1
			case w.World.Nexus != nil:
				t.Results = 1 // the list's category says telephone, before the call and after it
			default:
				t.Planned = 2
			}
		}

		return t
	}
}

// isMute reports whether a visit by telephone looks like any other on the record's list: where the rule
// has no category for it, our remark is gone and nothing is said instead.
func (w *walk) isMute(v *visit, m care.Means) bool {
	return m == care.OnList && w.World.Nexus != nil && w.rule(v).Phone == ""
}

// told is what the record holds of a visit by a means.
func (w *walk) told(v *visit, m care.Means) world.Told { return w.World.Told(v.row, m) }

// isTold reports whether the record holds at least what it should by every means.
func (w *walk) isTold(v *visit, want func(care.Means) world.Told) bool {
	return !slices.ContainsFunc(w.rule(v).Means, func(m care.Means) bool {
		have, need := w.told(v, m), want(m)

		return have.Planned < need.Planned || have.Results < need.Results || have.Restored < need.Restored
	})
}

// all are the visits of the walk, the call on the spot last.
func (w *walk) all() []*visit {
	out := slices.Concat(w.back.visits, w.visits)
	if w.adHoc != nil {
		out = append(out, w.adHoc.visit)
	}

	return out
}

// isRecorded reports whether the record holds at least what it should of every visit.
func (w *walk) isRecorded() bool {
	return !slices.ContainsFunc(w.all(), func(v *visit) bool {
		return !w.isTold(v, func(m care.Means) world.Told { return w.wants(v, m) })
	})
}

// callRow stands for a call on the spot, which is on no list.
func callRow(call, last *visit) ehr.Row {
	return ehr.Row{
		Source: care.SourceRef{System: world.CallSystem}, CPR: last.row.CPR,
		Planned: care.Interval{Start: call.Planned.Start, End: call.Planned.End},
	}
}

// writeByHand settles, as the planner, that a record which knows only the visits of its lists can't be
// told of the call on the spot. The program must have said so.
func (w *walk) writeByHand(ctx context.Context, now map[string]*visit) error {
	if w.adHoc == nil || now[w.adHoc.ID] == nil {
		return nil
	}

	for _, e := range now[w.adHoc.ID].Exceptions {
		if e.Kind != string(care.EntryTrouble) || e.Retry {
			continue
		}

		path := "/api/v1/visits/" + w.adHoc.ID + "/exceptions/" + e.ID + "/settle"
		if err := w.planner.call(ctx, http.MethodPost, path, nil, nil); err != nil {
			return err
		}

		w.adHoc.byHand = true
	}

	return nil
}

// countImpossible counts the visits that the record can't be told of by the municipality's rule. Each
// must say so where people see it.
func (w *walk) countImpossible(ctx context.Context) error {
	for _, v := range w.all() {
		rule := w.rule(v)
		if len(rule.Means) > 0 {
			continue
		}

		var seen struct {
			Entries []struct {
				State care.EntryState `json:"state"`
				Why   string          `json:"why"`
			} `json:"entries"`
		}

		if err := w.planner.call(ctx, http.MethodGet, "/api/v1/visits/"+v.ID, nil, &seen); err != nil {
			return fmt.Errorf("visit without means: %w", err)
		}

		w.impossible++

		for _, e := range seen.Entries {
			if e.State != care.EntrySuperseded && (e.State != care.EntryOmitted || e.Why != rule.Impossible) {
				w.silent++
			}
		}

		if len(seen.Entries) == 0 {
			w.silent++
		}
	}

	return nil
}
