package file_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()

	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-golden +got):\n%s", name, diff)
	}
}

// describe writes a list as people would check it.
func describe(list ehr.DrivingList) []byte {
	var b bytes.Buffer

	fmt.Fprintf(&b, "%s, %d rækker, %d gode\n", list.Encoding, list.Total, len(list.Rows))

	for _, c := range list.Columns {
		fmt.Fprintf(&b, "kolonne %q = %q\n", c.Header, c.Field)
	}

	for _, r := range list.Rows {
		at := func(t time.Time) string { return t.In(care.Zone()).Format("2006-01-02 15:04 -07") }
		fmt.Fprintf(&b, "%d | %s %s | %s | %s | %s | %s→%s | %s | %s | %s | %s | %s | %s | %q | %q | %s | %s\n",
			r.Line, r.Source.ID, r.Source.Occurrence, r.ListName, r.Employee, r.CPR.Mask(), at(r.Planned.Start), at(r.Planned.End),
			r.Name, r.Address, r.Phone.Hint(), r.Service, r.Law, r.Shift, r.Category, r.Comment, r.Status, r.Suitable)
	}

	for _, p := range list.Problems {
		fmt.Fprintf(&b, "%s %d %q: %s\n", map[ehr.Severity]string{ehr.Warning: "advarsel", ehr.Fault: "fejl"}[p.Severity], p.Line, p.Column, p.Text)
	}

	return b.Bytes()
}

func TestSamples(t *testing.T) {
	t.Parallel()

	for name, counts := range map[string][2]int{
		"koreliste-dag.csv": {60, 60}, "koreliste-dag-aendret.csv": {59, 59}, "koreliste-aften-excel.csv": {24, 24},
		"koreliste-nat-vintertid.csv": {6, 6}, "koreliste-uge.xlsx": {20, 20}, "koreliste-fejl.csv": {9, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			list := read(t, sample(t, name))
			if list.Total != counts[0] || len(list.Rows) != counts[1] {
				t.Errorf("%d rows, %d good; want %v", list.Total, len(list.Rows), counts)
			}

			checkList(t, list)
			golden(t, name+".txt", describe(list))
		})
	}
}

// checkList checks what holds for every list.
func checkList(t *testing.T, list ehr.DrivingList) {
	t.Helper()

	faulty := map[int]bool{}
	secret := regexp.MustCompile(`\d{6}-?\d{3,4}`)

	for _, p := range list.Problems {
		if p.Severity == ehr.Fault {
			faulty[p.Line] = true
		}

		if p.Text == "" || p.Severity == 0 || secret.MatchString(p.Text) {
			t.Errorf("bad problem: %+v", p)
		}
	}

	if len(list.Rows)+len(faulty) != list.Total {
		t.Errorf("%d good rows and %d faulty ones do not make %d", len(list.Rows), len(faulty), list.Total)
	}

	refs := map[care.SourceRef]bool{}

	for _, r := range list.Rows {
		if faulty[r.Line] || refs[r.Source] || !r.Planned.Valid() || r.CPR.IsZero() || r.Shift == "" || r.Law == "" || r.Suitable == "" {
			t.Errorf("line %d must not be a good row", r.Line)
		}

		refs[r.Source] = true

		if strings.Contains(r.Source.ID, r.CPR.Reveal()) {
			t.Errorf("line %d: the identity shows the CPR number", r.Line)
		}
	}
}

func csvFile(text string) ehr.File { return ehr.File{Name: "liste.csv", Data: []byte(text)} }

const head = "Dato;Start;Slut;CPR;Rute;Medarbejder;Indsats;Mobil;Lov\n"

func TestTheSameListInEveryDressIsTheSame(t *testing.T) {
	t.Parallel()

	want := read(t, sample(t, "koreliste-dag.csv"))
	text := strings.TrimPrefix(string(sample(t, "koreliste-dag.csv").Data), "\ufeff")

	latin, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}

	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.NewReplacer("; ", "; ", ";", "\t").Replace(text))
	if err != nil {
		t.Fatal(err)
	}

	for name, data := range map[string]string{
		"no mark": text, "LF": strings.ReplaceAll(text, "\r\n", "\n"), "Windows-1252": latin, "UTF-16 with tabs": wide,
		"title rows": "Køreliste;;;\r\nUdskrevet 22-11-2026;;\r\n\r\n" + text, "sep": "sep=;\r\n" + text,
		"no last line end": strings.TrimSuffix(text, "\r\n"), "blank rows": strings.ReplaceAll(text, "\r\n", "\r\n;;;\r\n\r\n"),
	} {
		got := read(t, ehr.File{Name: "x.csv", Data: []byte(data)})
		checkList(t, got)

		for i := range min(len(got.Rows), len(want.Rows)) {
			got.Rows[i].Line = want.Rows[i].Line
		}

		if diff := cmp.Diff(fmt.Sprintf("%+v", want.Rows), fmt.Sprintf("%+v", got.Rows)); diff != "" {
			t.Errorf("%s (-plain +dressed):\n%s", name, diff)
		}
	}
}

