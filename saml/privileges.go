package saml

import (
	"encoding/base64"
	"slices"
	"strings"
)

const (
	maxPrivilegeBytes  = 256 << 10 // of the base64 text
	maxPrivilegeGroups = 200
	scopeCVR           = "urn:dk:gov:saml:cvrNumberIdentifier:"
)

// privilegeNamespaces are those of the Basic Privilege Profile 1.0 and 1.1, which KOMBIT
// uses, and of 1.2.
func privilegeNamespaces() []string {
	return []string{"http://itst.dk/oiosaml/basic_privilege_profile", "http://digst.dk/oiosaml/basic_privilege_profile"}
}

// privileges reads the attribute with privileges, under either of its names. Without a CVR
// number of our own nobody could say whom they concern, so none are read.
func (x *exchange) privileges(a *assertion) (list []Privilege, ignored int, err error) {
	if x.cfg.CVR == "" {
		return nil, 0, nil
	}
	recent, err := a.single(attrPrivileges)
	if err != nil {
		return nil, 0, err
	}
	old, err := a.single(attrOldPrivileges)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case recent != "" && old != "":
		return nil, 0, invalid("privileges: given twice")
	case recent == "" && old == "":
		return nil, 0, nil
	}
	return parsePrivileges(recent+old, x.cfg.CVR)
}

// parsePrivileges reads a value of the OIO Basic Privilege Profile: XML in base64. It
// returns the privileges whose scope is the CVR number, and how many groups were left out
// because they concern others or because a constraint is empty. A group is never merged
// with another: its constraints limit its own privileges only. Anything that is not the
// profile is an error.
func parsePrivileges(text, cvr string) (list []Privilege, ignored int, err error) {
	if len(text) > maxPrivilegeBytes {
		return nil, 0, invalid("privileges: larger than %d bytes", maxPrivilegeBytes)
	}
	document, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, 0, invalid("privileges: not base64")
	}
	root, _, err := parseMessage([]byte(strings.TrimPrefix(string(document), "\ufeff")))
	if err != nil {
		return nil, 0, err
	}
	if root.local != "PrivilegeList" || !slices.Contains(privilegeNamespaces(), root.space) {
		return nil, 0, invalid("privileges: not a PrivilegeList")
	}
	if err := root.only("", "PrivilegeGroup"); err != nil {
		return nil, 0, err
	}
	if len(root.children) > maxPrivilegeGroups {
		return nil, 0, invalid("privileges: more than %d groups", maxPrivilegeGroups)
	}
	for _, group := range root.children {
		privileges, usable, err := readGroup(group, cvr)
		if err != nil {
			return nil, 0, err
		}
		if !usable {
			ignored++
			continue
		}
		list = append(list, privileges...)
	}
	return list, ignored, nil
}

// readGroup returns the privileges of one group; usable is false when it is not ours or
// not to be understood.
func readGroup(group *node, cvr string) (list []Privilege, usable bool, err error) {
	if err := group.only("", "Privilege", "Constraint"); err != nil {
		return nil, false, err
	}
	var constraints []Constraint
	usable = group.attr("Scope") == scopeCVR+cvr
	for _, child := range group.all("", "Constraint") {
		constraint, complete := readConstraint(child)
		usable = usable && complete
		constraints = append(constraints, constraint)
	}
	for _, child := range group.all("", "Privilege") {
		role, err := child.leaf()
		if err != nil {
			return nil, false, err
		}
		list = append(list, Privilege{Role: collapse(role), CVR: cvr, Constraints: slices.Clone(constraints)})
	}
	return list, usable, nil
}

// readConstraint is complete only with a name and values none of which is empty: an empty
// constraint means no access, never access without limits.
func readConstraint(n *node) (c Constraint, complete bool) {
	c.Name = strings.TrimSpace(n.attr("Name"))
	for value := range strings.SplitSeq(n.text, ",") {
		c.Values = append(c.Values, strings.TrimSpace(value))
	}
	return c, c.Name != "" && len(n.children) == 0 && !slices.Contains(c.Values, "")
}
