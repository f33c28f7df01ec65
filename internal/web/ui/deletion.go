package ui

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Deleter is what the pages of deletion call.
type Deleter interface {
	HoldDeletion(ctx context.Context, actor care.Actor, id care.VisitID, why string) error
	ReleaseDeletion(ctx context.Context, actor care.Actor, id care.VisitID) error
	Tombstones(ctx context.Context, actor care.Actor, q scheduler.TombstoneQuery) (scheduler.TombstonesView, error)
	CheckTombstone(ctx context.Context, actor care.Actor, id care.VisitID, number, service string) (bool, error)
	Course(ctx context.Context, actor care.Actor, id care.CitizenID) (scheduler.CourseView, error)
	EndCourse(ctx context.Context, actor care.Actor, id care.CitizenID, why string) error
	ReopenCourse(ctx context.Context, actor care.Actor, id care.CitizenID) error
}

// How many tombstones a page and a file have.
const (
	stonesPage = 100
	stonesFile = 50_000
)

func (p *Pages) deletionRoutes() []route.Route {
	manage, see := route.Needs(care.ManageDeletion), route.Needs(care.SeeAudit)

	return []route.Route{
		{Method: http.MethodPost, Path: "/besoeg/:id/behold", Access: manage, Handle: p.holdDeletion},
		{Method: http.MethodPost, Path: "/besoeg/:id/slip", Access: manage, Handle: p.releaseDeletion},
		{Method: http.MethodGet, Path: "/borgere/:id/forloeb", Access: manage, Handle: p.course},
		{Method: http.MethodPost, Path: "/borgere/:id/forloeb", Access: manage, Handle: p.endCourse},
		{Method: http.MethodPost, Path: "/borgere/:id/forloeb/genoptag", Access: manage, Handle: p.reopenCourse},
		{Method: http.MethodGet, Path: "/sletninger", Access: see, Handle: p.tombstones},
		{Method: http.MethodPost, Path: "/sletninger", Access: see, Handle: p.checkTombstone},
		{Method: http.MethodGet, Path: "/sletninger.csv", Access: see, Handle: p.tombstonesCSV, Limit: route.Limit{Class: route.Mass}},
	}
}

// holdDeletion keeps a visit's data.
func (p *Pages) holdDeletion(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.HoldDeletion(c.Request.Context(), route.Actor(c), id, c.PostForm("begrundelse"))

	if care.KindOf(err) == care.Invalid {
		return p.showVisit(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, visitURL(id, "beholdt"))
}

func (p *Pages) releaseDeletion(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))

	return p.after(c, p.UseCases.ReleaseDeletion(c.Request.Context(), route.Actor(c), id), visitURL(id, "sluppet"))
}

// coursePage is where a citizen's course is ended.
type coursePage struct {
	scheduler.CourseView

	Reason string
	Error  string
}

func (p *Pages) course(c *gin.Context) error { return p.showCourse(c, http.StatusOK, coursePage{}) }

func (p *Pages) showCourse(c *gin.Context, status int, body coursePage) error {
	var err error
	if body.CourseView, err = p.UseCases.Course(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id"))); err != nil {
		return err
	}

	return p.showStatus(c, status, "forloeb", "Borgerens forløb", body)
}

func courseURL(id, notice string) string {
	return "/borgere/" + url.PathEscape(id) + "/forloeb?besked=" + notice
}

