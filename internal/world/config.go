package world

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/sluse/sluse/connector/eid/oidc/oidcsim"
	"github.com/sluse/sluse/connector/message/smsgw/smsgwsim"
	"github.com/sluse/sluse/connector/video/pexip/pexipsim"
	"github.com/sluse/sluse/connector/video/vdx/vdxsim"
	"github.com/sluse/sluse/saml"
)

// configText is the demo municipality. It is a real configuration file, so that whoever looks at
// it sees how one is written.
const configText = `# Made by the demo. docs/configuration.md explains every key.
listen: "{{.Listen}}"
log_level: warn
municipalities:
{{- range .Municipalities}}
  - id: {{.ID}}
    name: "{{.Name}}"
    hosts: ["{{.HostPort}}"]
    public_url: "{{.PublicURL}}"
    phone: "89 00 00 00"
    emergency: "1813"
    database:
      url: "{{.Database}}"
    keys:
      encryption: {file: "{{.Dir}}/encryption.json"}
      lookup: {file: "{{.Dir}}/lookup.json"}
      links: {file: "{{.Dir}}/links.key"}
    units:
      - {id: oest, name: "Hjemmeplejen Øst", lists: ["Øst*"], live_from: "2026-01-01"}
      - {id: vest, name: "Hjemmeplejen Vest", lists: ["Vest*", "Uge*"], live_from: "2026-01-01"}
      - {id: nat, name: "Natholdet", lists: ["Nat*"], live_from: "2026-01-01"}
      - {id: nord, name: "Hjemmeplejen Nord (ikke begyndt)", lists: ["Nord*"]}
{{- if $.EveryList}}
      - {id: andre, name: "Øvrige hold", lists: ["*"], live_from: "2000-01-01"}
{{- end}}
    roles:
      - {group: sluse-planlaegger, role: planner, unit: "*"}
      - {group: sluse-leder, role: leader, unit: "*"}
      - {group: sluse-medarbejder, role: caregiver, unit: "*"}
      - {group: sluse-admin, role: administrator, unit: "*"}
      - {group: sluse-revisor, role: auditor, unit: "*"}
      - {group: sluse-servicedesk, role: service_desk, unit: "*"}
      - {group: sluse-medarbejder-oest, role: caregiver, unit: oest}
      - {group: sluse-medarbejder-vest, role: caregiver, unit: vest}
      - {group: sluse-planlaegger-vest, role: planner, unit: vest}
    login:
      idp_metadata_file: "{{$.Dir}}/idp.xml"
      certificate_file: "{{.Dir}}/saml.crt"
      key_file: "{{.Dir}}/saml.key"
    citizen_login:
{{- if ne $.EID "oidc"}}
      - key: mitid
        saml:
          idp_metadata_file: "{{$.Dir}}/mitid.xml"
          certificate_file: "{{.Dir}}/saml.crt"
          key_file: "{{.Dir}}/saml.key"
{{- end}}
{{- if ne $.EID "saml"}}
      - key: broker
        name: "MitID (anden udbyder)"
        oidc:
          issuer: {{$.BrokerURL}}
          client_id: {{$.BrokerClient}}
          client_secret: {file: "{{$.Dir}}/broker.secret"}
          number_claim: dk.cpr
          level_claim: loa
          levels:
            https://data.gov.dk/concept/core/nsis/loa/Low: low
            https://data.gov.dk/concept/core/nsis/loa/Substantial: substantial
            https://data.gov.dk/concept/core/nsis/loa/High: high
          require_claims: {identity_type: private}
{{- end}}
    video:
      concurrency: {{$.Concurrency}}
{{- if eq $.Video "pexip"}}
      kind: pexip
      pexip:
        base_url: {{$.NodeURLs.Base}}
        client_id: {{$.Node.ID}}
        private_key: {file: "{{$.Dir}}/pexip.key"}
        web_host: {{$.NodeURLs.Base}}
        link_key: {file: "{{.Dir}}/rooms.key"}
        prefix: sluse-{{.Prefix}}
        concurrency: {{$.NodeConcurrency}}
        rate: {{$.NodeRate}}
        lead: {{$.NodeLead}}
      hook:
        user: pexip-node
        password: {file: "{{$.Dir}}/hook.secret"}
        from: [127.0.0.1, "::1"]
{{- else}}
      kind: vdx
      vdx:
{{- if eq $.Video "vdx1"}}
        version: v1
        base_url: {{$.URLs.Gateway.Video}}
        auth: sts
        sts_url: {{$.URLs.Gateway.STS}}
        audience: "{{$.URLs.Gateway.Audience}}"
        certificate_file: "{{$.Files.Certificate}}"
        key_file: "{{$.Files.Key}}"
        ca_file: "{{$.VDX.Files.CA}}"
        history_url: {{$.URLs.Gateway.History}}
{{- else if eq $.Video "vdx1-header"}}
        version: v1
        base_url: {{$.URLs.Video}}
        auth: session_header
        session:
          header: {{$.URLs.SessionHeader}}
          organisation: {{$.Client.Organisation}}
          email: {{$.Client.Email}}
          roles: [{{range $i, $r := $.Client.Roles}}{{if $i}}, {{end}}"{{$r}}"{{end}}]
        history_url: {{$.URLs.History}}
{{- else}}
        base_url: {{$.URLs.Video}}
        token_url: {{$.URLs.Token}}
        client_id: {{$.Client.ID}}
        client_secret: {file: "{{$.Dir}}/vdx.secret"}
        history_url: {{$.URLs.History}}
{{- end}}
        history_key: {file: "{{$.Dir}}/history.key"}
{{- end}}
    messages:
      sender: Testby
{{- if $.AnyHour}}
      quiet_from: "00:00"
      quiet_until: "00:00"
{{- end}}
{{- if eq $.Video "pexip"}}
      sms_gateway:
        base_url: {{$.GatewayURL}}
        api_key: {file: "{{$.Dir}}/sms.key"}
{{- else if eq $.Video "vdx1"}}
      sms: {base_url: {{$.URLs.Gateway.SMS}}, auth: vdx}
{{- else if eq $.Video "vdx1-header"}}
      sms: {base_url: {{$.URLs.SMS}}, auth: vdx}
{{- else}}
      sms:
        base_url: {{$.URLs.SMS}}
        token_url: {{$.URLs.Token}}
        client_id: {{$.Client.ID}}
        client_secret: {file: "{{$.Dir}}/vdx.secret"}
{{- end}}
      mail:
        host: {{$.MailHost}}
        port: {{$.MailPort}}
        tls: none
        from: skaerm@testby.example
        from_name: "{{.Name}}"
{{.RecordText}}
    rules:
      screen_services: ["Medicinadministration", "Tilsyn/omsorg", "Ernæringsvejledning", "Psykisk støtte", "Undersøgelser og måling", "Telefonopkald", "Bostøtte"]
      physical_services: ["Personlig hygiejne", "Sårbehandling", "Personlig hjælp og pleje"]
      unknown_suitability: green
      minimum_lead: 20m
    times: {door: 15m, grace: 15m, hard_cap: 1h, together: 30s, room_check: 3m}
{{- end}}
`