func TestNights(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name string
		rows string
		want []string // starts and ends, local
		warn int
	}{
		{
			"a whole night under one date, over midnight of the autumn change",
			"24-10-2026;22:30;22:45;0201609995;Nat;MSK;A;20000001;SUL §138\n24-10-2026;23:50;00:10;0201609996;Nat;MSK;A;20000001;SUL §138\n" +
				"24-10-2026;02:15;02:30;0504909989;Nat;MSK;A;20000001;SUL §138\n24-10-2026;02:05;02:20;0504909995;Nat;MSK;A;20000001;SUL §138\n",
			[]string{"24 22:30+02 24 22:45+02", "24 23:50+02 25 00:10+02", "25 02:15+02 25 02:30+02", "25 02:05+01 25 02:20+01"},
			4,
		},
		{
			"calendar days, sorted by employee",
			"24-10-2026;01:30;01:40;0201609995;Nat;MSK;A;20000001;SUL §138\n24-10-2026;23:50;00:10;0201609996;Nat;MSK;A;20000001;SUL §138\n" +
				"24-10-2026;01:45;01:50;0504909989;Nat;LBH;A;20000001;SUL §138\n",
			[]string{"24 01:30+02 24 01:40+02", "24 23:50+02 25 00:10+02", "24 01:45+02 24 01:50+02"},
			0,
		},
		{
			"the hour that does not exist",
			"29-03-2026;01:50;02:10;0201609995;Nat;MSK;A;20000001;SUL §138\n29-03-2026;02:30;02:45;0201609996;Nat;MSK;A;20000001;SUL §138\n" +
				"29-03-2026;02:50;03:10;0504909989;Nat;LBH;A;20000001;SUL §138\n",
			[]string{"29 01:50+01 29 03:10+02", "29 03:30+02 29 03:45+02", "29 03:50+02 29 04:10+02"},
			2,
		},
		{
			"beyond 24 hours",
			"23-11-2026;24.30;24.50;0201609995;Vest aften;MSK;A;20000001;SUL §138\n23-11-2026;kl. 25.31;00:10;0201609996;Vest aften;MSK;A;20000001;SUL §138\n" +
				"23-11-2026;23:50;24:00;0201609996;Øst;MSK;A;20000001;SUL §138\n",
			[]string{"24 00:30+01 24 00:50+01", "23 23:50+01 24 00:00+01"},
			0,
		},
		{
			"the end decides which of the two hours",
			"25-10-2026;02:50;03:10;0201609995;Nat;MSK;A;20000001;SUL §138\n25-10-2026;01:50;02:10;0201609996;Nat;LBH;A;20000001;SUL §138\n",
			[]string{"25 02:50+01 25 03:10+01", "25 01:50+02 25 02:10+02"},
			1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			list := read(t, csvFile(head+test.rows))
			checkList(t, list)

			var got []string
			for _, r := range list.Rows {
				got = append(got, r.Planned.Start.In(care.Zone()).Format("02 15:04-07")+" "+r.Planned.End.In(care.Zone()).Format("02 15:04-07"))
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, describe(list))
			}

			warnings := 0

			for _, p := range list.Problems {
				if p.Severity == ehr.Warning {
					warnings++
				}
			}

			if warnings != test.warn {
				t.Errorf("%d warnings, want %d:\n%s", warnings, test.warn, describe(list))
			}
		})
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()

	good := "23-11-2026;08:00;08:10;0201609995;Øst;MSK;%s;20000001;SUL §138\n"
	row := func(service string) string { return fmt.Sprintf(good, service) }

	for name, test := range map[string]struct {
		text  string
		total int
		lines []int // of the good rows
	}{
		"unclosed in the middle":        {head + row("a") + row(`"b`) + row("c") + row("d"), 4, []int{2, 4, 5}},
		"unclosed meets the next quote": {head + row("a") + row(`"b`) + row(`"c"`) + row("d"), 4, []int{2, 4, 5}},
		"unclosed at the end":           {head + row("a") + `"23-11-2026;08:00`, 2, []int{2}},
		"over several lines":            {head + row("\"a\nb\nc\"") + row("d"), 2, []int{2, 5}},
		"an inch sign":                  {head + row(`skærm 5" stor`) + row("d"), 2, []int{2, 3}},
		"doubled":                       {head + row(`"siger ""ja"""`) + row("d"), 2, []int{2, 3}},
		"too many cells":                {head + "23-11-2026;08:00;08:10;0201609995;Øst;MSK;a;b;c;20000001;SUL §138\n" + row("d"), 2, []int{3}},
		"only quotes":                   {head + strings.Repeat("\"\n", 300) + row("d"), 301, []int{302}},
	} {
		list := read(t, csvFile(test.text))
		checkList(t, list)

		var lines []int
		for _, r := range list.Rows {
			lines = append(lines, r.Line)
		}

		if diff := cmp.Diff(test.lines, lines); diff != "" || list.Total != test.total {
			t.Errorf("%s: total %d, want %d; good lines (-want +got):\n%s", name, list.Total, test.total, diff)
		}
	}
}

