package vdx

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
)

// The subjects of findings.
const (
	aboutVDX       = "Forbindelsen til VDX"
	aboutRole      = "Rollen hos VDX"
	aboutTemplates = "Rumskabeloner hos VDX"
	aboutHistory   = "VDX' historik"
	aboutSettings  = "Organisationens opsætning hos VDX"
)

// doctor looks at the set-up. Its calls change nothing: it reads, and it tries to change a
// meeting that can't exist, because only that tells whether our role may write.
type doctor struct {
	config  Config
	api     *api
	access  *Access
	history *history
	// organisations is the organisation API; nil when none is configured.
	organisations *outbound.Client
	now           func() time.Time
}

func newDoctor(config Config, deps Deps, access *Access) (*doctor, error) {
	d := &doctor{config: config, access: access, now: deps.Now}
	if config.OrganisationURL == "" {
		return d, nil
	}

	options := config.options(deps)
	options.BaseURL = config.OrganisationURL

	if err := access.Equip(&options); err != nil {
		return nil, err
	}

	client, err := outbound.New(options)
	if err != nil {
		return nil, fmt.Errorf("vdx: organisation API: %w", err)
	}

	d.organisations = client

	return d, nil
}

// Check looks at certificate, addresses, role, templates and history, in that order, and stops
// where what follows can't work.
func (p *Platform) Check(ctx context.Context) []connector.Finding {
	d := p.doctor
	found := append(d.config.CheckCertificate(d.now()), d.config.checkPlaces()...)

	connected, ok := d.connection(ctx)
	found = append(found, connected)

	if !ok {
		return found
	}

	found = append(found, d.role(ctx)...)
	found = append(found, d.templates(ctx)...)
	found = append(found, d.organisation(ctx)...)

	return append(found, d.past(ctx)...)
}

// connection asks for what every role may read.
func (d *doctor) connection(ctx context.Context) (connector.Finding, bool) {
	answer, err := d.api.client.Do(ctx, outbound.Call{Op: "check", Method: http.MethodGet, Path: d.api.path("info")})
	if err == nil && !answer.OK() {
		err = answer.Fail("")
	}

	if err != nil {
		return connector.Finding{Level: connector.Failing, Subject: aboutVDX, Text: d.config.trouble(err)}, false
	}

	return connector.Finding{Level: connector.Fine, Subject: aboutVDX, Text: "VDX svarer og kender os."}, true
}

// trouble says in plain words why VDX can't be used.
func (c Config) trouble(err error) string {
	known := map[string]string{
		AuthOAuth:   "Kontrollér client_id, client_secret og token_url, og at MedCom har givet klienten en rolle og en organisation.",
		AuthSTS:     "Kontrollér, at certifikatets offentlige del er installeret hos MedCom i dette miljø, med rolle og organisation, og at serverens ur går rigtigt. Afviser sikkerhedstjenesten signaturen, så spørg MedCom, om signature: sha1 er nødvendig.",
		AuthSession: "Kontrollér header, organisation, e-mail og roller under session.",
	}[c.Auth]

	switch connector.KindOf(err) {
	case connector.Unauthorized:
		return "VDX kender os ikke eller giver os ikke lov. " + known
	case connector.NotFound:
		return "Der er intet video-API på adressen base_url. Kontrollér adressen og version."
	case connector.RateLimited, connector.Unavailable, connector.Pending, connector.Unknown:
		return "VDX kan ikke nås lige nu. Kontrollér adresserne, firewallen og de autoriteter, der er tillid til (ca_file); prøv igen om lidt."
	case connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
	}

	return "VDX svarer ikke, som et video-API skal. Kontrollér base_url og version."
}

// roles as VDX spells them in tokens (vdx.md §1.2); the first generation's spelling is a setting
// of the installation, with these in the published example.
const (
	rolePlanner = "meeting-planner"
	roleAdmin   = "meeting-admin"
	roleUser    = "meeting-user"
)

