package join

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// DoorPath is where a visit code is typed. The municipality's short address leads here.
const DoorPath = "/skaerm"

// codeRoutes are the way in for those who were sent a visit code in place of a link (M21).
func (p *Pages) codeRoutes() []route.Route {
	open := route.Public()

	return []route.Route{
		{Method: http.MethodGet, Path: DoorPath, Access: open, Handle: p.doorPage},
		{Method: http.MethodPost, Path: DoorPath, Access: open, Handle: p.doorCode, Limit: route.Limit{Class: route.Guess, Busy: p.busy}},
	}
}

// doorBody is what the page needs on which a visit code is typed.
type doorBody struct {
	Words  words
	Site   page.Site
	Action string
	Error  string
}

// doorPage asks for the visit code.
func (p *Pages) doorPage(c *gin.Context) error { return p.showDoor(c, http.StatusOK, "") }

func (p *Pages) showDoor(c *gin.Context, status int, complaint string) error {
	w := p.words(c)

	return p.set.Show(c, status, "skaerm", page.Frame{
		Title: w.Title, Lang: w.Lang, Site: p.Site, Langs: p.langs(c), Citizen: true,
		Body: doorBody{Words: w, Site: p.Site, Action: p.at(c, DoorPath), Error: complaint},
	})
}

// doorCode tries a visit code. What was typed is never shown again, and every code that does not
// work is answered alike.
func (p *Pages) doorCode(c *gin.Context) error {
	entered, view, err := p.UseCases.EnterByCode(c.Request.Context(), care.NewCode(digits(c.PostForm("kode"))))
	if care.KindOf(err) == care.NotFound {
		return p.showDoor(c, http.StatusUnprocessableEntity, p.words(c).WrongVisitCode)
	}

	if err != nil {
		return p.refuse(c, err)
	}

	route.Right(c)

	if view.Stage == scheduler.StageEarly {
		return p.show(c, view, body{})
	}

	p.setCookie(c, entered)
	c.Redirect(http.StatusSeeOther, p.home(c, view.Language))

	return nil
}
