package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// citizensPage is "Mine borgere": whom the reader's units visit, unit by unit.
type citizensPage struct {
	Units  []citizensOfUnit
	All    int
	Search string
}

type citizensOfUnit struct {
	Unit     care.Unit
	Citizens []scheduler.KnownCitizen
}

// citizens lists the citizens of the reader's own units. The search looks only among them.
func (p *Pages) citizens(c *gin.Context) error {
	all, err := p.UseCases.MyCitizens(c.Request.Context(), route.Actor(c))
	if err != nil {
		return err
	}

	body := citizensPage{All: len(all), Search: short(c.Query("navn"))}

	for _, k := range all {
		if !strings.Contains(strings.ToLower(k.Citizen.Name), strings.ToLower(body.Search)) {
			continue
		}

		for _, unit := range k.Units {
			body.add(unit, k)
		}
	}

	slices.SortStableFunc(body.Units, func(a, b citizensOfUnit) int { return strings.Compare(a.Unit.Name, b.Unit.Name) })

	return p.show(c, "borgere", "Mine borgere", body)
}

func (b *citizensPage) add(unit care.Unit, k scheduler.KnownCitizen) {
	i := slices.IndexFunc(b.Units, func(u citizensOfUnit) bool { return u.Unit.ID == unit.ID })
	if i < 0 {
		i = len(b.Units)
		b.Units = append(b.Units, citizensOfUnit{Unit: unit})
	}

	b.Units[i].Citizens = append(b.Units[i].Citizens, k)
}

// cardPage is a citizen's card.
type cardPage struct {
	scheduler.CitizenCard

	Devices []scheduler.KnownDevice

	Now    time.Time
	Host   bool // visits lead to the caregiver's page
	Error  string
	MayEnd bool // end the course
}

// VisitURL leads to a visit in the way that is open to the reader.
func (b cardPage) VisitURL(v scheduler.CardVisit) string {
	if b.Host {
		return "/min-dag/" + url.PathEscape(string(v.Visit.ID))
	}

	return "/besoeg/" + url.PathEscape(string(v.Visit.ID))
}

// citizen shows a citizen's card.
func (p *Pages) citizen(c *gin.Context) error { return p.showCard(c, http.StatusOK, "") }

func (p *Pages) showCard(c *gin.Context, status int, problem string) error {
	actor := route.Actor(c)

	card, err := p.UseCases.CitizenCard(c.Request.Context(), actor, care.CitizenID(c.Param("id")))
	if err != nil {
		return err
	}

	devices, err := p.UseCases.DevicesOf(c.Request.Context(), actor, card.Citizen.ID)
	if err != nil {
		return err
	}

	return p.showStatus(c, status, "borger", "Borger", cardPage{CitizenCard: card, Devices: devices, Now: p.Now(), Host: actor.MayAnywhere(care.HostVisits), MayEnd: actor.MayAnywhere(care.ManageDeletion), Error: problem})
}

// contactPage is the form of one contact.
type contactPage struct {
	Card    scheduler.CitizenCard
	Contact care.ContactID // empty: a new one
	Form    contactForm
	Visit   care.VisitID // invited into this visit at once; empty: into none
	From    string       // "besoeg": the visit's page is the planner's
	Secrecy secrecyForm  // with Visit
	Kinds   []care.ParticipantKind
	Forms   []care.ConsentForm
	Error   string
}

// contactForm is what was typed.
type contactForm struct {
	Kind, Name, Phone, Email, Consent string

	Guardian bool

	Covers consentForm
}

// Action is where the form is posted.
func (b contactPage) Action() string {
	to := citizenURL(b.Card.Citizen.ID) + "/kontakter"
	if b.Contact != "" {
		to += "/" + url.PathEscape(string(b.Contact))
	}

	return to
}

// Back is where somebody goes who does not want to go on.
func (b contactPage) Back() string {
	if b.Visit == "" {
		return citizenURL(b.Card.Citizen.ID)
	}

	return peopleURL(b.Visit, b.From, "")
}

// contact shows the form of a new contact, or of one that stands.
func (p *Pages) contact(c *gin.Context) error {
	return p.showContact(c, http.StatusOK, nil, "")
}