// role tells whether we may book, and for whom.
func (d *doctor) role(ctx context.Context) []connector.Finding {
	finding := func(level connector.Level, text string) []connector.Finding {
		return []connector.Finding{{Level: level, Subject: aboutRole, Text: text}}
	}

	answer, err := d.api.client.Do(ctx, outbound.Call{
		Op: "check", Method: http.MethodPatch, Path: d.api.path("meetings", uuid.NewString()), JSON: patchWire{}, Safe: true,
	})

	switch {
	case err != nil:
		return finding(connector.Notice, "Det kunne ikke afgøres, om vi må oprette møder. Prøv igen om lidt.")
	case answer.Status == http.StatusForbidden || answer.Status == http.StatusUnauthorized:
		return finding(connector.Failing, "Vores rolle hos VDX må læse, men ikke oprette møder. Bed MedCom om rollen planlægger ("+rolePlanner+").")
	case answer.Status != http.StatusNotFound:
		return finding(connector.Notice, "Det kunne ikke afgøres, om vi må oprette møder.")
	}

	who := d.known(ctx)
	text := "Vi må oprette møder"

	if who.organisation != "" {
		text += " for organisationen " + who.organisation
	}

	text += "."

	switch {
	case len(who.roles) == 0:
		return finding(connector.Fine, text)
	case slices.Contains(who.roles, rolePlanner) || slices.Contains(who.roles, roleAdmin):
		return finding(connector.Fine, text+" Rolle: "+strings.Join(who.roles, ", ")+".")
	case d.config.OrganizedByEmail != "":
		return finding(connector.Notice, text+" Men rollen ("+strings.Join(who.roles, ", ")+") gør, at VDX ser bort fra organized_by_email uden at sige det. Bed MedCom om rollen "+rolePlanner+".")
	case slices.Equal(who.roles, []string{roleUser}):
		return finding(connector.Notice, text+" Rollen "+roleUser+" ser kun egne møder. Bed MedCom om rollen "+rolePlanner+".")
	}

	return finding(connector.Fine, text+" Rolle: "+strings.Join(who.roles, ", ")+".")
}

// identity is what VDX knows of us, as far as we can see it.
type identity struct {
	organisation string
	roles        []string
}

// known reads our own credential; a VDX that does not say is no finding.
func (d *doctor) known(ctx context.Context) identity {
	switch {
	case d.access.issuer != nil:
		a, err := d.access.issuer.Known(ctx)
		if err != nil {
			return identity{}
		}

		return identity{organisation: a.Organisation, roles: a.Roles}
	case d.access.tokens != nil:
		value, err := d.access.tokens.Authorize(ctx)
		if err != nil {
			return identity{}
		}

		return claimsOf(value.Reveal(), d.config.Session)
	}

	return identity{organisation: d.config.Session.Organisation, roles: d.config.Session.Roles}
}

// claimsOf reads what an access token says of its bearer, without checking it: it is ours, and
// nothing rests on it. The claims are named as the first generation's attributes (vdx.md §3.2).
func claimsOf(authorization string, names Session) identity {
	parts := strings.Split(authorization, ".")
	if len(parts) != 3 {
		return identity{}
	}

	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return identity{}
	}

	var claims map[string]json.RawMessage
	if json.Unmarshal(payload, &claims) != nil {
		return identity{}
	}

	var (
		who identity
		one string
	)

	if json.Unmarshal(claims[names.OrganisationAttribute], &who.organisation) != nil {
		who.organisation = ""
	}

	if json.Unmarshal(claims[names.RoleAttribute], &who.roles) != nil && json.Unmarshal(claims[names.RoleAttribute], &one) == nil {
		who.roles = []string{one}
	}

	return who
}

// past reads one page of the history of the last hour.
func (d *doctor) past(ctx context.Context) []connector.Finding {
	if d.history == nil {
		return []connector.Finding{{
			Level: connector.Notice, Subject: aboutHistory,
			Text: "Ingen historik er sat op (history_url). Så kan ingen se af VDX, om et besøg blev gennemført, og medarbejderne skal bekræfte hvert besøg.",
		}}
	}

	answer, err := d.history.client.Do(ctx, outbound.Call{
		Op: "check", Method: http.MethodGet, Path: participantPath(),
		Query: url.Values{
			"start_time__gte": {d.now().Add(-time.Hour).UTC().Format(wireTime)}, "end_time__lt": {d.now().UTC().Format(wireTime)}, "limit": {"1"},
		},
	})
	if err == nil && !answer.OK() {
		err = answer.Fail("")
	}

	if err == nil {
		var w historyWire
		err = answer.JSON(&w)
	}

	finding := connector.Finding{Level: connector.Failing, Subject: aboutHistory}

	switch connector.KindOf(err) {
	case 0:
		finding.Level, finding.Text = connector.Fine, "Historikken svarer."
	case connector.Unauthorized:
		finding.Text = "Historikken afviser os. Kontrollér nøglen (history_key) i VDX Management under organisationen."
	case connector.NotFound:
		finding.Text = "Der er ingen liste over deltagere på adressen history_url. Spørg MedCom efter den."
	case connector.RateLimited, connector.Unavailable, connector.Pending, connector.Unknown:
		finding.Level, finding.Text = connector.Notice, "Historikken kan ikke nås lige nu."
	case connector.Conflict, connector.Rejected, connector.Malformed, connector.Unsupported:
		finding.Text = "Historikken svarer ikke, som vi venter. Dens form er ikke offentlig; kontakt MedCom."
	}

	return []connector.Finding{finding}
}
