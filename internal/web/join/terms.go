package join

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Terms is what the page of the terms calls.
type Terms interface {
	AnswerTerms(ctx context.Context, token care.SessionToken, req scheduler.TermsRequest) error
}

// readAgain is the query with which somebody who said no comes back to the terms.
const readAgain = "igen"

func (p *Pages) termsRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodPost, Path: "/b/vilkaar", Access: route.Public(), Handle: p.answerTerms, Limit: p.Limit(route.Ordinary)},
	}
}

// answerTerms takes a participant's yes or no to the wording and language that the page showed. Only a
// plain yes is one.
func (p *Pages) answerTerms(c *gin.Context) error {
	version, err := strconv.Atoi(c.PostForm("version"))
	if err != nil {
		version = 0 // no wording that counts
	}

	req := scheduler.TermsRequest{Version: care.TermsVersion(version), Lang: termsIn(c.PostForm("sprog")).Lang, Accepted: c.PostForm("svar") == "ja"}
	if err := p.UseCases.AnswerTerms(c.Request.Context(), p.token(c), req); err != nil {
		return p.again(c, err)
	}

	c.Redirect(http.StatusSeeOther, p.at(c, "/b"))

	return nil
}

// termsBody is what the template needs of the terms; Version 0: the page is another one.
type termsBody struct {
	Words   termsWords
	Kind    care.ParticipantKind
	Version care.TermsVersion
}

// terms fills in a page of the terms, which is in more languages than the others.
func (p *Pages) terms(c *gin.Context, view scheduler.CitizenView, b *body) []page.Link {
	if view.Stage != scheduler.StageTerms && view.Stage != scheduler.StageDeclined {
		return p.langs(c)
	}

	t := termsIn(c.Query("sprog"))
	b.Terms = termsBody{Words: t, Kind: view.Guest, Version: care.TermsNow}
	b.Heading, b.Lead = t.Heading, t.Lead

	if view.Stage == scheduler.StageDeclined {
		b.Heading, b.Lead = t.DeclinedHeading, t.DeclinedLead
	}

	var links []page.Link

	for _, o := range termsLanguages() {
		links = append(links, page.Link{Text: o.Name, URL: "?" + url.Values{"sprog": {o.Lang}}.Encode(), Icon: o.Lang, Current: o.Lang == t.Lang})
	}

	return links
}
