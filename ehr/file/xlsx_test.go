package file_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/file"
	"github.com/sluse/sluse/scheduler/care"
)

func workbook(t *testing.T, fill func(*excelize.File) error) ehr.File {
	t.Helper()

	book := excelize.NewFile()
	if err := fill(book); err != nil {
		t.Fatal(err)
	}

	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}

	return ehr.File{Name: "liste.xlsx", Data: b.Bytes()}
}

func TestHabitsOfWorkbooks(t *testing.T) {
	t.Parallel()

	moment := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

	f := workbook(t, func(book *excelize.File) error {
		if err := book.SetCellStr("Sheet1", "A1", "Læs mig"); err != nil {
			return err
		}

		if _, err := book.NewSheet("Data"); err != nil {
			return err
		}

		for cell, row := range map[string][]any{
			"A1": {"Udtræk"},
			"A3": {"Start", "Slut", "Varighed", "CPR-nr.", "Telefon", "Rute", "Medarbejder", "Indsats", "Lov"},
			"A4": {moment, moment.Add(15 * time.Minute), nil, 201609995, 20000001, "Øst dag", "MSK", "Tilsyn", "SEL §83"},
			"A5": {"23-11-2026 08.30", "08.45", nil, "020160-9996", "20 00 00 02", "Øst dag", "MSK", "Tilsyn", "SEL §83"},
			"A7": {moment.Add(time.Hour), nil, 0.5 / 24, 2.512489996e9, "", "Øst dag", "MSK", "Tilsyn", "SEL §83"},
			"A8": {moment, "#I/T", nil, 2512489996, 20000001, "Øst dag", 117, "Tilsyn", "SEL §83"},
			"A9": {moment, nil, 20, nil, 20000001, "Øst dag", 117, "Tilsyn", "SEL §83"},
		} {
			if err := book.SetSheetRow("Data", cell, &row); err != nil {
				return err
			}
		}

		return book.SetCellFormula("Data", "D9", "A1+1") // never calculated
	})

	list := read(t, f)
	checkList(t, list)
	golden(t, "workbook.txt", describe(list))
}

func TestHoursBeyondMidnightAndTheCalendarFrom1904(t *testing.T) {
	t.Parallel()

	f := workbook(t, func(book *excelize.File) error {
		yes := true
		if err := book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}); err != nil {
			return err
		}

		head := []any{"Dato", "Start", "Slut", "CPR", "Rute", "Medarbejder", "Indsats", "Mobil", "Lov"}
		row := []any{44887, (25.0*60 + 31) / 1440, (25.0*60 + 45) / 1440, 2512489996, "Vest aften", "MSK", "Tilsyn", 20000001, "SEL §83"}

		if err := book.SetSheetRow("Sheet1", "A1", &head); err != nil {
			return err
		}

		return book.SetSheetRow("Sheet1", "A2", &row)
	})

	list := read(t, f)
	checkList(t, list)

	want := []care.Interval{{Start: time.Date(2026, 11, 24, 0, 31, 0, 0, time.UTC), End: time.Date(2026, 11, 24, 0, 45, 0, 0, time.UTC)}}

	var got []care.Interval
	for _, r := range list.Rows {
		got = append(got, r.Planned)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, describe(list))
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()

	// Each part says that it unpacks to says bytes, and unpacks to really bytes of zeros.
	pack := func(says uint64, really, parts int) []byte {
		var packed, b bytes.Buffer

		deflate, err := flate.NewWriter(&packed, flate.BestSpeed)
		if err == nil {
			_, err = deflate.Write(make([]byte, really))
		}

		if err != nil || deflate.Close() != nil {
			t.Fatal(err)
		}

		w := zip.NewWriter(&b)

		for range parts {
			part, err := w.CreateRaw(&zip.FileHeader{
				Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate,
				CompressedSize64: uint64(packed.Len()), UncompressedSize64: says,
			})
			if err == nil {
				_, err = part.Write(packed.Bytes())
			}

			if err != nil {
				t.Fatal(err)
			}
		}

		if err := w.Close(); err != nil {
			t.Fatal(err)
		}

		return b.Bytes()
	}

	for name, test := range map[string]struct {
		data []byte
		kind connector.Kind
	}{
		"one big part":     {pack(200<<20, 1<<20, 1), connector.Rejected},
		"huge sizes":       {pack(1<<63, 10, 3), connector.Rejected},
		"many parts":       {pack(1, 1, 2_000), connector.Rejected},
		"a part that lies": {pack(100, 4<<20, 1), connector.Malformed},
		"no spreadsheet":   {pack(10, 10, 1), connector.Malformed},
	} {
		_, err := file.NewSource(file.Config{}, citizenKey).Read(t.Context(), ehr.File{Name: "x.xlsx", Data: test.data})
		if !connector.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
}
