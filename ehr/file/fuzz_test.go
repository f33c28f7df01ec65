package file

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

func seeds(f *testing.F, pattern string) {
	f.Helper()

	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		f.Fatal("no samples", err)
	}

	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}

		f.Add(data)
	}
}

// checkAny reads any bytes: either a refusal with a Danish sentence, or a list that adds up
// and can be written again without a change.
func checkAny(t *testing.T, data []byte) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()

	input := ehr.File{Name: "liste", Data: data}

	list, err := NewSource(Config{}, func(care.CitizenKey) string { return "k" }).Read(ctx, input)
	if err != nil {
		if k := connector.KindOf(err); k != connector.Rejected && k != connector.Malformed || care.KindOf(err) != care.Invalid {
			t.Fatalf("error %v", err)
		}

		return
	}

	faulty := map[int]bool{}

	for _, p := range list.Problems {
		if p.Severity == ehr.Fault {
			faulty[p.Line] = true
		}
	}

	if len(list.Rows)+len(faulty) != list.Total {
		t.Fatalf("%d good, %d faulty, %d in all", len(list.Rows), len(faulty), list.Total)
	}

	c := &content{input: data}
	refs := map[care.SourceRef]bool{}

	for _, row := range list.Rows {
		if !row.Planned.Valid() || refs[row.Source] || row.CPR.IsZero() {
			t.Fatalf("row %+v", row)
		}

		refs[row.Source] = true
		c.manifest.Rows = append(c.manifest.Rows, manifestRow{Line: row.Line, System: row.Source.System, ID: row.Source.ID, Occurrence: row.Source.Occurrence})
	}

	if err := c.open(ctx, aliasTable(nil)); err != nil {
		t.Fatalf("open again: %v", err)
	}

	if out, err := c.output(); err != nil || !bytes.Equal(out, data) {
		t.Fatalf("without entries the output differs: %v", err)
	}

	if len(list.Rows) > 0 {
		checkChanged(t, c, list.Rows[0].Source)
	}
}

// checkChanged plans one visit and reads the output: that row shows it, and no row was lost.
func checkChanged(t *testing.T, c *content, ref care.SourceRef) {
	t.Helper()

	const category = "Planlagt skaermbesoeg"

	c.take(Received{Seq: 1, Key: "k", Kind: care.EntryPlanned, Source: ref, Category: category, Comment: "skaerm"})

	out, err := c.output()
	if err != nil {
		t.Fatalf("output: %v", err)
	}

	after, err := openTable(t.Context(), ehr.File{Data: out}, aliasTable(nil))
	if err != nil {
		t.Fatalf("read the output: %v", err)
	}

	at := c.byRef[ref]
	if len(after.rows) != len(c.table.rows) || after.rows[at].cell(after.header.column(fieldCategory)) != category {
		t.Fatalf("the output has %d rows for %d, and shows %q", len(after.rows), len(c.table.rows), after.rows[at].cells)
	}
}

func FuzzCSV(f *testing.F) {
	seeds(f, "*.csv")
	f.Add([]byte("sep=,\r\n\"Dato\",\"Start\",\"Slut\",\"CPR\"\r\n\"1-1-2026\",\"8\",\"9\",\"0201609995\"\r\n"))
	f.Add([]byte("Dato;Start;Slut;CPR\n\"1-1-2026\n;8;9;0201609995\n1-1-2026;8;9;0201609995;\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 || bytes.HasPrefix(data, []byte("PK")) {
			t.Skip()
		}

		checkAny(t, data)
	})
}

func FuzzXLSX(f *testing.F) {
	seeds(f, "*.xlsx")
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 || !bytes.HasPrefix(data, []byte("PK")) {
			t.Skip()
		}

		checkAny(t, data)
	})
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"23-11-2026", "man. d. 23. nov. 2026", "46349.5", "2026-11-23T07:10:00Z", "1/1-26"} {
		f.Add(s, false)
	}

	f.Fuzz(func(t *testing.T, s string, from1904 bool) {
		if d, ok := parseDate(s, from1904); ok {
			if again, ok := parseDate(d.String(), from1904); !ok || !again.isSame(d) || d.Year() < 2000 || d.Year() > 2100 {
				t.Errorf("%q is %v, and that is %v", s, d, again)
			}
		}

		if d, seconds, ok := parseMoment(s, from1904); ok && (d.IsZero() || seconds < 0) {
			t.Errorf("%q is %v and %d", s, d, seconds)
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"kl. 8.30", "0.298611", "25.31", "1 t 15 min", "1.234,5", "0830"} {
		f.Add(s, true)
	}

	f.Fuzz(func(t *testing.T, s string, serials bool) {
		if n, ok := parseTime(s, serials); ok && (n < 0 || n >= 100*3600) {
			t.Errorf("time %q is %d", s, n)
		}

		if d, ok := parseDuration(s, serials, time.Minute); ok && (d < 0 || d > 101_000*time.Minute) {
			t.Errorf("duration %q is %v", s, d)
		}

		for _, text := range []string{lexicon.Law(s).Danish(), quotable(s)} {
			if len(text) > 40 {
				t.Errorf("%q gives %q", s, text)
			}
		}
	})
}

func FuzzLog(f *testing.F) {
	f.Add([]byte("{\"seq\":1,\"key\":\"a\",\"kind\":\"planned\"}\n{\"seq\":2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}

		entries, end, err := readLog(path, 0)
		if err != nil {
			return
		}

		if end > int64(len(data)) || end > 0 && data[end-1] != '\n' {
			t.Errorf("%d entries end at %d of %d", len(entries), end, len(data))
		}
	})
}

// FuzzSheet changes what is inside the workbook; FuzzXLSX rarely gets past the checksums.
func FuzzSheet(f *testing.F) {
	sample, err := os.ReadFile(filepath.Join("testdata", "koreliste-uge.xlsx"))
	if err != nil {
		f.Fatal(err)
	}

	const sheet, texts = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"

	parts := unpack(f, sample)
	f.Add(parts[sheet], parts[texts])
	f.Add(bytes.Replace(parts[sheet], []byte("</row>"), []byte("</rhw>"), 1), parts[texts]) // read by the library, not written
	f.Add([]byte(`<worksheet><sheetData><row r="9"><c r="XFD9"><f>1</f></c></row><row r="3"/></sheetData></worksheet>`), parts[texts])

	f.Fuzz(func(t *testing.T, rows, strings []byte) {
		if len(rows)+len(strings) > 1<<16 {
			t.Skip()
		}

		var b bytes.Buffer

		w := zip.NewWriter(&b)

		for name, content := range parts {
			switch name {
			case sheet:
				content = rows
			case texts:
				content = strings
			}

			part, err := w.Create(name)
			if err == nil {
				_, err = part.Write(content)
			}

			if err != nil {
				t.Fatal(err)
			}
		}

		if err := w.Close(); err != nil {
			t.Fatal(err)
		}

		checkAny(t, b.Bytes())
	})
}

func unpack(tb testing.TB, data []byte) map[string][]byte {
	tb.Helper()

	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		tb.Fatal(err)
	}

	parts := map[string][]byte{}

	for _, part := range archive.File {
		r, err := part.Open()
		if err != nil {
			tb.Fatal(err)
		}

		if parts[part.Name], err = io.ReadAll(r); err != nil {
			tb.Fatal(err)
		}
	}

	return parts
}
