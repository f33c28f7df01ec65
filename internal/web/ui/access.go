package ui

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// accessPage is how a citizen comes in: what is allowed, codewords, and the stop.
type accessPage struct {
	Card    scheduler.CitizenCard
	Setting care.IdentitySetting
	Methods []care.IdentityMethod
	MaySet  bool
	MayStop bool
	Reason  string
	Error   string
	// Stopping, Numbering: the stop or the CPR number was typed, and something is wrong with it.
	Stopping, Numbering bool
}

// Left reports whether the citizen may use a method.
func (b accessPage) Left(m care.IdentityMethod) bool {
	return len(b.Setting.Methods) == 0 || slices.Contains(b.Setting.Methods, m)
}

// citizenAccess shows how a citizen may be identified.
func (p *Pages) citizenAccess(c *gin.Context) error { return p.showAccess(c, http.StatusOK, "") }

func (p *Pages) showAccess(c *gin.Context, status int, problem string) error {
	ctx, actor, id := c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id"))

	card, err := p.UseCases.CitizenCard(ctx, actor, id)
	if err != nil {
		return err
	}

	setting, err := p.UseCases.CitizenIdentity(ctx, actor, id)
	if err != nil {
		return err
	}

	body := accessPage{Card: card, Setting: setting, Error: problem, Reason: short(c.PostForm("begrundelse")), Stopping: c.PostForm("stop") != "", Numbering: c.PostForm("cpr") != ""}
	body.Methods = slices.DeleteFunc(care.IdentityMethods(), func(m care.IdentityMethod) bool { return m == care.VouchedByCitizen })

	for _, u := range card.Units {
		body.MaySet = body.MaySet || actor.May(care.SetIdentity, u.ID)
		body.MayStop = body.MayStop || actor.May(care.StopAccess, u.ID)
	}

	return p.showStatus(c, status, "adgang", "Adgang og identitet", body)
}

