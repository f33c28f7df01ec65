package scim

import (
	"net/http"
	"slices"
	"testing"

	"github.com/sluse/sluse/scheduler/directory"
)

// FuzzPatch reads any bytes as a PATCH and applies it to a person and a group: no panic, and an
// error is one of SCIM that says 400.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`,
		`{"Operations":[{"op":"replace","value":{"active":true,"name":{"familyName":"Lund"},"name.givenName":"Bodil"}}]}`,
		`{"Operations":[{"op":"remove","path":"members[value eq \"aoj\"]"},{"op":"Remove","path":"members","value":[{"value":"x"}]}]}`,
		`{"Operations":[{"op":"add","path":"emails[type eq \"work\"].value","value":[{"value":"a@b.example","primary":"True"}]}]}`,
		`{"Operations":[{"op":"add","path":"members","value":{"value":"x"}},{"op":"add","value":null}]}`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, data []byte) {
		edits, err := parsePatch(data)
		if err == nil {
			for _, e := range edits {
				if !slices.Contains([]string{"add", "replace", "remove"}, e.op) {
					t.Fatalf("operation %q", e.op)
				}
			}

			p := directory.Person{Login: "x", Name: "Mona Skov"}
			g := directory.Group{Name: "x"}
			err = patchPerson(&p, edits)

			if other := patchGroup(&g, edits); err == nil {
				err = other
			}
		}

		if err == nil {
			return
		}

		if p, ok := asProblem(err); !ok || p.status != http.StatusBadRequest || p.kind == "" {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzFilter reads any text as a filter: no panic, an attribute and a value each, or 400.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "msk@testby.example"`, `id eq "1" and members eq "2"`, `emails[type eq "work"].value eq "a\"b"`, `active eq True`, `a eq "b" or c eq "d"`, `eq eq eq`, `x[" eq "y`,
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		conditions, err := parseFilter(text)
		if err != nil {
			if p, ok := asProblem(err); !ok || p.kind != "invalidFilter" {
				t.Fatalf("%v", err)
			}

			return
		}

		if len(conditions) == 0 || len(conditions) > maxConditions || conditions[0].attribute == "" {
			t.Fatalf("%+v", conditions)
		}
	})
}
