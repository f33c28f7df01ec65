package measure

import (
	"slices"

	"github.com/sluse/sluse/scheduler/care"
)

// Group is the part of a report that a column belongs to. The zero value is invalid.
type Group string

// The groups.
const (
	Visits   Group = "visits"
	Share    Group = "share"
	Citizens Group = "citizens"
	Duration Group = "duration"
	Reasons  Group = "reasons"
	Calls    Group = "calls"
	Saved    Group = "saved"
	Recorded Group = "record"
)

// Groups lists every group in the order in which they are shown.
func Groups() []Group {
	return []Group{Visits, Share, Citizens, Duration, Reasons, Calls, Saved, Recorded}
}

// Danish returns the heading that people see.
func (g Group) Danish() string {
	switch g {
	case Visits:
		return "Skærmbesøg"
	case Share:
		return "Andel af alle besøg"
	case Citizens:
		return "Borgere og nøgletal"
	case Duration:
		return "Varighed"
	case Reasons:
		return "Hvorfor ikke gennemført"
	case Calls:
		return "Opkald"
	case Saved:
		return "Sparet kørsel (skøn)"
	case Recorded:
		return "Registreret i journalen"
	}

	return string(g)
}

// Kind is what a figure is counted in. The zero value is invalid.
type Kind string

// The kinds.
const (
	Count      Kind = "count"
	Percent    Kind = "percent" // 0 to 100
	Points     Kind = "percentage_points"
	Minutes    Kind = "minutes"
	Hours      Kind = "hours"
	Seconds    Kind = "seconds"
	Kilometres Kind = "kilometres"
	Kilograms  Kind = "kilograms"
	Ratio      Kind = "ratio"
)

// Danish returns the unit that people see.
func (k Kind) Danish() string {
	switch k {
	case Count:
		return "antal"
	case Percent:
		return "procent"
	case Points:
		return "procentpoint"
	case Minutes:
		return "minutter"
	case Hours:
		return "timer"
	case Seconds:
		return "sekunder"
	case Kilometres:
		return "km"
	case Kilograms:
		return "kg"
	case Ratio:
		return "forholdstal"
	}

	return string(k)
}

// Decimals is how many a figure of the kind is shown with, everywhere.
func (k Kind) Decimals() int {
	switch k {
	case Count, Seconds:
		return 0
	case Percent, Points, Minutes, Hours, Kilometres, Kilograms:
		return 1
	case Ratio:
		return 2
	}

	return 0
}

// Column is one measure: its fixed name and formula, and how it is made.
type Column struct {
	Key     string // of the API and the files, snake_case
	Name    string // Danish
	Formula string // Danish, whole sentences
	Group   Group
	Kind    Kind
	Measure int // its number in the report set of eoj.md §6; 0: beside them

	match  func(Fact) bool               // a count of facts in the period
	value  func(t *tally, s Terms) Value // anything else
	rests  []string                      // the counts that it is made of; it is hidden with any of them
	sums   bool                          // groups add up to the total, or nearly: a cell can be worked out from the others
	weekly bool                          // it is of the row's week or fortnight, not of its period
	open   func(Fact) bool               // the rows behind a figure that is no count of facts
	when   func(r Row, f Fact) (ok bool) // narrows the rows to the days that the figure is of; nil: the period
	none   func(Fact) bool               // of people: whoever has such a fact is not among them
	after  func(was, is Value) (v Value) // change from the week before
	since  string                        // the column that it is the change of
}

// Opens reports whether a fact is one of the rows behind the figure in a row of the table.
func (c Column) Opens(r Row, f Fact) bool {
	rule := c.match
	if rule == nil {
		rule = c.open
	}

	if rule == nil || !rule(f) {
		return false
	}

	return c.when == nil || c.when(r, f)
}

// Open reports whether the figure can be opened down to its rows.
func (c Column) Open() bool { return c.match != nil || c.open != nil }

// OfPeople reports whether the figure is how many people are behind the rows, not how many rows.
func (c Column) OfPeople() bool { return c.Group == Citizens && c.Kind == Count }

// OfLists reports whether the rows behind the figure are visits of all kinds, not only those by screen.
func (c Column) OfLists() bool { return c.Key == "listed" || c.Key == "listed_hours" }

// ColumnOf returns the column with a key; false: there is none.
func ColumnOf(key string) (Column, bool) {
	for _, c := range Columns() {
		if c.Key == key {
			return c, true
		}
	}

	return Column{}, false
}

// Columns are every measure, in the order in which they stand in files.
func Columns() []Column {
	weekly := []string{"active", "inactive", "residents", "residents_fortnight", "active_fortnight", "answered_week"}

	var out []Column

	for _, group := range [][]Column{visits(), share(), citizens(), durations(), reasons(), calls(), saved(), recorded()} {
		out = append(out, group...)
	}

	for i := range out {
		out[i].weekly = slices.Contains(weekly, out[i].Key)
	}

	return out
}

func count(g Group, n int, key, name, formula string, match func(Fact) bool) Column {
	return Column{Key: key, Name: name, Formula: formula, Group: g, Kind: Count, Measure: n, match: match, sums: true}
}

