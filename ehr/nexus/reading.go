package nexus

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

// reading is one list while it is read.
type reading struct {
	nexus  *Nexus
	list   ehr.ListRef
	period care.Interval

	events    []object
	seen      map[string]bool            // identities with their instants, for days that overlap
	employees map[string]care.EmployeeID // by resourceId
	people    map[string]person          // by the citizen's id
	laws      map[string]care.LegalBasis // by the grant's id
	kept      ehr.DrivingList
}

// take keeps a day's visits that begin in the period. Breaks and meetings have no citizen and are
// no visits.
func (r *reading) take(answer object) {
	if r.employees == nil {
		r.employees = map[string]care.EmployeeID{}
	}

	for _, resource := range answer.child("columnResource").list("resources") {
		if id := resource.text("resourceId"); id != "" {
			r.employees[id] = care.EmployeeID(strings.TrimSpace(resource.text("initials")))
		}
	}

	for _, event := range answer.list("eventResources") {
		source, ok := sourceOf(event)

		start, told := instant(event.text("start"))
		if told && (start.Before(r.period.Start) || !start.Before(r.period.End)) || len(event.list("patientResourceList")) == 0 {
			continue
		}

		key := strings.Join([]string{source.ID, event.text("eventOccurrenceKey"), event.text("originalDate"), event.text("start"), event.text("resourceId")}, "\x1f")
		if ok && r.seen[key] {
			continue
		}

		r.seen[key] = true
		r.events = append(r.events, event)
	}

	slices.SortStableFunc(r.events, func(a, b object) int {
		return cmp.Or(strings.Compare(a.text("resourceId"), b.text("resourceId")), strings.Compare(a.text("start"), b.text("start")))
	})
}

// follow reads the citizens of the visits, and the interventions for their law, each once.
func (r *reading) follow(ctx context.Context) error {
	patients, grants := map[string]object{}, map[string]object{}

	for _, event := range r.events {
		for _, p := range event.list("patientResourceList") {
			patients[p.id()] = p

			for _, g := range p.list("grants") {
				if g.id() != "" && !r.nexus.config.SkipLaw {
					grants[g.id()] = g
				}
			}
		}
	}

	people, err := each(ctx, patients, r.person)
	if err != nil {
		return err
	}

	// One may be hidden from us. All of them is a right that was lost, and must not empty the list.
	if len(people) > 1 && !slices.ContainsFunc(slices.Collect(maps.Values(people)), func(p person) bool { return !p.refused }) {
		return reject("read_citizen", care.Forbidden,
			"Ingen af kørelistens borgere kan læses i Nexus, så listen er ikke hentet. Bed systemforvalteren om at se på API-brugerens rettigheder.")
	}

	laws, err := each(ctx, grants, r.nexus.lawOf)
	r.people, r.laws = people, laws

	return err
}

// person reads one citizen. What concerns this one alone is told at the visit and stops nothing.
func (r *reading) person(ctx context.Context, half object) (person, error) {
	patient, err := patiently(ctx, func() (object, error) { return r.nexus.patientOf(ctx, half) })

	switch {
	case err == nil:
		return r.nexus.person(patient), nil
	case lasting(err):
		return person{refused: connector.Is(err, connector.Rejected), problem: "Borgeren kan ikke læses i Nexus. " + sentence(err) + " Besøget er ikke taget med."}, nil
	}

	return person{}, err
}

// readTries is how often one citizen or intervention of a list is read.
const readTries = 3

// patiently repeats a reading that failed in passing: a list takes a call for every citizen and
// intervention, and one that fails must not throw all the others away.
func patiently(ctx context.Context, read func() (object, error)) (object, error) {
	for try := 1; ; try++ {
		got, err := read()

		switch kind := connector.KindOf(err); {
		case err == nil, try == readTries, ctx.Err() != nil:
			return got, err
		case kind == connector.Unavailable, kind == connector.Unknown, kind == connector.Malformed:
		default:
			return got, err
		}
	}
}

