package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/calls"
	"github.com/sluse/sluse/scheduler/care"
)

// CallSource is another vendor's product whose call lists are imported (M24).
type CallSource struct {
	Key        string                 `yaml:"key" doc:"Names the source in files, addresses and the API: 2 to 30 lower-case letters, digits and hyphens; not sluse. It must stay, for stored calls carry it."`
	Name       string                 `yaml:"name" doc:"What people see, for example Viewcare; at most 40 characters."`
	Like       string                 `yaml:"like" doc:"Built-in layout to begin with: viewcare, vitacomm or appinux. They are assumptions: no vendor publishes its format. What stands below replaces a column's names or a list of words. Default none: then columns is required."`
	Zone       string                 `yaml:"zone" doc:"Time zone (IANA) of times that do not name their own, for example UTC. Default the layout's, else Europe/Copenhagen."`
	Length     string                 `yaml:"length" doc:"How lengths are written that do not name their unit: seconds, minutes, or mm:ss (two parts are minutes and seconds, a bare number seconds). Default the layout's, else seconds. Two parts are else hours and minutes."`
	Columns    map[string][]string    `yaml:"columns" doc:"Names of the file's columns, the most telling first, by what they tell: start (required; with day and time, or with the time alone beside date), date, end, length, call_id, status, kind, unit, employee, cpr, citizen (the vendor's own id), law, shift, service. Case, blanks and punctuation do not matter. Separators and letters are found out: semicolon, tab, comma or a first line sep=; UTF-8, UTF-16 or Windows-1252."`
	Answered   []string               `yaml:"answered" doc:"Words of the column status for a call that was answered. Default the layout's."`
	Unanswered []string               `yaml:"unanswered" doc:"Words of the column status for a call that was not; its length is not counted. Default the layout's."`
	LeftOut    []string               `yaml:"left_out" doc:"Words of the column status for rows that are not counted, for example tests. Default the layout's. A row with any other word is not taken, and told in the preview. Without words the status is not looked at."`
	Kinds      []string               `yaml:"kinds" doc:"Words of the column kind for calls from an employee to a citizen; other rows are not counted. Default the layout's; none: every row is one."`
	Units      map[string]care.UnitID `yaml:"units" doc:"The file's words for units, where they are neither a unit's id nor its name nor match its lists. Calls of other units are counted for the whole municipality only."`
}

func (s CallSource) validate(k checker, units map[care.UnitID]bool) {
	form := regexp.MustCompile(`^[a-z][a-z0-9-]{1,29}$`)
	k.bad(!form.MatchString(s.Key) || s.Key == "sluse", "key", "must be 2 to 30 lower-case letters, digits and hyphens, and not sluse")
	k.bad(strings.TrimSpace(s.Name) == "" || len([]rune(s.Name)) > 40, "name", "must be 1 to 40 characters")

	examples := calls.Examples()
	_, known := examples[s.Like]
	k.bad(s.Like != "" && !known, "like", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(examples)), ", "))

	_, err := time.LoadLocation(s.Zone)
	k.bad(err != nil || s.Zone == "Local", "zone", "must be a time zone like Europe/Copenhagen or UTC")
	k.bad(s.Length != "" && s.bare() == 0, "length", "must be seconds, minutes or mm:ss")

	for _, name := range slices.Sorted(maps.Keys(s.Columns)) {
		k.bad(!slices.Contains(calls.Fields(), calls.Field(name)), "columns", "does not know %s", name)
	}

	for _, word := range slices.Sorted(maps.Keys(s.Units)) {
		k.bad(!units[s.Units[word]] || s.Units[word] == care.EveryUnit, "units", "names the unit %s, which is not configured", s.Units[word])
	}

	layout := s.source().Layout
	k.bad(len(layout.Columns[calls.Start]) == 0, "columns", "must name start")
	k.bad(len(layout.Columns[calls.End]) == 0 && len(layout.Columns[calls.Length]) == 0, "columns", "must name end or length")
}

func (s CallSource) bare() time.Duration {
	switch s.Length {
	case "seconds", "mm:ss":
		return time.Second
	case "minutes":
		return time.Minute
	}

	return 0
}

// source puts the file's words on top of the built-in layout.
func (s CallSource) source() calls.Source {
	own := calls.Layout{
		Columns: make(map[calls.Field][]string, len(s.Columns)), Bare: s.bare(), MinutesFirst: s.Length == "mm:ss",
		Answered: s.Answered, Unanswered: s.Unanswered, LeftOut: s.LeftOut, Kinds: s.Kinds, Units: s.Units,
	}

	for name, names := range s.Columns {
		own.Columns[calls.Field(name)] = names
	}

	if zone, err := time.LoadLocation(s.Zone); err == nil && s.Zone != "" {
		own.Zone = zone
	}

	base, ok := calls.Examples()[s.Like]
	if !ok {
		base = calls.Layout{Zone: care.Zone(), Bare: time.Second}
	}

	return calls.Source{Key: s.Key, Name: s.Name, Layout: own.Over(base)}
}
