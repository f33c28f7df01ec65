package nexus

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sluse/sluse/connector"
	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/scheduler/care"
)

const opWriteVisit = "write_visit"

// visit is an occurrence as the record told it whole.
type visit struct {
	object

	etag string // empty: the record gave none
}

// attempts is how often a visit is written when other people's changes get in between.
const attempts = 3

// tellOnList brings category and comment of one occurrence to what the change wants (eoj.md §1.6).
func (n *Nexus) tellOnList(ctx context.Context, c ehr.Change) (ehr.Receipt, error) {
	event, err := n.findVisit(ctx, c)
	if err != nil {
		return ehr.Receipt{}, err
	}

	for range attempts {
		if isTold(event.object, c) {
			return visitReceipt(event.object), nil
		}

		if err := n.unexpected(event.object, c); err != nil {
			return ehr.Receipt{}, err
		}

		fresh, err := n.writeVisit(ctx, event, c)
		if err == nil {
			return visitReceipt(fresh.object), nil
		}

		if !connector.Is(err, connector.Conflict) {
			return ehr.Receipt{}, err
		}

		now, err := n.readVisit(ctx, event.object)
		if err != nil {
			return ehr.Receipt{}, err
		}

		if !isTold(now.object, c) && !sameOurs(event.object, now.object) {
			break
		}

		event = now
	}

	return ehr.Receipt{}, changedByOthers()
}

// isTold reports whether nothing is left to do: the entry was written, or a later one has
// overtaken it, or the visit looks as it should. What people changed since then is theirs.
func isTold(event object, c ehr.Change) bool {
	own := markerIn(event.text("comments"))
	if own.has(tagOf(c.Key)) {
		return true
	}

	return c.Comment == "" && len(own.tags) == 0 && (c.Category == "" || categoryOf(event) == strings.TrimSpace(c.Category))
}

// unexpected refuses to overwrite a category that people have set since we last wrote, and to bring a
// visit back that they cancelled before we ever did.
func (n *Nexus) unexpected(event object, c ehr.Change) error {
	now := categoryOf(event)

	switch {
	case c.Category == "" || now == "" || now == strings.TrimSpace(c.Category) || slices.Contains(c.Expected, now):
		return nil
	case n.config.cancels(now) && len(c.Expected) == 0:
		return fail(opWriteVisit, connector.Conflict, care.NewError(care.Conflict,
			"Besøget er aflyst i Nexus, så intet er skrevet. Aflys skærmbesøget her, eller sæt besøgstypen tilbage i Nexus, og prøv igen."))
	case len(c.Expected) == 0:
		return nil
	}

	return fail(opWriteVisit, connector.Conflict, care.NewError(care.Conflict,
		"Besøgstypen er ændret i Nexus i hånden til »"+now+"«, så den er ikke overskrevet. Se på besøget i Nexus, og afgør det på siden Afstemning."))
}

// sameOurs reports whether two versions of a visit agree in what we write.
func sameOurs(a, b object) bool {
	return categoryOf(a) == categoryOf(b) && markerIn(a.text("comments")).String() == markerIn(b.text("comments")).String()
}

func changedByOthers() error {
	return fail(opWriteVisit, connector.Conflict, care.NewError(care.Conflict,
		"Besøget blev ændret i Nexus, mens vi skrev. Se på besøget i Nexus, og prøv igen, hvis registreringen stadig passer."))
}

func visitReceipt(event object) ehr.Receipt {
	source, _ := sourceOf(event)

	return ehr.Receipt{ID: "visit/" + source.ID + "/" + source.Occurrence, Version: event.number("version")}
}

// findVisit finds the occurrence in the citizen's calendar, which knows it under one id whoever
// drives it, and reads it whole.
func (n *Nexus) findVisit(ctx context.Context, c ehr.Change) (visit, error) {
	const op = "find_visit"

	if c.Source.System != System {
		return visit{}, fail(op, connector.Unsupported, care.NewError(care.NotFound,
			"Besøget kommer ikke fra en køreliste i Nexus og kan ikke rettes dér. Registrér det i Nexus i hånden."))
	}

	patient, err := n.citizen(ctx, c.Citizen)
	if err != nil {
		return visit{}, err
	}

	calendar, err := n.view(ctx, patient, "CITIZEN_CALENDAR", n.config.CitizenCalendar)
	if err != nil {
		return visit{}, err
	}

	at, err := n.follow(op, calendar, "events", "besøgene i borgerens kalender")
	if err != nil {
		return visit{}, err
	}

	span := around(c)

	answer, err := n.ask(ctx, n.calendars, at.with(url.Values{"from": {utc(span.Start)}, "to": {utc(span.End)}}).call(op, http.MethodGet))
	if err != nil {
		return visit{}, err
	}

	body, err := calendarIn(answer)
	if err != nil {
		return visit{}, err
	}

	found := visitsOf(body.list("eventResources"), c.Source, c.Planned)

	switch {
	case len(found) == 0:
		return visit{}, fail(op, connector.NotFound, care.NewError(care.NotFound,
			"Besøget findes ikke længere i borgerens kalender i Nexus. Se på borgeren i Nexus, og registrér besøget i hånden."))
	case slices.ContainsFunc(found, func(e object) bool { return !same(e, found[0]) }):
		return visit{}, reject(op, care.Conflict,
			"Besøget står flere gange samme dag i Nexus, og ingen af dem er på den tid, vi kender. Registrér det i Nexus i hånden.")
	}

	return n.readVisit(ctx, found[0])
}

