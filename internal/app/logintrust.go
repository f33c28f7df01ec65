package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sluse/sluse/config"
	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/internal/obs"
	"github.com/sluse/sluse/saml"
)

// How often a provider's metadata are read: within NemLog-in's 1 to 12 hours; sooner while there
// are none yet.
const (
	metadataEvery = 6 * time.Hour
	metadataRetry = time.Minute
)

// unreachableAfter is how long a provider's metadata may be out of reach before anybody is told.
// What was read before stays in use meanwhile.
const unreachableAfter = 24 * time.Hour

// staffLogin is what people read about the employees' login.
const staffLogin = "Medarbejdernes login"

// metadataBytes bounds a metadata document.
const metadataBytes = 1 << 20

// trust keeps what one login depends on: the provider's metadata and certificates, and our own.
// One goroutine at a time uses it.
type trust struct {
	name     string // Danish, for people: "Medarbejdernes login"
	label    string // for metrics: "staff"
	provider *saml.Provider
	now      func() time.Time

	readAt      time.Time // when the metadata were read last
	unconfirmed []saml.Certificate
	trouble     error // of the last attempt
}

// FetchMetadata reads an identity provider's metadata from its address, which has to be https, or
// http on loopback. Errors are *connector.Error, or tell what is wrong with the address.
func FetchMetadata(ctx context.Context, address string, now func() time.Time) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("not an address")
	}

	client, err := outbound.New(outbound.Options{System: "login", BaseURL: u.Scheme + "://" + u.Host, Now: now, MaxBody: metadataBytes})
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	defer client.Close()

	call := outbound.Call{
		Op: "metadata", Method: http.MethodGet, Query: u.Query(), Accept: "application/samlmetadata+xml, application/xml, text/xml",
		Slash: strings.HasSuffix(u.Path, "/") && u.Path != "/",
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		call.Path = strings.Split(path, "/")
	}

	answer, err := client.Do(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}

	if !answer.OK() {
		return nil, answer.Fail("the metadata address did not answer with metadata")
	}

	return answer.Body, nil
}

// refresh reads the provider's metadata again, where an address is configured.
func (t *trust) refresh(ctx context.Context) {
	address := t.provider.MetadataURL()
	if address == "" {
		return
	}

	document, err := FetchMetadata(ctx, address, t.now)
	if err != nil {
		t.trouble = err

		return
	}

	t.readAt = t.now()
	t.unconfirmed, t.trouble = t.provider.Refresh(document)
}

// findings say how the login's certificates and metadata are.
func (t *trust) findings() []connector.Finding {
	now := t.now()
	out := []connector.Finding{ownFinding(t.provider.Certificates(), now)}

	if f, told := t.metadataFinding(now); told {
		out = append(out, f)
	}

	if t.provider.Known() {
		out = append(out, providerFinding(t.provider.Certificates(), now))
	}

	return out
}

const guide = " Se docs/identity.md."

// ownFinding is about the certificate that signs our requests: the first one of ours.
func ownFinding(all []saml.Certificate, now time.Time) connector.Finding {
	f := connector.Finding{Level: connector.Fine, Subject: "Sluses certifikat"}

	var own []saml.Certificate

	for _, c := range all {
		if c.Own {
			own = append(own, c)
		}
	}

	f.Text = "Det udløber " + danishDay(own[0].NotAfter) + "."

	switch {
	case !now.Before(own[0].NotAfter):
		f.Level, f.Text = connector.Failing, "Det er udløbet "+danishDay(own[0].NotAfter)+". Skift det nu."+guide
	case own[0].EndsSoon(now) && len(own) > 1:
		f.Level, f.Text = connector.Notice, f.Text+" Det næste er klar. Tag det i brug, når login-udbyderen har fået vores nye metadata."+guide
	case own[0].EndsSoon(now):
		f.Level, f.Text = connector.Notice, f.Text+" Bestil et nyt, og skift i god tid."+guide
	}

	return f
}

// providerFinding is about the provider's certificate that lasts longest.
func providerFinding(all []saml.Certificate, now time.Time) connector.Finding {
	f := connector.Finding{Level: connector.Fine, Subject: "Login-udbyderens certifikat"}

	var last saml.Certificate

	for _, c := range all {
		if !c.Own && c.NotAfter.After(last.NotAfter) {
			last = c
		}
	}

	f.Text = "Det udløber " + danishDay(last.NotAfter) + "."

	switch {
	case !now.Before(last.NotAfter):
		f.Level, f.Text = connector.Failing, "Det er udløbet "+danishDay(last.NotAfter)+", og ingen kan logge ind. Få udbyderens nye metadata."+guide
	case last.EndsSoon(now):
		f.Level, f.Text = connector.Notice, f.Text+" Spørg udbyderen efter det næste, og bekræft det."+guide
	}

	return f
}

