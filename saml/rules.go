package saml

import (
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// judge holds a verified assertion against the rules and returns who it is about.
func (x *exchange) judge(a *assertion, req Request, encrypted bool, now time.Time) (Principal, error) {
	if a.issuer != x.idp.entityID {
		return Principal{}, invalid("Assertion: issued by another provider")
	}
	if err := x.checkWindows(a, now); err != nil {
		return Principal{}, err
	}
	if err := x.checkConfirmation(a, req, now); err != nil {
		return Principal{}, err
	}
	if err := x.checkAudience(a); err != nil {
		return Principal{}, err
	}
	if req.ForceAuthn && a.authnInstant.Before(req.CreatedAt.Add(-x.cfg.Skew)) {
		return Principal{}, invalid("AuthnStatement: older than the fresh login that was asked for")
	}
	return x.principal(a, req, encrypted)
}

// checkWindows holds the times of the assertion against the clock, which may differ from
// the provider's by the configured skew.
func (x *exchange) checkWindows(a *assertion, now time.Time) error {
	skew := x.cfg.Skew
	switch {
	case a.issueInstant.After(now.Add(skew)):
		return invalid("Assertion: issued in the future")
	case a.issueInstant.Before(now.Add(-maxIssueAge)):
		return expired("Assertion: issued too long ago")
	case a.notBefore.After(now.Add(skew)):
		return expired("Conditions: not valid yet")
	case !now.Add(-skew).Before(a.notOnOrAfter):
		return expired("Conditions: no longer valid")
	case a.notOnOrAfter.Sub(a.issueInstant) > x.cfg.MaxValidity+skew:
		return invalid("Conditions: valid for too long")
	case a.authnInstant.After(now.Add(skew)):
		return invalid("AuthnStatement: in the future")
	case !a.sessionEnd.IsZero() && !now.Add(-skew).Before(a.sessionEnd):
		return expired("AuthnStatement: session is over")
	}
	return nil
}

// checkConfirmation demands a bearer confirmation that is meant for our endpoint and
// answers our request (SAML profiles §4.1.4.3).
func (x *exchange) checkConfirmation(a *assertion, req Request, now time.Time) error {
	outdated := false
	for _, c := range a.confirmations {
		if c.method != methodBearer || c.recipient != x.acsURL() || c.inResponseTo != req.ID ||
			c.hasNotBefore || c.notOnOrAfter.IsZero() ||
			c.notOnOrAfter.Sub(a.issueInstant) > x.cfg.MaxValidity+x.cfg.Skew {
			continue
		}
		if now.Add(-x.cfg.Skew).Before(c.notOnOrAfter) {
			return nil
		}
		outdated = true
	}
	if outdated {
		return expired("SubjectConfirmationData: no longer valid")
	}
	return invalid("SubjectConfirmation: no bearer confirmation for this request and endpoint")
}

// checkAudience demands that every AudienceRestriction names us: several of them are a
// conjunction, the audiences within one a disjunction (SAML core §2.5.1.4).
func (x *exchange) checkAudience(a *assertion) error {
	if len(a.audiences) == 0 {
		return invalid("Conditions: no AudienceRestriction")
	}
	for _, list := range a.audiences {
		if !slices.Contains(list, x.cfg.EntityID) {
			return invalid("AudienceRestriction: meant for somebody else")
		}
	}
	return nil
}

// principal reads who the assertion is about, by the profile's rules.
func (x *exchange) principal(a *assertion, req Request, encrypted bool) (Principal, error) {
	who := Principal{
		Kind: x.cfg.Audience, Subject: a.nameID.Value, IDP: x.idp.entityID, NameID: a.nameID, SessionIndex: a.sessionIndex,
		AuthenticatedAt: a.authnInstant, ExpiresAt: a.sessionEnd,
	}
	if err := x.applyProfile(a, &who, encrypted); err != nil {
		return Principal{}, err
	}
	var err error
	if who.Level, err = x.level(a, req); err != nil {
		return Principal{}, err
	}
	if x.cfg.persons() {
		err = readPerson(a, &who)
	} else {
		err = x.readProfessional(a, &who)
	}
	if err != nil {
		return Principal{}, err
	}
	return who, nil
}

// readPerson takes the CPR number, of which there has to be exactly one. Its verdict is
// not asked for more than its shape: numbers without a birthday or modulus 11 exist.
func readPerson(a *assertion, who *Principal) error {
	number, err := a.single(attrCPR)
	if err != nil {
		return err
	}
	cpr, verdict, padded := care.ParseCPR(number)
	if number == "" || verdict == care.CPRMalformed || padded {
		return denied(ReasonNoCPR, "cprNumber: missing or not one")
	}
	who.CPR = cpr
	who.Name, err = a.single(attrFullName)
	return err
}

func (x *exchange) readProfessional(a *assertion, who *Principal) error {
	names := x.cfg.Attributes
	for _, field := range []struct {
		name string
		to   *string
	}{{names.EmployeeID, &who.EmployeeID}, {names.Name, &who.Name}, {names.Email, &who.Email}} {
		if field.name == "" {
			continue
		}
		text, err := a.single(field.name)
		if err != nil {
			return err
		}
		if text != "" || field.to == &who.EmployeeID {
			*field.to = text
		}
	}
	if who.EmployeeID == "" {
		return denied(ReasonNoEmployee, "the attribute with the employee ID is missing or empty")
	}
	// A transient name changes from login to login, unless it is one of data.gov.dk's.
	if a.nameID.Format == formatTransient && !strings.HasPrefix(who.Subject, "https://data.gov.dk/") {
		who.Subject = who.EmployeeID
	}
	var err error
	if who.Groups, err = a.list(names.Groups); err != nil {
		return err
	}
	who.Privileges, who.PrivilegesIgnored, err = x.privileges(a)
	return err
}

// level reads the level of assurance from the attribute. AuthnContextClassRef is not
// consulted: at least one common provider sends a reference without the level there. What
// came back is what counts, whatever was asked for.
func (x *exchange) level(a *assertion, req Request) (care.Assurance, error) {
	level, err := statedLevel(a, x.cfg.Profile)
	if err != nil {
		return care.NoAssurance, err
	}
	if level < max(x.minLevel, req.MinLevel) || (x.cfg.Profile != ProfilePlain && level == care.NoAssurance) {
		return care.NoAssurance, denied(ReasonLevelTooLow, "level of assurance: lower than required")
	}
	return level, nil
}
