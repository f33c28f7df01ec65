package saml

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	ourCVR  = "29189846"
	bpp     = "http://itst.dk/oiosaml/basic_privilege_profile"
	plan    = "http://sluse.example/roles/usersystemrole/planner/1"
	orgUnit = "http://sts.kombit.dk/constraints/orgenhed/1"
)

// privilegeList writes groups as the profile wants them.
func privilegeList(namespace, groups string) string {
	return base64.StdEncoding.EncodeToString([]byte(
		`<?xml version="1.0" encoding="UTF-8"?><b:PrivilegeList xmlns:b="` + namespace + `">` + groups + `</b:PrivilegeList>`))
}

func group(scope, content string) string {
	return `<PrivilegeGroup Scope="` + scope + `">` + content + `</PrivilegeGroup>`
}

const role = `<Privilege>` + plan + `</Privilege>`

func limit(name, values string) string {
	return `<Constraint Name="` + name + `">` + values + `</Constraint>`
}

// TestPrivileges goes through the six rules of the contract, identity.md §1.7.
func TestPrivileges(t *testing.T) {
	t.Parallel()
	ours := scopeCVR + ourCVR
	tests := map[string]struct {
		groups  string
		want    []Privilege
		ignored int
	}{
		"one":           {groups: group(ours, role), want: []Privilege{{Role: plan, CVR: ourCVR}}},
		"with blanks":   {groups: group(ours, "<Privilege>\n "+plan+"\n</Privilege>"), want: []Privilege{{Role: plan, CVR: ourCVR}}},
		"none":          {groups: ""},
		"another CVR":   {groups: group(scopeCVR+"11111111", role), ignored: 1},
		"another scope": {groups: group("urn:dk:gov:saml:productionUnitIdentifier:"+ourCVR, role), ignored: 1},
		"no scope":      {groups: `<PrivilegeGroup>` + role + `</PrivilegeGroup>`, ignored: 1},
		"longer CVR":    {groups: group(ours+"0", role), ignored: 1},
		"constraint": {
			groups: group(ours, role+limit(orgUnit, "u1, u2")),
			want:   []Privilege{{Role: plan, CVR: ourCVR, Constraints: []Constraint{{Name: orgUnit, Values: []string{"u1", "u2"}}}}},
		},
		"empty constraint":      {groups: group(ours, role+limit(orgUnit, "")), ignored: 1},
		"blank constraint":      {groups: group(ours, role+limit(orgUnit, "  ")), ignored: 1},
		"half empty constraint": {groups: group(ours, role+limit(orgUnit, "u1,")), ignored: 1},
		"constraint of no name": {groups: group(ours, role+limit("", "u1")), ignored: 1},
		"structured constraint": {groups: group(ours, role+limit(orgUnit, "<Value>u1</Value>")), ignored: 1},
		"groups stay apart": {
			groups: group(ours, role+limit(orgUnit, "u1")) + group(ours, `<Privilege>urn:free</Privilege>`) + group(scopeCVR+"11111111", role),
			want: []Privilege{
				{Role: plan, CVR: ourCVR, Constraints: []Constraint{{Name: orgUnit, Values: []string{"u1"}}}},
				{Role: "urn:free", CVR: ourCVR},
			},
			ignored: 1,
		},
		"same constraint twice": {
			groups: group(ours, role+limit(orgUnit, "u1")+limit(orgUnit, "u2")),
			want: []Privilege{{Role: plan, CVR: ourCVR, Constraints: []Constraint{
				{Name: orgUnit, Values: []string{"u1"}}, {Name: orgUnit, Values: []string{"u2"}},
			}}},
		},
	}
	for name, test := range tests {
		for _, namespace := range privilegeNamespaces() {
			got, ignored, err := parsePrivileges(privilegeList(namespace, test.groups), ourCVR)
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" || ignored != test.ignored {
				t.Errorf("%s: %d ignored, %v\n%s", name, ignored, err, diff)
			}
		}
	}
	withMark := base64.StdEncoding.EncodeToString([]byte("\ufeff<PrivilegeList xmlns=\"" + bpp + "\"></PrivilegeList>"))
	if _, _, err := parsePrivileges(withMark, ourCVR); err != nil {
		t.Errorf("byte order mark: %v", err)
	}
}