// errOther is the cause of reading another occurrence than the one that was asked for.
var errOther = care.NewError(care.Conflict,
	"Nexus viser et andet besøg i rækken end det, der skal rettes, så intet er skrevet. Registrér besøget i Nexus i hånden.")

// readVisit reads the whole occurrence behind a half one.
func (n *Nexus) readVisit(ctx context.Context, half object) (visit, error) {
	const op = "read_visit"

	at, err := n.follow(op, half, "self", "besøget")
	if err != nil {
		return visit{}, err
	}

	answer, err := n.ask(ctx, n.client, at.call(op, http.MethodGet))
	if err != nil {
		return visit{}, err
	}

	whole, err := oneOf(answer)
	if err == nil && !same(half, whole) {
		return visit{}, fail(op, connector.Rejected, errOther)
	}

	return visit{object: whole, etag: answer.Header.Get("ETag")}, err
}

// around is the time in which a visit is looked for: the day on which it stood to begin with and
// the one on which it stands now, and one more on each side.
func around(c ehr.Change) care.Interval {
	span := care.DayOf(c.Planned.Start).Bounds()

	if first, err := care.ParseDay(c.Source.Occurrence); err == nil {
		bounds := first.Bounds()
		if bounds.Start.Before(span.Start) {
			span.Start = bounds.Start
		}

		if bounds.End.After(span.End) {
			span.End = bounds.End
		}
	}

	return care.Interval{Start: span.Start.Add(-24 * time.Hour), End: span.End.Add(24 * time.Hour)}
}

// writeVisit puts the whole visit back with the change in it, and reads it again to see what
// became of it.
func (n *Nexus) writeVisit(ctx context.Context, event visit, c ehr.Change) (visit, error) {
	if err := n.writable(event.object); err != nil {
		return visit{}, err
	}

	to, err := n.follow(opWriteVisit, event.object, "update", "at rette besøg")
	if err != nil {
		return visit{}, err
	}

	want, err := n.changed(ctx, event.object, c)
	if err != nil {
		return visit{}, err
	}

	header := http.Header{}
	if event.etag != "" {
		header.Set("If-Match", event.etag)
	}

	_, failed := n.write(ctx, opWriteVisit, http.MethodPut, to, want.encode(), header)
	if failed != nil && !connector.Is(failed, connector.Unknown) {
		return visit{}, failed
	}

	now, err := n.readVisit(ctx, event.object)

	switch {
	case err != nil && failed != nil:
		return visit{}, failed
	case err != nil:
		// It is written, but not seen: a repeat looks again.
		return visit{}, fail(opWriteVisit, connector.Unknown, errors.New("the visit could not be read after it was written"))
	case sameOurs(now.object, want):
		return now, nil
	case failed != nil:
		return visit{}, failed
	}

	return visit{}, reject(opWriteVisit, care.Conflict,
		"Nexus viser noget andet end det, vi skrev. Se på besøget i Nexus, og registrér det i hånden.")
}

// writable tells why a visit can't be written, before it is tried.
func (n *Nexus) writable(event object) error {
	strategies := event.texts("changeStrategies")

	switch {
	case event.truth("readOnly"):
		return reject(opWriteVisit, care.Conflict, "Besøget kan kun læses i Nexus. Registrér det i Nexus i hånden.")
	case event.truth("deliveredEvent"):
		return reject(opWriteVisit, care.Conflict, "Besøget er allerede registreret som leveret i Nexus og kan ikke rettes herfra. Se på besøget i Nexus.")
	case len(strategies) > 0 && !slices.Contains(strategies, n.config.Strategy):
		return reject(opWriteVisit, care.Conflict,
			"Besøget kan kun rettes sammen med hele rækken af besøg i Nexus, og det gør vi ikke. Registrér det i Nexus i hånden.")
	}

	return nil
}

// changed is the visit as it should be. Nothing but type and comment is touched, so a visit that is
// locked on its time or employee stays there.
func (n *Nexus) changed(ctx context.Context, event object, c ehr.Change) (object, error) {
	want := maps.Clone(event)

	if c.Category != "" && categoryOf(event) != strings.TrimSpace(c.Category) {
		kind, err := n.eventType(ctx, event, c)
		if err != nil {
			return nil, err
		}

		want.set("eventType", kind)
	}

	text := event.text("comments")

	own := marker{}
	if c.Comment != "" {
		own = marker{word: c.Comment, tags: markerIn(text).tags}.add(tagOf(c.Key))
	}

	if now := own.put(text); now != text {
		want.set("comments", now)
	}

	if len(event.texts("changeStrategies")) > 0 {
		want.set(n.config.StrategyField, n.config.Strategy)
	}

	return want, nil
}
