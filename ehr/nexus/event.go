package nexus

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector/outbound"
	"github.com/sluse/sluse/scheduler/care"
)

// sourceOf is a visit's identity: the event's id, which a repeated visit has on many days, and the
// local day on which it stood to begin with (eoj.md §1.5). Moving a visit changes neither.
func sourceOf(event object) (care.SourceRef, bool) {
	at, ok := original(event)

	return care.SourceRef{System: System, ID: event.id(), Occurrence: day(at)}, ok && event.id() != ""
}

// original is when the occurrence stood to begin with.
func original(event object) (time.Time, bool) {
	if at, ok := instant(event.text("originalDate")); ok {
		return at, true
	}

	return instant(event.text("start"))
}

// clockMark stands between an event's id and a time of day.
const clockMark = "@"

// precise is the identity of a visit that is given several times a day under one id: the local
// time of day, which it stood at to begin with, belongs to it then.
func precise(event object) care.SourceRef {
	source, _ := sourceOf(event)
	if at, ok := original(event); ok {
		source.ID += clockMark + at.In(care.Zone()).Format("1504")
	}

	return source
}

// isVisit reports whether an event is the one that a source names.
func isVisit(event object, source care.SourceRef) bool {
	mine, ok := sourceOf(event)
	if strings.Contains(source.ID, clockMark) {
		mine = precise(event)
	}

	return ok && mine.ID == source.ID && mine.Occurrence == source.Occurrence
}

// same reports whether two objects are the same occurrence. What a repeated visit's address leads to
// need not be the occurrence that it stands at.
func same(a, b object) bool {
	key := a.text("eventOccurrenceKey")

	return a.id() == b.id() && (key != "" && key == b.text("eventOccurrenceKey") || precise(a) == precise(b))
}

// calendarIn is a calendar that lists its visits as eventResources. One without visits has an empty list.
func calendarIn(answer *outbound.Answer) (object, error) {
	body, err := oneOf(answer)
	if err != nil {
		return nil, err
	}

	if !bytes.HasPrefix(bytes.TrimSpace(body["eventResources"]), []byte("[")) {
		return nil, answer.Broken("the answer holds no list of visits")
	}

	return body, nil
}

// visitsOf are the events that a source names: several, when a visit is given several times a day under
// one id and was read from a list that shows one of them. The one at its time comes first then.
func visitsOf(events []object, source care.SourceRef, planned care.Interval) []object {
	found := slices.DeleteFunc(slices.Clone(events), func(e object) bool { return !isVisit(e, source) })

	if i := slices.IndexFunc(found, func(e object) bool {
		at, ok := plannedOf(e)

		return ok && at.Start.Equal(planned.Start)
	}); i >= 0 {
		return found[i : i+1]
	}

	return found
}

// plannedOf is when a visit is to take place, UTC.
func plannedOf(event object) (care.Interval, bool) {
	start, hasStart := instant(event.text("start"))
	end, hasEnd := instant(event.text("end"))
	planned := care.Interval{Start: start, End: end}

	return planned, hasStart && hasEnd && planned.Valid()
}

// instant reads a time of the record, UTC.
func instant(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, text)

	return at.UTC(), err == nil && at.Year() > 1900 && at.Year() < 2200
}

func categoryOf(event object) string { return strings.TrimSpace(event.child("eventType").text("name")) }