func (p *Pages) showContact(c *gin.Context, status int, typed *contactForm, problem string) error {
	card, err := p.UseCases.CitizenCard(c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id")))
	if err != nil {
		return err
	}

	body := contactPage{
		Card: card, Contact: care.ContactID(c.Param("kontakt")), Error: problem, Kinds: care.ParticipantKinds(), Forms: care.ConsentForms(),
		Visit: care.VisitID(either(c, "besoeg")), From: either(c, "side"),
	}

	body.Form.Covers = newConsentForm(care.Consent{}, body.Visit, care.DayOf(p.Now()))
	if body.Visit != "" {
		body.Secrecy = typedSecrecyForm(c)
	}

	if body.Contact != "" {
		i := slices.IndexFunc(card.Contacts, func(k care.Contact) bool { return k.ID == body.Contact })
		if i < 0 {
			return care.NewError(care.NotFound, "Kontakten findes ikke hos borgeren.")
		}

		k := card.Contacts[i]
		body.Form = contactForm{Kind: string(k.Kind), Name: k.Name, Phone: k.Phone.Reveal(), Email: k.Email.Reveal(), Consent: string(k.Consent.Form), Guardian: k.Guardian}
		body.Form.Covers = newConsentForm(k.Consent, body.Visit, care.DayOf(p.Now()))
	}

	if typed != nil {
		body.Form = *typed
	}

	title := "Ny kontakt"
	if body.Contact != "" {
		title = "Ret kontakt"
	}

	return p.showStatus(c, status, "kontakt", title, body)
}

// either reads a value that a link or a form carries on.
func either(c *gin.Context, key string) string {
	if s := c.PostForm(key); s != "" {
		return s
	}

	return c.Query(key)
}

func typedContact(c *gin.Context) (contactForm, scheduler.ContactRequest) {
	covers, cover := typedConsent(c)
	f := contactForm{Kind: c.PostForm("rolle"), Name: short(c.PostForm("navn")), Phone: short(c.PostForm("mobil")), Email: short(c.PostForm("mail")), Consent: c.PostForm("samtykke"), Guardian: c.PostForm("vaerge") != "", Covers: covers}

	return f, scheduler.ContactRequest{
		Kind: care.ParticipantKind(f.Kind), Name: f.Name, Phone: f.Phone, Email: f.Email, Consent: care.ConsentForm(f.Consent), Guardian: f.Guardian, Covers: cover,
	}
}

// addContact stores a new contact and, when the form came from a visit, invites the contact into it.
func (p *Pages) addContact(c *gin.Context) error {
	ctx, actor, citizen := c.Request.Context(), route.Actor(c), care.CitizenID(c.Param("id"))
	typed, req := typedContact(c)
	visit, from := care.VisitID(c.PostForm("besoeg")), c.PostForm("side")

	if visit != "" && req.Consent == "" {
		return p.showContact(c, http.StatusUnprocessableEntity, &typed, "Spørg borgeren, og notér samtykket. Uden det kan personen ikke inviteres.")
	}

	join := typedSecrecy(c, "")
	if visit != "" {
		if err := join.Check(req.Kind); err != nil {
			return p.showContact(c, http.StatusUnprocessableEntity, &typed, care.MessageOf(err))
		}
	}

	contact, err := p.UseCases.AddContact(ctx, actor, citizen, req)
	if care.KindOf(err) == care.Invalid {
		return p.showContact(c, http.StatusUnprocessableEntity, &typed, care.MessageOf(err))
	}

	if err != nil || visit == "" {
		return p.after(c, err, citizenURL(citizen)+"?besked=kontakt")
	}

	join.Contact = contact.ID
	_, err = p.UseCases.AddParticipant(ctx, actor, visit, join)

	return p.after(c, err, peopleURL(visit, from, "inviteret"))
}

// changeContact replaces what is known of a contact.
func (p *Pages) changeContact(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	typed, req := typedContact(c)

	err := p.UseCases.ChangeContact(c.Request.Context(), route.Actor(c), citizen, care.ContactID(c.Param("kontakt")), req)
	if care.KindOf(err) == care.Invalid {
		return p.showContact(c, http.StatusUnprocessableEntity, &typed, care.MessageOf(err))
	}

	return p.after(c, err, citizenURL(citizen)+"?besked=kontakt")
}

// removeContact takes a contact away, and out of every visit.
func (p *Pages) removeContact(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	err := p.UseCases.RemoveContact(c.Request.Context(), route.Actor(c), citizen, care.ContactID(c.Param("kontakt")))

	return p.after(c, err, citizenURL(citizen)+"?besked=kontakt-fjernet")
}

func citizenURL(id care.CitizenID) string { return "/borgere/" + url.PathEscape(string(id)) }

// suitabilityOf is how a citizen was judged, with a colour and an icon.
func suitabilityOf(s care.Suitability) mark {
	switch s {
	case care.Suitable:
		return mark{"Egnet til skærmbesøg", "ok", "success"}
	case care.Unsuitable:
		return mark{"Ikke egnet til skærmbesøg", "bad", "error"}
	case care.ToBeJudged:
		return mark{"Skal vurderes til skærmbesøg", "warn", "warning"}
	case care.SuitabilityUnknown:
	}

	return mark{"Ikke vurderet endnu", "calm", "help"}
}
