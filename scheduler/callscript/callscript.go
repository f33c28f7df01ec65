// Package callscript reads scripted calls: who came into the room of a screen visit when, with
// what, and what an honest observer would have called it. Tests judge the legs of a script and
// play it through simulated video platforms; the scripts are in scheduler/testdata/calls.
//
// A file holds calls one after the other. A line that begins with # is a remark.
//
//	== the-name-of-the-call
//	plan     09.00-09.15            planned time, Danish wall clock; 24.10 is ten past midnight
//	came     08.57                  when the citizen came to our own waiting room
//	let-in   09.01                  when we gave the citizen the way into the room
//	invited  2                      seat of somebody else who was invited; several lines
//	off      aflyst_af_borger       why the visit was called off
//	record   incomplete             the platform's record has gaps; otherwise it is complete
//	now      09.40                  when evidence is judged; otherwise when all is over
//	host     mette 08.58-09.06.30   employee's side: name, in, out; nothing after - is: still there
//	guest    borger 09.01-09.06 seat=1 media=audio
//	recorder robot 09.00-09.15
//	expect   completed              what it was
//	decide   yes                    yes: evidence can tell; person: it can't
//	because  one line that says why
//
// A stay may also have: media=video|audio|none|unknown (video when not given), entered=09.02 (from
// the platform's own waiting room into the room), end=lost|no_host|full|ended|turned_away|
// not_through, node=b (whose clock the times are by), clock=+2s (how wrong that clock is), room=2
// (another room of the visit), witness=events|both|status, role=unknown.
package callscript

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// Day is the local day on which all calls take place.
const Day care.Day = "2026-11-23"

// Label is what an honest observer would have called a visit. The zero value is invalid.
type Label string

// The labels.
const (
	Completed      Label = "completed"
	Phone          Label = "phone" // completed, but by sound alone
	TooShort       Label = "too-short"
	CitizenAbsent  Label = "citizen-absent"
	EmployeeAbsent Label = "employee-absent"
	Technical      Label = "technical"
	CalledOff      Label = "called-off"
	Unknown        Label = "unknown"
)

func labels() []Label {
	return []Label{Completed, Phone, TooShort, CitizenAbsent, EmployeeAbsent, Technical, CalledOff, Unknown}
}

// Stay is one person's stay in the room. Times are true ones, UTC.
type Stay struct {
	Name    string
	Role    care.LegRole
	Joined  time.Time
	Left    time.Time // zero: still there
	Entered time.Time // zero: the platform does not tell
	Seat    int
	Media   care.Media
	Ending  care.Ending
	Witness care.Witness
	Node    string
	Clock   time.Duration // how far the node's clock is ahead
	Room    int           // 1 when not given
}

// Call is one scripted call with its label. Times are UTC.
type Call struct {
	File, Name string
	Line       int // where it begins
	Planned    care.Interval
	Came       time.Time
	LetIn      time.Time
	Invited    []int
	Off        care.ReasonCode
	Incomplete bool
	Now        time.Time // zero: when all is over
	Stays      []Stay
	Expect     Label
	Decide     bool // evidence can tell without a person
	Because    string
}

// ReadAll reads every *.calls file at the top of a file system, in order of name.
func ReadAll(files fs.FS) ([]Call, error) {
	names, err := fs.Glob(files, "*.calls")
	if err != nil {
		return nil, fmt.Errorf("list scripts: %w", err)
	}

	var all []Call

	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read script: %w", err)
		}

		calls, err := Parse(path.Base(name), data)
		if err != nil {
			return nil, err
		}

		all = append(all, calls...)
	}

	return all, nil
}

// Parse reads one file. An error names file and line.
func Parse(file string, data []byte) ([]Call, error) {
	var calls []Call

	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())

		switch name, begins := strings.CutPrefix(text, "== "); {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case begins:
			calls = append(calls, Call{File: file, Name: strings.TrimSpace(name), Line: n})

			continue
		case len(calls) == 0:
			return nil, fmt.Errorf("%s:%d: a call begins with == and its name", file, n)
		}

		if err := calls[len(calls)-1].line(text); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}

	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}

	for i := range calls {
		if err := calls[i].check(); err != nil {
			return nil, fmt.Errorf("%s:%d: %s: %w", file, calls[i].Line, calls[i].Name, err)
		}
	}

	return calls, nil
}

// line reads one line of a call.
func (c *Call) line(text string) (err error) {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)

	switch word {
	case "plan":
		c.Planned, err = span(rest)
	case "came":
		c.Came, err = clock(rest)
	case "let-in":
		c.LetIn, err = clock(rest)
	case "now":
		c.Now, err = clock(rest)
	case "invited":
		var seat int

		seat, err = strconv.Atoi(rest)
		c.Invited = append(c.Invited, seat)
	case "off":
		c.Off = care.ReasonCode(rest)
	case "record":
		c.Incomplete, err = oneOf(rest, "incomplete", "complete")
	case "host", "guest", "recorder":
		var s Stay

		s, err = stay(care.LegRole(word), rest)
		c.Stays = append(c.Stays, s)
	case "expect":
		c.Expect = Label(rest)
	case "decide":
		c.Decide, err = oneOf(rest, "yes", "person")
	case "because":
		c.Because = rest
	default:
		err = fmt.Errorf("unknown word %q", word)
	}

	return err
}

