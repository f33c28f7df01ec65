package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// evidencePart is what a page tells of a visit's course: how it ended, why we think so, and who was
// in the room when.
type evidencePart struct {
	Outcome care.Outcome // zero until concluded
	Verdict care.Verdict // what the platform says now
	Earlier []care.Verdict
	Former  []care.Outcome
	Line    timeline
	Stays   []stay
	Differs bool   // the platform says otherwise than what is registered
	Fix     string // where a correction is posted; empty: the reader may not correct
	Ending  ending
	Because string // what was typed
	Fixing  bool   // a correction was typed, and something is wrong with it
}

// typed keeps what somebody typed into the correction.
func (e *evidencePart) typed(c *gin.Context) {
	if e.Fixing = strings.HasSuffix(c.FullPath(), "/ret"); e.Fixing {
		e.Because = short(c.PostForm("begrundelse"))
		e.Ending.typed(c)
	}
}

// Known reports whether there is anything to tell.
func (e evidencePart) Known() bool {
	return e.Outcome.Kind != "" || len(e.Verdict.Why) > 0 || len(e.Stays) > 0
}

// System reports whether nobody but the platform gave the outcome.
func (e evidencePart) System() bool { return e.Outcome.By == "system" }

// stay is one leg in words.
type stay struct {
	Who     string
	In, Out time.Time
	Media   string
	Use     mark
	Ending  string
	Witness string
}

// newEvidence puts a visit's evidence into words and bars. Live is the verdict of a visit that is
// still going on.
func newEvidence(v care.Snapshot, e scheduler.EvidenceView, live care.Verdict, now time.Time) evidencePart {
	out := evidencePart{Outcome: e.Outcome, Verdict: live, Former: e.Former, Line: newTimeline(v, e.Legs, now)}

	if n := len(e.Verdicts); n > 0 && len(live.Why) == 0 {
		out.Verdict, out.Earlier = e.Verdicts[n-1], slices.Clone(e.Verdicts[:n-1])
		slices.Reverse(out.Earlier)
	}

	out.Differs = e.Outcome.Kind != "" && out.Verdict.Decided && !out.Verdict.Outcome.Alike(e.Outcome)
	out.Ending = newEnding(out.Verdict, nil)

	for _, l := range e.Legs {
		out.Stays = append(out.Stays, stay{
			Who: whoOf(v, l), In: l.Joined, Out: l.Left, Media: mediaDanish(l.Media), Use: useOf(l.Use), Ending: endingDanish(l.Ending), Witness: l.Witness.Danish(),
		})
	}

	return out
}

// whoOf names the person behind a leg by role and seat. The platform's own names are nobody's
// business here.
func whoOf(v care.Snapshot, l scheduler.LegView) string {
	p, sat := v.Sitting(l.Seat-1, l.Joined)

	switch {
	case l.Role == care.AsRecorder:
		return "Optagelse"
	case l.Use == care.LegStranger:
		return "Ukendt person"
	case l.Role == care.AsHost:
		return "Medarbejder"
	case l.Role == care.AsGuest && l.Seat > 1 && sat:
		return strings.TrimSpace(p.Kind.Danish() + " " + p.Name)
	case l.Role == care.AsGuest && l.Seat > 1:
		return "Anden deltager"
	case l.Role == care.AsGuest:
		return "Borger"
	}

	return "Ukendt rolle"
}

func mediaDanish(m care.Media) string {
	switch m {
	case care.MediaUnknown:
		return "Ikke oplyst"
	case care.NoMedia:
		return "Hverken billede eller lyd"
	case care.AudioOnly:
		return "Kun lyd"
	case care.Video:
		return "Billede og lyd"
	}

	return string(m)
}

