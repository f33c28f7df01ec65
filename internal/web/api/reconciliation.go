package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Reconciler is what the routes about comparisons of record, platform and our own book call.
type Reconciler interface {
	Reconciliation(ctx context.Context, actor care.Actor, filter scheduler.FindingFilter) (scheduler.ReconcileView, error)
	CategoryCounts(ctx context.Context, actor care.Actor, unit care.UnitID) ([]scheduler.CategoryCount, scheduler.Run, error)
	AskRun(ctx context.Context, actor care.Actor) (scheduler.Run, error)
	RunOf(ctx context.Context, actor care.Actor, id scheduler.RunID) (scheduler.Run, error)
	MendFinding(ctx context.Context, actor care.Actor, id care.FindingID, overwrite bool) error
	AcceptFinding(ctx context.Context, actor care.Actor, id care.FindingID, reason string) error
	ReopenFinding(ctx context.Context, actor care.Actor, id care.FindingID) error
}

// reconcileRoutes are the routes under /reconciliation.
func (a api) reconcileRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	may := route.Needs(care.HandleTrouble, care.HandleRooms)
	runs, findings := Prefix+"/reconciliation/runs", Prefix+"/reconciliation/findings"

	return []route.Route{
		{Method: get, Path: runs, Access: may, Handle: a.runs},
		{Method: post, Path: runs, Access: may, Handle: empty(a.askRun), Body: maxBody},
		{Method: get, Path: runs + "/:id", Access: may, Handle: a.run},
		{Method: get, Path: Prefix + "/reconciliation/counts", Access: route.Needs(care.HandleTrouble), Handle: a.counts},
		{Method: get, Path: findings, Access: may, Handle: a.findings},
		{Method: post, Path: findings + "/:id/repair", Access: may, Handle: takes(jsonBody, a.repairFinding), Body: maxBody},
		{Method: post, Path: findings + "/:id/accept", Access: may, Handle: takes(jsonBody, a.acceptFinding), Body: maxBody},
		{Method: post, Path: findings + "/:id/reopen", Access: may, Handle: empty(a.reopenFinding), Body: maxBody},
	}
}

// run is one comparison, without whom it did not see.
type run struct {
	ID       scheduler.RunID    `json:"id"`
	Kind     scheduler.RunKind  `json:"kind"`
	State    scheduler.RunState `json:"state"`
	Active   bool               `json:"active"`
	Window   interval           `json:"window"`
	AskedBy  string             `json:"asked_by"`
	AskedAt  string             `json:"asked_at"`
	BegunAt  string             `json:"begun_at,omitempty"`
	DoneAt   string             `json:"done_at,omitempty"`
	NextTry  string             `json:"next_try,omitempty"`
	Citizens int                `json:"citizens"`
	Looked   int                `json:"looked"`
	Refused  int                `json:"refused"`
	Visits   int                `json:"visits"`
	Found    int                `json:"found"`
	Text     string             `json:"text,omitempty"`
}

func runOf(r scheduler.Run) run {
	return run{
		ID: r.ID, Kind: r.Kind, State: r.State, Active: r.Active(), Window: span(r.Window), AskedBy: r.By, AskedAt: stamp(r.AskedAt), BegunAt: stamp(r.BegunAt),
		DoneAt: stamp(r.DoneAt), NextTry: stamp(r.NextTry), Citizens: r.Citizens, Looked: r.Looked, Refused: r.Refused, Visits: r.Visits, Found: r.Found, Text: r.Text,
	}
}

// finding is a difference. Whose visit it is stands there only for those who handle trouble in its unit.
type finding struct {
	ID        care.FindingID    `json:"id"`
	Kind      care.DriftKind    `json:"kind"`
	Gravity   string            `json:"gravity"`
	Side      care.DriftSide    `json:"side"`
	State     care.FindingState `json:"state"`
	Title     string            `json:"title"`
	Why       string            `json:"why"`
	Ours      string            `json:"ours"`
	Theirs    string            `json:"theirs"`
	Do        string            `json:"do"`
	Mendable  bool              `json:"repairable"`
	Overwrite bool              `json:"overwrites"`
	Note      string            `json:"note,omitempty"`
	Unit      unit              `json:"unit"`
	Day       care.Day          `json:"day"`
	Visit     care.VisitID      `json:"visit,omitempty"`
	Employee  care.EmployeeID   `json:"employee,omitempty"`
	Citizen   *person           `json:"citizen,omitempty"`
	Planned   *interval         `json:"planned,omitempty"`
	FirstSeen string            `json:"first_seen"`
	LastSeen  string            `json:"last_seen"`
	MendBy    string            `json:"repair_by,omitempty"`
	MendAt    string            `json:"repair_at,omitempty"`
	ClosedBy  string            `json:"closed_by,omitempty"`
	ClosedAt  string            `json:"closed_at,omitempty"`
	Reason    string            `json:"reason,omitempty"`
}

func findingOf(f scheduler.FindingView) finding {
	out := finding{
		ID: f.ID, Kind: f.Kind, Gravity: f.Terms.Gravity.String(), Side: f.Terms.Side, State: f.State, Title: f.Terms.Title, Why: f.Terms.Why, Ours: f.Ours, Theirs: f.Theirs,
		Do: f.Terms.Do, Mendable: f.CanMend(), Overwrite: f.Terms.Remedy.Overwrites(), Note: f.Note, Unit: unitOf(f.Unit), Day: f.Day,
		FirstSeen: stamp(f.FirstSeen), LastSeen: stamp(f.LastSeen), MendBy: f.MendBy, MendAt: stamp(f.MendAt), ClosedBy: f.ClosedBy, ClosedAt: stamp(f.ClosedAt), Reason: f.Reason,
	}

	if !f.Bare {
		who, planned := personOf(f.Visit.Citizen), span(f.Visit.Visit.Facts.Planned)
		out.Visit, out.Employee, out.Citizen, out.Planned = f.Finding.Visit, f.Visit.Visit.Facts.Employee, &who, &planned
	}

	return out
}

