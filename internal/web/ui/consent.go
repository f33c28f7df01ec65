package ui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/page"
	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// ConsentMark is whether the citizen agreed that a contact takes part.
func (b cardPage) ConsentMark(c care.Consent) mark {
	switch {
	case !c.Given():
		return mark{"Samtykke mangler", "warn", "warning"}
	case c.Lapsed(b.Now):
		return mark{"Samtykke udløbet", "warn", "warning"}
	default:
		return mark{"Samtykke: " + strings.ToLower(c.Form.Danish()), "ok", "success"}
	}
}

// consentCovers tells in Danish what a consent covers.
func consentCovers(c care.Consent) string {
	out := c.Scope.Danish()
	if c.Scope == care.UntilDay {
		out = "Alle skærmbesøg til og med " + page.DateOf(c.Until)
	}

	if c.About != "" {
		out += ". Begrænset til: " + c.About
	}

	return out
}

// consentForm is what was typed of what a consent covers.
type consentForm struct{ Scope, Visit, Until, About string }

// everyVisit stands in the form for care.EveryVisit, whose word is empty.
const everyVisit = "alle"

// usualConsent is how long a consent lasts that nobody chose another day for, in days.
const usualConsent = 365

func newConsentForm(c care.Consent, visit care.VisitID, today care.Day) consentForm {
	f := consentForm{Scope: string(care.UntilDay), Until: string(today.Add(usualConsent)), Visit: string(visit)}

	switch {
	case c.Given():
		f.Scope, f.About = string(c.Scope), c.About
		if c.Visit != "" {
			f.Visit = string(c.Visit)
		}

		if c.Until != "" {
			f.Until = string(c.Until)
		}
	case visit != "":
		f.Scope = string(care.OneVisit)
	}

	if f.Scope == "" {
		f.Scope = everyVisit
	}

	return f
}

func typedConsent(c *gin.Context) (consentForm, scheduler.ConsentCover) {
	f := consentForm{Scope: c.PostForm("omfang"), Visit: c.PostForm("samtykkebesoeg"), Until: c.PostForm("til"), About: short(c.PostForm("begraenset"))}

	cover := scheduler.ConsentCover{Scope: care.ConsentScope(f.Scope), Visit: care.VisitID(f.Visit), About: f.About}
	if f.Scope == everyVisit {
		cover.Scope = care.EveryVisit
	}

	if until, err := care.ParseDay(f.Until); err == nil {
		cover.Until = until
	}

	return f, cover
}

// ConsentVisits are the visits to which a consent can be given alone: those to come, and the one that it
// is to already.
func (b contactPage) ConsentVisits() []consentVisit {
	var out []consentVisit

	known := false

	for _, v := range b.Card.Next {
		planned := v.Visit.Facts.Planned
		out = append(out, consentVisit{ID: v.Visit.ID, Text: page.Date(planned.Start) + " " + page.At(planned.Start)})
		known = known || string(v.Visit.ID) == b.Form.Covers.Visit
	}

	if id := care.VisitID(b.Form.Covers.Visit); id != "" && !known {
		text := "Det besøg, som samtykket gælder nu"
		if id == b.Visit {
			text = "Dette skærmbesøg"
		}

		out = append(out, consentVisit{ID: id, Text: text})
	}

	return out
}

type consentVisit struct {
	ID   care.VisitID
	Text string
}

// withdrawConsent records that the citizen took a consent back.
func (p *Pages) withdrawConsent(c *gin.Context) error {
	citizen := care.CitizenID(c.Param("id"))
	err := p.UseCases.WithdrawConsent(c.Request.Context(), route.Actor(c), citizen, care.ContactID(c.Param("kontakt")))

	return p.after(c, err, citizenURL(citizen)+"?besked=samtykke-trukket")
}

// formerConsent is one line of the consents that do not count any more.
type formerConsent struct {
	care.ConsentRecord

	Name   string
	Covers string
}

// FormerConsents joins the consents that ended with the names of the contacts who still stand.
func (b cardPage) FormerConsents() []formerConsent {
	out := make([]formerConsent, 0, len(b.Former))

	for _, c := range b.Former {
		line := formerConsent{ConsentRecord: c, Name: "En kontakt, der er fjernet", Covers: consentCovers(c.Consent)}

		for _, k := range b.Contacts {
			if k.ID == c.Contact {
				line.Name = k.Name
			}
		}

		out = append(out, line)
	}

	return out
}

// secrecyForm is what was typed of the duty of secrecy, towards another authority.
type secrecyForm struct {
	ID    string // tells the forms of one page apart
	Bases []care.SecrecyBasis
	Basis string
	Note  string
}

func newSecrecyForm(id string) secrecyForm { return secrecyForm{ID: id, Bases: care.SecrecyBases()} }

func typedSecrecyForm(c *gin.Context) secrecyForm {
	f := newSecrecyForm("ny")
	f.Basis, f.Note = c.PostForm("hjemmel"), short(c.PostForm("hjemmeltekst"))

	return f
}

func typedSecrecy(c *gin.Context, contact care.ContactID) scheduler.ParticipantRequest {
	return scheduler.ParticipantRequest{
		Contact: contact, Weighed: c.PostForm("tavshedspligt") == "ja", Basis: care.SecrecyBasis(c.PostForm("hjemmel")), Note: short(c.PostForm("hjemmeltekst")),
	}
}

// standing tells in Danish what is recorded of a participant: the terms, what the consent is limited to,
// and why another authority takes part.
func standing(p scheduler.Person) []string {
	if p.Participant == "" {
		return nil
	}

	var out []string

	switch t := p.Terms; {
	case t.Agreed():
		out = append(out, "Sagde ja til vilkårene "+page.Stamp(t.At)+" (udgave "+strconv.Itoa(int(t.Version))+", "+languageName(t.Lang)+")")
	case t.Declined():
		out = append(out, "Sagde nej til vilkårene "+page.Stamp(t.At))
	case t.Accepted:
		out = append(out, "Skal sige ja til de nye vilkår")
	case p.Admission.State == care.AdmissionIdentified || p.Admission.State == care.AdmissionAdmitted:
		out = append(out, "Har ikke svaret på vilkårene endnu")
	}

	if p.Consent.About != "" {
		out = append(out, "Borgerens samtykke er begrænset til: "+p.Consent.About)
	}

	if p.Secrecy.Weighed() {
		out = append(out, fmt.Sprintf("Tavshedspligten vurderet af %s %s: %s", p.Secrecy.By, page.Stamp(p.Secrecy.At), p.Secrecy.Text()))
	}

	return out
}

// languageName names the language in which the terms were read; the tag itself of another one.
func languageName(tag string) string {
	names := map[string]string{
		"da": "dansk", "en": "engelsk", "ar": "arabisk", "tr": "tyrkisk", "pl": "polsk", "uk": "ukrainsk", "so": "somali", "kl": "grønlandsk",
	}
	if name, ok := names[tag]; ok {
		return name
	}

	return tag
}