// lawOf reads the law that an intervention is granted under, which does not change; one that can't
// be read is unknown.
func (n *Nexus) lawOf(ctx context.Context, half object) (care.LegalBasis, error) {
	if law, ok := n.laws.get(half.id(), n.now()); ok {
		return law, nil
	}

	const op = "read_intervention"

	whole, err := patiently(ctx, func() (object, error) {
		if half.has("self") || half.has("referencedObject") {
			return n.whole(ctx, op, half, "indsatsen")
		}

		return n.grantByID(ctx, half.id())
	})

	if lasting(err) {
		return care.LawUnknown, nil
	}

	if err != nil {
		return "", err
	}

	law := grant{whole}.law()
	n.laws.put(half.id(), law, n.now())

	return law, nil
}

// finish makes the rows.
func (r *reading) finish() ehr.DrivingList {
	first, several := map[care.SourceRef]object{}, map[care.SourceRef]bool{}

	for _, event := range r.events {
		source, _ := sourceOf(event)
		if first[source] == nil {
			first[source] = event
		}

		several[source] = several[source] || precise(event) != precise(first[source])
	}

	rows := map[care.SourceRef]bool{}

	for i, event := range r.events {
		r.kept.Total++

		row, problem := r.row(event)
		if row.Line = i + 1; problem != "" {
			r.tell(row.Line, ehr.Fault, problem)

			continue
		}

		if several[row.Source] {
			row.Source = precise(event)
		}

		if rows[row.Source] {
			r.tell(row.Line, ehr.Fault, "Besøget står to gange på listen, for eksempel hos to medarbejdere. Det er taget med én gang.")

			continue
		}

		rows[row.Source] = true
		r.kept.Rows = append(r.kept.Rows, row)
		r.doubts(row, event)
	}

	return r.kept
}

func (r *reading) tell(line int, severity ehr.Severity, text string) {
	r.kept.Problems = append(r.kept.Problems, ehr.Problem{Line: line, Severity: severity, Text: text})
}

// row is one visit, or why it is not taken.
func (r *reading) row(event object) (row ehr.Row, problem string) {
	patients := event.list("patientResourceList")
	citizen := r.people[patients[0].id()]
	source, known := sourceOf(event)
	planned, timed := plannedOf(event)

	switch {
	case !known:
		return row, "Besøget har intet id i Nexus og er ikke taget med."
	case !timed:
		return row, "Besøgets tid mangler i Nexus eller kan ikke læses. Besøget er ikke taget med. Ret tiden i Nexus."
	case len(patients) > 1:
		return row, "Besøget er hos flere borgere på én gang og kan ikke gives på skærm. Det er ikke taget med."
	case citizen.problem != "":
		return row, citizen.problem
	}

	grants := patients[0].list("grants")

	return ehr.Row{
		Source: source, ListName: r.list.Name, Employee: r.employee(event), CPR: citizen.cpr, CPRVerdict: citizen.verdict, Surrogate: citizen.surrogate,
		Name: nameOf(citizen, patients[0]), Address: addressOf(citizen, patients[0].child("currentAddress")), Phone: citizen.phone, Planned: planned,
		Service: serviceOf(event, grants), Law: r.law(grants), Category: categoryOf(event), Comment: event.text("comments"),
		Shift: r.shift(planned), Status: r.status(event, citizen), Suitable: citizen.suitable, Version: event.number("version"),
		Protected: citizen.protected || patients[0].child("currentAddress").truth("restricted"),
	}, ""
}

// doubts tells what a planner should look at.
func (r *reading) doubts(row ehr.Row, event object) {
	citizen := r.people[event.list("patientResourceList")[0].id()]

	if citizen.restricted {
		r.tell(row.Line, ehr.Warning, "Borgerens telefonnumre er beskyttet i Nexus og er ikke hentet. Borgeren kan ikke få en SMS.")
	}

	if row.CPRVerdict == care.CPRReplacement {
		r.tell(row.Line, ehr.Warning, "Borgeren har et erstatningspersonnummer. Kontrollér det.")
	}

	if row.Employee == "" {
		r.tell(row.Line, ehr.Warning, "Besøget har ingen medarbejder på kørelisten.")
	}
}

