// Package ics writes calendar files (iCalendar, RFC 5545, with the scheduling methods of
// RFC 5546) for invitations by e-mail. Its functions are pure: the same event gives the same
// bytes. A file holds the time, a neutral title, the municipality, and the citizen's link
// where the municipality allows links; nothing else (requirement R11).
package ics

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	ical "github.com/emersion/go-ical"

	"github.com/sluse/sluse/connector/message"
	"github.com/sluse/sluse/scheduler/care"
)

// TimeZone is the TZID of every local time in a file.
const TimeZone = "Europe/Copenhagen"

// productID names the program that made the file (RFC 5545 §3.7.3).
const productID = "-//Sluse//Sluse//DA"

// maxLine is the longest line in octets without its line break (RFC 5545 §3.1).
const maxLine = 75

// Render returns the calendar file of an event for one receiver. Calendars recognise the
// invitation by Method, UID and Sequence; the receiver stands as attendee because Outlook
// and Gmail show no invitation without one (RFC 5546 §3.2.2 demands it as well). No answer
// is asked for. Times are local with a VTIMEZONE, except in the hour that is repeated when
// summer time ends, which local time can't tell apart: there they are UTC.
func Render(e message.Event, attendee care.Email) ([]byte, error) {
	if err := check(e); err != nil {
		return nil, err
	}

	event, err := newEvent(e, attendee)
	if err != nil {
		return nil, err
	}

	calendar := ical.NewCalendar()
	calendar.Props.SetText(ical.PropVersion, "2.0")
	calendar.Props.SetText(ical.PropProductID, productID)
	calendar.Props.SetText(ical.PropCalendarScale, "GREGORIAN")
	calendar.Props.SetText(ical.PropMethod, string(e.Method))

	if !repeated(e.Planned.Start) && !repeated(e.Planned.End) {
		calendar.Children = append(calendar.Children, copenhagen())
	}

	calendar.Children = append(calendar.Children, event.Component)

	var out bytes.Buffer
	if err := ical.NewEncoder(&out).Encode(calendar); err != nil {
		return nil, fmt.Errorf("write the calendar file: %w", err)
	}

	return fold(out.Bytes()), nil
}

// check refuses an event that no calendar would take, and a title that tells too much.
func check(e message.Event) error {
	switch {
	case e.UID == "" || strings.ContainsFunc(e.UID, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("calendar file: the UID must be printable ASCII without blanks")
	case e.Sequence < 0:
		return errors.New("calendar file: the sequence is negative")
	case e.Method != message.Request && e.Method != message.Cancel:
		return errors.New("calendar file: unknown method")
	case !e.Planned.Valid() || e.Stamp.IsZero():
		return errors.New("calendar file: a time is missing")
	case e.Summary == "" || e.Mailbox == "":
		return errors.New("calendar file: the title or the organizer's address is missing")
	}

	if findings := message.Lint(e.Summary, message.Rules{Channel: care.Mail, Own: []string{e.Organizer}}); len(findings) > 0 {
		return fmt.Errorf("calendar file: %w", &message.LintError{Findings: findings})
	}

	return nil
}

func newEvent(e message.Event, attendee care.Email) (*ical.Event, error) {
	event := ical.NewEvent()
	event.Props.SetText(ical.PropUID, e.UID)
	event.Props.SetDateTime(ical.PropDateTimeStamp, e.Stamp.UTC().Truncate(time.Second))
	event.Props.SetText(ical.PropSummary, e.Summary)
	event.Props.SetText(ical.PropTransparency, "OPAQUE")
	event.Props.SetText(ical.PropClass, "PRIVATE")
	event.Props.Set(number(ical.PropSequence, e.Sequence))

	event.SetStatus(ical.EventConfirmed)

	if e.Method == message.Cancel {
		event.SetStatus(ical.EventCancelled)
	}

	zone := care.Zone()
	if repeated(e.Planned.Start) || repeated(e.Planned.End) {
		zone = time.UTC
	}

	event.Props.SetDateTime(ical.PropDateTimeStart, e.Planned.Start.In(zone))
	event.Props.SetDateTime(ical.PropDateTimeEnd, e.Planned.End.In(zone))
	event.Props.Set(person(ical.PropOrganizer, e.Mailbox, map[string]string{ical.ParamCommonName: plainName(e.Organizer)}))

	if a := attendee.Reveal(); a != "" {
		event.Props.Add(person(ical.PropAttendee, a, map[string]string{
			ical.ParamRole: "REQ-PARTICIPANT", ical.ParamParticipationStatus: "NEEDS-ACTION", ical.ParamRSVP: "FALSE",
		}))
	}

	// A withdrawn link works no more, so it has no place in the notice.
	if e.URL == "" || e.Method == message.Cancel {
		return event, nil
	}

	link, err := url.Parse(e.URL)
	if err != nil || link.Host == "" {
		return nil, errors.New("calendar file: the link is not an absolute address")
	}

	event.Props.SetURI(ical.PropURL, link)
	event.Props.SetText(ical.PropLocation, e.URL) // Outlook shows no URL property
	event.Props.SetText(ical.PropDescription, "Sådan kommer du ind, når det er tid:\n"+e.URL)

	return event, nil
}

// number makes a property whose value is an integer.
func number(name string, n int) *ical.Prop {
	p := ical.NewProp(name)
	p.Value = strconv.Itoa(n)

	return p
}

// person makes a property whose value is a mail address (RFC 5545 §3.3.3).
func person(name, address string, params map[string]string) *ical.Prop {
	p := ical.NewProp(name)
	p.Value = "mailto:" + address

	for key, value := range params {
		if value != "" {
			p.Params.Set(key, value)
		}
	}

	return p
}

// plainName drops what a parameter value can't hold (RFC 5545 §3.2), quotes and controls,
// and the backslash, which some programs take for an escape there.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' || r == 0x7f {
			return -1
		}

		return r
	}, name)
}