type configData struct {
	Options
	*World
	Municipalities     []municipalityData
	Client             vdxsim.Client        // at VDX with client credentials
	Files              vdxsim.ClientFiles   // at VDX by certificate
	Node               pexipsim.OAuthClient // at Pexip
	NodeConcurrency    int
	NodeRate           int
	GatewayURL         string
	BrokerClient       string // at the citizens' broker
	MailHost, MailPort string
	Dir                string
}

type municipalityData struct {
	Municipality
	Dir, HostPort, PublicURL string
	Prefix                   string // of the names of rooms on a Pexip
	RecordText               string // how its care record is told
}

// certificateLife is how long the demo's SAML certificate holds.
const certificateLife = 365 * 24 * time.Hour

func (w *World) writeConfig(_ context.Context, o Options) error {
	host, port, err := net.SplitHostPort(w.relay)
	if err != nil {
		return fmt.Errorf("mail relay: %w", err)
	}

	data := configData{
		Options: o, World: w, Client: planner(), Node: o.client(), Files: w.clientFiles(), GatewayURL: w.gateway, BrokerClient: oidcsim.DefaultClientID,
		NodeConcurrency: min(o.Concurrency, maxNodeConcurrency), NodeRate: NodeRate, MailHost: host, MailPort: port, Dir: o.Dir,
	}

	files := map[string]string{
		"vdx.secret": data.Client.Secret, "history.key": HistoryKey, "idp.xml": string(w.IDP.Metadata()), "broker.secret": oidcsim.DefaultClientSecret,
		"pexip.key": data.Node.PrivateKeyPEM, "hook.secret": w.hookPassword, "sms.key": smsgwsim.DefaultAPIKey,
	}
	maps.Copy(files, w.recordSecrets())

	if w.MitID != nil {
		files["mitid.xml"] = string(w.MitID.Metadata())
	}

	for name, text := range files {
		if err := writeSecret(filepath.Join(o.Dir, name), text); err != nil {
			return err
		}
	}

	for i, m := range o.Municipalities {
		prepared, err := prepare(o, m)
		if err != nil {
			return err
		}

		prepared.Prefix = "sluse-" + letters(i)

		if prepared.RecordText, err = w.recordText(o, prepared.Dir); err != nil {
			return err
		}

		data.Municipalities = append(data.Municipalities, prepared)
	}

	var text strings.Builder
	if err := template.Must(template.New("config").Parse(configText)).Execute(&text, data); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}

	return writeSecret(w.ConfigFile, text.String())
}