// oneOf is true for the first of two words, false for the second.
func oneOf(word, yes, no string) (bool, error) {
	if word != yes && word != no {
		return false, fmt.Errorf("%q is neither %s nor %s", word, yes, no)
	}

	return word == yes, nil
}

func (c *Call) check() error {
	switch {
	case c.Name == "" || strings.ContainsAny(c.Name, " \t/"):
		return fmt.Errorf("%q is no name", c.Name)
	case !c.Planned.Valid():
		return errors.New("no planned time")
	case !slices.Contains(labels(), c.Expect):
		return fmt.Errorf("expect %q is no label", c.Expect)
	case c.Off != "" && !slices.Contains(care.Reasons(), c.Off):
		return fmt.Errorf("off %q is no reason", c.Off)
	case c.Because == "":
		return errors.New("because is missing")
	case c.Decide && c.Expect == Unknown:
		return errors.New("what is unknown can't be decided")
	}

	clocks := map[string]time.Duration{}

	for _, s := range c.Stays {
		if had, known := clocks[s.Node]; known && had != s.Clock {
			return fmt.Errorf("node %q has two clocks", s.Node)
		}

		clocks[s.Node] = s.Clock
	}

	return nil
}

// stay reads "borger 09.01-09.06 seat=1".
func stay(role care.LegRole, text string) (Stay, error) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return Stay{}, fmt.Errorf("%q lacks a name or a time", text)
	}

	s := Stay{Name: fields[0], Role: role, Media: care.Video, Room: 1}

	in, out, found := strings.Cut(fields[1], "-")
	if !found {
		return Stay{}, fmt.Errorf("%q is no stay", fields[1])
	}

	var err error

	if s.Joined, err = clock(in); err != nil {
		return Stay{}, err
	}

	if out != "" {
		if s.Left, err = clock(out); err != nil {
			return Stay{}, err
		}
	}

	for _, f := range fields[2:] {
		key, value, _ := strings.Cut(f, "=")
		if err := s.set(key, value); err != nil {
			return Stay{}, err
		}
	}

	return s, nil
}

func (s *Stay) set(key, value string) (err error) {
	switch key {
	case "seat":
		s.Seat, err = strconv.Atoi(value)
	case "room":
		s.Room, err = strconv.Atoi(value)
	case "media":
		if s.Media = care.Media(value); value == "unknown" {
			s.Media = care.MediaUnknown
		} else if !slices.Contains([]care.Media{care.Video, care.AudioOnly, care.NoMedia}, s.Media) {
			err = fmt.Errorf("media %q", value)
		}
	case "entered":
		s.Entered, err = clock(value)
	case "end":
		s.Ending = care.Ending(value)
		if !slices.Contains([]care.Ending{care.LostContact, care.NoHostCame, care.RoomFull, care.EndedForAll, care.TurnedAway, care.NeverThrough}, s.Ending) {
			err = fmt.Errorf("end %q", value)
		}
	case "witness":
		s.Witness = care.Witness(value)
		if !slices.Contains([]care.Witness{care.FromEvents, care.FromBoth, care.FromLooking}, s.Witness) {
			err = fmt.Errorf("witness %q", value)
		}
	case "node":
		s.Node = value
	case "clock":
		s.Clock, err = time.ParseDuration(value)
	case "role":
		if _, err = oneOf(value, "unknown", "unknown"); err == nil {
			s.Role = ""
		}
	default:
		err = fmt.Errorf("unknown word %q", key)
	}

	return err
}

func span(text string) (care.Interval, error) {
	from, to, found := strings.Cut(text, "-")
	if !found {
		return care.Interval{}, fmt.Errorf("%q is no span of time", text)
	}

	start, err := clock(from)
	if err != nil {
		return care.Interval{}, err
	}

	end, err := clock(to)

	return care.Interval{Start: start, End: end}, err
}

// clock reads 09.00 or 09.00.30; hours from 24 on are of the next day.
func clock(text string) (time.Time, error) {
	var parts [3]int

	fields := strings.Split(text, ".")
	if len(fields) < 2 || len(fields) > 3 {
		return time.Time{}, fmt.Errorf("%q is no time of day", text)
	}

	for i, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil || len(f) != 2 || n < 0 || n > 59 || i == 0 && n > 47 {
			return time.Time{}, fmt.Errorf("%q is no time of day", text)
		}

		parts[i] = n
	}

	day := Day.Bounds().Start.In(care.Zone())

	return time.Date(day.Year(), day.Month(), day.Day(), parts[0], parts[1], parts[2], 0, care.Zone()).UTC(), nil
}
