package file_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// listOf decodes a list of visits that differ in what stands of the citizen.
func listOf(t *testing.T, header string, rows ...string) ehr.DrivingList {
	t.Helper()

	lines := []string{"Dato;Starttid;Sluttid;Medarbejder;Rute;Mobil;Indsats;Lovgrundlag;Borger;" + header}
	for _, row := range rows {
		lines = append(lines, "23-11-2026;09:00;09:15;MSK;Øst dag;20000033;Medicin;SUL §138;"+row)
	}

	return read(t, csvFile(strings.Join(lines, "\n")+"\n"))
}

// faults returns what is told of rows that were not taken.
func faults(list ehr.DrivingList) []string {
	var out []string

	for _, p := range list.Problems {
		if p.Severity == ehr.Fault {
			out = append(out, p.Text)
		}
	}

	return out
}

func TestCitizensWithoutNumber(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		header, row string
		want        string // the key as employees see it; empty: a fault
	}{
		"an id alone":           {"Erstatnings-id", "Amina;B-17", "Uden CPR-nr. · id B-17"},
		"the record's own name": {"Borger-id", "Amina;4711", "Uden CPR-nr. · id 4711"},
		"a spreadsheet's way":   {"Borgernummer", "Amina;4711.0", "Uden CPR-nr. · id 4711"},
		"both":                  {"CPR-nr.;Borger-id", "Nancy;251248-9996;4711", "251248-••••"},
		"noughts for none":      {"CPR-nr.;Borger-id", "Amina;000000-0000;4711", "Uden CPR-nr. · id 4711"},
		"a dash for none":       {"CPR-nr.;Borger-id", "Amina;-;4711", "Uden CPR-nr. · id 4711"},
		"neither":               {"CPR-nr.;Borger-id", "Amina;;", ""},
		"no name":               {"Erstatnings-id", ";B-17", ""},
		"a number as id":        {"Erstatnings-id", "Nancy;251248-9996", ""},
		"a word as id":          {"Erstatnings-id", "Amina;ukendt", ""},
		"a bad number":          {"CPR-nr.;Borger-id", "Amina;123;4711", ""},
		"too long":              {"Erstatnings-id", "Amina;" + strings.Repeat("1", 41), ""},
	} {
		list := listOf(t, test.header, test.row)

		switch {
		case test.want == "" && (len(list.Rows) > 0 || len(faults(list)) != 1):
			t.Errorf("%s: %d rows, faults %q", name, len(list.Rows), faults(list))
		case test.want != "" && len(list.Rows) != 1:
			t.Errorf("%s: faults %q", name, faults(list))
		case test.want != "" && list.Rows[0].Key().Shown() != test.want:
			t.Errorf("%s: %s", name, list.Rows[0].Key().Shown())
		}

		for _, p := range list.Problems {
			if strings.Contains(p.Text, "251248") || strings.Contains(p.Text, "B-17") {
				t.Errorf("%s: %q tells the number", name, p.Text)
			}
		}
	}
}

// TestVisitsOfCitizensWithoutNumber keep two people at one time apart, and the same one the same.
func TestVisitsOfCitizensWithoutNumber(t *testing.T) {
	t.Parallel()

	list := listOf(t, "Erstatnings-id", "Amina;B-17", "Yusuf;B-18")
	again := listOf(t, "Erstatnings-id", "Amina;B-17")

	if len(list.Rows) != 2 || list.Rows[0].Source == list.Rows[1].Source || list.Rows[0].Source != again.Rows[0].Source {
		t.Errorf("%+v, again %+v", list.Rows, again.Rows)
	}
}

func TestProtectedAddress(t *testing.T) {
	t.Parallel()

	for cell, want := range map[string]bool{
		"": false, "nej": false, "N": false, "0": false, "FALSK": false, "Ikke beskyttet": false,
		"ja": true, "Ja": true, "x": true, "1": true, "SAND": true, "true": true, "Beskyttet": true, "Navne- og adressebeskyttelse": true,
		"måske": true, // in doubt it is
	} {
		list := listOf(t, "CPR-nr.;Beskyttet adresse", "Nancy;251248-9996;"+cell)
		if len(list.Rows) != 1 || list.Rows[0].Protected != want {
			t.Errorf("%q: %+v", cell, list.Rows)
		}
	}

	got := map[string]bool{}
	for _, header := range []string{"Adressebeskyttelse", "Navnebeskyttelse", "Hemmelig adresse", "Navne- og adressebeskyttelse"} {
		got[header] = listOf(t, "CPR-nr.;"+header, "Nancy;251248-9996;ja").Rows[0].Protected
	}

	want := map[string]bool{"Adressebeskyttelse": true, "Navnebeskyttelse": true, "Hemmelig adresse": true, "Navne- og adressebeskyttelse": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// Any of the columns protects.
	if list := listOf(t, "CPR-nr.;Adressebeskyttelse;Navnebeskyttelse", "Nancy;251248-9996;nej;ja"); !list.Rows[0].Protected {
		t.Error("the second column did not count")
	}

	if got := care.KeyOf(care.CPR{}, care.SurrogateID{}); !got.IsZero() {
		t.Errorf("no key: %s", got.Shown())
	}
}