// NodeRate is how many calls per second the program may make to a Management Node: the most that
// its configuration allows, a little less than what Pexip documents as its own limit.
const NodeRate = 15

// maxNodeConcurrency is the most calls at once that the program makes to a Management Node.
const maxNodeConcurrency = 5

// letters is a number in letters, because the names of rooms on a Pexip begin with letters alone.
func letters(n int) string {
	return strings.Map(func(digit rune) rune { return digit - '0' + 'a' }, strconv.Itoa(n))
}

// planner is the service account that may book for a whole municipality.
func planner() vdxsim.Client {
	for _, c := range vdxsim.DefaultClients() {
		if slices.Contains(c.Roles, vdxsim.RolePlanner) {
			return c
		}
	}

	return vdxsim.Client{}
}

func prepare(o Options, m Municipality) (municipalityData, error) {
	_, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return municipalityData{}, fmt.Errorf("listen address: %w", err)
	}

	out := municipalityData{Municipality: m, Dir: filepath.Join(o.Dir, string(m.ID)), HostPort: net.JoinHostPort(m.Host, port), PublicURL: publicURL(m, port)}
	if out.Database == "" {
		out.Database = "sqlite:" + filepath.Join(out.Dir, "sluse.db")
	}

	if err := os.MkdirAll(filepath.Join(out.Dir, "lister"), 0o700); err != nil {
		return out, fmt.Errorf("make directory: %w", err)
	}

	if err := writeKeys(out.Dir); err != nil {
		return out, err
	}

	u, err := url.Parse(out.PublicURL)
	if err != nil {
		return out, fmt.Errorf("public address: %w", err)
	}

	now := o.Clock()

	certificate, key, err := saml.NewKeyPair(u.Hostname(), now.Add(-24*time.Hour), now.Add(certificateLife))
	if err != nil {
		return out, fmt.Errorf("make certificate: %w", err)
	}

	if err := writeSecret(filepath.Join(out.Dir, "saml.crt"), string(certificate)); err != nil {
		return out, err
	}

	return out, writeSecret(filepath.Join(out.Dir, "saml.key"), string(key))
}
