package saml

import (
	"strings"
	"time"
)

const (
	methodBearer     = "urn:oasis:names:tc:SAML:2.0:cm:bearer" //nolint:gosec // a name from the standard, no credential
	formatEntity     = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
	formatPersistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	formatTransient  = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
)

// assertion is a verified Assertion, read and not yet judged.
type assertion struct {
	id            string
	issuer        string
	issueInstant  time.Time
	nameID        NameID
	confirmations []confirmation
	notBefore     time.Time // zero when absent
	notOnOrAfter  time.Time
	audiences     [][]string // one list per AudienceRestriction; all of them must admit us
	authnInstant  time.Time
	sessionEnd    time.Time // zero when absent
	sessionIndex  string
	attributes    map[string]attributeValues
}

type confirmation struct {
	method       string
	recipient    string
	inResponseTo string
	notOnOrAfter time.Time // zero when absent
	hasNotBefore bool
}

// attributeValues keeps the values of one attribute; usable is false when one of them is
// more than text.
type attributeValues struct {
	values []string
	usable bool
}

// readAssertion reads a verified element. Every child must be one we know in the SAML
// namespace: a foreign NameID, Conditions or Audience is refused, not skipped
// (GO-2026-6909).
func readAssertion(n *node) (*assertion, error) {
	if !n.is(nsAssertion, "Assertion") || n.attr("Version") != "2.0" {
		return nil, invalid("Assertion: not SAML 2.0")
	}
	if err := n.only(nsAssertion, "Issuer", "Subject", "Conditions", "AuthnStatement", "AttributeStatement"); err != nil {
		return nil, err
	}
	a := &assertion{id: n.attr("ID")}
	var err error
	if a.issueInstant, err = timeAttr(n, "IssueInstant"); err != nil {
		return nil, err
	}
	if a.issuer, err = readIssuer(n); err != nil {
		return nil, err
	}
	parts := []struct {
		local string
		read  func(*node) error
	}{
		{"Subject", a.readSubject},
		{"Conditions", a.readConditions},
		{"AuthnStatement", a.readAuthnStatement},
		{"AttributeStatement", a.readAttributes},
	}
	for _, part := range parts {
		child, err := n.one(nsAssertion, part.local)
		if err != nil {
			return nil, err
		}
		if err := part.read(child); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// readIssuer reads the Issuer of any message or assertion.
func readIssuer(n *node) (string, error) {
	issuer, err := n.one(nsAssertion, "Issuer")
	if err != nil {
		return "", err
	}
	if format := issuer.attr("Format"); format != "" && format != formatEntity {
		return "", invalid("Issuer: format is not entity")
	}
	text, err := issuer.leaf()
	return collapse(text), err
}

func readNameID(n *node) (NameID, error) {
	text, err := n.leaf()
	if err != nil {
		return NameID{}, err
	}
	if strings.TrimSpace(text) == "" || len(text) > 1024 {
		return NameID{}, invalid("NameID: empty or too long")
	}
	return NameID{
		Value: text, Format: n.attr("Format"),
		NameQualifier: n.attr("NameQualifier"), SPNameQualifier: n.attr("SPNameQualifier"),
	}, nil
}

func (a *assertion) readSubject(n *node) error {
	if err := n.only(nsAssertion, "NameID", "SubjectConfirmation"); err != nil {
		return err
	}
	name, err := n.one(nsAssertion, "NameID")
	if err != nil {
		return err
	}
	if a.nameID, err = readNameID(name); err != nil {
		return err
	}
	for _, c := range n.all(nsAssertion, "SubjectConfirmation") {
		if err := a.readConfirmation(c); err != nil {
			return err
		}
	}
	return nil
}

func (a *assertion) readConfirmation(n *node) error {
	if err := n.only(nsAssertion, "NameID", "SubjectConfirmationData"); err != nil {
		return err
	}
	c := confirmation{method: n.attr("Method")}
	data, err := n.optional(nsAssertion, "SubjectConfirmationData")
	if err != nil {
		return err
	}
	if data != nil {
		c.recipient, c.inResponseTo = data.attr("Recipient"), data.attr("InResponseTo")
		_, c.hasNotBefore = data.lookup("NotBefore")
		if c.notOnOrAfter, err = optionalTimeAttr(data, "NotOnOrAfter"); err != nil {
			return err
		}
	}
	a.confirmations = append(a.confirmations, c)
	return nil
}

func (a *assertion) readConditions(n *node) error {
	// OneTimeUse is always obeyed; ProxyRestriction concerns those who issue assertions.
	if err := n.only(nsAssertion, "AudienceRestriction", "OneTimeUse", "ProxyRestriction"); err != nil {
		return err
	}
	var err error
	if a.notBefore, err = optionalTimeAttr(n, "NotBefore"); err != nil {
		return err
	}
	if a.notOnOrAfter, err = timeAttr(n, "NotOnOrAfter"); err != nil {
		return err
	}
	for _, restriction := range n.all(nsAssertion, "AudienceRestriction") {
		if err := restriction.only(nsAssertion, "Audience"); err != nil {
			return err
		}
		var list []string
		for _, audience := range restriction.children {
			text, err := audience.leaf()
			if err != nil {
				return err
			}
			list = append(list, collapse(text))
		}
		a.audiences = append(a.audiences, list)
	}
	return nil
}

func (a *assertion) readAuthnStatement(n *node) error {
	if err := n.only(nsAssertion, "SubjectLocality", "AuthnContext"); err != nil {
		return err
	}
	if _, err := n.one(nsAssertion, "AuthnContext"); err != nil {
		return err
	}
	a.sessionIndex = n.attr("SessionIndex")
	if len(a.sessionIndex) > 1024 {
		return invalid("AuthnStatement: SessionIndex too long")
	}
	var err error
	if a.authnInstant, err = timeAttr(n, "AuthnInstant"); err != nil {
		return err
	}
	a.sessionEnd, err = optionalTimeAttr(n, "SessionNotOnOrAfter")
	return err
}

func (a *assertion) readAttributes(n *node) error {
	if err := n.only(nsAssertion, "Attribute"); err != nil {
		return err
	}
	a.attributes = make(map[string]attributeValues, len(n.children))
	for _, child := range n.children {
		name := child.attr("Name")
		if name == "" {
			return invalid("Attribute: without a name")
		}
		if _, twice := a.attributes[name]; twice {
			return invalid("Attribute: same name twice")
		}
		if err := child.only(nsAssertion, "AttributeValue"); err != nil {
			return err
		}
		values := attributeValues{usable: true}
		for _, v := range child.children {
			values.usable = values.usable && len(v.children) == 0
			values.values = append(values.values, strings.TrimSpace(v.text))
		}
		a.attributes[name] = values
	}
	return nil
}

// single returns the one text value of an attribute, "" when it is absent or empty.
// Several values where one is meant are refused.
func (a *assertion) single(name string) (string, error) {
	values, found := a.attributes[name]
	if !found || len(values.values) == 0 {
		return "", nil
	}
	if !values.usable || len(values.values) != 1 {
		return "", invalid("Attribute: not one text value where one is meant")
	}
	return values.values[0], nil
}

// list returns all text values of an attribute.
func (a *assertion) list(name string) ([]string, error) {
	values := a.attributes[name]
	if name == "" || len(values.values) == 0 {
		return nil, nil
	}
	if !values.usable {
		return nil, invalid("Attribute: more than text in a value")
	}
	return values.values, nil
}

// timeAttr reads an xs:dateTime, which SAML core §1.3.3 wants in UTC.
func timeAttr(n *node, local string) (time.Time, error) {
	t, err := optionalTimeAttr(n, local)
	if err == nil && t.IsZero() {
		return time.Time{}, invalid("%s: %s is missing", n.local, local)
	}
	return t, err
}

func optionalTimeAttr(n *node, local string) (time.Time, error) {
	value, found := n.lookup(local)
	if !found {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil || t.IsZero() {
		return time.Time{}, invalid("%s: %s is not a UTC time", n.local, local)
	}
	if _, offset := t.Zone(); offset != 0 {
		return time.Time{}, invalid("%s: %s is not a UTC time", n.local, local)
	}
	return t.UTC(), nil
}
