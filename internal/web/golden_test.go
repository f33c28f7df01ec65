package web_test

import (
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write the golden files")

var assetHash = regexp.MustCompile(`/assets/[0-9a-f]{12}/`)

// TestPagesGolden keeps the whole markup of a few pages under review.
func TestPagesGolden(t *testing.T) {
	t.Parallel()

	b := setup(t)
	staff := b.as(t, testby, "MSK", care.Planner, care.Caregiver)
	boss := b.as(t, testby, "SYS", care.Administrator)
	leader := b.as(t, testby, "LED", care.Leader)
	citizen := b.enter(t)
	b.use[testby].citizen = scheduler.CitizenView{Stage: scheduler.StageCode, PhoneHint: "•• •• •• 12", CodeLeft: 2, Opens: testNow().Add(time.Hour)}

	terms := func(path string) string {
		b.use[testby].citizen = scheduler.CitizenView{Stage: scheduler.StageTerms, Guest: care.Relative}

		return b.get(t, citizen, path, 200)
	}

	reconciled := func(state fakeReconcile) string {
		b.use[testby].reconcile = state

		defer func() { b.use[testby].reconcile = "" }()

		return b.get(t, staff, "/afstemning", 200)
	}

	atIdentity := func(path string, view scheduler.CitizenView) string {
		view.PhoneHint, view.CodeLeft = "•• •• •• 12", 2
		view.Methods, view.Providers = []care.IdentityMethod{care.ByMitID, care.ByCode}, []eid.Info{{Key: "mitid", Name: "MitID", Method: care.ByMitID, Danish: true}}
		b.use[testby].citizen = view

		return b.get(t, citizen, path, 200)
	}

	for name, body := range map[string]string{
		"kraever-handling":     b.get(t, staff, "/kraever-handling", 200),
		"opfoelgning":          b.get(t, staff, "/opfoelgning", 200),
		"afstemning":           reconciled(""),
		"afstemning-venter":    reconciled(reconcileWaits),
		"afstemning-drift":     b.get(t, boss, "/afstemning", 200),
		"omlaegning":           b.get(t, staff, "/omlaegninger/b1", 200),
		"borger-notater":       b.get(t, staff, "/borgere/c1", 200),
		"egnethed":             b.get(t, staff, "/borgere/c1/egnethed", 200),
		"lobby":                b.get(t, staff, "/min-dag/"+(&served{use: b.use[testby]}).withStatus(scheduler.StatusWaiting), 200),
		"borger-kode":          b.get(t, citizen, "/b", 200),
		"borger-kode-en":       b.get(t, citizen, "/b?sprog=en", 200),
		"borger-mitid":         atIdentity("/b", scheduler.CitizenView{Stage: scheduler.StageIdentify}),
		"borger-mitid-afbrudt": atIdentity("/b?login=cancelled", scheduler.CitizenView{Stage: scheduler.StageIdentify}),
		"borger-mitid-nede":    atIdentity("/b", scheduler.CitizenView{Stage: scheduler.StageIdentify, LoginsDown: []string{"MitID"}}),
		"borger-mitid-hjaelp":  atIdentity("/b", scheduler.CitizenView{Stage: scheduler.StageIdentify, AskedHelp: true}),
		"borger-mitid-venter":  atIdentity("/b", scheduler.CitizenView{Stage: scheduler.StageWaiting, Leave: eid.Info{Key: "mitid", Name: "MitID"}}),
		"borger-vilkaar":       terms("/b"),
		"borger-vilkaar-ar":    terms("/b?sprog=ar"),
		"medarbejdere":         b.get(t, boss, "/administration/medarbejdere", 200),
		"enheder":              b.get(t, boss, "/administration/enheder", 200),
		"kartotekfil":          b.get(t, boss, "/administration/filer/employees-fejl", 200),
		"borgerfil":            b.get(t, boss, "/administration/filer/citizens-1", 200),
		"tilknytninger":        b.get(t, staff, "/borgere/c1/medarbejdere", 200),
		"find-borger":          b.post(t, staff, "/borgere/find", url.Values{"navn": {"nancy"}}, 200).Body.String(),
		"godkendelse":          b.get(t, staff, "/omlaegninger/b3", 200),
		"statistik":            b.get(t, leader, "/statistik?fra=2026-10-26&til=2026-11-22&opdel=law&uden=viewcare", 200),
		"statistik-besoeg":     b.get(t, leader, "/statistik/besoeg?fra=2026-11-02&til=2026-11-03&maal=completed", 200),
		"opkald":               b.get(t, leader, "/statistik/opkald?import=c1", 200),
		"opkald-preview":       b.get(t, leader, "/statistik/opkald/opkald~viewcare~1", 200),
	} {
		got := assetHash.ReplaceAllString(body, "/assets/HASH/")
		file := filepath.Join("testdata", "golden", name+".html")

		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}

		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (run with -update to accept):\n%s", name, diff)
		}
	}
}
