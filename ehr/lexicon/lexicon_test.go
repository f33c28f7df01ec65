package lexicon_test

import (
	"testing"

	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

func TestLaw(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]care.LegalBasis{
		"SUL §138": care.SUL138, "SUL § 138": care.SUL138, "SUL138": care.SUL138, "Sundhedsloven § 138": care.SUL138,
		"Sundhedslovens §138": care.SUL138, "§138": care.SUL138, "138": care.SUL138, "sul par. 138 stk. 1": care.SUL138,
		"SEL §83": care.SEL83, "Serviceloven § 83": care.SEL83, "§ 83": care.SEL83, "SEL § 83 stk. 2": care.SEL83,
		"SEL §83a": care.SEL83A, "SEL § 83 a": care.SEL83A, "§83A": care.SEL83A, "SEL §85": care.SEL85, "§ 85": care.SEL85,
		"SEL §86": care.SELOther, "SEL": care.SELOther, "Ældreloven": care.AEL, "Ældrelov § 9": care.AEL, "ÆL": care.AEL,
		"ældreloven §10": care.AEL, "Aeldreloven": care.AEL,
		"SUL §140": care.LawUnknown, "SEL §138": care.LawUnknown, "§ 99": care.LawUnknown, "SUL/SEL": care.LawUnknown,
		"": care.LawUnknown, "?": care.LawUnknown, "selvbetaler": care.LawUnknown,
	} {
		if got := lexicon.Law(text); got != want {
			t.Errorf("Law(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestShiftNamed(t *testing.T) {
	t.Parallel()

	for name, want := range map[string]care.Shift{
		"Øst dag": care.DayShift, "Vest aften": care.EveningShift, "Nat": care.NightShift, "Nattevagt 2": care.NightShift,
		"Aftenhold": care.EveningShift, "Naturstien": "", "Dagmarsvej": "", "Øst": "", "Nord/nat": care.NightShift,
	} {
		if got, _ := lexicon.ShiftNamed(name); got != want {
			t.Errorf("ShiftNamed(%q) = %q, want %q", name, got, want)
		}
	}
}