func TestPrivilegesRefused(t *testing.T) {
	t.Parallel()
	ours := group(scopeCVR+ourCVR, role)
	for name, text := range map[string]string{
		"not base64":        "***",
		"not XML":           base64.StdEncoding.EncodeToString([]byte("PLANNER")),
		"empty":             " ",
		"foreign namespace": privilegeList("urn:other", ours),
		"qualified groups":  base64.StdEncoding.EncodeToString([]byte(`<PrivilegeList xmlns="` + bpp + `">` + ours + `</PrivilegeList>`)),
		"other element":     privilegeList(bpp, ours+`<Group/>`),
		"other in a group":  privilegeList(bpp, group(scopeCVR+ourCVR, role+`<Limit>x</Limit>`)),
		"role of elements":  privilegeList(bpp, group(scopeCVR+ourCVR, `<Privilege><a/></Privilege>`)),
		"empty role":        privilegeList(bpp, group(scopeCVR+ourCVR, `<Privilege></Privilege>`)),
		"comment in a role": privilegeList(bpp, group(scopeCVR+ourCVR, `<Privilege>a<!-- -->b</Privilege>`)),
		"DTD":               base64.StdEncoding.EncodeToString([]byte(`<!DOCTYPE x><PrivilegeList xmlns="` + bpp + `"/>`)),
		"too many groups":   privilegeList(bpp, strings.Repeat(ours, maxPrivilegeGroups+1)),
		"too large":         strings.Repeat("A", maxPrivilegeBytes+1),
	} {
		if got, _, err := parsePrivileges(text, ourCVR); KindOf(err) != KindInvalid || got != nil {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// TestPrivilegesGivenTwice: both names of the attribute at once are refused.
func TestPrivilegesGivenTwice(t *testing.T) {
	t.Parallel()
	list := privilegeList(bpp, group(scopeCVR+ourCVR, role))
	x := &exchange{cfg: Config{CVR: ourCVR}}
	read := func(names ...string) (int, error) {
		a := &assertion{attributes: map[string]attributeValues{}}
		for _, name := range names {
			a.attributes[name] = attributeValues{values: []string{list}, usable: true}
		}
		got, _, err := x.privileges(a)
		return len(got), err
	}
	for _, name := range []string{attrPrivileges, attrOldPrivileges} {
		if n, err := read(name); n != 1 || err != nil {
			t.Errorf("%s: %d %v", name, n, err)
		}
	}
	if _, err := read(attrPrivileges, attrOldPrivileges); KindOf(err) != KindInvalid {
		t.Errorf("both: %v", err)
	}
	x.cfg.CVR = ""
	if n, err := read(attrPrivileges); n != 0 || err != nil {
		t.Errorf("without a CVR number of our own: %d %v", n, err)
	}
}

// FuzzPrivileges: whatever comes, there is no panic, and no privilege without a role, of
// another organisation or with an empty constraint.
func FuzzPrivileges(f *testing.F) {
	f.Add([]byte(`<b:PrivilegeList xmlns:b="` + bpp + `">` + group(scopeCVR+ourCVR, role+limit(orgUnit, "u1,u2")) + `</b:PrivilegeList>`))
	f.Add([]byte(`<b:PrivilegeList xmlns:b="` + bpp + `">` + group(scopeCVR+"11111111", role) + group(scopeCVR+ourCVR, role+limit("", ",")) + `</b:PrivilegeList>`))
	f.Add([]byte("\ufeff<PrivilegeList/>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		list, _, err := parsePrivileges(base64.StdEncoding.EncodeToString(document), ourCVR)
		if err != nil {
			if KindOf(err) != KindInvalid || list != nil {
				t.Fatalf("%v with %v", err, list)
			}
			return
		}
		for _, p := range list {
			if strings.TrimSpace(p.Role) == "" || p.CVR != ourCVR || !strings.Contains(string(document), scopeCVR) {
				t.Fatalf("unfounded: %+v", p)
			}
			for _, c := range p.Constraints {
				if c.Name == "" || len(c.Values) == 0 || strings.TrimSpace(strings.Join(c.Values, "")) == "" {
					t.Fatalf("empty constraint: %+v", p)
				}
			}
		}
	})
}
