package fhir

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/ehr/lexicon"
	"github.com/sluse/sluse/scheduler/care"
)

const (
	kindPatient      = "Patient"
	kindPractitioner = "Practitioner"
)

// The words of the status column (eoj.md §5.1). The rules' absent_statuses know the first two.
const (
	statusCancelled  = "Aflyst"
	statusInHospital = "Indlagt"
	statusNoShow     = "Udeblevet"
	statusDone       = "Gennemført"
	statusUnderWay   = "I gang"
)

// urlLegalBasis is FUT's extension for the law (eoj.md §3.5).
const urlLegalBasis = "http://ehealth.sundhed.dk/fhir/StructureDefinition/ehealth-legalBasis"

// planWire is what is read of an Appointment.
type planWire struct {
	ID              string          `json:"id"`
	Status          string          `json:"status"`
	Identifier      []identifier    `json:"identifier"`
	ServiceCategory []concept       `json:"serviceCategory"`
	ServiceType     []concept       `json:"serviceType"`
	ReasonCode      []concept       `json:"reasonCode"`
	AppointmentType *concept        `json:"appointmentType"`
	Description     string          `json:"description"`
	Comment         string          `json:"comment"`
	Start           string          `json:"start"`
	End             string          `json:"end"`
	MinutesDuration int             `json:"minutesDuration"`
	Participant     []participant   `json:"participant"`
	Contained       []resource      `json:"-"`
	Extension       []codeExtension `json:"extension"`
}

// codeExtension is an extension whose value is a code.
type codeExtension struct {
	URL           string   `json:"url"`
	ValueCode     string   `json:"valueCode"`
	ValueCoding   *coding  `json:"valueCoding"`
	ValueCodeable *concept `json:"valueCodeableConcept"`
	ValueBoolean  *bool    `json:"valueBoolean"`
}

// draft is an Appointment on its way to a row.
type draft struct {
	row     ehr.Row
	plan    planWire
	patient reference // the citizen's
	faulty  bool
	odd     bool // the resource can't be read as an Appointment
}

// when begins a problem's text, since a list of the record has no lines that people see.
func (d *draft) when() string {
	if d.row.Planned.Start.IsZero() {
		return "Et besøg uden tid: "
	}

	return "Besøget den " + d.row.Planned.Start.In(care.Zone()).Format("02-01-2006 kl. 15:04") + ": "
}

// draft reads what needs no other resource. Nil: the Appointment is no visit of this list.
func (r *reading) draft(one resource) *draft {
	id := one.text("id")

	own, since := r.marks(one, id)
	if own {
		return nil // we put it there for a visit that came from elsewhere
	}

	version := one.version()
	if since != "" {
		one = one.originals()
	}

	d := &draft{row: ehr.Row{ListName: r.list.Name, Version: version, Suitable: care.SuitabilityUnknown}}

	if body, err := one.encode(); err != nil || json.Unmarshal(body, &d.plan) != nil {
		d.odd = true
	}

	d.contain(one)

	if d.plan.Status == "entered-in-error" {
		return nil
	}

	d.row.Planned = span(d.plan)
	if start := d.row.Planned.Start; !start.IsZero() && (start.Before(r.period.Start) || !start.Before(r.period.End)) {
		return nil // the record's own search is coarser than ours
	}

	if all := d.plan.actors(kindPatient); len(all) == 1 {
		d.patient = all[0]

		if path, ok := r.local(d.patient.Reference, kindPatient); ok {
			d.patient.Reference = path[0] + "/" + path[1]
		}
	}

	d.row.Source = care.SourceRef{System: System, ID: id, Occurrence: cmp.Or(since, string(care.DayOf(d.row.Planned.Start)))}

	return d
}

// contain takes over the people whom the Appointment holds itself.
func (d *draft) contain(one resource) {
	for _, raw := range one.list("contained") {
		if contained, err := decodeContained(raw); err == nil {
			d.plan.Contained = append(d.plan.Contained, contained)
		}
	}
}

// marks tells whether an Appointment carries our identifier, and for whom: own is a resource that
// we created; since is the day of the visit for which we wrote onto one of the record's. It stays that
// visit when people move it to another day: a second one would be given a second room.
func (r *reading) marks(one resource, id string) (own bool, since string) {
	for _, i := range one.identifiers() {
		if i.System == r.journal.config.VisitSystem {
			if day, ok := borrowedFor(i.Value, id); ok {
				return false, day
			}

			own = true
		}
	}

	return own, ""
}