// repeated reports whether the local time of t exists twice that day.
func repeated(t time.Time) bool {
	const wall = "2006-01-02 15:04:05"

	local := t.In(care.Zone()).Format(wall)

	return t.Add(time.Hour).In(care.Zone()).Format(wall) == local || t.Add(-time.Hour).In(care.Zone()).Format(wall) == local
}

// copenhagen returns the VTIMEZONE of Danish time: summer time from the last Sunday of
// March (since 1981) to the last Sunday of October (since 1996), changing at 01.00 UTC
// (directive 2000/84/EC).
func copenhagen() *ical.Component {
	zone := ical.NewComponent(ical.CompTimezone)
	zone.Props.SetText(ical.PropTimezoneID, TimeZone)
	zone.Children = []*ical.Component{
		observance(ical.CompTimezoneDaylight, "CEST", "19810329T020000", "+0100", "+0200", "3"),
		observance(ical.CompTimezoneStandard, "CET", "19961027T030000", "+0200", "+0100", "10"),
	}

	return zone
}

func observance(component, name, since, from, to, month string) *ical.Component {
	c := ical.NewComponent(component)
	c.Props.SetText(ical.PropTimezoneName, name)

	for prop, value := range map[string]string{
		ical.PropDateTimeStart: since, ical.PropTimezoneOffsetFrom: from, ical.PropTimezoneOffsetTo: to,
		ical.PropRecurrenceRule: "FREQ=YEARLY;BYMONTH=" + month + ";BYDAY=-1SU",
	} {
		p := ical.NewProp(prop)
		p.Value = value
		c.Props.Set(p)
	}

	return c
}

// fold breaks lines of more than 75 octets, never inside a character (RFC 5545 §3.1); the
// encoder of go-ical leaves them long.
func fold(file []byte) []byte {
	var out bytes.Buffer

	for line := range bytes.SplitSeq(bytes.TrimSuffix(file, []byte("\r\n")), []byte("\r\n")) {
		room := maxLine

		for len(line) > room {
			cut := room
			for cut > 1 && !utf8.RuneStart(line[cut]) {
				cut--
			}

			out.Write(line[:cut])
			out.WriteString("\r\n ")

			line, room = line[cut:], maxLine-1 // the blank counts
		}

		out.Write(line)
		out.WriteString("\r\n")
	}

	return out.Bytes()
}
