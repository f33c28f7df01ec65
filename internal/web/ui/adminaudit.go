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

// Auditor is what the pages of the audit call.
type Auditor interface {
	AuditTrail(ctx context.Context, actor care.Actor, q scheduler.AuditQuery) (scheduler.AuditView, error)
	AuditedCitizen(ctx context.Context, actor care.Actor, number string) (care.CitizenID, error)
}

// How many rows a page and a file have.
const (
	auditPageRows = 100
	auditFileRows = 20_000
)

// auditRoutes are the pages of the auditor.
func (p *Pages) auditRoutes() []route.Route {
	see := route.Needs(care.SeeAudit)

	return []route.Route{
		{Method: http.MethodGet, Path: "/revision", Access: see, Handle: p.audit},
		{Method: http.MethodPost, Path: "/revision", Access: see, Handle: p.findAudited},
		{Method: http.MethodGet, Path: "/revision.csv", Access: see, Handle: p.auditCSV, Limit: route.Limit{Class: route.Mass}},
	}
}

// auditPage is a page of the audit.
type auditPage struct {
	scheduler.AuditView

	Query scheduler.AuditQuery
	Error string
}

// auditQuery reads the filter. A citizen stands in the address by our own key, never by number.
func auditQuery(c *gin.Context) (scheduler.AuditQuery, error) {
	q := scheduler.AuditQuery{Citizen: care.CitizenID(short(c.Query("borger"))), Actor: short(c.Query("medarbejder"))}

	for _, d := range []struct {
		key string
		to  *care.Day
	}{{"fra", &q.From}, {"til", &q.To}} {
		text := c.Query(d.key)
		if text == "" {
			continue
		}

		var err error
		if *d.to, err = care.ParseDay(text); err != nil {
			return q, err
		}
	}

	if text := c.Query("foer"); text != "" {
		before, err := strconv.ParseInt(text, 10, 64)
		if err != nil || before < 1 {
			return q, care.NewError(care.Invalid, "Siden findes ikke. Begynd forfra.")
		}

		q.Before = before
	}

	return q, nil
}

// audit shows who did what with whose data.
func (p *Pages) audit(c *gin.Context) error {
	q, err := auditQuery(c)
	if err != nil {
		return err
	}

	return p.showAudit(c, http.StatusOK, auditPage{Query: q})
}

func (p *Pages) showAudit(c *gin.Context, status int, body auditPage) error {
	body.Query.Limit = auditPageRows

	var err error
	if body.AuditView, err = p.UseCases.AuditTrail(c.Request.Context(), route.Actor(c), body.Query); err != nil {
		return err
	}

	return p.showStatus(c, status, "revision", "Log", body)
}

// findAudited turns a CPR number, which is posted so that it stands in no address, into a filter.
func (p *Pages) findAudited(c *gin.Context) error {
	id, err := p.UseCases.AuditedCitizen(c.Request.Context(), route.Actor(c), c.PostForm("cpr"))
	if kind := care.KindOf(err); err != nil && (kind == care.Invalid || kind == care.NotFound) {
		return p.showAudit(c, http.StatusUnprocessableEntity, auditPage{Error: care.MessageOf(err)})
	}

	if err != nil {
		return err
	}

	return goTo(c, "/revision?"+url.Values{"borger": {string(id)}}.Encode())
}

// URL is the page with the same filter; Before is where the next one begins.
func (b auditPage) URL(path string, before int64) string {
	q := url.Values{}

	for key, value := range map[string]string{"borger": string(b.Query.Citizen), "medarbejder": b.Query.Actor, "fra": string(b.Query.From), "til": string(b.Query.To)} {
		if value != "" {
			q.Set(key, value)
		}
	}

	if before > 0 {
		q.Set("foer", strconv.FormatInt(before, 10))
	}

	if len(q) == 0 {
		return path
	}

	return path + "?" + q.Encode()
}

// About is whose data a row is about.
func (b auditPage) About(e scheduler.AuditEntry) string {
	if citizen, ok := b.Citizens[e.Citizen]; ok && citizen.Name != "" {
		return citizen.Name
	}

	if e.Shown > 0 {
		return page.Count(e.Shown, "borger", "borgere") + " i en liste"
	}

	return "–"
}

// From tells from where somebody came and how surely.
func (b auditPage) From(e scheduler.AuditEntry) string {
	var out []string

	for _, part := range []string{e.Origin.Address, methodDanish(e.Origin.Method), e.Origin.Level.Danish()} {
		if part != "" {
			out = append(out, part)
		}
	}

	if len(out) == 0 {
		return "–"
	}

	return strings.Join(out, ", ")
}

// Emergency reports whether it was done by emergency access.
func (b auditPage) Emergency(e scheduler.AuditEntry) bool {
	return e.Origin.Method == scheduler.ByEmergency
}

// auditCSV sends the rows of the filter for the auditor's own spreadsheet.
func (p *Pages) auditCSV(c *gin.Context) error {
	q, err := auditQuery(c)
	if err != nil {
		return err
	}

	q.Limit = auditFileRows

	view, err := p.UseCases.AuditTrail(c.Request.Context(), route.Actor(c), q)
	if err != nil {
		return err
	}

	data, err := auditFile(view)
	if err != nil {
		return err
	}

	c.Header("Content-Disposition", `attachment; filename="log.csv"`)
	c.Data(http.StatusOK, "text/csv; charset=utf-8", data)

	return nil
}

func auditFile(view scheduler.AuditView) ([]byte, error) {
	var b bytes.Buffer

	b.WriteString("\ufeff")

	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true

	rows := [][]string{{"Nr.", "Tidspunkt", "Hvem", "Hvad", "Borger", "Besøg", "Hvorfor", "Fra", "Session", "Detaljer"}}
	body := auditPage{AuditView: view}

	for _, e := range view.Entries {
		rows = append(rows, csvSafe(strconv.FormatInt(e.ID, 10), e.At.In(care.Zone()).Format(time.DateTime), whoDanish(e.Actor), actionDanish(e.Action),
			body.About(e), string(e.Visit), e.Reason, body.From(e), e.Origin.Session, detailDanish(e)))
	}

	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("audit file: %w", err)
	}

	return b.Bytes(), nil
}

// csvSafe keeps spreadsheets from taking a text for a formula.
func csvSafe(cells ...string) []string {
	for i, cell := range cells {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			cells[i] = "'" + cell
		}
	}

	return cells
}