// setIdentity takes over how a citizen may be identified from now on.
func (p *Pages) setIdentity(c *gin.Context) error {
	id := care.CitizenID(c.Param("id"))
	req := scheduler.IdentityRequest{MitIDOnly: c.PostForm("kun-mitid") != "", NoSMS: c.PostForm("ingen-sms") != "", CodeOnly: c.PostForm("uden-link") != "", Protected: c.PostForm("beskyttet") != "", Reason: c.PostForm("begrundelse")}

	all := slices.DeleteFunc(care.IdentityMethods(), func(m care.IdentityMethod) bool { return m == care.VouchedByCitizen })
	for _, m := range c.PostFormArray("maade") {
		req.Methods = append(req.Methods, care.IdentityMethod(m))
	}

	switch len(req.Methods) {
	case 0:
		return p.showAccess(c, http.StatusUnprocessableEntity, "Vælg mindst én måde, som borgeren må bruge.")
	case len(all):
		req.Methods = nil // nothing is taken away, also of what comes later
	}

	err := p.UseCases.SetIdentity(c.Request.Context(), route.Actor(c), id, req)
	if care.KindOf(err) == care.Invalid {
		return p.showAccess(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, accessURL(id, "identitet"))
}

// stopAccess stops every way in to the citizen's visits.
func (p *Pages) stopAccess(c *gin.Context) error {
	id := care.CitizenID(c.Param("id"))
	req := scheduler.StopRequest{MitIDOnly: c.PostForm("kun-mitid") != "", Reason: c.PostForm("begrundelse")}

	err := p.UseCases.StopAccess(c.Request.Context(), route.Actor(c), id, req)
	if care.KindOf(err) == care.Invalid {
		return p.showAccess(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, accessURL(id, "stoppet"))
}

// giveNumber takes a CPR number into use for a citizen who stood without one.
func (p *Pages) giveNumber(c *gin.Context) error {
	id := care.CitizenID(c.Param("id"))

	err := p.UseCases.GiveNumber(c.Request.Context(), route.Actor(c), id, scheduler.NumberRequest{Number: c.PostForm("cpr"), Reason: c.PostForm("begrundelse")})
	if kind := care.KindOf(err); kind == care.Invalid || kind == care.Conflict {
		return p.showAccess(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, accessURL(id, "cpr"))
}

// sendNewLinks opens the door again, on purpose.
func (p *Pages) sendNewLinks(c *gin.Context) error {
	id := care.CitizenID(c.Param("id"))

	return p.after(c, p.UseCases.SendNewLinks(c.Request.Context(), route.Actor(c), id), accessURL(id, "nye-links"))
}

// sendCodes sends new messages with codes in place of links.
func (p *Pages) sendCodes(c *gin.Context) error {
	id := care.CitizenID(c.Param("id"))

	err := p.UseCases.SendCodes(c.Request.Context(), route.Actor(c), id)
	if kind := care.KindOf(err); kind == care.Invalid || kind == care.Conflict {
		return p.showAccess(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, accessURL(id, "koder"))
}

// makeCodewords makes the codewords of a citizen and a unit anew and leads to the card for print.
func (p *Pages) makeCodewords(c *gin.Context) error {
	id, unit := care.CitizenID(c.Param("id")), care.UnitID(c.Param("enhed"))
	err := p.UseCases.MakeCodewords(c.Request.Context(), route.Actor(c), id, unit)

	return p.after(c, err, citizenURL(id)+"/kodeord/"+url.PathEscape(string(unit)))
}

// codewordPage is the card with which a citizen gets the codewords.
type codewordPage struct {
	scheduler.CodewordCard
}

// codewordCard shows the card for print.
func (p *Pages) codewordCard(c *gin.Context) error {
	card, err := p.UseCases.CodewordCard(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")), care.UnitID(c.Param("enhed")))
	if err != nil {
		return err
	}

	return p.show(c, "kodeordskort", "Kort med kodeord", codewordPage{CodewordCard: card})
}

// wordsPage is the codewords of a visit while the employee talks with the citizen.
type wordsPage struct {
	scheduler.CodewordsView

	Lobby     lobbyPage
	Admission care.Admission // the citizen's that was let in; zero: they are on the telephone
}

// Staff is the employee's word.
func (b wordsPage) Staff() string { return b.Words.Staff.Reveal() }

// Reply is the citizen's word.
func (b wordsPage) Reply() string { return b.Words.Reply.Reveal() }

// codewords shows the words to say and to hear.
func (p *Pages) codewords(c *gin.Context) error {
	lobby, err := p.loadLobby(c)
	if err != nil {
		return err
	}

	words, err := p.UseCases.Codewords(c.Request.Context(), route.Actor(c), lobby.Visit.ID)
	if err != nil {
		return err
	}

	body := wordsPage{CodewordsView: words, Lobby: lobby}

	for _, a := range lobby.Visit.Admissions {
		if a.Participant == "" && a.State == care.AdmissionAdmitted {
			body.Admission = a
		}
	}

	return p.show(c, "kodeord", "Kodeord", body)
}

// tickCodeword records one direction of the codewords.
func (p *Pages) tickCodeword(c *gin.Context) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.TickCodeword(c.Request.Context(), route.Actor(c), id, care.AdmissionID(c.Param("adm")), c.PostForm("svar") != "")

	return p.after(c, err, "/min-dag/"+url.PathEscape(string(id))+"/kodeord")
}

// revealContact shows number and address to whoever says what for.
func (p *Pages) revealContact(c *gin.Context) error {
	citizen, err := p.UseCases.RevealContact(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")), c.PostForm("begrundelse"))
	if care.KindOf(err) == care.Invalid {
		return p.showCard(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	if err != nil {
		return err
	}

	return p.show(c, "nummer", "Kontaktoplysninger", citizen)
}

func accessURL(id care.CitizenID, notice string) string {
	return citizenURL(id) + "/adgang?besked=" + notice
}