// useOf is what a leg was good for.
func useOf(u care.Use) mark {
	switch u {
	case "":
		return mark{"Ikke vurderet endnu", "calm", "hourglass"}
	case care.LegCounted:
		return mark{"Tæller med", "ok", "success"}
	case care.LegDamaged:
		return mark{"Hænger ikke sammen", "warn", "warning"}
	case care.LegOutside:
		return mark{"Uden for besøget", "calm", "time"}
	case care.LegRecorder:
		return mark{"Optagelse, ikke tilladt", "bad", "error"}
	case care.LegSilent:
		return mark{"Uden billede og lyd", "calm", "minus"}
	case care.LegNotIn:
		return mark{"Kom ikke ind", "warn", "lock"}
	case care.LegTurnedAway:
		return mark{"Sat ud", "calm", "close"}
	case care.LegOther:
		return mark{"Anden deltager", "info", "persons"}
	case care.LegStranger:
		return mark{"Var ikke inviteret", "bad", "error"}
	}

	return mark{string(u), "calm", "help"}
}

func endingDanish(e care.Ending) string {
	switch e {
	case care.Usual:
		return ""
	case care.LostContact:
		return "forbindelsen røg"
	case care.NoHostCame:
		return "ingen medarbejder kom"
	case care.RoomFull:
		return "ingen plads"
	case care.EndedForAll:
		return "rummet blev lukket"
	case care.TurnedAway:
		return "sat ud"
	case care.NeverThrough:
		return "kom ikke igennem"
	}

	return string(e)
}

// timeline draws who was in the room when. Places are thousandths of its width, because the content
// policy allows no inline style.
type timeline struct {
	Ticks   []string
	Planned bar
	Lanes   []lane

	Others, Strangers bool // there are such bars
}

// lane is one person's line, with what it shows in words.
type lane struct {
	Who  string
	Bars []bar
	Text string

	place int // among the lines: employee, citizen, others
}

// bar is a stretch of time.
type bar struct {
	X, Width int
	Class    string
}

const (
	lineWidth = 1000
	lineStep  = 5 * time.Minute
)

// lineMargin is how far from the planned time the line goes at most: a forgotten tab of a whole
// night would leave nothing to see of the visit.
const lineMargin = time.Hour

func newTimeline(v care.Snapshot, legs []scheduler.LegView, now time.Time) timeline {
	planned := v.Facts.Planned
	all := care.Interval{Start: planned.Start.Add(-lineStep), End: planned.End.Add(lineStep)}

	var shown []scheduler.LegView

	for _, l := range legs {
		in := during(l.Joined, l, now)
		if l.Use == care.LegDamaged || !in.Valid() || !in.Overlaps(care.Interval{Start: planned.Start.Add(-lineMargin), End: planned.End.Add(lineMargin)}) {
			continue
		}

		shown = append(shown, l)
		all.Start = earliest(all.Start, latest(in.Start, planned.Start.Add(-lineMargin)))
		all.End = latest(all.End, earliest(in.End, planned.End.Add(lineMargin)))
	}

	if len(shown) == 0 {
		return timeline{}
	}

	all.Start, all.End = all.Start.Truncate(lineStep), all.End.Add(lineStep-1).Truncate(lineStep)
	all.End = all.End.Add(all.Duration() % (2 * lineStep)) // the middle is a full minute too

	line := timeline{Planned: place(all, planned, "tl-planned")}

	for i := range 3 {
		line.Ticks = append(line.Ticks, page.Clock(all.Start.Add(all.Duration()*time.Duration(i)/2)))
	}

	slices.SortStableFunc(shown, func(a, b scheduler.LegView) int { return a.Joined.Compare(b.Joined) })

	for _, l := range shown {
		line.tell(whoOf(v, l), l, now)
	}

	// What counts lies on top.
	slices.SortStableFunc(shown, func(a, b scheduler.LegView) int { return cmp.Compare(layer(a), layer(b)) })

	for _, l := range shown {
		line.draw(whoOf(v, l), l, all, now)
	}

	slices.SortStableFunc(line.Lanes, func(a, b lane) int { return cmp.Compare(a.place, b.place) })

	return line
}

// layer is what is drawn first: legs that did not count.
func layer(l scheduler.LegView) int {
	if l.Use == care.LegCounted {
		return 1
	}

	return 0
}

// lane returns the person's line, a new one when there is none.
func (t *timeline) lane(who string, l scheduler.LegView) *lane {
	i := slices.IndexFunc(t.Lanes, func(o lane) bool { return o.Who == who })
	if i < 0 {
		i = len(t.Lanes)
		t.Lanes = append(t.Lanes, lane{Who: who, place: laneOf(l)})
	}

	return &t.Lanes[i]
}

