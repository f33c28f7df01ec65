package web_test

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	godiff "github.com/google/go-cmp/cmp"

	"github.com/sluse/sluse/internal/web/api"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler/care"
)

// TestPermissionsAreTheOnesInDocs keeps docs/permissions.md, which tells who may do what, the same as
// the tables in the code: roles by permission, and every route with what it demands.
func TestPermissionsAreTheOnesInDocs(t *testing.T) {
	t.Parallel()

	routes := append(setup(t).handler.Routes("testby"), api.New(nil)...)
	got := permissionsDoc(routes)
	file := filepath.Join("..", "..", "docs", "permissions.md")

	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	if diff := godiff.Diff(string(want), got); diff != "" {
		t.Errorf("docs/permissions.md is old; go test ./internal/web -run TestPermissions -update writes it (-stored +made):\n%s", diff)
	}
}

func permissionsDoc(routes []route.Route) string {
	var b strings.Builder

	b.WriteString(`# Who may do what

Made from the code by ` + "`go test ./internal/web -run TestPermissions -update`" + `; not to be changed by hand.

An employee has roles in units; a role in a unit holds in the units below it. The tables say which roles
a permission or a route demands in some unit; the use case then asks for the unit of the visit, citizen
or employee at hand. *Fresh* means a login that is not older than 15 minutes. Nothing crosses
municipalities: each has its own database, sessions and keys.

## Roles and permissions

| Permission |`)

	for _, role := range care.Roles() {
		fmt.Fprintf(&b, " %s |", role)
	}

	b.WriteString("\n|---|" + strings.Repeat("---|", len(care.Roles())) + "\n")

	for _, p := range care.Permissions() {
		fmt.Fprintf(&b, "| %s |", p)

		for _, role := range care.Roles() {
			mark := " "
			if slices.Contains(care.RolesWith(p), role) {
				mark = " yes "
			}

			b.WriteString(mark + "|")
		}

		b.WriteString("\n")
	}

	b.WriteString("\n## Routes\n\n| Route | Who | Permission | Fresh |\n|---|---|---|---|\n")

	routes = slices.Clone(routes)
	slices.SortFunc(routes, func(a, b route.Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})

	for _, r := range routes {
		who, permissions := whoMay(r.Access)

		fresh := ""
		if r.Access.DemandsFresh() {
			fresh = "yes"
		}

		fmt.Fprintf(&b, "| %s `%s` | %s | %s | %s |\n", r.Method, r.Path, who, permissions, fresh)
	}

	return b.String()
}

func whoMay(a route.Access) (who, permissions string) {
	if a.Anonymous() {
		return "everybody", ""
	}

	if len(a.Permissions()) == 0 {
		return "every employee with a role", ""
	}

	var roles, names []string

	for _, role := range care.Roles() {
		if slices.ContainsFunc(a.Permissions(), func(p care.Permission) bool { return slices.Contains(care.RolesWith(p), role) }) {
			roles = append(roles, string(role))
		}
	}

	for _, p := range a.Permissions() {
		names = append(names, string(p))
	}

	return strings.Join(roles, ", "), strings.Join(names, " or ")
}

// TestEveryAdministrationIsFresh: what changes who may do what demands a fresh login.
func TestEveryAdministrationIsFresh(t *testing.T) {
	t.Parallel()

	for _, r := range setup(t).handler.Routes("testby") {
		if strings.HasPrefix(r.Path, "/administration/") && !r.Access.DemandsFresh() {
			t.Errorf("%s %s does not demand a fresh login", r.Method, r.Path)
		}

		if r.Access.DemandsFresh() && r.Access.Anonymous() {
			t.Errorf("%s %s demands a fresh login of nobody", r.Method, r.Path)
		}
	}
}

// TestEveryUnitAtTheDoor: at a route a role counts in whatever unit; the use case asks for the unit.
// Without any role, and with a role that is none, every door is closed.
func TestEveryUnitAtTheDoor(t *testing.T) {
	t.Parallel()

	routes := setup(t).handler.Routes("testby")

	for _, r := range routes {
		for _, role := range append(care.Roles(), "boss") {
			allowed := r.Access.Anonymous() || role != "boss" && len(r.Access.Permissions()) == 0 ||
				slices.ContainsFunc(r.Access.Permissions(), func(p care.Permission) bool { return slices.Contains(care.RolesWith(p), role) })

			if role == "boss" && len(r.Access.Permissions()) == 0 {
				continue // the configuration has no such role
			}

			for _, unit := range []care.UnitID{"oest", "vest", "hjemmeplejen", care.EveryUnit} {
				if got := r.Access.Allows(care.Actor{Employee: "X", Grants: []care.Grant{{Unit: unit, Role: role}}}); got != allowed {
					t.Errorf("%s %s as %s in %s: %v, want %v", r.Method, r.Path, role, unit, got, allowed)
				}
			}
		}

		if got := r.Access.Allows(care.Actor{Employee: "X"}); got != r.Access.Anonymous() {
			t.Errorf("%s %s without a role: %v", r.Method, r.Path, got)
		}
	}

	if !slices.ContainsFunc(routes, func(r route.Route) bool { return r.Method == http.MethodGet && r.Path == "/revision" }) {
		t.Error("the table lacks pages")
	}
}
