package saml

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// judge holds a verified assertion against the rules and returns who it is about.
func (p *Provider) judge(a *assertion, req Request, encrypted bool, now time.Time) (Principal, error) {
	if a.issuer != p.idp.entityID {
		return Principal{}, invalid("Assertion: issued by another provider")
	}
	if err := p.checkWindows(a, now); err != nil {
		return Principal{}, err
	}
	if err := p.checkConfirmation(a, req, now); err != nil {
		return Principal{}, err
	}
	if err := p.checkAudience(a); err != nil {
		return Principal{}, err
	}
	if req.ForceAuthn && a.authnInstant.Before(req.CreatedAt.Add(-p.cfg.Skew)) {
		return Principal{}, invalid("AuthnStatement: older than the fresh login that was asked for")
	}
	if p.cfg.Profile == ProfileOIOSAML3 {
		if err := p.checkOIOSAML3(a, encrypted); err != nil {
			return Principal{}, err
		}
	}
	return p.principal(a, req)
}

// checkWindows holds the times of the assertion against the clock, which may differ from
// the provider's by the configured skew.
func (p *Provider) checkWindows(a *assertion, now time.Time) error {
	skew := p.cfg.Skew
	switch {
	case a.issueInstant.After(now.Add(skew)):
		return invalid("Assertion: issued in the future")
	case a.issueInstant.Before(now.Add(-maxIssueAge)):
		return expired("Assertion: issued too long ago")
	case a.notBefore.After(now.Add(skew)):
		return expired("Conditions: not valid yet")
	case !now.Add(-skew).Before(a.notOnOrAfter):
		return expired("Conditions: no longer valid")
	case a.notOnOrAfter.Sub(a.issueInstant) > p.cfg.MaxValidity+skew:
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
func (p *Provider) checkConfirmation(a *assertion, req Request, now time.Time) error {
	outdated := false
	for _, c := range a.confirmations {
		if c.method != methodBearer || c.recipient != p.acsURL() || c.inResponseTo != req.ID ||
			c.hasNotBefore || c.notOnOrAfter.IsZero() ||
			c.notOnOrAfter.Sub(a.issueInstant) > p.cfg.MaxValidity+p.cfg.Skew {
			continue
		}
		if now.Add(-p.cfg.Skew).Before(c.notOnOrAfter) {
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
func (p *Provider) checkAudience(a *assertion) error {
	if len(a.audiences) == 0 {
		return invalid("Conditions: no AudienceRestriction")
	}
	for _, list := range a.audiences {
		if !slices.Contains(list, p.cfg.EntityID) {
			return invalid("AudienceRestriction: meant for somebody else")
		}
	}
	return nil
}

var (
	cvrPattern          = regexp.MustCompile(`^\d{8}$`)
	professionalPattern = regexp.MustCompile(
		`^https://data\.gov\.dk/model/core/eid/professional/uuid/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// checkOIOSAML3 applies the rules of OIOSAML Web SSO 3.0 for professionals. A person's
// login never becomes an employee's.
func (p *Provider) checkOIOSAML3(a *assertion, encrypted bool) error {
	if !encrypted {
		return invalid("Response: the profile wants an encrypted assertion")
	}
	if a.nameID.Format != formatPersistent && a.nameID.Format != formatTransient {
		return invalid("NameID: format is neither persistent nor transient")
	}
	if !professionalPattern.MatchString(a.nameID.Value) {
		return invalid("NameID: not a professional's")
	}
	version, err := a.single(attrSpecVersion)
	if err != nil {
		return err
	}
	if version != "OIO-SAML-3.0" {
		return invalid("specVersion: not OIO-SAML-3.0")
	}
	cvr, err := a.single(attrCVR)
	if err != nil {
		return err
	}
	organisation, err := a.single(attrOrgName)
	if err != nil {
		return err
	}
	if !cvrPattern.MatchString(cvr) || organisation == "" {
		return invalid("organisation: cvr or orgName is missing")
	}
	if cvr != p.cfg.CVR {
		return denied(ReasonOtherOrg, "cvr: of another organisation")
	}
	return nil
}

func (p *Provider) principal(a *assertion, req Request) (Principal, error) {
	level, err := p.level(a, req)
	if err != nil {
		return Principal{}, err
	}
	fields := map[string]string{
		p.cfg.Attributes.EmployeeID: "", p.cfg.Attributes.Name: "", p.cfg.Attributes.Email: "",
	}
	for name := range fields {
		if fields[name], err = a.single(name); err != nil {
			return Principal{}, err
		}
	}
	groups, err := a.list(p.cfg.Attributes.Groups)
	if err != nil {
		return Principal{}, err
	}
	employee := fields[p.cfg.Attributes.EmployeeID]
	if employee == "" {
		return Principal{}, denied(ReasonNoEmployee, "the attribute with the employee ID is missing or empty")
	}
	subject := a.nameID.Value
	if a.nameID.Format == formatTransient && !strings.HasPrefix(subject, "https://data.gov.dk/") {
		subject = employee
	}
	return Principal{
		Kind: Professional, Subject: subject, IDP: p.idp.entityID, NameID: a.nameID, SessionIndex: a.sessionIndex,
		EmployeeID: employee, Name: fields[p.cfg.Attributes.Name], Email: fields[p.cfg.Attributes.Email],
		Groups: groups, Level: level, AuthenticatedAt: a.authnInstant, ExpiresAt: a.sessionEnd,
	}, nil
}

// level reads the NSIS level from the attribute. AuthnContextClassRef is not consulted:
// at least one common provider sends a reference without the level there. What was asked
// for does not matter either; what came back does.
func (p *Provider) level(a *assertion, req Request) (care.Assurance, error) {
	text, err := a.single(attrLevel)
	if err != nil {
		return care.NoAssurance, err
	}
	level, known := parseLevel(text)
	if text != "" && !known {
		return care.NoAssurance, invalid("nsis/loa: unknown level")
	}
	if level < max(p.minLevel, req.MinLevel) || (p.cfg.Profile == ProfileOIOSAML3 && level == care.NoAssurance) {
		return care.NoAssurance, denied(ReasonLevelTooLow, "nsis/loa: lower than required")
	}
	return level, nil
}
