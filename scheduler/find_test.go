package scheduler_test

import (
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler/care"
)

// TestFindByName looks among the citizens of the units that somebody may see, and tells who was shown.
func TestFindByName(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, bruno, kaja, niels))

	for _, c := range []struct {
		actor care.Actor
		text  string
		want  string
	}{
		{planner(), "berggren nancy", "Nancy Ann Berggren"},
		{planner("vest"), "nancy", ""},
		{planner("vest"), "  NIELS ", "Niels Vendelboe"},
		{leader(), "en", "Kaja Hansen, Nancy Ann Berggren, Niels Vendelboe"},
		{administrator(), "elmer", "Bruno Elmer"},
		{caregiver("MSK"), "elmer", "Bruno Elmer"},
	} {
		found, more, err := r.FindByName(t.Context(), c.actor, c.text)
		must(t, err)

		var names []string
		for _, f := range found {
			names = append(names, f.Citizen.Name)
		}

		if got := strings.Join(names, ", "); got != c.want || more {
			t.Errorf("%s looks for %q: %q, want %q", c.actor.Employee, c.text, got, c.want)
		}
	}

	_, _, err := r.FindByName(t.Context(), planner(), " n ")
	refused(t, err, care.Invalid)

	_, _, err = r.FindByName(t.Context(), actor("REV", care.Auditor), "nancy")
	refused(t, err, care.Forbidden)

	if n := len(r.auditOf("find_by_name")); n != 6 {
		t.Errorf("%d searches in the audit", n)
	}
}

// TestFindByNumber: who links employees finds everybody, others only their own and learn nothing of the
// rest; each look is audited with its reason.
func TestFindByNumber(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	r.load(list(nancy, niels))

	const nancys, unknown = "251248-9996", "0107729995"

	found, err := r.FindByNumber(t.Context(), actor("LED", care.Leader, "vest"), nancys, "Skal have en fast kontaktperson")
	must(t, err)

	if found.Citizen.Name != "Nancy Ann Berggren" || !found.Link || found.Card || len(found.Units) != 0 {
		t.Errorf("%+v", found)
	}

	found, err = r.FindByNumber(t.Context(), planner("oest"), nancys, "Ringer ind")
	must(t, err)

	if found.Link || !found.Card || len(found.Units) != 1 {
		t.Errorf("%+v", found)
	}

	_, foreign := r.FindByNumber(t.Context(), planner("vest"), nancys, "Ringer ind")
	_, nobody := r.FindByNumber(t.Context(), planner("vest"), unknown, "Ringer ind")
	refused(t, foreign, care.NotFound)
	refused(t, nobody, care.NotFound)

	if foreign.Error() != nobody.Error() {
		t.Errorf("who may not be found is told apart from who does not exist: %v, %v", foreign, nobody)
	}

	for _, bad := range [][2]string{{nancys, " "}, {"1234", "Ringer ind"}, {nancys, "Spørger om 2512489996"}} {
		_, err := r.FindByNumber(t.Context(), planner(), bad[0], bad[1])
		refused(t, err, care.Invalid)
	}

	_, err = r.FindByNumber(t.Context(), actor("REV", care.Auditor), nancys, "Ringer ind")
	refused(t, err, care.Forbidden)

	if got := r.audited("find_by_number"); strings.Count(got, "not found") != 2 || strings.Count(got, "find_by_number") != 4 || strings.Contains(got, "9996") {
		t.Errorf("the audit says %q", got)
	}
}