// tell says a leg in words.
func (t *timeline) tell(who string, l scheduler.LegView, now time.Time) {
	to := t.lane(who, l)
	in := during(latest(l.Joined, l.Entered), l, now)
	until := page.Clock(in.End)

	if l.Left.IsZero() {
		until = "nu"
	}

	if to.Text != "" {
		to.Text += ", "
	}

	to.Text += page.Clock(in.Start) + "–" + until
	if l.Use != care.LegCounted && l.Use != care.LegOther && l.Use != "" {
		to.Text += " (" + strings.ToLower(useOf(l.Use).Text) + ")"
	}
}

// draw puts a leg on its person's line: pale at the door, full in the room.
func (t *timeline) draw(who string, l scheduler.LegView, all care.Interval, now time.Time) {
	to := t.lane(who, l)
	if l.Entered.After(l.Joined) {
		to.Bars = append(to.Bars, place(all, care.Interval{Start: l.Joined, End: l.Entered}, "tl-door"))
	}

	to.Bars = append(to.Bars, place(all, during(latest(l.Joined, l.Entered), l, now), classOf(l.Use)))
	t.Others = t.Others || l.Use == care.LegOther
	t.Strangers = t.Strangers || classOf(l.Use) == "tl-bad"
}

func laneOf(l scheduler.LegView) int {
	switch {
	case l.Role == care.AsHost:
		return 0
	case l.Role == care.AsGuest && l.Seat <= 1:
		return 1
	default:
		return 2
	}
}

func classOf(u care.Use) string {
	switch u {
	case care.LegCounted:
		return "tl-in"
	case care.LegOther:
		return "tl-other"
	case care.LegStranger, care.LegRecorder:
		return "tl-bad"
	case "", care.LegDamaged, care.LegOutside, care.LegSilent, care.LegNotIn, care.LegTurnedAway:
	}

	return "tl-door"
}

// during is when a leg was; one that goes on ends now.
func during(from time.Time, l scheduler.LegView, now time.Time) care.Interval {
	end := l.Left
	if end.IsZero() {
		end = now
	}

	return care.Interval{Start: from, End: end}
}

func place(all, in care.Interval, class string) bar {
	at := func(t time.Time) int {
		return int(lineWidth * min(max(t.Sub(all.Start), 0), all.Duration()) / max(all.Duration(), 1))
	}
	x := at(in.Start)

	return bar{X: x, Width: max(at(in.End)-x, 4), Class: class}
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}

	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}

	return a
}

// loadEvidence asks for a visit's evidence, where the visit was ever to be by screen.
func (p *Pages) loadEvidence(c *gin.Context, view scheduler.VisitView, live care.Verdict) (evidencePart, error) {
	if view.Visit.Generation == 0 {
		return evidencePart{}, nil
	}

	e, err := p.UseCases.Evidence(c.Request.Context(), route.Actor(c), view.Visit.ID)
	if err != nil {
		return evidencePart{}, err
	}

	part := newEvidence(view.Visit, e, live, p.Now())
	part.Ending.Ways = newWays(view.Ways, "")

	return part, nil
}

// correct gives a visit another outcome than the registered one, from the planner's page.
func (p *Pages) correct(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	err := p.correction(c, id)
	if care.KindOf(err) == care.Invalid {
		return p.showVisit(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, visitURL(id, "rettet"))
}

// correctOwn does the same from the caregiver's page.
func (p *Pages) correctOwn(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	err := p.correction(c, id)
	if care.KindOf(err) == care.Invalid {
		return p.showLobby(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, lobbyURL(id, "rettet"))
}

func (p *Pages) correction(c *gin.Context, id care.VisitID) error {
	req, err := concludeRequest(c)
	if err != nil {
		return err
	}

	return p.UseCases.Correct(c.Request.Context(), route.Actor(c), id, scheduler.CorrectRequest{ConcludeRequest: req, Because: c.PostForm("begrundelse")})
}
