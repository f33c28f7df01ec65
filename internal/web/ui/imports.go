package ui

import (
	"cmp"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/ehr"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// importPage is the upload form with the newest lists.
type importPage struct {
	Recent []scheduler.ListRecord
	Fetch  bool     // lists can be read from the record itself
	Today  care.Day // and until two weeks ahead
	Last   care.Day
	Error  string
}

// imports shows the upload form.
func (p *Pages) imports(c *gin.Context) error { return p.showImport(c, http.StatusOK, "") }

func (p *Pages) showImport(c *gin.Context, status int, problem string) error {
	recent, err := p.UseCases.RecentLists(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	today := care.DayOf(p.Now())

	return p.showStatus(c, status, "import", "Import", importPage{
		Recent: recent, Fetch: p.UseCases.Fetchable(), Today: today, Last: today.Add(14), Error: problem,
	})
}

// upload takes a file and leads to its preview. Nothing is imported yet.
func (p *Pages) upload(c *gin.Context) error {
	file, err := readUpload(c)
	if err == nil {
		var preview scheduler.Preview
		if preview, err = p.UseCases.PreviewList(c.Request.Context(), route.Actor(c), scheduler.Upload{File: file}); err == nil {
			return goTo(c, "/import/"+url.PathEscape(string(preview.Upload)))
		}
	}

	if care.KindOf(err) == care.Invalid {
		return p.showImport(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return err
}

func readUpload(c *gin.Context) (ehr.File, error) {
	form, err := c.MultipartForm()
	if err != nil {
		return ehr.File{}, &care.Error{Kind: care.Invalid, Message: "Vælg en fil, før du trykker Se hvad der sker. Filen må højst fylde 20 MB.", Err: err}
	}

	defer func() { _ = form.RemoveAll() }()

	if len(form.File["fil"]) != 1 || form.File["fil"][0].Size == 0 {
		return ehr.File{}, care.NewError(care.Invalid, "Vælg en fil, som ikke er tom, før du trykker Se hvad der sker.")
	}

	return readPart(form.File["fil"][0])
}

func readPart(part *multipart.FileHeader) (ehr.File, error) {
	f, err := part.Open()
	if err != nil {
		return ehr.File{}, fmt.Errorf("open upload: %w", err)
	}

	defer func() { _ = f.Close() }()

	data, err := io.ReadAll(f)
	if err != nil {
		return ehr.File{}, fmt.Errorf("read upload: %w", err)
	}

	// Old browsers send the whole path; the name is shown again, so it is kept short.
	name := []rune(path.Base(strings.ReplaceAll(part.Filename, `\`, "/")))

	return ehr.File{Name: string(name[max(0, len(name)-120):]), Data: data}, nil
}

// previewPage tells what an import would do.
type previewPage struct {
	scheduler.Preview

	Faulty   []ehr.Problem
	Warnings []ehr.Problem
	Kinds    []scheduler.ChangeKind
	Shown    []scheduler.RowChange // all but the unchanged
	Days     []care.Day
	Per      map[care.Day][]scheduler.PerDay
}

// preview shows what an import would do.
func (p *Pages) preview(c *gin.Context) error {
	preview, err := p.UseCases.PreviewUpload(c.Request.Context(), route.Actor(c), care.ListID(c.Param("list")))
	if err != nil {
		return err
	}

	return p.show(c, "preview", "Import: det sker der", newPreviewPage(preview))
}

func newPreviewPage(preview scheduler.Preview) previewPage {
	body := previewPage{
		Preview: preview, Per: map[care.Day][]scheduler.PerDay{},
		Kinds: []scheduler.ChangeKind{scheduler.ChangeNew, scheduler.ChangeMoved, scheduler.ChangeOther, scheduler.ChangeGone, scheduler.ChangeNone},
	}

	for _, problem := range preview.List.Problems {
		if problem.Severity == ehr.Fault {
			body.Faulty = append(body.Faulty, problem)
		} else {
			body.Warnings = append(body.Warnings, problem)
		}
	}

	for _, change := range preview.Changes {
		if change.Kind != scheduler.ChangeNone {
			body.Shown = append(body.Shown, change)
		}
	}

	// What touches a screen visit comes first, then what is gone, moved, changed, new.
	slices.SortStableFunc(body.Shown, func(a, b scheduler.RowChange) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), a.Planned.Start.Compare(b.Planned.Start))
	})

	for _, per := range preview.PerDay {
		if len(body.Per[per.Day]) == 0 {
			body.Days = append(body.Days, per.Day)
		}

		body.Per[per.Day] = append(body.Per[per.Day], per)
	}

	slices.Sort(body.Days)

	return body
}

func urgency(r scheduler.RowChange) int {
	n := 10
	if r.Screen {
		n = 0
	}

	switch r.Kind {
	case scheduler.ChangeGone:
		return n
	case scheduler.ChangeMoved:
		return n + 1
	case scheduler.ChangeOther:
		return n + 2
	case scheduler.ChangeNew:
		return n + 3
	case scheduler.ChangeNone:
		return n + 4
	}

	return n + 5
}

// commit imports the list.
func (p *Pages) commit(c *gin.Context) error {
	record, err := p.UseCases.ImportList(c.Request.Context(), route.Actor(c), care.ListID(c.Param("list")))
	if err != nil {
		return err
	}

	return goTo(c, "/import/"+url.PathEscape(string(record.ID))+"/resultat")
}

// resultPage tells what an import did.
type resultPage struct {
	scheduler.ListRecord

	Today care.Day
}

// imported shows the receipt of an import.
func (p *Pages) imported(c *gin.Context) error {
	recent, err := p.UseCases.RecentLists(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	i := slices.IndexFunc(recent, func(r scheduler.ListRecord) bool { return string(r.ID) == c.Param("list") })
	if i < 0 {
		return care.NewError(care.NotFound, "Denne import er ikke blandt de seneste.")
	}

	return p.show(c, "resultat", "Import gennemført", resultPage{ListRecord: recent[i], Today: p.today()})
}
