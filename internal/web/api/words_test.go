package api

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/scheduler/care"
)

// constants reads the domain's typed constants from its source, so that a word that is added
// there and forgotten in the document is found.
func constants(t *testing.T) map[string][]string {
	t.Helper()

	out := map[string][]string{}

	for _, dir := range []string{"../../../scheduler", "../../../scheduler/care"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(fs.ErrNotExist, err)
		}

		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}

			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}

			ast.Inspect(parsed, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				if !ok || len(spec.Values) != 1 {
					return true
				}

				kind, named := spec.Type.(*ast.Ident)
				if value, literal := spec.Values[0].(*ast.BasicLit); named && literal && value.Kind == token.STRING {
					word, _ := strconv.Unquote(value.Value)
					out[kind.Name] = append(out[kind.Name], word)
				}

				return true
			})
		}
	}

	return out
}

// TestDocumentKnowsEveryWord compares the enums of the document with the domain.
func TestDocumentKnowsEveryWord(t *testing.T) {
	t.Parallel()

	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}

	domain := constants(t)

	for kind, path := range map[string]string{
		"VisitState": "State", "Status": "Status", "LegalBasis": "Law", "Delivery": "Delivery", "Shift": "Shift", "Channel": "Channel",
		"ResultKind": "ResultKind", "Grade": "Grade", "ReasonCode": "ReasonCode", "ChangeKind": "ListChange.kind",
		"ExceptionKind": "Exception.kind", "RoomState": "VisitDetail.rooms.state", "InvitationKind": "VisitDetail.messages.kind",
		"InvitationState": "VisitDetail.messages.state", "EntryKind": "VisitDetail.entries.kind", "EntryState": "VisitDetail.entries.state", "Means": "VisitDetail.entries.means",
		"AdmissionState": "AdmissionState.state", "IdentityMethod": "AdmissionState.method", "BatchState": "Progress.state",
		"ParticipantKind": "ParticipantKind", "ConsentForm": "ConsentForm", "CallStage": "Call.stage", "FollowUpStage": "FollowUp.stage", "FollowUpAction": "FollowUpAction",
		"DriftKind": "DriftKind", "DriftSide": "Finding.side", "FindingState": "Finding.state", "RunKind": "Reconciliation.kind", "RunState": "Reconciliation.state",
	} {
		if diff := cmp.Diff(sorted(domain[kind]), sorted(enumOf(doc, path))); diff != "" || len(domain[kind]) == 0 {
			t.Errorf("%s and %s (-domain +document):\n%s", kind, path, diff)
		}
	}

	var kinds []string
	for k := care.Invalid; k <= care.Internal; k++ {
		kinds = append(kinds, k.String())
	}

	if diff := cmp.Diff(kinds, enumOf(doc, "Problem.kind")); diff != "" {
		t.Errorf("kinds of errors (-domain +document):\n%s", diff)
	}

	if diff := cmp.Diff(each(levels(), care.Level.String), enumOf(doc, "Level")); diff != "" {
		t.Errorf("levels (-domain +document):\n%s", diff)
	}

	if diff := cmp.Diff(sorted(domain["Status"]), sorted(statuses())); diff != "" {
		t.Errorf("statuses that a day can be filtered by (-domain +API):\n%s", diff)
	}
}

func sorted[T ~string](in []T) []string {
	out := each(in, func(s T) string { return string(s) })
	slices.Sort(out)

	return out
}

// enumOf follows a path of properties, through arrays, to an enum.
func enumOf(doc *openapi3.T, path string) []string {
	parts := strings.Split(path, ".")
	s := doc.Components.Schemas[parts[0]].Value

	for _, p := range parts[1:] {
		s = s.Properties[p].Value
		if s.Items != nil {
			s = s.Items.Value
		}
	}

	return each(s.Enum, func(v any) string { return v.(string) })
}

func TestTimesHaveTheDanishOffset(t *testing.T) {
	t.Parallel()

	for utc, want := range map[string]string{
		"2026-10-25T00:30:00Z": "2026-10-25T02:30:00+02:00", // the hour that comes twice
		"2026-10-25T01:30:00Z": "2026-10-25T02:30:00+01:00",
		"2027-03-28T01:00:00Z": "2027-03-28T03:00:00+02:00",
	} {
		at, err := time.Parse(time.RFC3339, utc)
		if err != nil {
			t.Fatal(err)
		}

		if got := stamp(at); got != want {
			t.Errorf("%s: %s, want %s", utc, got, want)
		}

		if back, err := instant("start", want); err != nil || !back.Equal(at) {
			t.Errorf("%s came back as %s, %v", want, back, err)
		}
	}

	if got := stamp(time.Time{}); got != "" {
		t.Errorf("the zero time is %q", got)
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()

	for in, want := range map[string]int{"0s": 0, "1ms": 1, "1s": 1, "1001ms": 2} {
		d, err := time.ParseDuration(in)
		if err != nil {
			t.Fatal(err)
		}

		if got := seconds(d); got != want {
			t.Errorf("%s: %d, want %d", in, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()

	for name, want := range map[string]string{
		"koreliste.csv":                         "koreliste.csv",
		`C:\Users\msk\Køreliste øst.xlsx`:       "Køreliste øst.xlsx",
		"../../etc/passwd":                      "passwd",
		"liste\x00\r\n.csv":                     "liste.csv",
		"lis\u202etxe.vsc":                      "listxe.vsc",
		"borger 010490-9989.csv":                "borger 010490-••••.csv",
		"231126 0104909989.csv":                 "231126 010490-••••.csv",
		"0104909989_0107729995.csv":             "010490-••••_010772-••••.csv",
		"20261123-0700.csv":                     "20261123-0700.csv",
		"":                                      "koereliste",
		"/":                                     "koereliste",
		"..":                                    "koereliste",
		"\xff\xfe":                              "koereliste",
		strings.Repeat("a", 200) + ".csv":       strings.Repeat("a", 116) + ".csv",
		strings.Repeat("å", 119) + "0104909989": strings.Repeat("å", 109) + "010490-••••",
	} {
		if got := fileName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// FuzzFileName looks for a name that is unfit to be shown.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"a.csv", `C:\a.csv`, "0104909989 0104909989-0104909989", "a\u202e/..", "1\n010490-9989"} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, s string) {
		name := fileName(s)
		if name == "" || len([]rune(name)) > maxName || strings.ContainsAny(name, "/\\\r\n\x00") {
			t.Errorf("%q became %q", s, name)
		}

		if again := fileName(name); again != name && len([]rune(name)) < maxName {
			t.Errorf("%q became %q and then %q", s, name, again)
		}
	})
}

// FuzzDecode looks for a body that passes without being what it says.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"visits":["a"],"dry_run":true,"reason":"x"}`, `{}`, `null`, `{"visits":[{"a":1}]}`, `{"visits":[],"visits":[]}`} {
		f.Add([]byte(s))
	}

	f.Fuzz(func(t *testing.T, data []byte) {
		var body, again convertRequest

		err := decodeBytes(data, &body)
		if err != nil {
			if care.KindOf(err) != care.Invalid {
				t.Errorf("%q: %v", data, err)
			}

			return
		}

		written, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}

		if body.Visits == nil {
			return // the request's own check refuses it; null is not written by callers
		}

		if err := decodeBytes(written, &again); err != nil || !cmp.Equal(body, again) {
			t.Errorf("%q was read as %s and that as %+v, %v", data, written, again, err)
		}
	})
}
