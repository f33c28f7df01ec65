package nexus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
)

// Names are the local names that a municipality's rules use in Nexus.
type Names struct {
	Categories    []Name // visit types
	Interventions []Name // in the catalogue
	Forms         []Form
	Tasks         []TaskName
	Foreign       []string // visit types that mean a screen visit of another product
}

// Name is a name of the rules.
type Name struct {
	Text string
	Keys []string // where it stands in the settings: record.default.planned
}

// Form is a form of the rules with the fields that they fill in.
type Form struct {
	Key    string // of the rule's part in the settings: record.default.note
	Title  string
	Fields []string    // labels
	Values []ehr.Field // what the rules fill in as it stands there, without placeholders
}

// TaskName is a type of task of the rules with the group that does it; the group may be empty.
type TaskName struct {
	Key        string // of the rule's part in the settings: record.default.task
	Type, Team string
}

// subject is the common beginning of the findings.
const subject = "KMD Nexus"

// Check implements connector.Checker for the names of the settings alone.
func (n *Nexus) Check(ctx context.Context) []connector.Finding { return n.CheckNames(ctx, Names{}) }

// CheckNames looks up every name of the settings and of the rules in the live system, and says in
// Danish what is missing, where it stands, what is there instead and what to do. It changes nothing
// there. Forms, interventions and tasks are looked up with the test citizen of the settings.
func (n *Nexus) CheckNames(ctx context.Context, names Names) []connector.Finding {
	d := &doctor{nexus: n, names: names}

	home, err := n.start(ctx)
	if err != nil {
		d.say(connector.Failing, "Forbindelsen", unconnected(err))

		return d.found
	}

	d.say(connector.Fine, "Forbindelsen", "Nexus svarer, og Sluse er logget ind.")
	d.rights(home)
	d.lists(ctx)
	d.citizen(ctx)

	return d.found
}

// unconnected says why there is no connection, and which settings to look at.
func unconnected(err error) string {
	if e, ok := errors.AsType[*connector.Error](err); ok && e.Op == "token" {
		return untokened(err)
	}

	text := connector.Explain(err)

	switch connector.Shown(err) {
	case connector.Unauthorized, connector.Rejected:
		return "Logintjenesten kender Sluse, men Nexus lukker os ikke ind. " + text +
			" Kontrollér instance i record.nexus, og bed systemforvalteren om at se på API-brugeren."
	case connector.NotFound, connector.Malformed:
		return "Der er intet Nexus-API på adressen. " + text + " Kontrollér api_url og instance i record.nexus."
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Conflict, connector.Unsupported:
	}

	return "Nexus kan ikke nås. " + text + " Kontrollér api_url i record.nexus og firewallen, og prøv igen."
}

func untokened(err error) string {
	text := connector.Explain(err)

	switch connector.Shown(err) {
	case connector.Unauthorized, connector.Rejected:
		return "Logintjenesten giver Sluse intet token. " + text +
			" Kontrollér client_id, client_secret og instance i record.nexus, og spørg KMD, om API-brugeren er aktiv i denne instans."
	case connector.NotFound, connector.Malformed:
		return "Logintjenesten kender ikke instansen. " + text + " Kontrollér iam_url, auth_path og instance i record.nexus."
	case connector.Unavailable, connector.RateLimited, connector.Unknown, connector.Pending, connector.Conflict, connector.Unsupported:
	}

	return "Logintjenesten kan ikke bruges. " + text + " Kontrollér iam_url i record.nexus og firewallen, og prøv igen."
}

// doctor collects findings.
type doctor struct {
	nexus *Nexus
	names Names
	found []connector.Finding
}

func (d *doctor) say(level connector.Level, what, text string) {
	d.found = append(d.found, connector.Finding{Level: level, Subject: subject + ", " + what, Text: text})
}

