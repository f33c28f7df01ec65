package nexus_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr/ehrtest"
	"github.com/sluse/sluse/ehr/nexus"
	"github.com/sluse/sluse/ehr/nexus/nexussim"
	"github.com/sluse/sluse/scheduler/care"
)

// body is the body of the only request of an operation.
func (b *testBundle) body(t *testing.T, op string) (body map[string]json.RawMessage, headers []string) {
	t.Helper()

	requests := b.sim.Requests(op)
	if len(requests) != 1 {
		t.Fatalf("%d requests of %s, want 1", len(requests), op)
	}

	if err := json.Unmarshal([]byte(requests[0].Body), &body); err != nil {
		t.Fatal(err)
	}

	return body, requests[0].Headers
}

// TestWholeVisitIsPutBack: everything that was read goes back as it came, but type, comment and the
// strategy for this occurrence only.
func TestWholeVisitIsPutBack(t *testing.T) {
	t.Parallel()

	b := setup(t)
	start := today().Add(2 * time.Hour)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Start: start, Comment: "Nøgleboks <kode ved dør> & hund", Repeat: []time.Time{start.AddDate(0, 0, 1)}, LockedOnStart: true})

	mustApply(t, b.nexus, b.planned(t, refs[0]))

	sent, headers := b.body(t, nexussim.OpEventUpdate)
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "If-Match: ") }) {
		t.Errorf("no If-Match among %q", headers)
	}

	var strategy, comment string
	if err := json.Unmarshal(sent["changeStrategy"], &strategy); err != nil || strategy != "THIS" {
		t.Errorf("strategy %q", strategy)
	}

	if err := json.Unmarshal(sent["comments"], &comment); err != nil || !strings.HasPrefix(comment, "Nøgleboks <kode ved dør> & hund [skærmbesøg #") {
		t.Errorf("comment %q", comment)
	}

	visit, err := b.sim.Visit(refs[0])
	if err != nil {
		t.Fatal(err)
	}

	var changed []string
	for _, f := range visit.Changes[0].Fields {
		changed = append(changed, f.Name)
	}

	// The record derives the colours and tells that the occurrence has left its series.
	changed = slices.DeleteFunc(changed, func(name string) bool {
		return slices.Contains([]string{"statusColor", "background", "variationId", "fontColor"}, name)
	})
	slices.Sort(changed)

	if diff := cmp.Diff([]string{"comments", "eventType"}, changed); diff != "" {
		t.Errorf("members that were changed (-want +got):\n%s", diff)
	}

	other, err := b.sim.Visit(refs[1])
	if err != nil || len(other.Changes) != 0 {
		t.Errorf("the next day's visit was changed: %v %v", other.Changes, err)
	}

	mustApply(t, b.nexus, ehrtest.Restored(b.planned(t, refs[0]), "Planlagt besøg"))

	if compared, err := b.sim.Compare(refs[0]); err != nil || len(compared.Differ) != 0 {
		t.Errorf("after restoring differ %v (%v)", compared.Differ, err)
	}
}

// TestRuleWithoutComment: the category alone tells what is left to do.
func TestRuleWithoutComment(t *testing.T) {
	t.Parallel()

	b := setup(t)
	ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}, Comment: "Hund"})[0]
	c := b.planned(t, ref)
	c.Comment = ""

	mustApply(t, b.nexus, c)
	mustApply(t, b.open(t, b.config), c)

	if got := b.state(t, ref); got != (ehrtest.State{Category: "Planlagt skærmbesøg", Comment: "Hund"}) || len(b.entries(t, ref)) != 1 {
		t.Errorf("the visit is %+v after %v", got, b.entries(t, ref))
	}

	// The comment of a rule that was changed since goes with the next entry.
	c.Comment, c.Key = "skærmbesøg", c.Key+"/2"
	mustApply(t, b.nexus, c)
	mustApply(t, b.nexus, ehrtest.Restored(c, "Planlagt besøg"))

	if got := b.state(t, ref); got != (ehrtest.State{Category: "Planlagt besøg", Comment: "Hund"}) {
		t.Errorf("the visit is %+v", got)
	}
}

