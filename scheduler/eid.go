package scheduler

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"slices"

	"github.com/sluse/sluse/connector/eid"
	"github.com/sluse/sluse/scheduler/care"
)

// mostLogins is how many logins one browser session may begin in eid.LoginLife.
const mostLogins = 10

// StartLogin sends the citizen or participant of a session to an identity provider. The login is
// bound to the session and to the browser that gets the handle. Unavailable: the provider does not
// answer, or something stands between.
func (s *Service) StartLogin(ctx context.Context, token care.SessionToken, provider string, o LoginOptions) (LoginBegun, error) {
	v, adm, err := s.open(ctx, token)
	if err != nil {
		return LoginBegun{}, err
	}

	if adm.State != care.AdmissionWaiting {
		return LoginBegun{}, care.NewError(care.Conflict, "Du er allerede identificeret.")
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil {
		return LoginBegun{}, err
	}

	p, ok := s.provider(provider)
	if !ok || !rule.Allows(p.Info().Method) || !slices.Contains(s.providers(p.Info().Method, adm.Participant), p.Info()) {
		return LoginBegun{}, care.NewError(care.Forbidden, "Du kan ikke logge ind på den måde her. Vælg en anden måde, eller ring til os.")
	}

	now := s.now()

	begun, err := s.store.EidLoginsOf(ctx, adm.ID, now.Add(-eid.LoginLife))
	if err != nil {
		return LoginBegun{}, err
	}

	if begun >= mostLogins {
		return LoginBegun{}, care.NewError(care.TooMany, "Der har været mange forsøg på login. Vent et kvarter, eller ring til os.")
	}

	return s.startAt(ctx, p, rule, v, adm, o)
}

func (s *Service) startAt(ctx context.Context, p eid.Provider, rule care.IdentityRule, v care.Snapshot, adm care.Admission, o LoginOptions) (LoginBegun, error) {
	token, err := newToken()
	if err != nil {
		return LoginBegun{}, err
	}

	now, handle := s.now(), care.NewSecret(token.Reveal())
	login := EidLogin{
		Hash: hashOf(handle), Provider: p.Info().Key, Visit: v.ID, Admission: adm.ID, MinLevel: rule.MinLevel, BegunAt: now, EndsAt: now.Add(eid.LoginLife),
	}

	begun, failure := p.Start(ctx, eid.Start{Handle: handle.Reveal(), MinLevel: rule.MinLevel, Phone: o.Phone, Lang: o.Lang})
	if failure != nil { // stored all the same: an outage is seen by what did not work
		login.EndedAt, login.Outcome = now, LoginOutcome(eid.ReasonOf(failure))
	}

	login.Keep = begun.Keep
	if err := s.store.SaveEidLogin(ctx, login); err != nil {
		return LoginBegun{}, err
	}

	row := AuditRow{At: now, Actor: visitor(adm.Participant), Action: "begin_login", Visit: v.ID, Citizen: v.Facts.Citizen, Detail: login.Provider}
	if err := s.store.Record(ctx, []AuditRow{row}); err != nil {
		return LoginBegun{}, err
	}

	if failure != nil {
		return LoginBegun{}, &care.Error{Kind: care.Unavailable, Message: "Login virker ikke lige nu. Vælg en anden måde, eller ring til os.", Err: failure}
	}

	return LoginBegun{URL: begun.URL, Handle: handle}, nil
}

func (s *Service) provider(key string) (eid.Provider, bool) {
	i := slices.IndexFunc(s.eids, func(p eid.Provider) bool { return p.Info().Key == key })
	if i < 0 {
		return nil, false
	}

	return s.eids[i], true
}

// Identify takes the answer of an identity provider to a login that StartLogin began in the same
// browser. It checks that the login is the expected person's: the citizen by the CPR number of the
// care record, a participant by the name of the contact network. The outcome tells what the person
// has to be told; why a login failed is returned beside it, for the log. What was proved is compared
// and forgotten.
func (s *Service) Identify(ctx context.Context, provider string, a eid.Answer) (LoginOutcome, error) {
	p, ok := s.provider(provider)

	switch {
	case !ok:
		return LoginOutcome(eid.Invalid), care.NewError(care.NotFound, "Login findes ikke.")
	case a.Handle == "":
		return LoginOutcome(eid.WrongBrowser), eid.Refuse(provider, eid.WrongBrowser, "no cookie")
	}

	login, err := s.awaited(ctx, provider, hashOf(care.NewSecret(a.Handle)))
	if err != nil {
		return LoginOutcome(eid.ReasonOf(err)), err
	}

	a.Keep, a.MinLevel, a.BegunAt = login.Keep, login.MinLevel, login.BegunAt

	proof, err := p.Finish(ctx, a)
	if err != nil {
		return s.loginFailed(ctx, login, err)
	}

	outcome, finish, err := s.weigh(ctx, login, proof)
	if err != nil {
		return "", err
	}

	err = s.store.EndEidLogin(ctx, login.Hash, outcome, proof.Session, s.now())
	if care.KindOf(err) == care.Conflict {
		return LoginOutcome(eid.Replayed), eid.Refuse(provider, eid.Replayed, "the login was used before")
	}

	if err != nil {
		return "", err
	}

	return finish(ctx)
}

// awaited reads a login that waits for its answer. What is wrong with it is an *eid.Error.
func (s *Service) awaited(ctx context.Context, provider, hash string) (EidLogin, error) {
	login, err := s.store.EidLogin(ctx, hash)
	if care.KindOf(err) == care.NotFound {
		return EidLogin{}, eid.Refuse(provider, eid.Expired, "no such login")
	}

	switch {
	case err != nil:
		return EidLogin{}, err
	case login.Provider != provider: // another one's answer (mix-up)
		return EidLogin{}, eid.Refuse(provider, eid.Invalid, "the login was begun at another provider")
	case !login.EndedAt.IsZero():
		return EidLogin{}, eid.Refuse(provider, eid.Replayed, "the login was used before")
	case !s.now().Before(login.EndsAt):
		return EidLogin{}, eid.Refuse(provider, eid.Expired, "the login took too long")
	}

	return login, nil
}

// loginFailed ends a login that the provider refused. An answer that somebody else may have made up
// ends nothing: it would keep the person from finishing.
func (s *Service) loginFailed(ctx context.Context, login EidLogin, failure error) (LoginOutcome, error) {
	reason := eid.ReasonOf(failure)

	switch reason {
	case eid.Invalid, eid.WrongBrowser, eid.Replayed:
		return LoginOutcome(reason), failure
	case eid.Cancelled, eid.LevelTooLow, eid.WrongType, eid.Expired, eid.Unavailable:
	}

	err := s.store.EndEidLogin(ctx, login.Hash, LoginOutcome(reason), care.Secret{}, s.now())
	if err != nil && care.KindOf(err) != care.Conflict {
		return LoginOutcome(reason), err
	}

	return LoginOutcome(reason), failure
}

// weigh tells whether a proof is of the person whom the login's session is for. What follows from
// it is done by the function, once the login is used up.
func (s *Service) weigh(ctx context.Context, login EidLogin, proof eid.Proof) (LoginOutcome, func(context.Context) (LoginOutcome, error), error) {
	v, err := s.store.Visit(ctx, login.Visit)
	if err != nil {
		return "", nil, err
	}

	adm, ok := v.AdmissionOf(login.Admission)
	if !ok {
		return "", nil, wrongLink()
	}

	subject := hex.EncodeToString(s.mac("eid-subject", proof.Provider, proof.Subject.Reveal())[:8])
	row := AuditRow{Actor: visitor(adm.Participant), Action: "identify", Admission: adm.ID, Detail: proof.Provider + ", level " + proof.Level.String() + ", subject " + subject}

	match, name, err := s.isExpected(ctx, v, adm, proof)
	if err != nil {
		return "", nil, err
	}

	if !match {
		row.Action = "refuse_stranger"

		return LoginStranger, func(ctx context.Context) (LoginOutcome, error) { return s.stranger(ctx, v.ID, adm.ID, &row) }, nil
	}

	rule, err := s.identityRule(ctx, v, adm.Participant)
	if err != nil {
		return "", nil, err
	}

	proved := care.Proof{Method: proof.Method, Provider: proof.Provider, Level: proof.Level, Name: name}

	return LoginIdentified, func(ctx context.Context) (LoginOutcome, error) {
		if err := s.shut(v); err != nil {
			return LoginRefused, err
		}

		err := s.update(ctx, v.ID, &row, func(v *care.Visit) error { return v.Identify(adm.ID, proved, rule, s.now()) })
		if err != nil {
			return LoginRefused, err
		}

		return LoginIdentified, nil
	}, nil
}

// isExpected compares a citizen's number with the care record's, both through a keyed hash and in
// constant time (identity.md §5.3), or a participant's name with the contact network's, because the
// municipality knows no number of theirs. A participant never comes in as the citizen, nor the other
// way round: each has an own link.
func (s *Service) isExpected(ctx context.Context, v care.Snapshot, adm care.Admission, proof eid.Proof) (bool, care.NameMatch, error) {
	if adm.Participant != "" {
		p, ok := v.ParticipantOf(adm.Participant)
		name := care.MatchNames(p.Name, proof.Name.Reveal())

		return ok && p.Present() && name != care.NameDiffers, name, nil
	}

	citizens, err := s.store.Citizens(ctx, []care.CitizenID{v.Facts.Citizen})
	if err != nil {
		return false, "", err
	}

	c := citizens[v.Facts.Citizen]
	if c.CPR.IsZero() || proof.CPR.IsZero() {
		return false, "", nil
	}

	return hmac.Equal(s.mac("eid-cpr", c.CPR.Reveal()), s.mac("eid-cpr", proof.CPR.Reveal())), "", nil
}

// canLogIn reports whether the care record knows the citizen by a number that a provider proves. Who
// has a replacement for one would be turned away as a stranger.
func (s *Service) canLogIn(ctx context.Context, citizen care.CitizenID) (bool, error) {
	citizens, err := s.store.Citizens(ctx, []care.CitizenID{citizen})
	if err != nil {
		return false, err
	}

	return citizens[citizen].Verdict == care.CPRValid, nil
}

func (s *Service) stranger(ctx context.Context, visit care.VisitID, adm care.AdmissionID, row *AuditRow) (LoginOutcome, error) {
	outcome := LoginStranger

	err := s.update(ctx, visit, row, func(v *care.Visit) error {
		locked, err := v.Stranger(adm, s.now())
		if locked {
			outcome = LoginLocked
		}

		return err
	})

	return outcome, err
}

// leaving tells at which provider the login of a session may have left a session of its own. A
// stranger's has no provider in the admission.
func (s *Service) leaving(adm care.Admission) eid.Info {
	for _, p := range s.eids {
		if _, can := p.(eid.Leaver); can && (adm.Provider == p.Info().Key || adm.Strangers > 0) {
			return p.Info()
		}
	}

	return eid.Info{}
}

// LeaveLogin returns where a browser goes to end the session that its login left at the identity
// provider; an empty address when there is none. Nobody else can use that session, but the next
// person at the same tablet could.
func (s *Service) LeaveLogin(ctx context.Context, token care.SessionToken) (LoginBegun, error) {
	_, adm, err := s.session(ctx, token)
	if err != nil {
		return LoginBegun{}, err
	}

	key, session, err := s.store.TakeEidSession(ctx, adm.ID)
	if care.KindOf(err) == care.NotFound {
		return LoginBegun{}, nil
	}

	if err != nil {
		return LoginBegun{}, err
	}

	p, ok := s.provider(key)
	leaver, can := p.(eid.Leaver)

	if !ok || !can {
		return LoginBegun{}, nil
	}

	handle, err := newToken()
	if err != nil {
		return LoginBegun{}, err
	}

	url, err := leaver.Leave(ctx, handle.Reveal(), session)
	if err != nil {
		return LoginBegun{}, &care.Error{Kind: care.Unavailable, Message: "Du kunne ikke logges af lige nu. Luk browseren.", Err: err}
	}

	return LoginBegun{URL: url, Handle: care.NewSecret(handle.Reveal())}, nil
}
