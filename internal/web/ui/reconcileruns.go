package ui

import (
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Moving reports whether a comparison goes on at this moment.
func (b reconcilePage) Moving() bool { return b.Active.ID != "" && b.Active.NextTry.IsZero() }

// Waiting reports whether a comparison waits for its next try.
func (b reconcilePage) Waiting() bool { return b.Active.ID != "" && !b.Active.NextTry.IsZero() }

// Newest is the newest comparison that is over, polls aside; zero: there was none.
func (b reconcilePage) Newest() scheduler.Run {
	for _, r := range b.Runs {
		if !r.Active() {
			return r
		}
	}

	return scheduler.Run{}
}

// Standing counts what is nobody's decision yet.
func (b reconcilePage) Standing() int {
	n := 0
	for _, count := range b.Live {
		n += count
	}

	return n
}

// Tallies are the counts above the list.
func (b reconcilePage) Tallies() []gravityTally {
	out := make([]gravityTally, 0, len(care.Gravities()))
	for _, g := range care.Gravities() {
		out = append(out, gravityTally{Gravity: g, N: b.Live[g]})
	}

	return out
}

// gravityTally is how many differences have a gravity.
type gravityTally struct {
	Gravity care.Gravity
	N       int
}

// Percent is how far the comparison that goes on is, 0 to 100.
func (b reconcilePage) Percent() int { return runPercent(b.Active) }

func runPercent(r scheduler.Run) int {
	if r.Citizens == 0 {
		return 0
	}

	return min(100, 100*(r.Looked+r.Refused)/r.Citizens)
}

// Left tells how far the comparison that goes on is.
func (b reconcilePage) Left() string { return runLeft(b.Active) }

func runLeft(r scheduler.Run) string {
	if r.Citizens == 0 {
		return "Begynder om lidt"
	}

	return page.Number(r.Looked) + " af " + page.Count(r.Citizens, "borger", "borgere") + " er set"
}

// runMissing tells what a comparison did not see; empty: it saw everybody.
func runMissing(r scheduler.Run) string {
	if n := r.Citizens - r.Looked; n > 0 && r.State == scheduler.RunIncomplete {
		return "Vi mangler at se " + page.Count(n, "borger", "borgere") + " af " + page.Number(r.Citizens) + "."
	}

	return ""
}

// runState is how a comparison stands.
func runState(r scheduler.Run) mark {
	switch {
	case r.State == scheduler.RunIncomplete && r.Active():
		return mark{"Ufuldstændig, prøves igen", "warn", "hourglass"}
	case r.State == scheduler.RunIncomplete:
		return mark{"Ufuldstændig", "warn", "warning"}
	case r.State == scheduler.RunRunning:
		return mark{"Kører", "info", "sync"}
	case r.State == scheduler.RunWanted:
		return mark{"Begynder om lidt", "info", "time"}
	case r.State == scheduler.RunDone:
		return mark{"Fuldstændig", "ok", "success"}
	}

	return mark{string(r.State), "calm", "help"}
}

// runWhy tells why a comparison was made.
func runWhy(r scheduler.Run) string {
	switch r.Kind {
	case scheduler.NightRun:
		return "Om natten"
	case scheduler.ShiftRun:
		return "Før en vagt"
	case scheduler.PollRun:
		return "Løbende"
	case scheduler.ManualRun:
		return "Bedt om af " + whoDanish(r.By)
	}

	return string(r.Kind)
}

// gravityOf is how much a difference matters.
func gravityOf(g care.Gravity) mark {
	switch g {
	case care.Pressing:
		return mark{g.Danish(), "bad", "error"}
	case care.Important:
		return mark{g.Danish(), "warn", "warning"}
	case care.Small:
		return mark{g.Danish(), "calm", "info"}
	}

	return mark{g.Danish(), "calm", "help"}
}

// State is how the difference stands.
func (l findingLine) State() mark { return findingState(l.Finding) }

// findingState is how much a difference matters, or what became of it.
func findingState(f care.Finding) mark {
	switch f.State {
	case care.FindingOpen:
		return gravityOf(f.Kind.Terms().Gravity)
	case care.FindingMending:
		return mark{"Rettes nu", "info", "sync"}
	case care.FindingMended:
		return mark{"Rettet", "ok", "success"}
	case care.FindingAccepted:
		return mark{"I orden", "calm", "check"}
	case care.FindingGone:
		return mark{"Forsvundet", "ok", "success"}
	}

	return mark{string(f.State), "calm", "help"}
}

// Is reports whether the difference is in a state.
func (l findingLine) Is(state string) bool { return l.Finding.State == care.FindingState(state) }

// OursName stands before what we have.
func (l findingLine) OursName() string {
	switch l.Kind { //nolint:exhaustive // of the others we hold something that we did not write
	case care.DriftCategory, care.DriftComment, care.DriftPlannedMissing, care.DriftResultMissing, care.DriftEntryDoubled, care.DriftEntryDiffers:
		return "Vi skrev"
	}

	return "Vi har"
}

// TheirsName stands before what the other side shows.
func (l findingLine) TheirsName() string {
	switch {
	case l.Kind == care.DriftUnlisted:
		return "Kørelisten viser"
	case l.Kind == care.DriftEntryStuck:
		return "Status"
	case l.Terms.Side == care.PlatformSide:
		return "Videoplatformen viser"
	}

	return "Journalen viser"
}

// Seen tells when it was found.
func (l findingLine) Seen() string {
	first := "Fundet " + l.When(l.FirstSeen)
	if l.LastSeen.Sub(l.FirstSeen) < time.Minute || !l.Finding.State.Live() {
		return first
	}

	return first + ", set igen " + l.When(l.LastSeen)
}

// When tells a time: of today only the clock.
func (l findingLine) When(t time.Time) string { return since(l.Now, t) }

// When tells a time: of today only the clock.
func (b reconcilePage) When(t time.Time) string { return since(b.Now, t) }

func since(now, t time.Time) string {
	if care.DayOf(now) == care.DayOf(t) {
		return page.At(t)
	}

	return page.Stamp(t)
}

// Means tells what the gravity stands for.
func (g findingGroup) Means() string {
	switch g.Gravity {
	case care.Pressing:
		return "Nogen kan vente forgæves, eller journalen er forkert"
	case care.Important:
		return "Skal ordnes i dag"
	case care.Small:
		return "Ingen bliver svigtet af det"
	}

	return ""
}

// runEvent is what the page's script puts in place.
type runEvent struct {
	Percent int    `json:"percent"`
	Left    string `json:"left"`
	State   string `json:"state"`
	Found   int    `json:"found"`
	Live    bool   `json:"live"`
}

// runEvents tells how far a comparison is until it is over, or waits for its next try.
func (p *Pages) runEvents(c *gin.Context) error {
	actor, id := route.Actor(c), scheduler.RunID(c.Param("koersel"))

	return route.Stream(c, progressEvery, p.Stop, func(ctx context.Context) (route.Event, bool, error) {
		r, err := p.UseCases.RunOf(ctx, actor, id)
		if err != nil {
			return route.Event{}, false, err
		}

		live := r.Active() && r.NextTry.IsZero()

		return route.Event{Name: "progress", Data: runEvent{Percent: runPercent(r), Left: runLeft(r), State: runState(r).Text, Found: r.Found, Live: live}}, !live, nil
	})
}

// badges are the counts in the menu. A page is not lost because they can't be had.
func (p *Pages) badges(c *gin.Context) scheduler.Badges {
	counts, err := p.UseCases.Badges(c.Request.Context(), route.Actor(c))
	if err != nil {
		_ = c.Error(err) // for the log
	}

	return counts
}

// countedPage is the count of visits by category.
type countedPage struct {
	scheduler.Counted

	Unit care.UnitID
	Now  time.Time
}

// When tells a time: of today only the clock.
func (b countedPage) When(t time.Time) string { return since(b.Now, t) }

// Agree reports whether every line is the same on both sides.
func (b countedPage) Agree() bool {
	return !slices.ContainsFunc(b.Lines, func(l scheduler.CountedVisits) bool { return l.Differs() })
}

// counted shows how many visits have each category by our book and by the record (K68).
func (p *Pages) counted(c *gin.Context) error {
	unit := care.UnitID(c.Query("enhed"))

	counted, err := p.UseCases.Counted(c.Request.Context(), route.Actor(c), unit)
	if err != nil {
		return err
	}

	return p.show(c, "optaelling", "Optælling", countedPage{Counted: counted, Unit: unit, Now: p.Now()})
}
