package nexus

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

// Names are the local names that a municipality's rules use in Nexus.
type Names struct {
	Categories    []string // visit types
	Interventions []string // in the catalogue
	Forms         []Form
	Tasks         []TaskName
}

// Form is a form of the rules with the fields that they fill in.
type Form struct {
	Title  string
	Fields []string    // labels
	Values []ehr.Field // what the rules fill in as it stands there, without placeholders
}

// TaskName is a type of task of the rules with the group that does it; the group may be empty.
type TaskName struct{ Type, Team string }

// subject is the common beginning of the findings.
const subject = "KMD Nexus"

// Check implements connector.Checker for the names of the settings alone.
func (n *Nexus) Check(ctx context.Context) []connector.Finding { return n.CheckNames(ctx, Names{}) }

// CheckNames looks up every name of the settings and of the rules in the live system, and says in
// Danish what is missing and who has to do what. It changes nothing there. Forms, interventions
// and tasks are looked up with the test citizen of the settings.
func (n *Nexus) CheckNames(ctx context.Context, names Names) []connector.Finding {
	d := &doctor{nexus: n, names: names}

	home, err := n.start(ctx)
	if err != nil {
		d.trouble("Forbindelsen", err)

		return d.found
	}

	d.say(connector.Fine, "Forbindelsen", "Nexus svarer, og Sluse er logget ind.")
	d.rights(home)
	d.lists(ctx)
	d.citizen(ctx)

	return d.found
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

// trouble tells an error. The kinds that pass by themselves are told as what they are.
func (d *doctor) trouble(what string, err error) {
	text := sentence(err)
	if text == "" {
		text = "Nexus svarer ikke, som det skal (" + connector.KindOf(err).String() + "). Prøv igen, og kontakt KMD, hvis det bliver ved."
	}

	d.say(connector.Failing, what, text)
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

	var names []string
	for _, p := range all {
		names = append(names, p.text("name"))
	}

	for _, pattern := range d.nexus.config.Lists {
		if !slices.ContainsFunc(names, func(name string) bool { return matches([]string{pattern}, name) }) {
			d.say(connector.Failing, what, "Ingen køreliste (planlægningskalender) i Nexus passer til »"+pattern+"«."+d.elsewhere(ctx, pattern)+
				" Ret navnet i opsætningen, eller bed om at Sluse får adgang til listen.")
		}
	}

	if len(all) == 0 {
		d.trouble(what, missing("check", connector.Unsupported, "nogen køreliste (planlægningskalender)"))

		return
	}

	d.say(connector.Fine, what, fmt.Sprintf("Sluse kan se %d kørelister.", len(all)))
	d.categories(ctx, all)
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

// each tells of the names that are missing, or that all are there.
func (d *doctor) each(what string, names []string, look func(name string) (missing string, ok bool)) {
	complete := true

	for _, name := range names {
		if text, ok := look(name); !ok {
			d.say(connector.Failing, what, text)

			complete = false
		}
	}

	if complete && len(names) > 0 {
		d.say(connector.Fine, what, "Navnene findes i Nexus: "+quoted(names)+".")
	}
}

func quoted(names []string) string { return "»" + strings.Join(names, "«, »") + "«" }

// citizen looks up with the test citizen what Nexus tells of citizens alone.
func (d *doctor) citizen(ctx context.Context) {
	const what = "Testborger"

	cpr, _, _ := care.ParseCPR(d.nexus.config.TestCitizen.Reveal())
	if cpr.IsZero() {
		d.say(connector.Notice, what,
			"Indsatser, skemaer og opgaver er ikke kontrolleret. Skriv personnummeret på en fiktiv borger i Nexus i test_citizen.")

		return
	}

	patient, err := d.nexus.citizenByCPR(ctx, cpr)
	if err != nil {
		d.trouble(what, err)

		return
	}

	d.calendar(ctx, patient)
	d.interventions(ctx, patient)
	d.forms(ctx, patient)
	d.tasks(ctx, patient)
}

func (d *doctor) calendar(ctx context.Context, patient object) {
	const what = "Borgerens kalender"

	calendar, err := d.nexus.view(ctx, patient, "CITIZEN_CALENDAR", d.nexus.config.CitizenCalendar)
	if err == nil {
		_, err = d.nexus.follow("check", calendar, "events", "besøgene i borgerens kalender")
	}

	if err != nil {
		d.trouble(what, err)

		return
	}

	d.say(connector.Fine, what, "»"+d.nexus.config.CitizenCalendar+"« kan læses.")
}

func (d *doctor) interventions(ctx context.Context, patient object) {
	const what = "Indsatser"

	if d.nexus.config.Intervention.Placement == "" {
		if len(d.names.Interventions) > 0 {
			d.say(connector.Failing, what, "Reglerne bruger indsatser, men intervention.placement er ikke sat. Skriv grundforløb og forløb i opsætningen.")
		}

		return
	}

	if _, err := d.nexus.references(ctx, patient); err != nil {
		d.trouble(what, err)
	}

	basket, err := d.nexus.basket(ctx, patient)
	if err != nil {
		d.trouble(what, err)

		return
	}

	for _, rel := range []string{"bulkPrototype", "bulkGet"} {
		if !basket.has(rel) {
			d.trouble(what, missing("check", connector.Unsupported, "at oprette indsatser"))

			break
		}
	}

	d.each(what, d.names.Interventions, func(name string) (string, bool) {
		_, err := d.nexus.catalogued(ctx, basket, name)

		return sentence(err), err == nil
	})
	d.transitions(ctx, patient)
}

func (d *doctor) forms(ctx context.Context, patient object) {
	const what = "Skemaer"

	for _, f := range d.names.Forms {
		form, err := d.nexus.newForm(ctx, patient, f.Title)
		if err == nil {
			_, err = d.nexus.formAction(ctx, form)
		}

		if err != nil {
			d.trouble(what, err)

			continue
		}

		d.fields(f, form.list("items"))
	}

	if d.nexus.config.Note.TextLabel == "" && len(d.names.Forms) > 0 {
		d.say(connector.Failing, what, "Reglerne bruger skemaer, men note.text_label er ikke sat. Skriv navnet på skemaets tekstfelt i opsætningen.")
	}
}

func (d *doctor) tasks(ctx context.Context, patient object) {
	const what = "Opgaver"

	if d.nexus.config.Task.Off || len(d.names.Tasks) == 0 {
		return
	}

	if _, err := d.nexus.follow("check", patient, "assignments", "borgerens opgaver (også de lukkede)"); err != nil {
		d.trouble(what, err)
	}

	for _, t := range d.names.Tasks {
		if err := d.task(ctx, patient, t); err != nil {
			d.trouble(what, err)

			continue
		}

		d.say(connector.Fine, what, "Opgavetypen »"+t.Type+"« kan bruges.")
	}
}

func (d *doctor) task(ctx context.Context, patient object, t TaskName) error {
	task, err := d.nexus.newTask(ctx, patient, t.Type)
	if err != nil {
		return err
	}

	if _, err := d.nexus.taskAction(task, t.Type); err != nil || t.Team == "" {
		return err
	}

	_, err = d.nexus.team(ctx, task, t.Team)

	return err
}
