package config

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/sluse/sluse/scheduler/care"
	"github.com/sluse/sluse/scheduler/holiday"
)

// The modes of FollowUpRule, as the file has them.
const (
	FollowUpOff       = "off"
	FollowUpAsk       = "ask"
	FollowUpAutomatic = "automatic"
)

// FollowUp says how a citizen gets the help whose screen visit did not take place (K51, M3).
type FollowUp struct {
	Default    FollowUpRule          `yaml:"default" doc:"What is done about a screen visit that did not take place."`
	ByService  []FollowUpServiceRule `yaml:"by_service" doc:"The same for some services or laws; the first that matches holds, with everything that it says and the built-in defaults."`
	Travel     time.Duration         `yaml:"travel" doc:"How much longer than the visit a gap in a route must be at each end before it is suggested, for the road; 0s to 1h, default 10m."`
	Holidays   []holiday.Extra       `yaml:"holidays" doc:"Days that count as holidays besides those by law: grundlovsdag (5 June), juleaften (24 December), nytaarsaften (31 December); default none."`
	Escalation []Escalation          `yaml:"escalation" doc:"Whom a follow-up goes on to when nobody took it in time; the first that matches the unit and the hour of the deadline holds. Default none: it comes on the planners' exception list at its deadline."`
}

// FollowUpRule is what is done about a screen visit that did not take place.
type FollowUpRule struct {
	Mode        string            `yaml:"mode" doc:"off: it ends as not completed; ask: a person says how it goes on, and until then the record has the screen visit; automatic: it becomes a visit by telephone at once, and goes back on the list as a physical one in time for visit_within when nobody has talked with the citizen. Default off. In every mode but off, an employee who says that the citizen did not come starts the follow-up."`
	Causes      []care.ReasonCode `yaml:"causes" doc:"Why it did not take place: udeblevet, medarbejder_udeblev, teknisk_fejl, for_kort; default all four."`
	CallWithin  time.Duration     `yaml:"call_within" doc:"How soon somebody should have called the citizen; 1m to 4h, default 15m; a negative value: nobody calls, and the visit becomes physical at once."`
	VisitWithin time.Duration     `yaml:"visit_within" doc:"How soon the physical visit is back on the driving list when nobody has talked with the citizen; more than call_within, at most 12h, default 1h."`
	Tell        []string          `yaml:"tell" doc:"E-mail addresses of the municipality that are told that there is a follow-up, without any name; default none."`
}

// FollowUpServiceRule is a FollowUpRule for some services.
type FollowUpServiceRule struct {
	Services []string          `yaml:"services" doc:"Patterns of the services' names, for example Medicin*; case does not matter; empty: every one."`
	Laws     []care.LegalBasis `yaml:"laws" doc:"Laws; empty: every one."`
	Rule     FollowUpRule      `yaml:"rule" doc:"What is done."`
}

// Escalation is whom a follow-up goes on to at some hours.
type Escalation struct {
	Units  []care.UnitID    `yaml:"units" doc:"Units; empty: every one."`
	Shifts []care.Shift     `yaml:"shifts" doc:"Shifts by the hour of the deadline: dag (7 to 15), aften (15 to 23), nat; empty: every one."`
	Days   []string         `yaml:"days" doc:"What the day of the deadline is: workday, saturday, sunday, holiday; a holiday is none of the others, and after midnight it is the new day; empty: every one."`
	Steps  []EscalationStep `yaml:"steps" doc:"Whom it goes on to, at least one."`
}

// EscalationStep is one of them.
type EscalationStep struct {
	After time.Duration `yaml:"after" doc:"How long after the deadline; 0s to 12h, default 0s; growing from step to step."`
	Who   string        `yaml:"who" doc:"Danish: who it is, for example Vagttelefonen; shown to employees."`
	Phone string        `yaml:"phone" doc:"Their telephone number, shown to employees; default none."`
	Mail  []string      `yaml:"mail" doc:"E-mail addresses that are told that a follow-up waits, without any name; default none."`
}

// The defaults of follow-ups.
const (
	callWithin  = 15 * time.Minute
	visitWithin = time.Hour
	followRoad  = 10 * time.Minute
	maxFollow   = 12 * time.Hour
)