func visits() []Column {
	return []Column{
		count(Visits, 1, "planned", "Planlagte skærmbesøg",
			"Antal besøg, der er eller var planlagt på skærm, efter besøgets planlagte danske dato. Omlægninger, der blev fortrudt inden besøgets planlagte start, tæller ikke.", Fact.planned),
		count(Visits, 2, "completed", "Gennemførte skærmbesøg",
			"Antal besøg, hvor medarbejder og borger var til stede på skærm samtidig i mindst den tid, kommunen har valgt, eller som en medarbejder har bekræftet. Importerede opkald fra andre systemer tæller med, når de varede mindst lige så længe.", Fact.completed),
		count(Visits, 0, "imported", "Heraf fra andre systemer",
			"Antal gennemførte skærmbesøg, der er importeret fra andre leverandørers opkaldslister.", func(f Fact) bool { return f.Foreign() && f.completed() }),
		count(Visits, 0, "phone", "Gennemført på telefon",
			"Antal besøg, der var planlagt på skærm og blev givet på telefon. De tæller ikke som skærmbesøg.", func(f Fact) bool { return f.fate() == onPhone }),
		count(Visits, 7, "not_completed", "Ikke gennemført",
			"Antal planlagte skærmbesøg, der ikke blev gennemført, når årsagen er registreret, eller når de blev til fysiske besøg efter den planlagte start.", func(f Fact) bool { return f.fate() == notDone }),
		count(Visits, 0, "cancelled", "Aflyst",
			"Antal planlagte skærmbesøg, der blev aflyst.", func(f Fact) bool { return f.fate() == calledOff }),
		count(Visits, 0, "cancelled_early", "Heraf aflyst før start",
			"Antal planlagte skærmbesøg, der blev aflyst før den planlagte start.", func(f Fact) bool { return f.fate() == calledOff && f.CancelledEarly }),
		count(Visits, 0, "waiting", "Ikke afsluttet endnu",
			"Antal planlagte skærmbesøg uden resultat endnu.", func(f Fact) bool { return f.fate() == waiting }),
		{
			Key: "completion", Name: "Gennemførelsesgrad", Group: Visits, Kind: Percent, Measure: 3,
			Formula: "(gennemførte skærmbesøg − heraf fra andre systemer) ÷ (planlagte skærmbesøg − aflyst før start).",
			rests:   []string{"planned", "completed", "imported", "cancelled_early"}, open: Fact.planned,
			value: func(t *tally, _ Terms) Value {
				return percent(t.n("completed")-t.n("imported"), t.n("planned")-t.n("cancelled_early"))
			},
		},
	}
}

func share() []Column {
	onList := func(f Fact) bool { return f.Listed && f.planned() }

	return []Column{
		{
			Key: "listed", Name: "Besøg på kørelisterne", Group: Share, Kind: Count, sums: true,
			Formula: "Antal besøg af alle slags på de importerede kørelister, efter planlagt dansk dato.",
			value:   func(t *tally, _ Terms) Value { return t.ofLists(t.listed.Visits) }, open: func(f Fact) bool { return f.Listed },
		},
		count(Share, 0, "listed_screen", "Heraf planlagt på skærm", "Antal planlagte skærmbesøg, der står på de importerede kørelister. Opkald, der er oprettet i Sluse, tæller ikke.", onList),
		{
			Key: "share", Name: "Andel skærmbesøg", Group: Share, Kind: Percent, Measure: 4, rests: []string{"listed", "listed_screen"}, open: onList,
			Formula: "Planlagte skærmbesøg på kørelisterne ÷ alle besøg på de samme kørelister i samme periode. Vises kun, når hele kørelisten er importeret: kommunen importerer hele lister, og alle rækker kunne læses.",
			value: func(t *tally, s Terms) Value {
				if !s.FullLists || t.listed.Incomplete > 0 || !t.lists {
					return Value{}
				}

				return percent(t.n("listed_screen"), t.listed.Visits)
			},
		},
		{
			Key: "listed_hours", Name: "Planlagt tid på kørelisterne", Group: Share, Kind: Hours, rests: []string{"listed"},
			Formula: "Summen af planlagt tid for besøg af alle slags på de importerede kørelister.", open: func(f Fact) bool { return f.Listed },
			value: func(t *tally, _ Terms) Value {
				v := t.ofLists(0)
				v.Number = t.listed.Planned.Hours()

				return v
			},
		},
		{
			Key: "planned_hours", Name: "Planlagt skærmtid", Group: Share, Kind: Hours, rests: []string{"planned"}, open: Fact.planned,
			Formula: "Summen af planlagt tid for planlagte skærmbesøg.",
			value:   func(t *tally, _ Terms) Value { return known(t.planned.Hours()) },
		},
	}
}

func reasons() []Column {
	var out []Column

	for _, r := range care.Reasons() {
		out = append(out, count(Reasons, 7, "not_"+reasonKey(r), r.Danish(),
			"Antal planlagte skærmbesøg, der ikke blev gennemført, med årsagen »"+r.Danish()+"«.",
			func(f Fact) bool { return f.fate() == notDone && f.Why() == r }))
	}

	return append(out, count(Reasons, 7, "not_other", "Anden årsag", "Antal planlagte skærmbesøg, der ikke blev gennemført, med en anden årsag eller ingen.",
		func(f Fact) bool { return f.fate() == notDone && reasonKey(f.Why()) == "" }))
}

// reasonKey names a reason in the API; empty for a reason that is not known here.
func reasonKey(r care.ReasonCode) string {
	switch r {
	case care.CitizenAbsent:
		return "citizen_absent"
	case care.EmployeeAbsent:
		return "employee_absent"
	case care.TechnicalFault:
		return "technical_fault"
	case care.TooShort:
		return "too_short"
	case care.CancelledCitizen:
		return "cancelled_citizen"
	case care.CancelledStaff:
		return "cancelled_staff"
	case care.Hospitalised:
		return "hospitalised"
	case care.TurnedPhysical:
		return "turned_physical"
	}

	return ""
}
