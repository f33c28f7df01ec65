package pexip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

// Limits of what is fine.
const (
	clockNotice, clockFailing = 5 * time.Second, time.Minute
	minHostWait               = 10 * 60 // seconds; a citizen waits for the employee in the room
	minLogsAge                = 2       // days; the history is read for a day after a visit
	bestSinkVersion           = 2
)

// Check looks at the node's set-up: whether it has what we rely on, and whether its settings
// suit screen visits. It changes nothing.
func (p *Platform) Check(ctx context.Context) []connector.Finding {
	err := p.Verify(ctx)

	findings := []connector.Finding{foundSchema(err)}
	if err != nil && !isSchema(err) {
		return findings // it can't be reached, or does not know us: everything else would say the same
	}

	findings = append(findings, p.checkGlobal(ctx)...)
	findings = append(findings, p.checkClock(ctx), p.checkAlarms(ctx))

	if p.config.Events == EventsSink {
		findings = append(findings, p.checkSink(ctx)...)
	}

	return append(findings, ourRooms()...)
}

// global reads the settings of the whole platform.
func (p *Platform) global(ctx context.Context) (globalWire, error) {
	found, err := list[globalWire](ctx, p.api, call{op: "global", path: resource(configuration, "global")})
	if err != nil {
		return globalWire{}, err
	}

	if len(found) == 0 {
		return globalWire{}, malformed("global", "there are no global settings")
	}

	return found[0], nil
}

func finding(level connector.Level, subject, text string) connector.Finding {
	return connector.Finding{Level: level, Subject: subject, Text: text}
}

func isSchema(err error) bool {
	e, ok := errors.AsType[*connector.Error](err)

	return ok && e.Code == CodeSchema
}

// foundSchema tells what Verify found.
func foundSchema(err error) connector.Finding {
	const subject = "Pexip-nodens API"

	switch {
	case err == nil:
		return finding(connector.Fine, subject, "Noden svarer, kender os og har alt, hvad Sluse bygger på.")
	case isSchema(err):
		return finding(connector.Failing, subject, care.MessageOf(err)+" Der kan ikke bookes rum, før noden er opdateret.")
	default:
		return finding(connector.Failing, subject, troubleText(err))
	}
}

// troubleText tells in words why the node could not be asked.
func troubleText(err error) string {
	e, ok := errors.AsType[*connector.Error](err)

	switch {
	case ok && e.Code == CodeOAuthOnly:
		return "Noden tager ikke brugernavn og adgangskode. Opret en OAuth2-klient i Pexip, og sæt auth til oauth."
	case ok && e.Kind == connector.Unauthorized && e.Op == "token":
		return "Noden giver os intet token. Kontrollér client_id og private_key, at OAuth2 er slået til i Pexip, og at audience er nodens eget navn (fejlen invalid_client betyder som regel det sidste)."
	case ok && e.Kind == connector.Unauthorized:
		return "Noden afviser os. Kontrollér brugeren eller OAuth2-klienten, dens rolle og eventuelt ca_file."
	case ok && e.Kind == connector.RateLimited:
		return "Noden beder os vente; den får for mange kald. Sæt rate ned, eller se efter andre integrationer, der belaster den."
	case ok && e.Kind == connector.Malformed:
		return "Det, der svarer på base_url, ser ikke ud til at være en Pexip Management Node."
	default:
		return "Noden svarer ikke. Kontrollér base_url, netværket og, hvis nodens certifikat er fra en privat udsteder, ca_file."
	}
}