// span is the planned time; the end may be told by the length alone.
func span(p planWire) care.Interval {
	start, err := time.Parse(time.RFC3339, p.Start)
	if err != nil {
		return care.Interval{}
	}

	end, err := time.Parse(time.RFC3339, p.End)
	if err != nil && p.MinutesDuration > 0 && p.MinutesDuration < 24*60 {
		end = start.Add(time.Duration(p.MinutesDuration) * time.Minute)
	}

	return care.Interval{Start: start.UTC(), End: end.UTC()}
}

// complete fills in the row, and tells what is wrong with it.
func (r *reading) complete(ctx context.Context, d *draft) error {
	switch {
	case d.odd:
		r.tell(d, "", ehr.Fault, "Journalens aftale kan ikke læses. Se på besøget i journalen.")
	case !d.row.Planned.Valid():
		r.tell(d, "start", ehr.Fault, "Start eller slut mangler, eller slut ligger før start. Ret tiden i journalen.")
	case d.plan.Status == "proposed" || d.plan.Status == "waitlist":
		r.tell(d, "status", ehr.Fault, "Det er ikke planlagt endnu. Planlæg det i journalen.")
	}

	if d.faulty {
		return nil
	}

	r.words(d)

	if err := r.employee(ctx, d); err != nil {
		return err
	}

	return r.citizen(ctx, d)
}

// words takes over category, service, law, comment, status and shift.
func (r *reading) words(d *draft) {
	p := &d.plan
	d.row.Comment, d.row.Status = p.Comment, statusWord(p.Status)
	d.row.Law = lawOf(p)

	if len(p.ServiceType) > 0 {
		d.row.Category = p.ServiceType[0].words()
	}

	var services []string
	for _, reason := range p.ReasonCode {
		if text := reason.words(); text != "" {
			services = append(services, text)
		}
	}

	d.row.Service = cmp.Or(strings.Join(services, ", "), p.Description, p.AppointmentType.words())

	shift, ok := lexicon.ShiftNamed(r.list.Name)
	if !ok {
		shift = lexicon.ShiftAt(d.row.Planned.Start.In(care.Zone()).Hour())
	}

	d.row.Shift = shift

	if p.isVideo() && !strings.EqualFold(d.row.Category, r.journal.config.Lists.ForeignCategory) {
		d.row.Category = r.journal.config.Lists.ForeignCategory
		r.tell(d, "serviceType", ehr.Warning, "Det holdes allerede på skærm i et andet system og kan ikke omlægges her.")
	}
}

// isVideo recognises a visit that another product holds by video: FUT's code, or a meeting of VDX.
func (p *planWire) isVideo() bool {
	if slices.ContainsFunc(p.Identifier, func(i identifier) bool { return i.System == systemMeeting }) {
		return true
	}

	return slices.ContainsFunc(p.ServiceType, func(c concept) bool {
		return slices.ContainsFunc(c.Coding, func(one coding) bool {
			return one.System == systemServiceType && (one.Code == codeVideo || one.Code == "group-video") ||
				one.System == systemCareSocial && one.Code == codeScreenVisit
		})
	})
}

// statusWord is the status in the words of driving lists; empty: planned.
func statusWord(status string) string {
	switch status {
	case "cancelled":
		return statusCancelled
	case "noshow":
		return statusNoShow
	case "fulfilled":
		return statusDone
	case "arrived", "checked-in":
		return statusUnderWay
	}

	return ""
}

// lawOf reads FUT's code for the law, else the words of the service category.
func lawOf(p *planWire) care.LegalBasis {
	for _, e := range p.Extension {
		if e.URL != urlLegalBasis {
			continue
		}

		switch e.code() {
		case "healthcare-act":
			return care.SUL138
		case "service-act":
			return care.SELOther
		case "elderly-act":
			return care.AEL
		}
	}

	for _, category := range p.ServiceCategory {
		if law := lexicon.Law(category.words()); law != care.LawUnknown {
			return law
		}
	}

	return care.LawUnknown
}

func (e *codeExtension) code() string {
	switch {
	case e.ValueCoding != nil:
		return e.ValueCoding.Code
	case e.ValueCodeable != nil && len(e.ValueCodeable.Coding) > 0:
		return e.ValueCodeable.Coding[0].Code
	}

	return e.ValueCode
}

