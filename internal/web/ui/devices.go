package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Devices is what the pages of known devices and tablets call.
type Devices interface {
	DevicesOf(ctx context.Context, actor care.Actor, citizen care.CitizenID) ([]scheduler.KnownDevice, error)
	RevokeDevice(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.DeviceID) error
	Tablets(ctx context.Context, actor care.Actor) ([]scheduler.TabletCard, error)
	TabletUnits(actor care.Actor) []care.Unit
	RegisterTablet(ctx context.Context, actor care.Actor, req scheduler.TabletRequest) (scheduler.TabletOffer, error)
	OfferTablet(ctx context.Context, actor care.Actor, id care.DeviceID) (scheduler.TabletOffer, error)
	CloseTablet(ctx context.Context, actor care.Actor, id care.DeviceID, why care.DeviceEnd) error
}

// deviceRoutes are the devices on a citizen's card, and the tablets.
func (p *Pages) deviceRoutes() []route.Route {
	get, post := http.MethodGet, http.MethodPost
	manage := route.Needs(care.ManageAccess).Fresh()

	return []route.Route{
		{Method: post, Path: "/borgere/:id/enheder/:enhed/luk", Access: route.Needs(care.HostVisits, care.SeeDay), Handle: p.revokeDevice},
		{Method: get, Path: "/administration/tavler", Access: manage, Handle: p.tablets},
		{Method: post, Path: "/administration/tavler", Access: manage, Handle: p.registerTablet},
		{Method: post, Path: "/administration/tavler/:tavle/kode", Access: manage, Handle: p.offerTablet},
		{Method: get, Path: "/administration/tavler/:tavle/luk", Access: manage, Handle: p.askClose},
		{Method: post, Path: "/administration/tavler/:tavle/luk", Access: manage, Handle: p.closeTablet},
	}
}

func (p *Pages) revokeDevice(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	if err := p.UseCases.RevokeDevice(c.Request.Context(), route.Actor(c), citizen, care.DeviceID(c.Param("enhed"))); err != nil {
		return err
	}

	return goTo(c, citizenURL(citizen)+"?besked=enhed-lukket")
}

// tabletsPage is the list of tablets with the form that registers one.
type tabletsPage struct {
	All   []scheduler.TabletCard
	Units []care.Unit
	Forms []care.ConsentForm
	Form  tabletForm
	Error string
	// Choices are the citizens who can be meant.
	Choices []care.Citizen
}

// tabletForm is what was typed. A number is never shown again; a name that several have is.
type tabletForm struct{ Serial, Unit, Consent, Who string }

func (p *Pages) tablets(c *gin.Context) error {
	return p.showTablets(c, http.StatusOK, tabletsPage{})
}

func (p *Pages) showTablets(c *gin.Context, status int, body tabletsPage) error {
	actor := route.Actor(c)

	all, err := p.UseCases.Tablets(c.Request.Context(), actor)
	if err != nil {
		return err
	}

	body.All, body.Units, body.Forms = all, p.UseCases.TabletUnits(actor), care.ConsentForms()

	return p.showStatus(c, status, "tavler", "Tavler", body)
}

// registerTablet registers a tablet and shows its code, once.
func (p *Pages) registerTablet(c *gin.Context) error {
	form := tabletForm{Serial: short(c.PostForm("serie")), Unit: short(c.PostForm("enhed")), Consent: short(c.PostForm("svarer"))}
	who := short(c.PostForm("hvem"))

	offer, err := p.UseCases.RegisterTablet(c.Request.Context(), route.Actor(c), scheduler.TabletRequest{
		Serial: form.Serial, Who: who, Citizen: care.CitizenID(short(c.PostForm("borger"))), Unit: care.UnitID(form.Unit), AutoAnswer: care.ConsentForm(form.Consent),
	})

	switch care.KindOf(err) {
	case care.Invalid, care.Conflict:
		return p.showTablets(c, http.StatusUnprocessableEntity, tabletsPage{Form: form, Error: care.MessageOf(err)})
	case care.NotFound, care.Forbidden, care.Unauthenticated, care.Gone, care.TooMany, care.Unavailable, care.Internal:
	}

	if err != nil {
		return err
	}

	if len(offer.Choices) > 0 {
		form.Who = who

		return p.showTablets(c, http.StatusOK, tabletsPage{Form: form, Choices: offer.Choices})
	}

	return p.show(c, "tavle-kode", "Sæt tavlen op", offer)
}

// offerTablet makes a new code for a tablet and shows it, once.
func (p *Pages) offerTablet(c *gin.Context) error {
	offer, err := p.UseCases.OfferTablet(c.Request.Context(), route.Actor(c), care.DeviceID(c.Param("tavle")))
	if err != nil {
		return err
	}

	return p.show(c, "tavle-kode", "Sæt tavlen op", offer)
}

// closingPage asks why a tablet is closed, and tells what the record gets then.
type closingPage struct {
	Card  scheduler.TabletCard
	Error string
}

func (p *Pages) askClose(c *gin.Context) error { return p.showClosing(c, http.StatusOK, "") }

func (p *Pages) showClosing(c *gin.Context, status int, problem string) error {
	all, err := p.UseCases.Tablets(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	i := slices.IndexFunc(all, func(t scheduler.TabletCard) bool { return string(t.Device.ID) == c.Param("tavle") })
	if i < 0 {
		return care.NewError(care.NotFound, "Tavlen findes ikke.")
	}

	return p.showStatus(c, status, "tavle-luk", "Luk tavlen", closingPage{Card: all[i], Error: problem})
}

func (p *Pages) closeTablet(c *gin.Context) error {
	err := p.UseCases.CloseTablet(c.Request.Context(), route.Actor(c), care.DeviceID(c.Param("tavle")), care.DeviceEnd(c.PostForm("aarsag")))
	if care.KindOf(err) == care.Invalid {
		return p.showClosing(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	if err != nil {
		return err
	}

	return goTo(c, "/administration/tavler?"+url.Values{"besked": {"tavle-lukket"}}.Encode())
}

// tabletState is how a tablet is, with a colour and an icon.
func tabletState(t scheduler.TabletCard) mark {
	switch {
	case t.Ready:
		return mark{"Sat op", "ok", "success"}
	case t.Waits:
		return mark{"Venter på koden", "info", "hourglass"}
	default:
		return mark{"Koden er udløbet", "warn", "warning"}
	}
}

// deviceState is how a known device is.
func deviceState(d scheduler.KnownDevice) mark {
	switch {
	case d.Alive:
		return mark{"I brug", "ok", "success"}
	case d.Device.End != "":
		return mark{d.Device.End.Danish(), "calm", "lock"}
	default:
		return mark{"Ikke sat op", "warn", "warning"}
	}
}

// closingWord is a reason for closing a tablet as whoever closes it says it.
func closingWord(why care.DeviceEnd) string {
	switch why { //nolint:exhaustive // the other ends are nobody's choice
	case care.DeviceReturned:
		return "Den er afleveret"
	case care.DeviceLost:
		return "Den er bortkommet eller stjålet"
	default:
		return "Andet"
	}
}