// trouble tells an error; keys are where what was looked for stands in the settings.
func (d *doctor) trouble(what string, err error, keys ...string) {
	text := sentence(err)

	e, ok := errors.AsType[*connector.Error](err)

	switch {
	case ok && e.Status == http.StatusForbidden:
		text = "Sluse er ikke givet adgang til dette i Nexus. Bed systemforvalteren om at give API-brugeren rettigheden."
	case text == "", ok && e.Status != 0: // what a refusal says is for the employee who registers a visit
		text = connector.Explain(err) + " Prøv igen, og kontakt KMD, hvis det bliver ved."
	}

	if unknown, ok := errors.AsType[*absentError](err); ok {
		text += near(unknown.name, unknown.have)
	}

	d.say(connector.Failing, what, text+standing(keys))
}

// standing tells where something stands in the settings.
func standing(keys []string) string {
	if len(keys) == 0 {
		return ""
	}

	return " Det står i " + strings.Join(keys, ", ") + "."
}

// rights tells which of the rels that everything begins with are absent.
func (d *doctor) rights(home object) {
	for _, r := range []struct{ rel, what string }{
		{"preferences", "kørelister og visninger"}, {"patientDetailsSearch", "at slå borgere op"}, {"patients", "borgerne"},
	} {
		if !home.has(r.rel) {
			d.trouble("Rettigheder", missing("check", connector.Unsupported, r.what))
		}
	}

	if !d.nexus.config.WriteVisitType {
		d.say(connector.Notice, "Besøgstype",
			"Sluse skriver ikke besøgets type og bemærkning på kørelisten, fordi write_visit_type er slået fra. Slå det til, når det er prøvet med en fiktiv borger.")
	}
}

// lists looks up the driving lists, and on one of them the visit types.
func (d *doctor) lists(ctx context.Context) {
	const what = "Kørelister"

	all, err := d.nexus.calendarPreferences(ctx)
	if err != nil {
		d.trouble(what, err)

		return
	}

	if len(all) == 0 {
		d.trouble(what, missing("check", connector.Unsupported, "nogen køreliste (planlægningskalender)"))

		return
	}

	names := textsOf(all, "name")
	d.patterns(ctx, "record.nexus.lists", d.nexus.config.Lists, names)
	d.patterns(ctx, "record.nexus.night_lists", d.nexus.config.NightLists, names)
	d.say(connector.Fine, what, fmt.Sprintf("Sluse kan se %d: %s.", len(all), some(names)))

	if night := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !d.nexus.config.isNight(name) }); len(night) > 0 {
		d.say(connector.Fine, what, "Som nathold, hvis dag begynder kl. 12, læses "+some(night)+".")
	}

	d.categories(ctx, all)
}

// patterns looks up each pattern of names of lists.
func (d *doctor) patterns(ctx context.Context, key string, patterns, names []string) {
	for _, pattern := range patterns {
		if !slices.ContainsFunc(names, func(name string) bool { return matches([]string{pattern}, name) }) {
			d.say(connector.Failing, "Kørelister", "Ingen køreliste (planlægningskalender) i Nexus passer til »"+pattern+"«."+d.elsewhere(ctx, pattern)+
				near(pattern, names)+" Ret navnet i opsætningen, eller bed om at Sluse får adgang til listen."+standing([]string{key}))
		}
	}
}

// mostListed is how many names a line holds.
const mostListed = 12

// some are the first names, and how many more there are.
func some(names []string) string {
	if more := len(names) - mostListed; more > 0 {
		return fmt.Sprintf("%s og %d andre", quoted(names[:mostListed]), more)
	}

	return quoted(names)
}

// elsewhere tells of a list of the name that is of another kind: the aids depot's "Køreliste" is
// none of home care's (eoj.md §1.4).
func (d *doctor) elsewhere(ctx context.Context, pattern string) string {
	preferences, err := d.nexus.preferences(ctx)
	if err != nil {
		return ""
	}

	for group := range preferences {
		if group == planningCalendars || group == "_links" {
			continue
		}

		for _, p := range preferences.list(group) {
			if matches([]string{pattern}, p.text("name")) {
				return " Der findes en liste med det navn af en anden slags (" + group + "); den er ikke hjemmeplejens køreliste."
			}
		}
	}

	return ""
}

func quoted(names []string) string { return "»" + strings.Join(names, "«, »") + "«" }
