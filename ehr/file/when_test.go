package file

import (
	"testing"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

func TestParseDate(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"23-11-2026": "2026-11-23", "3-1-2026": "2026-01-03", "23-11-26": "2026-11-23", "23/11-2026": "2026-11-23",
		"3/1-26": "2026-01-03", "23.11.2026": "2026-11-23", "23/11/2026": "2026-11-23", "23. 11. 2026": "2026-11-23",
		"2026-11-23": "2026-11-23", "2026.11.23": "2026-11-23", "20261123": "2026-11-23", " 23-11-2026 ": "2026-11-23",
		"mandag den 23. november 2026": "2026-11-23", "Man. 23-11-2026": "2026-11-23", "ma 23/11-2026": "2026-11-23",
		"23 nov 2026": "2026-11-23", "1. maj 2026": "2026-05-01", "23. sept. 2026": "2026-09-23",
		"23-11-2026 07:10": "2026-11-23", "2026-11-23T00:00:00Z": "2026-11-23", "46349": "2026-11-23", "46349.5": "2026-11-23",
		"29-02-2028": "2028-02-29",
		"31-11-2026": "", "29-02-2026": "", "00-01-2026": "", "23-13-2026": "", "11/23/2026": "", "23-11": "", "": "",
		"2512489996": "", "0104909989": "", "i morgen": "", "1e9": "", "23-11-1926": "", "9": "", "NaN": "", "mandag": "",
	} {
		got, ok := parseDate(text, false)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("parseDate(%q) = %v, %v; want %q", text, got, ok, want)
		}
	}

	if got, ok := parseDate("44887", true); !ok || got.String() != "2026-11-23" {
		t.Errorf("from 1904: %v, %v", got, ok)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()

	const minute, hour = 60, 3600

	for text, want := range map[string]int{
		"08:30": 8*hour + 30*minute, "8:30": 8*hour + 30*minute, "08.30": 8*hour + 30*minute, "8:30:15": 8*hour + 30*minute + 15,
		"kl. 8.30": 8*hour + 30*minute, "Kl.8.30": 8*hour + 30*minute, "kl 16:05": 16*hour + 5*minute, "0830": 8*hour + 30*minute,
		"8": 8 * hour, "00:00": 0, "24.30": 24*hour + 30*minute, "kl. 25.31": 25*hour + 31*minute,
		"8:60": -1, "8:3": -1, "8.300": -1, "": -1, "kl.": -1, "123:00": -1, "-8:30": -1, "0108589995": -1, "8:30 am": -1,
	} {
		got, ok := parseTime(text, false)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("parseTime(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}

	for text, want := range map[string]int{
		"0.2986111111111111": 7*hour + 10*minute, "0.5": 12 * hour, "0": 0, "1.0631944444444446": 25*hour + 31*minute,
		"8.3": 8*hour + 30*minute, "8.05": 8*hour + 5*minute, "13": 13 * hour, "1130": 11*hour + 30*minute, "07:10": 7*hour + 10*minute,
		"104909989": -1, "8.75": -1, "250": -1,
	} {
		got, ok := parseTime(text, true)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("serial parseTime(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]time.Duration{
		"10": 10 * time.Minute, "10,0": 10 * time.Minute, "10.0": 10 * time.Minute, "7,5": 450 * time.Second, "15 min": 15 * time.Minute,
		"15 min.": 15 * time.Minute, "15m": 15 * time.Minute, "0:15": 15 * time.Minute, "1:05": 65 * time.Minute,
		"1 t 15 min": 75 * time.Minute, "1t": time.Hour, "2 timer": 2 * time.Hour, "1.234,5": 1234*time.Minute + 30*time.Second,
		"1.234": 1234 * time.Minute, "ti": -1, "": -1, "1,2,3": -1, "-5": -1,
	} {
		got, ok := parseDuration(text, false, time.Minute)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}

	if got, ok := parseDuration("0.010416666666666666", true, time.Minute); !ok || got != 15*time.Minute {
		t.Errorf("serial: %v, %v", got, ok)
	}

	if got, ok := parseDuration("0,25", false, time.Hour); !ok || got != 15*time.Minute {
		t.Errorf("hours: %v, %v", got, ok)
	}
}

func TestWallTellsEveryInstantOfTenYears(t *testing.T) {
	t.Parallel()

	// For every half hour of ten years: what clocks show leads back to the instant, twice a
	// year together with another one.
	twice := 0

	for at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2034; at = at.Add(30 * time.Minute) {
		shown := at.In(care.Zone())
		on := date{time.Date(shown.Year(), shown.Month(), shown.Day(), 0, 0, 0, 0, time.UTC)}
		instants, skipped := wall(on, shown.Hour()*3600+shown.Minute()*60)

		if skipped || len(instants) == 0 || !instants[0].Equal(at) && !instants[len(instants)-1].Equal(at) {
			t.Fatalf("%v shown as %v leads to %v, skipped %v", at, shown, instants, skipped)
		}

		if len(instants) == 2 {
			twice++

			if instants[1].Sub(instants[0]) != time.Hour {
				t.Fatalf("%v: %v are not an hour apart", shown, instants)
			}
		}
	}

	if twice != 10*2*2 {
		t.Errorf("%d instants in the double hour, want 40", twice)
	}

	instants, skipped := wall(date{time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)}, 2*3600+30*60)
	if want := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC); !skipped || len(instants) != 1 || !instants[0].Equal(want) {
		t.Errorf("02:30 in March: %v, %v; want %v, an hour later than written", instants, skipped, want)
	}
}

func TestShifts(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]care.Shift{"D": care.DayShift, "AV": care.EveningShift, "Natvagt": care.NightShift, "hold 3": ""} {
		if got, _ := parseShift(text); got != want {
			t.Errorf("parseShift(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"20000001": "+4520000001", "+45 20 00 00 01": "+4520000001", "0045 20000001": "+4520000001", "20 00 00 01": "+4520000001",
		"2000000 / 20000002": "+4520000002", "+46 70 123 45 67": "+46701234567", "2000000": "", "00000000": "", "ring til datter": "",
		"112": "", "12345678": "",
	} {
		got, ok := parsePhone(text)
		if ok != (want != "") || got.Reveal() != want {
			t.Errorf("parsePhone(%q) = %q, %v; want %q", text, got.Reveal(), ok, want)
		}
	}
}

func TestHeaderNames(t *testing.T) {
	t.Parallel()

	table := aliasTable(map[string][]string{"Indsats": {"Opgavetype"}})
	for name, want := range map[string]field{
		"DATO": fieldDate, "cpr nr": fieldCPR, "Besogs-id": 0, "Besoegs_ID": fieldVisitID, "Besøgs-id": fieldVisitID,
		"Kl.": fieldStart, "Bema\u0308rkning": 0, "Medarbejder:": fieldEmployee, "Opgave-type": fieldService, "KØRELISTE": fieldList,
		"Ko\u0308reliste": 0, "Å": 0, "Varighed(min.)": fieldDuration,
	} {
		if got := table[normalise(name)].field; got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}

	h := readHeader([]string{"Type", "Telefon", "Mobil", "Besøgstype", "Status"}, table)
	if h.column(fieldCategory) != 3 || h.columns[0] != 0 {
		t.Errorf("the more telling name must win: %+v", h)
	}

	if best := h.best[fieldPhone]; len(best) != 2 || best[0] != 2 {
		t.Errorf("the mobile number comes first, the other is kept: %v", best)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()

	var cfg Config

	cfg.SetDefaults()

	if n := len(cfg.Validate()); n != 1 {
		t.Errorf("without dir: %d problems, want 1", n)
	}

	cfg = Config{Dir: "x", RenderDelay: time.Hour, Aliases: map[string][]string{"Findes ikke": {"x"}, "Indsats": {"Dato", "--"}}}
	if got := cfg.Validate(); len(got) != 4 {
		t.Errorf("Validate found %v", got)
	}
}