// employee is who drives: the initials, else the record's own number.
func (r *reading) employee(event object) care.EmployeeID {
	resource := event.text("resourceId")
	if initials := r.employees[resource]; initials != "" {
		return initials
	}

	_, number, _ := strings.Cut(resource, ":")

	return care.EmployeeID(number)
}

func nameOf(citizen person, half object) string {
	return cmp.Or(citizen.name, strings.TrimSpace(half.text("name")))
}

// addressOf is where the visit is, unless it is protected.
func addressOf(citizen person, a object) string {
	if citizen.protected || a.truth("restricted") {
		return ""
	}

	var lines []string

	for _, member := range []string{"addressLine1", "addressLine2", "addressLine3", "addressLine4", "addressLine5"} {
		if line := strings.TrimSpace(a.text(member)); line != "" {
			lines = append(lines, line)
		}
	}

	if town := strings.TrimSpace(a.text("postalCode") + " " + a.text("postalDistrict")); town != "" {
		lines = append(lines, town)
	}

	return strings.Join(lines, ", ")
}

// serviceOf is what is given: the intervention's name when there is one, else the visit's title.
func serviceOf(event object, grants []object) string {
	if len(grants) == 1 && grants[0].text("name") != "" {
		return strings.TrimSpace(grants[0].text("name"))
	}

	return strings.TrimSpace(event.text("title"))
}

// law is the one law of a visit's interventions; several are unknown.
func (r *reading) law(grants []object) care.LegalBasis {
	var found []care.LegalBasis

	for _, g := range grants {
		if law := r.laws[g.id()]; law != "" && law != care.LawUnknown && !slices.Contains(found, law) {
			found = append(found, law)
		}
	}

	if len(found) == 1 {
		return found[0]
	}

	return care.LawUnknown
}

func (r *reading) shift(planned care.Interval) care.Shift {
	if shift, ok := lexicon.ShiftNamed(r.list.Name); ok {
		return shift
	}

	return care.ShiftAt(planned.Start)
}

// hospitalNote is how Nexus marks the visits of a citizen in hospital (eoj.md §1.5).
const hospitalNote = "indlagt på sygehus"

// status is the word for a visit that can't take place as it stands.
func (r *reading) status(event object, citizen person) string {
	switch {
	case citizen.status == statusDead:
		return statusDead
	case r.nexus.config.cancels(categoryOf(event)):
		return statusCancelled
	case citizen.status != "":
		return citizen.status
	case strings.Contains(strings.ToLower(event.text("dashboardDescription")), hospitalNote):
		return statusHospital
	case event.truth("deliveredEvent"):
		return statusDelivered
	}

	return ""
}

// atOnce is how many calls one reading makes at once.
const atOnce = 4

// each asks for every object, some at once, and stops at the first error.
func each[T any](ctx context.Context, things map[string]object, ask func(context.Context, object) (T, error)) (map[string]T, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	var (
		mutex  sync.Mutex
		failed error
		group  sync.WaitGroup
		out    = make(map[string]T, len(things))
		free   = make(chan struct{}, atOnce)
	)

	for _, id := range slices.Sorted(maps.Keys(things)) {
		free <- struct{}{}

		if ctx.Err() != nil {
			break
		}

		group.Go(func() {
			defer func() { <-free }()

			answer, err := ask(ctx, things[id])

			mutex.Lock()
			defer mutex.Unlock()

			if err != nil && failed == nil {
				failed = err

				stop()
			}

			out[id] = answer
		})
	}

	group.Wait()

	if failed == nil && ctx.Err() != nil {
		failed = fail("read_list", connector.Unavailable, ctx.Err())
	}

	return out, failed
}