// followable are the causes of which a visit can be followed up: the others say that it is not needed.
func followable() []care.ReasonCode {
	return []care.ReasonCode{care.CitizenAbsent, care.EmployeeAbsent, care.TechnicalFault, care.TooShort}
}

func (f *FollowUp) setDefaults() {
	f.Default.setDefaults()

	for i := range f.ByService {
		f.ByService[i].Rule.setDefaults()
	}

	or(&f.Travel, followRoad)
}

func (r *FollowUpRule) setDefaults() {
	or(&r.Mode, FollowUpOff)
	or(&r.CallWithin, callWithin)
	or(&r.VisitWithin, visitWithin)

	if r.Causes == nil {
		r.Causes = followable()
	}
}

func (f FollowUp) validate(k checker, m Municipality) {
	f.Default.validate(k.in("default"), m)
	k.span("travel", f.Travel, 0, time.Hour)

	for i, e := range f.Holidays {
		k.bad(!slices.Contains(holiday.Extras(), e), fmt.Sprintf("holidays[%d]", i), "is no day that may count; use grundlovsdag, juleaften or nytaarsaften")
	}

	for i, s := range f.ByService {
		at := k.in(fmt.Sprintf("by_service[%d]", i))
		at.bad(len(s.Services)+len(s.Laws) == 0, "services", "or laws must be given; what holds for all stands in default")

		for j, pattern := range s.Services {
			_, err := path.Match(pattern, "")
			at.bad(pattern == "" || err != nil, fmt.Sprintf("services[%d]", j), "is no pattern")
		}

		for j, law := range s.Laws {
			at.bad(!slices.Contains(laws(), law), fmt.Sprintf("laws[%d]", j), "is no law")
		}

		s.Rule.validate(at.in("rule"), m)
	}

	for i, e := range f.Escalation {
		e.validate(k.in(fmt.Sprintf("escalation[%d]", i)), m)
	}
}

func (r FollowUpRule) validate(k checker, m Municipality) {
	k.bad(!slices.Contains([]string{FollowUpOff, FollowUpAsk, FollowUpAutomatic}, r.Mode), "mode", "must be off, ask or automatic")

	for i, c := range r.Causes {
		k.bad(!slices.Contains(followable(), c), fmt.Sprintf("causes[%d]", i), "is no cause that is followed up")
	}

	k.bad(r.CallWithin >= 0 && (r.CallWithin < time.Minute || r.CallWithin > 4*time.Hour), "call_within", "must be 1m to 4h, or negative")
	k.bad(r.VisitWithin <= max(0, r.CallWithin) || r.VisitWithin > maxFollow, "visit_within", "must be more than call_within, and at most 12h")
	addresses(k, "tell", r.Tell, m)
}

func (e Escalation) validate(k checker, m Municipality) {
	for i, u := range e.Units {
		k.bad(!slices.ContainsFunc(m.Units, func(o Unit) bool { return o.ID == u }), fmt.Sprintf("units[%d]", i), "is no unit")
	}

	for i, s := range e.Shifts {
		k.bad(!slices.Contains([]care.Shift{care.DayShift, care.EveningShift, care.NightShift}, s), fmt.Sprintf("shifts[%d]", i), "must be dag, aften or nat")
	}

	for i, d := range e.Days {
		k.bad(!slices.Contains([]string{"workday", "saturday", "sunday", "holiday"}, d), fmt.Sprintf("days[%d]", i), "must be workday, saturday, sunday or holiday")
	}

	k.bad(len(e.Steps) == 0, "steps", "must have at least one")

	for i, s := range e.Steps {
		at := k.in(fmt.Sprintf("steps[%d]", i))
		at.bad(s.Who == "", "who", "must say who it is")
		at.span("after", s.After, 0, maxFollow)
		at.bad(i > 0 && s.After <= e.Steps[i-1].After, "after", "must be more than in the step before")
		addresses(at, "mail", s.Mail, m)
	}
}

// addresses checks e-mail addresses of people of the municipality, and that there is a way to them.
func addresses(k checker, key string, all []string, m Municipality) {
	for i, a := range all {
		_, ok := care.ParseEmail(a)
		k.bad(!ok, fmt.Sprintf("%s[%d]", key, i), "is no e-mail address")
	}

	k.bad(len(all) > 0 && m.Messages.Mail == nil, key, "needs messages.mail")
}
