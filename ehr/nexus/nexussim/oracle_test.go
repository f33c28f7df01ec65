package nexussim_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr/nexus/nexussim"
)

// write changes the day's first visit through the API; an empty type leaves the type alone.
func (b *bundle) write(category, comment string) {
	b.t.Helper()
	event := b.event().body
	if category != "" {
		b.choose(event, category)
	}
	event["comments"] = comment
	b.call(http.StatusOK, http.MethodPut, rel(event, "update"), event)
}

func TestEntriesAreToldApart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		act  func(*bundle, nexussim.Ref) error
		want []nexussim.Kind
	}{
		"by type": {func(b *bundle, _ nexussim.Ref) error {
			b.write("Planlagt skærmbesøg", "Nøgleboks ved dør")
			b.write("Ikke gennemført skærmbesøg", "Nøgleboks ved dør")
			b.write("Planlagt besøg", "Nøgleboks ved dør")
			return nil
		}, []nexussim.Kind{nexussim.Planned, nexussim.Result, nexussim.Restored}},
		"by comment, and people write there too": {func(b *bundle, ref nexussim.Ref) error {
			b.write("", "Nøgleboks ved dør [skærmbesøg]")
			if err := b.sim.Remark(ref, "Nøgleboks ved hoveddør [skærmbesøg]. Ring først"); err != nil {
				return err
			}
			b.write("", "Nøgleboks ved hoveddør. Ring først")
			return nil
		}, []nexussim.Kind{nexussim.Planned, nexussim.Restored}},
		"by both": {func(b *bundle, _ nexussim.Ref) error {
			b.write("Planlagt skærmbesøg", "Nøgleboks ved dør [skærmbesøg]")
			b.write("Planlagt besøg", "Nøgleboks ved dør [skærmbesøg]") // half taken back
			b.write("", "Nøgleboks ved dør")
			b.write("Planlagt skærmbesøg", "Nøgleboks ved dør [skærmbesøg]")
			b.write("Gennemført skærmbesøg", "Nøgleboks ved dør [skærmbesøg]")
			return nil
		}, []nexussim.Kind{nexussim.Planned, nexussim.Planned, nexussim.Restored, nexussim.Planned, nexussim.Result}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nexussim.Options{Strict: true})
			ref := b.visit(nil)
			if err := test.act(b, ref); err != nil {
				t.Fatal(err)
			}
			v, err := b.sim.Visit(ref)
			if err != nil {
				t.Fatal(err)
			}
			got := []nexussim.Kind{}
			for _, e := range v.Entries {
				if e.Duplicate || e.By != "sluse" {
					t.Errorf("entry: %+v", e)
				}
				got = append(got, e.Kind)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if totals := b.sim.Totals(); totals.Visits != 1 || totals.Planned+totals.Results+totals.Restored != len(test.want) || totals.Duplicates != 0 {
				t.Errorf("totals: %+v", totals)
			}
		})
	}
}
