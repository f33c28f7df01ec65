package scheduler_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestLoginTrust: what is not fine with a login is told once, changes its text in place, and goes
// when it is fine again. Logins do not touch each other's notices.
func TestLoginTrust(t *testing.T) {
	t.Parallel()

	r := newRig(t)
	ends := connector.Finding{Level: connector.Notice, Subject: "Sluses certifikat", Text: "Det udløber 23.05.2027."}
	over := connector.Finding{Level: connector.Failing, Subject: "Sluses certifikat", Text: "Det er udløbet."}
	fine := connector.Finding{Level: connector.Fine, Subject: "Sluses certifikat", Text: "Det udløber 23.05.2029."}
	other := connector.Finding{Level: connector.Notice, Subject: "Login-udbyderens metadata", Text: "Adressen svarer ikke."}

	told := func() []string {
		all, err := r.Notices(t.Context(), actor("ADM", care.Administrator))
		must(t, err)

		var out []string

		for _, n := range all {
			if n.Kind == scheduler.LoginTrust {
				out = append(out, string(n.Level)+" "+n.Text)
			}
		}

		return out
	}

	for i, step := range []struct {
		login string
		found []connector.Finding
		want  []string
	}{
		{"Medarbejdernes login", []connector.Finding{fine}, nil},
		{"Medarbejdernes login", []connector.Finding{ends}, []string{"advarsel Medarbejdernes login: Sluses certifikat. Det udløber 23.05.2027."}},
		{"Borgernes login", []connector.Finding{fine}, []string{"advarsel Medarbejdernes login: Sluses certifikat. Det udløber 23.05.2027."}},
		{"Medarbejdernes login", []connector.Finding{over}, []string{"fejl Medarbejdernes login: Sluses certifikat. Det er udløbet."}},
		{"Medarbejdernes login", []connector.Finding{fine, other}, []string{"advarsel Medarbejdernes login: Login-udbyderens metadata. Adressen svarer ikke."}},
		{"Medarbejdernes login", []connector.Finding{fine}, nil},
	} {
		must(t, r.TellLogin(t.Context(), step.login, step.found))

		if diff := cmp.Diff(step.want, told()); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}