func (p *Pages) endCourse(c *gin.Context) error {
	why := c.PostForm("begrundelse")
	err := p.UseCases.EndCourse(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")), why)

	if kind := care.KindOf(err); kind == care.Invalid || kind == care.Conflict {
		return p.showCourse(c, http.StatusUnprocessableEntity, coursePage{Reason: why, Error: care.MessageOf(err)})
	}

	return p.after(c, err, courseURL(c.Param("id"), "forloeb-afsluttet"))
}

func (p *Pages) reopenCourse(c *gin.Context) error {
	err := p.UseCases.ReopenCourse(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")))

	return p.after(c, err, courseURL(c.Param("id"), "forloeb-genoptaget"))
}

// stonesBody is the page of tombstones.
type stonesBody struct {
	scheduler.TombstonesView

	Page    int // from 1
	Error   string
	Asked   string // the visit whose tombstone was checked
	Checked bool
	Same    bool
}

func stonesQuery(c *gin.Context) (scheduler.TombstoneQuery, int, error) {
	var (
		q   scheduler.TombstoneQuery
		err error
	)

	for _, d := range []struct {
		key string
		to  *care.Day
	}{{"fra", &q.From}, {"til", &q.To}} {
		if text := c.Query(d.key); text != "" {
			if *d.to, err = care.ParseDay(text); err != nil {
				return q, 1, err
			}
		}
	}

	number, err := strconv.Atoi(c.DefaultQuery("side", "1"))
	if err != nil || number < 1 || number > 10_000 {
		return q, 1, care.NewError(care.Invalid, "Siden findes ikke. Begynd forfra.")
	}

	return q, number, nil
}

// tombstones shows what was deleted.
func (p *Pages) tombstones(c *gin.Context) error {
	return p.showStones(c, http.StatusOK, stonesBody{})
}

func (p *Pages) showStones(c *gin.Context, status int, body stonesBody) error {
	q, number, err := stonesQuery(c)
	if err != nil {
		return err
	}

	q.Skip, q.Limit, body.Page = (number-1)*stonesPage, stonesPage, number

	if body.TombstonesView, err = p.UseCases.Tombstones(c.Request.Context(), route.Actor(c), q); err != nil {
		return err
	}

	return p.showStatus(c, status, "sletninger", "Sletninger", body)
}

// checkTombstone holds a tombstone against what the record says. The number is posted, so that it stands
// in no address.
func (p *Pages) checkTombstone(c *gin.Context) error {
	body := stonesBody{Asked: short(strings.TrimSpace(c.PostForm("besoeg")))}

	var err error

	body.Same, err = p.UseCases.CheckTombstone(c.Request.Context(), route.Actor(c), care.VisitID(body.Asked), c.PostForm("cpr"), c.PostForm("indsats"))
	if kind := care.KindOf(err); err != nil && (kind == care.Invalid || kind == care.NotFound) {
		body.Error = care.MessageOf(err)

		return p.showStones(c, http.StatusUnprocessableEntity, body)
	}

	if err != nil {
		return err
	}

	body.Checked = true

	return p.showStones(c, http.StatusOK, body)
}

// URL is the page with the same days.
func (b stonesBody) URL(path string, number int) string {
	q := url.Values{}

	for key, day := range map[string]care.Day{"fra": b.Query.From, "til": b.Query.To} {
		if day != "" {
			q.Set(key, string(day))
		}
	}

	if number > 1 {
		q.Set("side", strconv.Itoa(number))
	}

	if len(q) == 0 {
		return path
	}

	return path + "?" + q.Encode()
}

// Older and Newer are the numbers of the pages beside this one.
func (b stonesBody) Older() int { return b.Page + 1 }

// Newer is the number of the page before.
func (b stonesBody) Newer() int { return b.Page - 1 }

// Receipts tells what the record answered.
func (b stonesBody) Receipts(t care.Tombstone) []string { return receiptsOf(t) }

func receiptsOf(t care.Tombstone) []string {
	out := make([]string, 0, len(t.Receipts))

	for _, e := range t.Receipts {
		text := entryKind(e.Kind) + ": " + e.RecordID
		if e.RecordVer != "" {
			text += ", version " + e.RecordVer
		}

		out = append(out, text)
	}

	return out
}

// tombstonesCSV sends them for the auditor's own spreadsheet.
func (p *Pages) tombstonesCSV(c *gin.Context) error {
	q, _, err := stonesQuery(c)
	if err != nil {
		return err
	}

	q.Limit = stonesFile

	view, err := p.UseCases.Tombstones(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	data, err := stonesCSV(view)
	if err != nil {
		return err
	}

	c.Header("Content-Disposition", `attachment; filename="sletninger.csv"`)
	c.Data(http.StatusOK, "text/csv; charset=utf-8", data)

	return nil
}

func stonesCSV(view scheduler.TombstonesView) ([]byte, error) {
	var b bytes.Buffer

	b.WriteString("\ufeff")

	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true

	rows := [][]string{{"Slettet", "Besøg", "Dag", "Enhed", "Journal", "Besøgets id i journalen", "Forekomst", "Kvitteringer", "Regel", "Dage", "Bevis"}}
	for _, t := range view.List {
		rows = append(rows, csvSafe(t.DeletedAt.In(care.Zone()).Format(time.DateTime), string(t.Visit), string(t.Day), string(t.Unit), t.Source.System, t.Source.ID,
			t.Source.Occurrence, strings.Join(receiptsOf(t), " | "), t.Rule.Danish(), strconv.Itoa(t.KeepDays), t.Proof))
	}

	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("file of tombstones: %w", err)
	}

	return b.Bytes(), nil
}

// Receipts tells on a deleted visit what the record answered.
func (v visitPage) Receipts() []string { return receiptsOf(*v.Deletion.Tombstone) }

// Days spells a number of days.
func (v coursePage) Days() string { return page.Count(v.Keep, "dag", "dage") }
