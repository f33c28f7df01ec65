package ui

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// TestEveryActionHasWords reads what the program writes into the audit from its source.
func TestEveryActionHasWords(t *testing.T) {
	t.Parallel()

	written := regexp.MustCompile(`(?:Action: |\.Action = |action := |action = |\.Action, row\.Detail = |by\(actor, |[rR]ow\([^"\n]*, |saveGroup\(ctx, |\.save\(ctx, [^"\n]*, |contactEffects\([^"\n]*, |\.shown\(ctx, actor, |\.seen\(ctx, actor, |record\(ctx, actor, )"([a-z_]+)"`)
	found := map[string]bool{}

	for _, root := range []string{"../../../scheduler", "..", "../../store"} {
		err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
				return err
			}

			data, err := fs.ReadFile(os.DirFS(root), path)

			for line := range strings.Lines(string(data)) {
				for _, m := range written.FindAllStringSubmatch(line, -1) {
					found[m[1]] = true
				}
			}

			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}

	if len(found) < 60 {
		t.Errorf("only %d actions were found: the program writes them in another way now", len(found))
	}

	for action := range found {
		if actionDanish(action) == action && !strings.HasSuffix(action, "_") {
			t.Errorf("no Danish words for %q", action)
		}
	}
}

// TestEveryRepairHasWords: the action of a repair is made from its kind.
func TestEveryRepairHasWords(t *testing.T) {
	t.Parallel()

	for _, kind := range care.DriftKinds() {
		if words := actionDanish("mend_" + string(kind)); strings.HasPrefix(words, " ") || strings.Contains(words, "_") {
			t.Errorf("the repair of %s reads %q", kind, words)
		}

		if words := detailDanish(scheduler.AuditEntry{AuditRow: scheduler.AuditRow{Action: "mend_difference", Detail: string(kind)}}); strings.Contains(words, "_") {
			t.Errorf("%s reads %q", kind, words)
		}
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()

	for detail, want := range map[string]string{
		"":                                       "",
		"known_to_staff, face":                   "Kendt af medarbejderen, har mødt personen før og genkendte ansigt og stemme",
		"staff":                                  "medarbejdernes login",
		"mitid":                                  "MitID",
		"mitid, level substantial, subject ab12": "MitID, sikringsniveau Betydelig, pseudonym ab12",
		"batch b1, asked by PLA":                 "omlægning b1, bedt om af PLA",
		"batch b1, visits 1":                     "omlægning b1, 1 besøg",
		"from 2026-11-01 to 2026-11-07, citizens 12":               "1. november 2026 til 7. november 2026, 12 borgere",
		"2026-11-01 – 2026-11-07":                                  "1. november 2026 til 7. november 2026",
		"new 2, moved 1, changed 0, gone 0, unchanged 9, faults 1": "2 nye, 1 flyttet, 0 ændrede, 0 væk, 9 uændrede, 1 fejl",
		"contact k1, relative, oral, until 2026-12-24":             "kontakt k1, pårørende, samtykke mundtligt, til og med 24. december 2026",
		"tablet t1 revoked":                                        "tavle t1 lukket af en medarbejder",
		"employee MSK, unit oest, by override":                     "medarbejder MSK, enhed oest, efter grund i stedet for besøg",
		"udeblevet":                                                "borgeren udeblev",
		"version 2, da, participant p1":                            "version 2, dansk, deltager p1",
		"noget andet":                                              "noget andet",
	} {
		if got := detailDanish(scheduler.AuditEntry{AuditRow: scheduler.AuditRow{Action: "x", Detail: detail}}); got != want {
			t.Errorf("%q reads %q, want %q", detail, got, want)
		}
	}

	if got := detailDanish(scheduler.AuditEntry{AuditRow: scheduler.AuditRow{Action: "convert", Detail: "mitid, code"}}); got != "mitid, code" {
		t.Errorf("what an employee wrote reads %q", got)
	}
}