type runList struct {
	Items     []run `json:"items"`
	Possible  bool  `json:"possible"`
	Automatic bool  `json:"automatic"`
}

// runs lists the last comparisons.
func (a api) runs(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	view, err := a.Reconciliation(c.Request.Context(), route.Actor(c), scheduler.FindingFilter{})
	if err != nil {
		return err
	}

	return ok(c, runList{Items: each(view.Runs, runOf), Possible: view.Can, Automatic: view.Auto})
}

// askRun begins a comparison, or hands out the one that goes on.
func (a api) askRun(c *gin.Context) error {
	if err := parameters(c); err != nil {
		return err
	}

	r, err := a.AskRun(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	c.Header("Location", Prefix+"/reconciliation/runs/"+url.PathEscape(string(r.ID)))
	c.JSON(http.StatusAccepted, runOf(r))

	return nil
}

// run tells how far a comparison is.
func (a api) run(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	r, err := a.RunOf(c.Request.Context(), route.Actor(c), scheduler.RunID(id))
	if err != nil {
		return err
	}

	return ok(c, runOf(r))
}

type countLine struct {
	Day      care.Day       `json:"day"`
	Unit     care.UnitID    `json:"unit"`
	Category string         `json:"category"`
	Ours     int            `json:"ours"`
	Record   int            `json:"record"`
	Differs  bool           `json:"differs"`
	Visits   []care.VisitID `json:"visits"`
	Unknown  int            `json:"unknown"`
}

type countList struct {
	Items []countLine `json:"items"`
	Run   *run        `json:"run,omitempty"`
}

// counts tells how many visits have each category by our book and by the record.
func (a api) counts(c *gin.Context) error {
	if err := parameters(c, "unit"); err != nil {
		return err
	}

	lines, by, err := a.CategoryCounts(c.Request.Context(), route.Actor(c), care.UnitID(c.Query("unit")))
	if err != nil {
		return err
	}

	out := countList{Items: each(lines, func(l scheduler.CategoryCount) countLine {
		return countLine{Day: l.Day, Unit: l.Unit, Category: l.Category, Ours: l.Own, Record: l.Record, Differs: l.Differs(), Visits: append([]care.VisitID{}, l.Visits...), Unknown: l.Unknown}
	})}

	if by.ID != "" {
		told := runOf(by)
		out.Run = &told
	}

	return ok(c, out)
}

type findingList struct {
	Items []finding      `json:"items"`
	Total int            `json:"total"`
	Next  int            `json:"next,omitempty"`
	Open  map[string]int `json:"open"`
}

// findings lists differences, worst first.
func (a api) findings(c *gin.Context) error {
	if err := parameters(c, "unit", "kind", "gravity", "visit", "day", "state", "first"); err != nil {
		return err
	}

	filter, err := findingFilter(c)
	if err != nil {
		return err
	}

	view, err := a.Reconciliation(c.Request.Context(), route.Actor(c), filter)
	if err != nil {
		return err
	}

	out := findingList{Items: each(view.Findings, findingOf), Total: view.All, Next: view.FirstOfNext(filter), Open: map[string]int{}}
	for _, g := range care.Gravities() {
		out.Open[g.String()] = view.Live[g]
	}

	return ok(c, out)
}

func findingFilter(c *gin.Context) (scheduler.FindingFilter, error) {
	out := scheduler.FindingFilter{Unit: care.UnitID(c.Query("unit")), Visit: care.VisitID(c.Query("visit"))}

	var err error
	if out.Kind, err = word("kind", c.Query("kind"), care.DriftKinds()); err != nil {
		return out, err
	}

	gravity, err := word("gravity", c.Query("gravity"), each(care.Gravities(), care.Gravity.String))
	if err != nil {
		return out, err
	}

	if i := slices.IndexFunc(care.Gravities(), func(g care.Gravity) bool { return g.String() == gravity }); i >= 0 {
		out.Gravity = care.Gravities()[i]
	}

	state, err := word("state", c.Query("state"), []string{"open", "settled"})
	if err != nil {
		return out, err
	}

	out.Settled = state == "settled"

	if text := c.Query("day"); text != "" {
		if out.Day, err = care.ParseDay(text); err != nil {
			return out, err
		}
	}

	if text := c.Query("first"); text != "" {
		if out.First, err = strconv.Atoi(text); err != nil || out.First < 0 {
			return out, care.NewError(care.Invalid, "»first« skal være et helt tal fra 0.")
		}
	}

	return out, nil
}

type repairRequest struct {
	Overwrite bool `json:"overwrite"`
}

// repairFinding has a difference repaired.
func (a api) repairFinding(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body repairRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if err := a.MendFinding(c.Request.Context(), route.Actor(c), care.FindingID(id), body.Overwrite); err != nil {
		return err
	}

	c.Status(http.StatusAccepted)
	c.Writer.WriteHeaderNow()

	return nil
}

type acceptRequest struct {
	Reason string `json:"reason"`
}

// acceptFinding lets a difference stand.
func (a api) acceptFinding(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body acceptRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	if err := a.AcceptFinding(c.Request.Context(), route.Actor(c), care.FindingID(id), body.Reason); err != nil {
		return err
	}

	return done(c)
}

// reopenFinding takes back that a difference may stand.
func (a api) reopenFinding(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	if err := a.ReopenFinding(c.Request.Context(), route.Actor(c), care.FindingID(id)); err != nil {
		return err
	}

	return done(c)
}