// TestInterventionInSteps: transitions one by one, broken off in the middle, are gone on with.
func TestInterventionInSteps(t *testing.T) {
	t.Parallel()

	b := setup(t, func(_ *nexussim.Options, c *nexus.Config) {
		c.Intervention.Create = []string{"Ansøg", "Bevilg", "Bestil"}
	})
	c := byIntervention(b.planned(t, b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]))

	b.sim.BeforeNext(nexussim.OpGrantPrepare, func() error {
		return b.sim.Script(nexussim.Fault{Kind: nexussim.FaultServerError, Op: nexussim.OpGrantPrepare, Count: 1})
	})

	if _, err := b.nexus.Apply(t.Context(), c); !connector.Is(err, connector.Unavailable) {
		t.Fatalf("the broken-off try: %v", err)
	}

	insist(t, b.nexus, c)

	made := b.ours(nancy)
	if len(made) != 1 || made[0].State != "Bestilt" {
		t.Errorf("interventions: %+v", made)
	}

	mustApply(t, b.nexus, taken(c))

	if left := b.ours(nancy); len(left) != 0 {
		t.Errorf("after taking back: %+v", left)
	}
}

// TestTwoProcessesAtOnce: each makes the intervention, and one of them is left.
func TestTwoProcessesAtOnce(t *testing.T) {
	t.Parallel()

	b := setup(t)
	refs := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}}, nexussim.NewVisit{CPR: []string{nancy}})
	first, second := byIntervention(b.planned(t, refs[0])), byIntervention(b.planned(t, refs[1]))
	other := b.open(t, b.config)

	b.sim.BeforeNext(nexussim.OpGrantSave, func() error {
		_, err := other.Apply(t.Context(), second)

		return err
	})
	insist(t, b.nexus, first)
	insist(t, b.nexus, first)
	insist(t, other, second)

	if made := b.ours(nancy); len(made) != 1 {
		t.Errorf("interventions: %+v", made)
	}
}

// TestRights: without a right nothing is tried, and who must give it is told.
func TestRights(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		rights []nexussim.Right
		way    func(*testing.T, *testBundle, nexussim.Ref) error
	}{
		"visits": {[]nexussim.Right{nexussim.ReadLists, nexussim.ReadCitizens, nexussim.ReadCalendars}, func(t *testing.T, b *testBundle, ref nexussim.Ref) error {
			t.Helper()
			_, err := b.nexus.Apply(t.Context(), b.planned(t, ref))

			return err
		}},
		"interventions": {[]nexussim.Right{nexussim.ReadCitizens, nexussim.ReadGrants}, func(t *testing.T, b *testBundle, ref nexussim.Ref) error {
			t.Helper()
			_, err := b.nexus.Apply(t.Context(), byIntervention(b.planned(t, ref)))

			return err
		}},
		"notes": {[]nexussim.Right{nexussim.ReadCitizens, nexussim.ReadForms}, func(t *testing.T, b *testBundle, ref nexussim.Ref) error {
			t.Helper()
			_, err := b.nexus.Apply(t.Context(), byNote(ehrtest.Completed(b.planned(t, ref))))

			return err
		}},
		"tasks": {[]nexussim.Right{nexussim.ReadCitizens}, func(t *testing.T, b *testBundle, ref nexussim.Ref) error {
			t.Helper()
			_, err := b.nexus.Apply(t.Context(), byTask(b.planned(t, ref)))

			return err
		}},
		"citizens": {[]nexussim.Right{nexussim.ReadLists}, func(t *testing.T, b *testBundle, ref nexussim.Ref) error {
			t.Helper()
			_, err := b.nexus.Apply(t.Context(), byTask(b.planned(t, ref)))

			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t)
			ref := b.load(t, list, nexussim.NewVisit{CPR: []string{nancy}})[0]

			if err := b.sim.SetRights("sluse", test.rights...); err != nil {
				t.Fatal(err)
			}

			err := test.way(t, b, ref)
			if !connector.Is(err, connector.Rejected) || !strings.Contains(care.MessageOf(err), "ikke givet adgang") {
				t.Errorf("error %v says %q", err, care.MessageOf(err))
			}
		})
	}
}