func (p *Platform) checkGlobal(ctx context.Context) []connector.Finding {
	const subject = "Pexips globale indstillinger"

	set, err := p.global(ctx)
	if err != nil {
		return []connector.Finding{finding(connector.Notice, subject, "De kan ikke læses. "+troubleText(err))}
	}

	var findings []connector.Finding

	add := func(bad bool, level connector.Level, text string) {
		if bad {
			findings = append(findings, finding(level, subject, text))
		}
	}
	below := func(value *int, least int) bool { return value != nil && *value < least }

	add(set.MinPIN > minPIN, connector.Failing,
		fmt.Sprintf("min_pin_length er %d, men Sluse laver PIN-koder på %d cifre. Sæt den til %d, ellers afvises alle rum.", set.MinPIN, minPIN, minPIN))
	add(below(set.HostWait, minHostWait), connector.Notice,
		fmt.Sprintf("waiting_for_chair_timeout er %d sekunder: en borger, der kommer i god tid, bliver smidt ud, før medarbejderen kommer. Mindst %d anbefales.", value(set.HostWait), minHostWait))
	add(set.GuestsOnly != nil && *set.GuestsOnly > 300, connector.Notice,
		fmt.Sprintf("guests_only_timeout er %d sekunder: borgeren kan sidde alene i rummet så længe, efter at medarbejderen er gået.", value(set.GuestsOnly)))
	add(set.LogsAge != nil && *set.LogsAge > 0 && *set.LogsAge < minLogsAge, connector.Failing,
		"logs_max_age er under 2 dage: Pexip sletter sin historik, før vi har læst den sidste gang.")
	add(set.Chat != nil && *set.Chat, connector.Notice,
		"Chat er slået til på platformen. Vores rum slår den fra, men rum, der laves i hånden, har den (ingen patientdata i chat).")
	add(set.Crypto == "off", connector.Notice, "Kryptering er slået fra på platformen. Vores rum kræver den.")
	add(set.PINChecks != nil && !*set.PINChecks, connector.Notice,
		"Værnet mod gæt på PIN-koder (bdpm_pin_checks_enabled) er slået fra. Slå det til.")
	add(set.LastLeft != nil && *set.LastLeft == 0, connector.Notice,
		"eject_last_participant_backstop_timeout er 0: et glemt faneblad holder rummet i gang, til Sluse lukker det.")

	if p.config.Events == EventsSink {
		add(below(set.SinkTimeout, 5), connector.Notice, "es_connection_timeout er under 5 sekunder: hændelser kan blive sendt flere gange, når der er travlt.")
		add(below(set.SinkBackoff, 1800), connector.Notice,
			"es_maximum_retry_backoff er under 1800 sekunder: Pexip holder op med at sende hændelser efter en kort afbrydelse.")
	}

	if len(findings) == 0 {
		return []connector.Finding{finding(connector.Fine, subject, "De passer til skærmbesøg.")}
	}

	return findings
}

func value(n *int) int {
	if n == nil {
		return 0
	}

	return *n
}

// checkClock compares the node's clock with ours by the date of an answer, which has whole
// seconds.
func (p *Platform) checkClock(ctx context.Context) connector.Finding {
	const subject = "Pexip-nodens ur"

	began := p.now()
	answer, err := p.api.do(ctx, call{op: "clock", method: http.MethodGet, path: resource(configuration, "global")})
	took := p.now().Sub(began)

	if err != nil {
		return finding(connector.Notice, subject, "Uret kan ikke læses. "+troubleText(err))
	}

	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return finding(connector.Notice, subject, "Noden fortæller ikke, hvad klokken er.")
	}

	off := max(date.Sub(began.Add(took/2)).Abs()-took/2-time.Second, 0)

	switch {
	case off >= clockFailing:
		return finding(connector.Failing, subject, fmt.Sprintf("Uret går %s galt i forhold til vores. Så kan ingen sige, hvem der var i rummet sammen. Sæt NTP op.", off.Round(time.Second)))
	case off >= clockNotice:
		return finding(connector.Notice, subject, fmt.Sprintf("Uret går %s galt i forhold til vores. Sæt NTP op.", off.Round(time.Second)))
	}

	return finding(connector.Fine, subject, "Uret passer med vores.")
}

// alarmWire is one alarm of the platform.
type alarmWire struct {
	Name text `json:"name"`
}

func (p *Platform) checkAlarms(ctx context.Context) connector.Finding {
	const subject = "Pexips alarmer"

	alarms, err := list[alarmWire](ctx, p.api, call{op: "alarms", path: resource(statusAPI, "alarm")})
	if err != nil {
		return finding(connector.Notice, subject, "Alarmerne kan ikke læses. "+troubleText(err))
	}

	if len(alarms) == 0 {
		return finding(connector.Fine, subject, "Der er ingen.")
	}

	var names []string

	sink := false

	for _, a := range alarms {
		name := shortName(string(a.Name))
		sink = sink || strings.Contains(strings.ReplaceAll(strings.ToLower(name), "_", ""), "eventsink")

		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}

	text := fmt.Sprintf("Der er %d: %s.", len(alarms), strings.Join(names[:min(len(names), 5)], ", "))
	if sink {
		return finding(connector.Failing, subject, text+" Pexip er holdt op med at sende hændelser: start event sinken igen under System, Event sinks.")
	}

	return finding(connector.Notice, subject, text)
}

// shortName lets a name of the platform's through and nothing longer.
func shortName(name string) string {
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == ' ' {
			return r
		}

		return -1
	}

	name = strings.TrimSpace(strings.Map(keep, name))

	return name[:min(len(name), 40)]
}