// metadataFinding is about what was found at the metadata address; told is false without one.
func (t *trust) metadataFinding(now time.Time) (f connector.Finding, told bool) {
	if t.provider.MetadataURL() == "" {
		return f, false
	}

	f = connector.Finding{Level: connector.Fine, Subject: "Login-udbyderens metadata", Text: "De er læst og i brug."}

	switch known := t.provider.Known(); {
	case t.trouble != nil && !known:
		f.Level, f.Text = connector.Failing, "De kan ikke bruges, så ingen kan logge ind: "+troubleText(t.trouble)+guide
	case errors.Is(t.trouble, saml.ErrUnconfirmed):
		f.Level, f.Text = connector.Failing, troubleText(t.trouble)+" Indtil da gælder de gamle."+t.fingerprints()+guide
	case t.trouble != nil && !isConnector(t.trouble):
		f.Level, f.Text = connector.Notice, troubleText(t.trouble)+" De gamle gælder stadig."+guide
	case t.trouble != nil && now.Sub(t.readAt) > unreachableAfter:
		f.Level, f.Text = connector.Notice, troubleText(t.trouble)+" De gamle gælder stadig."+guide
	case len(t.unconfirmed) > 0:
		f.Level, f.Text = connector.Notice, "Udbyderen har et nyt certifikat, som ingen har bekræftet."+t.fingerprints()+
			" Spørg udbyderen, om det er rigtigt, og sæt det i idp_fingerprints."+guide
	}

	return f, true
}

func isConnector(err error) bool {
	_, ok := errors.AsType[*connector.Error](err)

	return ok
}

func (t *trust) fingerprints() string {
	var out strings.Builder
	for _, c := range t.unconfirmed {
		out.WriteString(" SHA-256: " + c.Fingerprint.String() + ".")
	}

	return out.String()
}

func troubleText(err error) string {
	switch {
	case errors.Is(err, saml.ErrOtherProvider):
		return "På adressen står en anden udbyders metadata."
	case errors.Is(err, saml.ErrOtherAddress):
		return "Udbyderens adresser ligger på en anden server end før. Er det rigtigt, så hent metadata som fil, og genstart."
	case errors.Is(err, saml.ErrOutdated):
		return "Metadata på adressen er ikke længere gyldige."
	case errors.Is(err, saml.ErrUnconfirmed):
		return "Ingen af udbyderens certifikater er både bekræftet og gyldige. Bekræft det nye."
	case isConnector(err):
		return "Adressen svarer ikke."
	}

	return "Det, der står på adressen, kan ikke læses som metadata."
}

func danishDay(t time.Time) string { return t.Format("02.01.2006") }

// keepTrust looks after the municipality's logins while the process runs. The returned function
// ends it and waits for it.
func (s *Site) keepTrust(ctx context.Context, o Options) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})

	go func() {
		defer close(done)

		for {
			every := metadataEvery

			for _, t := range s.trusts {
				s.lookAfter(ctx, o, t)

				if !t.provider.Known() {
					every = metadataRetry
				}
			}

			timer := time.NewTimer(every)

			select {
			case <-ctx.Done():
				timer.Stop()

				return
			case <-timer.C:
			}
		}
	}()

	return func(context.Context) error {
		cancel()
		<-done

		return nil
	}
}

// lookAfter brings one login up to date and tells how it is.
func (s *Site) lookAfter(ctx context.Context, o Options, t *trust) {
	t.refresh(ctx)

	if t.trouble != nil && ctx.Err() == nil {
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "the identity provider's metadata were not taken into use",
			slog.String("municipality", string(s.id)), slog.String("login", t.label), slog.String("error", t.trouble.Error()))
	}

	var ends []obs.CertificateEnd
	for _, c := range t.provider.Certificates() {
		ends = append(ends, obs.CertificateEnd{Own: c.Own, Fingerprint: string(c.Fingerprint[:8]), At: c.NotAfter})
	}

	o.Metrics.LoginCertificates(string(s.id), t.label, ends)

	s.try(ctx, o, "how the login is was not told", func() error { return s.service.TellLogin(ctx, t.name, t.findings()) })
}

// newTrust returns what keeps a login; readAt begins now, so that an address out of reach is told
// of a day later.
func newTrust(name, label string, provider *saml.Provider, now func() time.Time) *trust {
	return &trust{name: name, label: label, provider: provider, now: now, readAt: now()}
}

// loginFindings is the logins' part of Doctor. It reads the provider's metadata once and stores
// nothing.
func loginFindings(ctx context.Context, m config.Municipality, o Options) []connector.Finding {
	return append(samlFindings(ctx, staffLogin, "staff", m.Login, o), citizenFindings(ctx, m, o)...)
}

func samlFindings(ctx context.Context, name, label string, c saml.Config, o Options) []connector.Finding {
	provider, err := saml.New(c, nil, o.Clock)
	if err != nil {
		return []connector.Finding{{Level: connector.Failing, Subject: name, Text: "Det er ikke sat rigtigt op: " + err.Error()}}
	}

	t := newTrust(name, label, provider, o.Clock)
	t.refresh(ctx)

	var found []connector.Finding

	for _, f := range t.findings() {
		f.Subject = t.name + ": " + f.Subject
		found = append(found, f)
	}

	if isConnector(t.trouble) && provider.Known() {
		found = append(found, connector.Finding{Level: connector.Notice, Subject: t.name, Text: troubleText(t.trouble)})
	}

	return found
}