// words is a concept as people read it.
func (c *concept) words() string {
	if c == nil {
		return ""
	}

	if c.Text != "" {
		return c.Text
	}

	for _, one := range c.Coding {
		if one.Display != "" {
			return one.Display
		}
	}

	return ""
}

// actors are the references to one kind of participant who has not declined.
func (p *planWire) actors(kind string) []reference {
	var all []reference

	for _, one := range p.Participant {
		if one.Actor == nil || one.Status == "declined" {
			continue
		}

		if one.Actor.Type == kind || p.pointsAt(one.Actor.Reference, kind) {
			all = append(all, *one.Actor)
		}
	}

	return all
}

// pointsAt reports whether a reference is to a resource of the kind.
func (p *planWire) pointsAt(ref, kind string) bool {
	if name, ok := strings.CutPrefix(ref, "#"); ok {
		return slices.ContainsFunc(p.Contained, func(r resource) bool {
			return r.text("resourceType") == kind && r.text("id") == name
		})
	}

	parts := strings.Split(ref, "/")

	return len(parts) >= 2 && parts[len(parts)-2] == kind
}

// employee finds the initials or number of who gives the visit.
func (r *reading) employee(ctx context.Context, d *draft) error {
	actors := d.plan.actors(kindPractitioner)
	if len(actors) == 0 {
		if r.journal.config.Lists.By == ByPractitioner {
			return nil
		}

		r.tell(d, "participant", ehr.Warning, "Medarbejder mangler. Besøget kan ikke gives på skærm, før der står en medarbejder på det.")

		return nil
	}

	if len(actors) > 1 {
		r.tell(d, "participant", ehr.Warning, "Der står flere medarbejdere på det. Den første er brugt.")
	}

	if id := actors[0].Identifier; id != nil && id.System == r.journal.config.EmployeeSystem {
		d.row.Employee = care.EmployeeID(id.Value)

		return nil
	}

	person, err := r.person(ctx, d, actors[0].Reference, kindPractitioner)
	if err != nil {
		return err
	}

	for _, i := range person.identifiers() {
		if i.System == r.journal.config.EmployeeSystem {
			d.row.Employee = care.EmployeeID(i.Value)

			return nil
		}
	}

	r.tell(d, "participant", ehr.Warning,
		"Medarbejderens initialer eller nummer står ikke i journalen. Bed systemforvalteren om at se på employee_system i opsætningen.")

	return nil
}

// person resolves a reference: contained, included, or read once. Nil: there is none to be had.
func (r *reading) person(ctx context.Context, d *draft, ref, kind string) (resource, error) {
	if name, ok := strings.CutPrefix(ref, "#"); ok {
		for _, one := range d.plan.Contained {
			if one.text("id") == name && one.text("resourceType") == kind {
				return one, nil
			}
		}

		return nil, nil
	}

	path, ok := r.local(ref, kind)
	if !ok {
		return nil, nil
	}

	if known, ok := r.people[path[0]+"/"+path[1]]; ok {
		return known, nil
	}

	answer, err := r.journal.reader.Do(ctx, outbound.Call{
		Op: "read_" + strings.ToLower(kind), Method: http.MethodGet, Path: path, Accept: mediaType,
	})
	if err != nil {
		return nil, err
	}

	// Somebody whom we may not see, or who was deleted, must not stop the list.
	if failure := answer.Fail(""); !answer.OK() {
		if failure.Kind != connector.NotFound && answer.Status != http.StatusForbidden && answer.Status != http.StatusGone {
			return nil, listRefusal(answer)
		}

		r.people[path[0]+"/"+path[1]] = nil

		return nil, nil
	}

	var whole json.RawMessage
	if err := answer.JSON(&whole); connector.Is(err, connector.Unavailable) {
		return nil, err // only a part of it came: without this person the visit would be missing
	}

	one, err := decodeResource(whole, kind)
	if err != nil {
		one = nil
	}

	r.people[path[0]+"/"+path[1]] = one

	return one, nil
}

// local is the path of a reference into this record; an absolute one must lie below our base.
func (r *reading) local(ref, kind string) (path []string, ok bool) {
	if strings.Contains(ref, "://") {
		path, _, err := r.journal.within(ref)
		if err != nil || len(path) < 2 {
			return nil, false
		}

		return path[:2], path[0] == kind && isID(path[1])
	}

	path = strings.Split(ref, "/")
	if len(path) < 2 || path[0] != kind || !isID(path[1]) {
		return nil, false
	}

	return path[:2], true
}