// sinkWire is an event sink.
type sinkWire struct {
	URI     string `json:"resource_uri"`
	URL     string `json:"url"`
	User    text   `json:"username"`
	Version int    `json:"version"`
	Verify  *bool  `json:"verify_tls_certificate"`
}

// locationWire is a place with nodes.
type locationWire struct {
	Name  string  `json:"name"`
	Sinks []uriOf `json:"event_sinks"`
}

// uriOf is a reference: an address, or an object that has one.
type uriOf string

// UnmarshalJSON never fails.
func (u *uriOf) UnmarshalJSON(data []byte) error {
	var (
		address text
		object  struct {
			URI text `json:"resource_uri"`
		}
	)

	_ = address.UnmarshalJSON(data)   // never fails
	_ = json.Unmarshal(data, &object) // an address, then

	*u = uriOf(first(address, object.URI))

	return nil
}

// checkSink makes sure that the nodes post their events to us: a sink that no location has is
// never used (pexip.md §4.1).
func (p *Platform) checkSink(ctx context.Context) []connector.Finding {
	const subject = "Pexips event sink"

	sinks, err := list[sinkWire](ctx, p.api, call{op: "event_sinks", path: resource(configuration, "event_sink")})
	if err != nil {
		return []connector.Finding{finding(connector.Notice, subject, "Den kan ikke læses. "+troubleText(err))}
	}

	if p.hook == "" {
		return []connector.Finding{finding(connector.Notice, subject, "Sluse ved ikke, hvor den selv modtager hændelser.")}
	}

	at := slices.IndexFunc(sinks, func(s sinkWire) bool { return sameURL(s.URL, p.hook) })
	if at < 0 {
		return []connector.Finding{finding(connector.Failing, subject, "Ingen event sink sender til "+p.hook+". Opret den, version 2, og sæt den på alle lokationer med noder, der håndterer billede og lyd.")}
	}

	var (
		sink     = sinks[at]
		findings []connector.Finding
	)

	if sink.Version != bestSinkVersion {
		findings = append(findings, finding(connector.Notice, subject, "Den sender version "+strconv.Itoa(sink.Version)+". Version 2 anbefales."))
	}

	if sink.User == "" {
		findings = append(findings, finding(connector.Failing, subject, "Den har intet brugernavn, så vi afviser det, den sender."))
	}

	if sink.Verify != nil && !*sink.Verify {
		findings = append(findings, finding(connector.Notice, subject, "Den kontrollerer ikke vores certifikat (verify_tls_certificate)."))
	}

	return append(findings, p.checkLocations(ctx, sink.URI))
}

func (p *Platform) checkLocations(ctx context.Context, sink string) connector.Finding {
	const subject = "Pexips lokationer"

	locations, err := list[locationWire](ctx, p.api, call{op: "locations", path: resource(configuration, "system_location")})
	if err != nil {
		return finding(connector.Notice, subject, "De kan ikke læses. "+troubleText(err))
	}

	var without []string

	for _, l := range locations {
		if !slices.ContainsFunc(l.Sinks, func(u uriOf) bool { return sameURL(string(u), sink) }) {
			without = append(without, l.Name)
		}
	}

	switch {
	case len(without) == len(locations):
		return finding(connector.Failing, subject, "Ingen lokation har vores event sink, så der kommer ingen hændelser.")
	case len(without) > 0:
		return finding(connector.Notice, subject, "Disse lokationer har ikke vores event sink: "+strings.Join(without, ", ")+". Det er kun rigtigt for lokationer, der alene har proxy-noder.")
	}

	return finding(connector.Fine, subject, "De har alle vores event sink.")
}

// sameURL compares addresses by what they mean; of a reference only the path counts.
func sameURL(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)

	if errX != nil || errY != nil || strings.TrimRight(x.Path, "/") != strings.TrimRight(y.Path, "/") {
		return false
	}

	return x.Host == "" || y.Host == "" || strings.EqualFold(x.Host, y.Host)
}

// ourRooms tells what our own rooms are like (R10, R15, R16).
func ourRooms() []connector.Finding {
	return []connector.Finding{
		finding(connector.Fine, "Chat i rummene", "Slået fra i alle rum, som Sluse laver."),
		finding(connector.Fine, "Deling af skærm", "Kun medarbejderen kan dele; gæster kan ikke."),
		finding(connector.Fine, "Optagelse", "Sluse optager ikke. Kommer en optager eller streaming ind i et rum, står den i besøgets forløb."),
	}
}
