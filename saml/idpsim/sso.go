package idpsim

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authnRequest is a login that waits for a person to choose a user.
type authnRequest struct {
	id, acs, sp, relayState string
	forceAuthn              bool
	references              []string
	platform                string
}

// The references by which an AuthnRequest asks for a kind of identity and a level.
const (
	idPerson       = "https://data.gov.dk/eid/Person"
	idProfessional = "https://data.gov.dk/eid/Professional"
	levelReference = levelName + "/"
)

// wants reports whether the request may be answered for the user: one that names a kind of
// identity wants that kind only.
func (r authnRequest) wants(u User) bool {
	person, professional := slices.Contains(r.references, idPerson), slices.Contains(r.references, idProfessional)
	if person == professional {
		return true
	}
	return u.Citizen() == person
}

// level returns the NSIS level that the request asks for at least, "" for none.
func (r authnRequest) level() string {
	for _, reference := range r.references {
		if level, found := strings.CutPrefix(reference, levelReference); found {
			return level
		}
		if number, found := strings.CutPrefix(reference, "urn:"+legacy+"AssuranceLevel:"); found {
			return map[string]string{"2": LevelLow, "3": LevelSubstantial, "4": LevelHigh}[number]
		}
	}
	return ""
}

// Answer is what the browser posts to the service provider.
type Answer struct {
	// ACS is the address to post to.
	ACS string `json:"acs"`
	// SAMLResponse is the field of that name, in base64.
	SAMLResponse string `json:"saml_response"`
	RelayState   string `json:"relay_state"`
}

// readLogin checks an AuthnRequest that came by redirect.
func (s *Server) readLogin(ctx context.Context, rawQuery string) (authnRequest, serviceProvider, error) {
	in, err := redirected(rawQuery)
	if err != nil {
		return authnRequest{}, serviceProvider{}, err
	}
	m, sp, err := s.signedMessage(ctx, in)
	if err != nil {
		return authnRequest{}, sp, err
	}
	switch {
	case m.XMLName.Space != nsSAMLP || m.XMLName.Local != "AuthnRequest":
		return authnRequest{}, sp, errors.New("idpsim: not an AuthnRequest")
	case m.Destination != s.URL()+"/sso":
		return authnRequest{}, sp, errors.New("idpsim: AuthnRequest has another destination")
	case !slices.Contains(sp.acs, m.ACS) || m.Binding != bindingPost:
		return authnRequest{}, sp, errors.New("idpsim: AuthnRequest wants an endpoint that is not in the metadata")
	case len(m.Context.References) > 0 && m.Context.Comparison != "minimum":
		return authnRequest{}, sp, errors.New("idpsim: RequestedAuthnContext without Comparison minimum (OIO-SP-06)")
	case m.AppSwitch.Platform != "" && (m.AppSwitch.Platform != "Android" && m.AppSwitch.Platform != "iOS" ||
		m.AppSwitch.ReturnURL == ""):
		return authnRequest{}, sp, errors.New("idpsim: AppSwitch with an unknown platform or without an address")
	}
	req := authnRequest{
		id: m.ID, acs: m.ACS, sp: sp.entityID, relayState: in.relayState,
		forceAuthn: m.ForceAuthn, references: m.Context.References, platform: m.AppSwitch.Platform,
	}
	s.record(Event{
		Kind: "authn_request", SP: sp.entityID, ID: m.ID, Detail: strings.Join(req.references, " "),
		Platform: req.platform, Fresh: m.ForceAuthn,
	})
	return req, sp, nil
}

// Choice is what a person chooses on the login page.
type Choice struct {
	// User is the ID of the one who logs in. It may be empty with a fault that refuses.
	User string
	// Level replaces the user's own NSIS level when it is not empty.
	Level string
	// Fault is a name of the catalogue, or "" for a correct answer.
	Fault string
	// Encrypt replaces the server's own encryption when it is not nil.
	Encrypt *Encryption
	// Change, when it is not nil, gets the signed assertion before it is encrypted and
	// returns what is encrypted in its place.
	Change func(assertion string) string
}

// Login plays a whole visit to the provider without a browser: redirectURL is where the
// service provider sent the browser, userID who logs in, fault a name of the catalogue or
// "" for a correct answer.
func (s *Server) Login(ctx context.Context, redirectURL, userID, fault string) (Answer, error) {
	return s.LoginAs(ctx, redirectURL, Choice{User: userID, Fault: fault})
}

// LoginAs is Login with everything that can be chosen.
func (s *Server) LoginAs(ctx context.Context, redirectURL string, c Choice) (Answer, error) {
	u, err := url.Parse(redirectURL)
	if err != nil {
		return Answer{}, fmt.Errorf("idpsim: %w", err)
	}
	req, _, err := s.readLogin(ctx, u.RawQuery)
	if err != nil {
		return Answer{}, err
	}
	user, err := s.chosen(c)
	if err != nil {
		return Answer{}, err
	}
	return s.answer(ctx, req, user, c, s.opts.Now().UTC())
}

// chosen returns the user of a choice, at the level chosen.
func (s *Server) chosen(c Choice) (User, error) {
	user, known := s.user(c.User)
	if !known && (c.User != "" || !refuses(c.Fault)) {
		return User{}, fmt.Errorf("idpsim: unknown user %q", c.User)
	}
	switch c.Level {
	case "":
	case LevelLow, LevelSubstantial, LevelHigh:
		user.Level = c.Level
	default:
		return User{}, fmt.Errorf("idpsim: unknown level %q", c.Level)
	}
	return user, nil
}

// answer writes the answer for a user who proved their identity at the time authenticated.
func (s *Server) answer(
	ctx context.Context, req authnRequest, user User, c Choice, authenticated time.Time,
) (Answer, error) {
	sp, trusted := s.peer(ctx, req.sp)
	if !trusted {
		return Answer{}, fmt.Errorf("idpsim: service provider %q is not trusted", req.sp)
	}
	if c.Fault == FaultReplay {
		s.mu.Lock()
		last, found := s.last[sp.entityID]
		s.mu.Unlock()
		if found {
			last.RelayState = req.relayState
			return last, nil
		}
	}
	index := randomID()
	d := s.draftFor(user, req, sp, index, authenticated)
	if c.Encrypt != nil {
		d.encrypt = c.Encrypt
	}
	if c.Change != nil {
		d.beforeEncryption = c.Change
	}
	if err := s.spoil(d, c.Fault); err != nil {
		return Answer{}, err
	}
	document, err := d.render()
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{ACS: req.acs, SAMLResponse: encode([]byte(document)), RelayState: req.relayState}
	s.record(Event{Kind: "login", User: user.ID, SP: sp.entityID, ID: req.id, Detail: c.Fault})
	s.mu.Lock()
	defer s.mu.Unlock()
	if !refuses(c.Fault) {
		s.sessions = append(s.sessions, session{user: user, sp: sp.entityID, index: index})
	}
	s.last[sp.entityID] = answer
	return answer, nil
}