func TestIdentityWithoutVisitID(t *testing.T) {
	t.Parallel()

	row := "23-11-2026;08:00;08:10;0201609995;Øst;%s;Tilsyn;20000001;SUL §138\n"
	one := read(t, csvFile(head+fmt.Sprintf(row, "MSK")))
	other := read(t, csvFile("titel\n"+head+fmt.Sprintf(row, "LBH")))

	if one.Rows[0].Source != other.Rows[0].Source {
		t.Error("another employee must not make another visit")
	}

	both := read(t, csvFile(head+fmt.Sprintf(row, "MSK")+fmt.Sprintf(row, "LBH")))
	checkList(t, both)

	if len(both.Rows) != 2 || both.Rows[0].Source != one.Rows[0].Source {
		t.Errorf("two employees at one visit: %s", describe(both))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	ctx := t.Context()

	for name, test := range map[string]struct {
		data string
		kind connector.Kind
		says string
	}{
		"empty":        {"", connector.Rejected, "tom"},
		"old Excel":    {"\xD0\xCF\x11\xE0 and so on", connector.Rejected, ".xlsx"},
		"PDF":          {"%PDF-1.7", connector.Rejected, "PDF"},
		"web page":     {"\n<html><table>", connector.Rejected, "webside"},
		"binary":       {"Dato;\x00\x01", connector.Malformed, "tekst"},
		"broken zip":   {"PK\x03\x04 and so on", connector.Malformed, "Excel-filen"},
		"a letter":     {"Kære alle\nHermed listen\n", connector.Rejected, "kolonnenavne"},
		"citizens":     {"cpr;efternavn;fornavn\n0201609995;Lauridsen;Einer\n", connector.Rejected, "Starttid"},
		"no end":       {"Dato;Start;CPR;Borger\n23-11-2026;8:00;0201609995;A\n", connector.Rejected, "Sluttid"},
		"no date":      {"Start;Slut;CPR;Borger\n8:00;8:10;0201609995;A\n", connector.Rejected, "Dato"},
		"no CPR":       {"Dato;Start;Slut;Borger\n23-11-2026;8:00;8:10;A\n", connector.Rejected, "CPR"},
		"too many":     {head + strings.Repeat("x;\n", 50_001), connector.Rejected, "50.000"},
		"too big":      {strings.Repeat(" ", 20<<20+1), connector.Rejected, "20 MB"},
		"many columns": {head[:len(head)-1] + strings.Repeat(";x", 300) + "\n", connector.Rejected, "200 kolonner"},
	} {
		_, err := file.NewSource(file.Config{}, citizenKey).Read(ctx, ehr.File{Name: "x", Data: []byte(test.data)})
		if !connector.Is(err, test.kind) || !strings.Contains(care.MessageOf(err), test.says) {
			t.Errorf("%s: %v (%s), want %v with %q", name, err, care.MessageOf(err), test.kind, test.says)
		}
	}

	ended, cancel := context.WithCancel(ctx)
	cancel()

	_, err := file.NewSource(file.Config{}, citizenKey).Read(ended, csvFile(head+strings.Repeat("x;\n", 5000)))
	if !connector.Is(err, connector.Unavailable) {
		t.Errorf("ended context: %v", err)
	}
}

func TestFurtherColumns(t *testing.T) {
	t.Parallel()

	text := "Køreliste tirsdag d. 24. november 2026\n" +
		"Starttid;Minutter;Efternavn;Fornavn;Personnummer;Mobil;Telefon;E-mail;Egnet til skærmbesøg;Vagtlag;Status;Opgavetype;Rute;Medarbejder;Lov\n" +
		"22:00;15 min;Lauridsen;Einer;020160-9995;;20000001;e@example.dk;Ja;Nat;Indlagt;Tilsyn;A;MSK;§83\n" +
		"08:00;15;Lauridsen;Lonni;680160-9996;12;;e at example;måske;??;Mystisk;Tilsyn;A;;SUL §140\n"

	list, err := file.NewSource(file.Config{Aliases: map[string][]string{"Indsats": {"Opgavetype"}}}, citizenKey).
		Read(t.Context(), csvFile(text))
	if err != nil {
		t.Fatal(err)
	}

	checkList(t, list)
	golden(t, "further-columns.txt", describe(list))

	if got := list.Rows[0]; got.Phone.Reveal() != "+4520000001" || got.Email.Reveal() != "e@example.dk" || got.Suitable != care.Suitable {
		t.Errorf("row: %+v", got)
	}

	if got := list.Rows[1].CPRVerdict; got != care.CPRReplacement {
		t.Errorf("verdict %v, want a replacement number", got)
	}
}
