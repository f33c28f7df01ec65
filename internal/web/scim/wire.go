package scim

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/directory"
)

// The URNs of RFC 7643 and RFC 7644.
const (
	schemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaList       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaError      = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// user is a User as directories send it (RFC 7643 §4.1).
type user struct {
	Schemas     []string    `json:"schemas"`
	UserName    string      `json:"userName"`
	ExternalID  string      `json:"externalId"`
	DisplayName string      `json:"displayName"`
	Active      *flag       `json:"active"`
	Name        name        `json:"name"`
	Emails      []mailEntry `json:"emails"`
	Enterprise  struct {
		EmployeeNumber string `json:"employeeNumber"`
	} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

type name struct {
	Formatted  string `json:"formatted,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
}

type mailEntry struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary flag   `json:"primary,omitempty"`
}

// group is a Group as directories send it (RFC 7643 §4.2).
type group struct {
	Schemas     []string    `json:"schemas"`
	DisplayName string      `json:"displayName"`
	ExternalID  string      `json:"externalId"`
	Members     []reference `json:"members"`
}

type reference struct {
	Value string `json:"value"`
}

// flag is a boolean, which Entra writes as a word.
type flag bool

// UnmarshalJSON takes true, false, "True" and "False" in any case.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true":
		*f = true
	case "false":
		*f = false
	default:
		return invalid("invalidValue", "a boolean is true or false")
	}

	return nil
}

// full returns the name that is shown: the display name, the formatted one, or the parts.
func full(display, formatted, given, family string) string {
	for _, text := range []string{display, formatted, strings.TrimSpace(given + " " + family)} {
		if text = strings.TrimSpace(text); text != "" {
			return text
		}
	}

	return ""
}

// mailOf returns the work address, else the primary one, else the first.
func mailOf(all []mailEntry) string {
	for _, good := range []func(mailEntry) bool{
		func(m mailEntry) bool { return strings.EqualFold(m.Type, "work") },
		func(m mailEntry) bool { return bool(m.Primary) },
		func(mailEntry) bool { return true },
	} {
		for _, m := range all {
			if good(m) && m.Value != "" {
				return m.Value
			}
		}
	}

	return ""
}

// fill puts what a User says into a person. A User without active is active (RFC 7643 §4.1.1).
func (u user) fill(p *directory.Person) {
	p.Login, p.ExternalID = u.UserName, u.ExternalID
	p.Name, p.Email = full(u.DisplayName, u.Name.Formatted, u.Name.GivenName, u.Name.FamilyName), mailOf(u.Emails)
	p.Active = u.Active == nil || bool(*u.Active)
}

// split parts a name before its last word.
func split(full string) (given, family string) {
	words := strings.Fields(full)
	if len(words) == 0 {
		return "", ""
	}

	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

type resource map[string]any

func (s *Server) meta(kind, id string, version int, created, changed time.Time) map[string]any {
	return map[string]any{
		"resourceType": kind, "created": created.UTC().Format(time.RFC3339), "lastModified": changed.UTC().Format(time.RFC3339),
		"version": tag(version), "location": s.location(kind+"s", id),
	}
}

func (s *Server) userOf(e care.Employee) resource {
	given, family := split(e.Name)
	out := resource{
		"schemas": []string{schemaUser}, "id": string(e.ID), "userName": e.Login, "displayName": e.Name, "active": e.Active,
		"name": name{Formatted: e.Name, GivenName: given, FamilyName: family},
		"meta": s.meta("User", string(e.ID), e.Version, e.CreatedAt, e.ChangedAt),
	}

	if e.ExternalID != "" {
		out["externalId"] = e.ExternalID
	}

	if !e.Email.IsZero() {
		out["emails"] = []mailEntry{{Value: e.Email.Reveal(), Type: "work", Primary: true}}
	}

	return out
}

func (s *Server) groupOf(g directory.Group) resource {
	members := make([]map[string]string, 0, len(g.Members))
	for _, m := range g.Members {
		members = append(members, map[string]string{"value": string(m), "$ref": s.location("Users", string(m)), "type": "User"})
	}

	out := resource{
		"schemas": []string{schemaGroup}, "id": g.ID, "displayName": g.Name, "members": members,
		"meta": s.meta("Group", g.ID, g.Version, g.CreatedAt, g.ChangedAt),
	}

	if g.ExternalID != "" {
		out["externalId"] = g.ExternalID
	}

	return out
}

// decode reads JSON strictly enough that nothing is read twice.
func decode(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		if known, ok := asProblem(err); ok {
			return known
		}

		return invalid("invalidSyntax", "the body is no JSON of this resource")
	}

	return nil
}
