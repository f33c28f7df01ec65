package nexus

import (
	"context"
	"slices"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/scheduler/care"
)

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
	if connector.Is(err, connector.NotFound) {
		d.say(connector.Failing, what, "Nexus har ingen borger med personnummeret i test_citizen, så indsatser, skemaer og opgaver er ikke kontrolleret. "+
			"Opret en fiktiv borger i Nexus, eller ret record.nexus.test_citizen.")

		return
	}

	if err != nil {
		d.trouble(what, err, "record.nexus.test_citizen")

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
		d.trouble(what, err, "record.nexus.citizen_calendar")

		return
	}

	d.say(connector.Fine, what, "»"+d.nexus.config.CitizenCalendar+"« kan læses.")
}

// topicInterventions is what the findings about interventions are called.
const topicInterventions = "Indsatser"

func (d *doctor) interventions(ctx context.Context, patient object) {
	if d.nexus.config.Intervention.Placement == "" {
		for _, name := range d.names.Interventions {
			d.say(connector.Failing, topicInterventions, "Reglerne bruger indsatsen »"+name.Text+"«, men record.nexus.intervention.placement er ikke sat. Skriv grundforløb og forløb dér."+standing(name.Keys))
		}

		return
	}

	if len(d.names.Interventions) == 0 {
		return
	}

	if _, err := d.nexus.references(ctx, patient); err != nil {
		d.trouble(topicInterventions, err, "record.nexus.citizen_pathway")
	}

	basket, err := d.nexus.basket(ctx, patient)
	if err != nil {
		d.trouble(topicInterventions, err, "record.nexus.intervention.placement")

		return
	}

	if _, err := d.nexus.followAll(ctx, "check", basket, "grantCatalog", "indsatskataloget"); err != nil {
		d.trouble(topicInterventions, err)

		return
	}

	for _, name := range d.names.Interventions {
		d.intervention(ctx, patient, basket, name)
	}
}

// intervention looks up one of the catalogue, what may be done to it, and with a draft how one is
// made. The draft is not stored before it is saved (eoj.md §1.7: it has neither id nor state), which
// nobody does here.
func (d *doctor) intervention(ctx context.Context, patient, basket object, name Name) {
	it, err := d.nexus.catalogued(ctx, basket, name.Text)
	if err != nil {
		d.trouble(topicInterventions, err, name.Keys...)

		return
	}

	d.say(connector.Fine, topicInterventions, "»"+name.Text+"« findes i indsatskataloget.")

	draft, err := d.nexus.draftGrant(ctx, basket, it)
	if err != nil {
		d.trouble(topicInterventions, err)

		return
	}

	d.creation(ctx, name.Text, draft)
	d.transitions(ctx, patient, name.Text)
}

// creation looks at the first transition of a draft, and at what has to be filled in with it.
func (d *doctor) creation(ctx context.Context, name string, draft object) {
	own := d.nexus.config.Intervention

	first, ok := d.transition(grant{draft}, name, own.Create[0], "En ny indsats", "record.nexus.intervention.create")
	if !ok {
		return
	}

	template, err := d.nexus.template(ctx, first)
	if err != nil {
		d.trouble(topicInterventions, err)

		return
	}

	elements := template.list("elements")
	if err := setMarker(elements, marker{}); err != nil {
		d.trouble(topicInterventions, err)
	}

	if own.Supplier == "" {
		return
	}

	at := slices.IndexFunc(elements, func(e object) bool { return e.text("type") == "supplier" })
	if at < 0 {
		d.say(connector.Notice, topicInterventions, "»"+name+"« har ingen leverandør i Nexus, så record.nexus.intervention.supplier bruges ikke.")

		return
	}

	if _, err := d.nexus.supplier(ctx, elements[at]); err != nil {
		d.trouble(topicInterventions, err, "record.nexus.intervention.supplier")

		return
	}

	d.say(connector.Fine, topicInterventions, "Leverandøren »"+own.Supplier+"« kan vælges til »"+name+"«.")
}

// transition looks up one of the actions that an intervention has now.
func (d *doctor) transition(g grant, name, action, whose, key string) (object, bool) {
	t, ok := g.transition(action)
	if !ok {
		d.say(connector.Failing, topicInterventions, whose+" »"+name+"« kan ikke få handlingen »"+action+"«."+
			near(action, textsOf(g.list("currentWorkflowTransitions"), "name"))+
			" Ret navnet i opsætningen, eller bed om at Sluse får adgang til handlingen."+standing([]string{key}))
	}

	return t, ok
}

// transitions looks up the names of the other actions on an intervention that the test citizen has.
// Those between the first and the last only show while one is made.
func (d *doctor) transitions(ctx context.Context, patient object, name string) {
	own := d.nexus.config.Intervention
	unseen := slices.Clone(own.Create[1:])

	active, err := d.nexus.activeGrants(ctx, patient, name)

	switch {
	case err != nil:
		d.trouble(topicInterventions, err)

		return
	case len(active) == 0:
		unseen = append(unseen, own.Edit, own.End)
	default:
		d.transition(active[0], name, own.Edit, "Testborgerens indsats", "record.nexus.intervention.edit")
		d.transition(active[0], name, own.End, "Testborgerens indsats", "record.nexus.intervention.end")
	}

	if len(unseen) > 0 {
		d.say(connector.Notice, topicInterventions, "Om »"+name+"« kan få handlingerne "+quoted(unseen)+
			", kan først ses, når testborgeren har indsatsen. Opret den på testborgeren i Nexus, og kør sluse doctor igen.")
	}
}

func (d *doctor) forms(ctx context.Context, patient object) {
	const what = "Skemaer"

	for _, f := range d.names.Forms {
		if d.nexus.config.Note.TextLabel == "" {
			d.say(connector.Failing, what, "Reglerne bruger skemaet »"+f.Title+"«, men record.nexus.note.text_label er ikke sat. Skriv navnet på skemaets tekstfelt dér."+standing([]string{f.Key}))

			continue
		}

		form, err := d.nexus.newForm(ctx, patient, f.Title)
		if err != nil {
			d.trouble(what, err, f.Key+".form")

			continue
		}

		if _, err = d.nexus.formAction(ctx, form); err != nil {
			d.trouble(what, err, "record.nexus.note.action")
		}

		d.fields(f, form.list("items"))
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
		if key, err := d.task(ctx, patient, t); err != nil {
			d.trouble(what, err, key)

			continue
		}

		d.say(connector.Fine, what, "Opgavetypen »"+t.Type+"« kan bruges.")
	}
}

// task looks up a type of task and who may be given one; with an error, where its name stands.
func (d *doctor) task(ctx context.Context, patient object, t TaskName) (key string, err error) {
	task, err := d.nexus.newTask(ctx, patient, t.Type)
	if err != nil {
		return t.Key + ".type", err
	}

	if _, err := d.nexus.taskAction(task, t.Type); err != nil || t.Team == "" {
		return "record.nexus.task.create", err
	}

	_, err = d.nexus.team(ctx, task, t.Team)

	return t.Key + ".team", err
}
