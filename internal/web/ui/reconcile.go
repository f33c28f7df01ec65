package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Reconciler is what the page "Afstemning" calls.
type Reconciler interface {
	Reconciliation(ctx context.Context, actor care.Actor, filter scheduler.FindingFilter) (scheduler.ReconcileView, error)
	Finding(ctx context.Context, actor care.Actor, id care.FindingID) (scheduler.FindingView, error)
	FindingsOf(ctx context.Context, actor care.Actor, id care.VisitID) ([]care.Finding, error)
	Differences(ctx context.Context, actor care.Actor, day care.Day) (int, error)
	AskRun(ctx context.Context, actor care.Actor) (scheduler.Run, error)
	RunOf(ctx context.Context, actor care.Actor, id scheduler.RunID) (scheduler.Run, error)
	MendFinding(ctx context.Context, actor care.Actor, id care.FindingID, overwrite bool) error
	AcceptFinding(ctx context.Context, actor care.Actor, id care.FindingID, reason string) error
	ReopenFinding(ctx context.Context, actor care.Actor, id care.FindingID) error
	Counted(ctx context.Context, actor care.Actor, unit care.UnitID) (scheduler.Counted, error)
	Badges(ctx context.Context, actor care.Actor) (scheduler.Badges, error)
}

const pathReconcile = "/afstemning"

func (p *Pages) reconcileRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	may := route.Needs(care.HandleTrouble, care.HandleRooms)

	return []route.Route{
		{Method: get, Path: pathReconcile, Access: may, Handle: p.reconciliation},
		{Method: get, Path: pathReconcile + "/optaelling", Access: route.Needs(care.HandleTrouble), Handle: p.counted},
		{Method: post, Path: pathReconcile, Access: may, Handle: p.askRun},
		{Method: get, Path: pathReconcile + "/koersel/:koersel/forloeb", Access: may, Handle: p.runEvents, Stream: true},
		{Method: get, Path: pathReconcile + "/forskel/:forskel", Access: may, Handle: p.finding},
		{Method: post, Path: pathReconcile + "/forskel/:forskel/ret", Access: may, Handle: p.mendFinding},
		{Method: post, Path: pathReconcile + "/forskel/:forskel/i-orden", Access: may, Handle: p.acceptFinding},
		{Method: post, Path: pathReconcile + "/forskel/:forskel/fortryd", Access: may, Handle: p.reopenFinding},
	}
}

// The choices of the filter "Tilstand".
const (
	findingsOpen    = ""
	findingsSettled = "afsluttede"
)

// reconcilePage is the page "Afstemning".
type reconcilePage struct {
	scheduler.ReconcileView

	Filter   scheduler.FindingFilter
	Groups   []findingGroup
	Kinds    []care.DriftKind
	Error    string
	Now      time.Time
	Filtered bool
	Planner  bool // the reader handles trouble, and not only rooms
}

// findingGroup are the differences of one gravity, or those that were settled.
type findingGroup struct {
	Gravity care.Gravity
	Lines   []findingLine
}

// findingLine is one difference with where its buttons lead back to.
type findingLine struct {
	scheduler.FindingView

	Back  string // the filters, as an address has them
	Typed string // a reason that was not taken
	Now   time.Time
}

// reconciliation shows the last comparisons and what they found.
func (p *Pages) reconciliation(c *gin.Context) error {
	filter, err := p.findingFilter(c.Request.URL.Query())
	if err != nil {
		return err
	}

	return p.showReconciliation(c, http.StatusOK, filter, "")
}

func (p *Pages) showReconciliation(c *gin.Context, status int, filter scheduler.FindingFilter, problem string) error {
	actor := route.Actor(c)

	view, err := p.UseCases.Reconciliation(c.Request.Context(), actor, filter)
	if err != nil {
		return err
	}

	body := reconcilePage{
		ReconcileView: view, Filter: filter, Kinds: care.DriftKinds(), Error: problem, Now: p.Now(), Planner: actor.MayAnywhere(care.HandleTrouble),
		Filtered: filter.Unit != "" || filter.Kind != "" || filter.Gravity != 0 || filter.Visit != "" || filter.Day != "",
	}

	if !body.Planner {
		body.Kinds = care.StrayRooms()
	}

	for _, f := range view.Findings {
		g := f.Terms.Gravity
		if len(body.Groups) == 0 || body.Groups[len(body.Groups)-1].Gravity != g {
			body.Groups = append(body.Groups, findingGroup{Gravity: g})
		}

		line := findingLine{FindingView: f, Now: p.Now(), Back: findingParams(filter).Encode()}
		if string(f.ID) == c.Param("forskel") {
			line.Typed = short(c.PostForm("begrundelse"))
		}

		last := &body.Groups[len(body.Groups)-1]
		last.Lines = append(last.Lines, line)
	}

	f := p.frame(c, "Afstemning", body)
	if body.Moving() || slices.ContainsFunc(view.Findings, func(f scheduler.FindingView) bool { return f.State == care.FindingMending }) {
		f.Refresh = 5
	}

	return p.set.Show(c, status, "afstemning", f)
}

// findingFilter reads the filters from an address.
func (p *Pages) findingFilter(q url.Values) (scheduler.FindingFilter, error) {
	out := scheduler.FindingFilter{
		Unit: care.UnitID(q.Get("enhed")), Kind: care.DriftKind(q.Get("slags")), Visit: care.VisitID(q.Get("besoeg")), Settled: q.Get("tilstand") == findingsSettled,
	}

	wrong := func(what string) error { return care.NewError(care.Invalid, "Vælg "+what+" fra listen.") }

	if out.Kind != "" && !out.Kind.Known() {
		return out, wrong("en slags forskel")
	}

	if t := q.Get("tilstand"); t != findingsOpen && t != findingsSettled {
		return out, wrong("en tilstand")
	}

	if s := q.Get("alvor"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || !slices.Contains(care.Gravities(), care.Gravity(n)) {
			return out, wrong("en alvor")
		}

		out.Gravity = care.Gravity(n)
	}

	if s := q.Get("dag"); s != "" {
		day, err := care.ParseDay(s)
		if err != nil {
			return out, err
		}

		out.Day = day
	}

	if s := q.Get("fra"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return out, wrong("en side")
		}

		out.First = n
	}

	return out, nil
}

// findingParams is findingFilter the other way, without the place in the list.
func findingParams(f scheduler.FindingFilter) url.Values {
	v := url.Values{}
	put := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}

	put("enhed", string(f.Unit))
	put("slags", string(f.Kind))
	put("besoeg", string(f.Visit))
	put("dag", string(f.Day))

	if f.Gravity != 0 {
		put("alvor", strconv.Itoa(int(f.Gravity)))
	}

	if f.Settled {
		put("tilstand", findingsSettled)
	}

	return v
}

// URL is the address of the list with one thing changed, from its beginning; an empty value takes it away.
func (b reconcilePage) URL(key, value string) string {
	v := findingParams(b.Filter)
	if v.Set(key, value); value == "" {
		v.Del(key)
	}

	if len(v) == 0 {
		return pathReconcile
	}

	return pathReconcile + "?" + v.Encode()
}

// Next is the address of the next page; empty: there is none.
func (b reconcilePage) Next() string {
	if n := b.FirstOfNext(b.Filter); n > 0 {
		return b.URL("fra", strconv.Itoa(n))
	}

	return ""
}

// Previous is the address of the page before; empty: there is none.
func (b reconcilePage) Previous() string {
	if b.Filter.First == 0 {
		return ""
	}

	if n := b.FirstOfPrevious(b.Filter); n > 0 {
		return b.URL("fra", strconv.Itoa(n))
	}

	return b.URL("fra", "")
}

// askRun has everything compared now.
func (p *Pages) askRun(c *gin.Context) error {
	_, err := p.UseCases.AskRun(c.Request.Context(), route.Actor(c))

	if care.KindOf(err) == care.Conflict {
		return p.showReconciliation(c, http.StatusConflict, scheduler.FindingFilter{}, care.MessageOf(err))
	}

	return p.after(c, err, pathReconcile+"?besked=afstemmer")
}

// finding sends one difference again, for htmx to put in place while it is repaired.
func (p *Pages) finding(c *gin.Context) error {
	filter, err := p.findingFilter(c.Request.URL.Query())
	if err != nil {
		return err
	}

	f, err := p.UseCases.Finding(c.Request.Context(), route.Actor(c), findingID(c))
	if err != nil {
		return err
	}

	return p.set.Part(c, "afstemning", "finding", findingLine{FindingView: f, Now: p.Now(), Back: findingParams(filter).Encode()})
}

func findingID(c *gin.Context) care.FindingID { return care.FindingID(c.Param("forskel")) }

// mendFinding has a difference repaired.
func (p *Pages) mendFinding(c *gin.Context) error {
	err := p.UseCases.MendFinding(c.Request.Context(), route.Actor(c), findingID(c), c.PostForm("overskriv") == "ja")

	return p.judged(c, err, "rettes")
}

// acceptFinding lets a difference stand.
func (p *Pages) acceptFinding(c *gin.Context) error {
	err := p.UseCases.AcceptFinding(c.Request.Context(), route.Actor(c), findingID(c), c.PostForm("begrundelse"))

	return p.judged(c, err, "i-orden")
}

// reopenFinding takes back that a difference may stand.
func (p *Pages) reopenFinding(c *gin.Context) error {
	return p.judged(c, p.UseCases.ReopenFinding(c.Request.Context(), route.Actor(c), findingID(c)), "aaben-igen")
}

// judged leads back to the list as it was filtered. What was not taken is told there.
func (p *Pages) judged(c *gin.Context, err error, key string) error {
	back, parseErr := url.ParseQuery(c.PostForm("filter"))
	if parseErr != nil {
		back = nil
	}

	filter, filterErr := p.findingFilter(back)
	if filterErr != nil {
		filter = scheduler.FindingFilter{}
	}

	switch care.KindOf(err) { //nolint:exhaustive // the others are pages of their own
	case care.Invalid:
		return p.showReconciliation(c, http.StatusUnprocessableEntity, filter, care.MessageOf(err))
	case care.Conflict:
		return p.showReconciliation(c, http.StatusConflict, filter, care.MessageOf(err))
	}

	to := findingParams(filter)
	to.Set("besked", key)

	return p.after(c, err, pathReconcile+"?"+to.Encode()+"#f-"+url.PathEscape(c.Param("forskel")))
}
