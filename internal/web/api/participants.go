package api

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/sluse/sluse/internal/web/route"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

// Participants is what the routes about contacts and those who take part call.
type Participants interface {
	AddContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, req scheduler.ContactRequest) (care.Contact, error)
	ChangeContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID, req scheduler.ContactRequest) error
	RemoveContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) error
	AddParticipant(ctx context.Context, actor care.Actor, id care.VisitID, req scheduler.ParticipantRequest) (care.ParticipantID, error)
	RemoveParticipant(ctx context.Context, actor care.Actor, id care.VisitID, participant care.ParticipantID) error
}

// contact is one person of a contact network. Number and address are told to nobody: a hint has
// to do.
type contact struct {
	ID        care.ContactID       `json:"id"`
	Kind      care.ParticipantKind `json:"kind"`
	KindText  string               `json:"kind_text"`
	Name      string               `json:"name"`
	PhoneHint string               `json:"phone_hint,omitempty"`
	HasEmail  bool                 `json:"has_email"`
	Guardian  bool                 `json:"guardian"`
	Consent   *consent             `json:"consent,omitempty"`
}

// consent leaves out the scope of one that covers every visit.
type consent struct {
	Form  care.ConsentForm  `json:"form"`
	Scope care.ConsentScope `json:"scope,omitempty"`
	Visit care.VisitID      `json:"visit,omitempty"`
	Until care.Day          `json:"until,omitempty"`
	About string            `json:"about,omitempty"`
	By    care.EmployeeID   `json:"by"`
	At    string            `json:"at"`
}

func contactOf(c care.Contact) contact {
	out := contact{ID: c.ID, Kind: c.Kind, KindText: c.Kind.Danish(), Name: c.Name, HasEmail: !c.Email.IsZero(), Guardian: c.Guardian}
	if !c.Phone.IsZero() {
		out.PhoneHint = c.Phone.Hint()
	}

	if k := c.Consent; k.Given() {
		out.Consent = &consent{Form: k.Form, Scope: k.Scope, Visit: k.Visit, Until: k.Until, About: k.About, By: k.By, At: stamp(k.At)}
	}

	return out
}

// contactRequest is a contact as a whole; what is left out is taken away.
type contactRequest struct {
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Phone   string  `json:"phone"`
	Email   string  `json:"email"`
	Consent *string `json:"consent"`
	// Guardian: has custody or guardianship of the citizen; relatives only.
	Guardian bool `json:"guardian"`
	// What the consent covers; every visit when it is left out.
	Scope *string `json:"consent_scope"`
	Visit *string `json:"consent_visit"`
	Until *string `json:"consent_until"`
	About string  `json:"consent_about"`
}

// The longest texts of a contact in characters.
const (
	maxPhone = 60
	maxEmail = 254
)

func (r contactRequest) request() (scheduler.ContactRequest, error) {
	out := scheduler.ContactRequest{Name: r.Name, Phone: r.Phone, Email: r.Email, Guardian: r.Guardian}

	var err error

	if out.Kind, err = word("kind", r.Kind, care.ParticipantKinds()); err != nil {
		return out, err
	}

	if r.Consent != nil {
		if out.Consent, err = word("consent", *r.Consent, care.ConsentForms()); err != nil {
			return out, err
		}
	}

	if err := r.covers(&out.Covers); err != nil {
		return out, err
	}

	switch {
	case r.Consent != nil && *r.Consent == "":
		return out, care.NewError(care.Invalid, "Udelad »consent«, når der ikke er samtykke.")
	case utf8.RuneCountInString(r.Name) > care.MaxContactName:
		return out, care.NewError(care.Invalid, "»name« er for lang.")
	case utf8.RuneCountInString(r.Phone) > maxPhone:
		return out, care.NewError(care.Invalid, "»phone« er for lang.")
	case utf8.RuneCountInString(r.Email) > maxEmail:
		return out, care.NewError(care.Invalid, "»email« er for lang.")
	case out.Kind == "":
		return out, care.NewError(care.Invalid, "Angiv »kind«.")
	case r.Name == "":
		return out, care.NewError(care.Invalid, "Angiv »name«.")
	case r.Phone == "" && r.Email == "":
		return out, care.NewError(care.Invalid, "Angiv »phone« eller »email«.")
	}

	return out, nil
}

// covers reads what a consent covers. What does not belong to the scope is refused, so that nobody
// believes in a limit that is none.
func (r contactRequest) covers(out *scheduler.ConsentCover) error {
	out.About = r.About

	if r.Scope != nil {
		var err error
		if out.Scope, err = word("consent_scope", *r.Scope, []care.ConsentScope{care.OneVisit, care.UntilDay}); err != nil {
			return err
		}
	}

	if r.Visit != nil {
		out.Visit = care.VisitID(*r.Visit)
	}

	if r.Until != nil {
		var err error
		if out.Until, err = care.ParseDay(*r.Until); err != nil {
			return care.NewError(care.Invalid, "Skriv »consent_until« som 2026-11-21.")
		}
	}

	switch {
	case r.Scope != nil && *r.Scope == "":
		return care.NewError(care.Invalid, "Udelad »consent_scope«, når samtykket gælder alle skærmbesøg.")
	case r.Consent == nil && (r.Scope != nil || r.Visit != nil || r.Until != nil || r.About != ""):
		return care.NewError(care.Invalid, "Angiv »consent«, når der står, hvad samtykket gælder.")
	case (r.Visit != nil) != (out.Scope == care.OneVisit):
		return care.NewError(care.Invalid, "Angiv »consent_visit«, når »consent_scope« er »visit«, og kun da.")
	case (r.Until != nil) != (out.Scope == care.UntilDay):
		return care.NewError(care.Invalid, "Angiv »consent_until«, når »consent_scope« er »until«, og kun da.")
	case r.Visit != nil && (*r.Visit == "" || !clean(*r.Visit)):
		return care.NewError(care.Invalid, "»consent_visit« er ikke et id.")
	case utf8.RuneCountInString(r.About) > care.MaxConsentAbout:
		return care.NewError(care.Invalid, "»consent_about« er for lang.")
	}

	return nil
}

func contactBody(c *gin.Context) (care.CitizenID, scheduler.ContactRequest, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return "", scheduler.ContactRequest{}, err
	}

	var body contactRequest
	if err := decode(c, &body); err != nil {
		return "", scheduler.ContactRequest{}, err
	}

	req, err := body.request()

	return care.CitizenID(id), req, err
}

// addContact adds somebody to a citizen's contact network.
func (a api) addContact(c *gin.Context) error {
	citizen, req, err := contactBody(c)
	if err != nil {
		return err
	}

	fresh, err := a.AddContact(c.Request.Context(), route.Actor(c), citizen, req)
	if err != nil {
		return err
	}

	c.JSON(http.StatusCreated, contactOf(fresh))

	return nil
}

// changeContact replaces what is known of a contact.
func (a api) changeContact(c *gin.Context) error {
	id, err := pathID(c, "contact")
	if err != nil {
		return err
	}

	citizen, req, err := contactBody(c)
	if err != nil {
		return err
	}

	if err := a.ChangeContact(c.Request.Context(), route.Actor(c), citizen, care.ContactID(id), req); err != nil {
		return err
	}

	return done(c)
}

// removeContact takes a contact away.
func (a api) removeContact(c *gin.Context) error {
	citizen, err := pathID(c, "id")
	if err != nil {
		return err
	}

	id, err := pathID(c, "contact")
	if err != nil {
		return err
	}

	if err := a.RemoveContact(c.Request.Context(), route.Actor(c), care.CitizenID(citizen), care.ContactID(id)); err != nil {
		return err
	}

	return done(c)
}

type participantRequest struct {
	Contact string          `json:"contact"`
	Secrecy *secrecyRequest `json:"secrecy"`
}

// secrecyRequest is the caller's word on the duty of secrecy; needed of another authority.
type secrecyRequest struct {
	Weighed bool   `json:"weighed"`
	Basis   string `json:"basis"`
	Note    string `json:"note"`
}

func (r participantRequest) request() (scheduler.ParticipantRequest, error) {
	out := scheduler.ParticipantRequest{Contact: care.ContactID(r.Contact)}
	if r.Contact == "" || !clean(r.Contact) {
		return out, care.NewError(care.Invalid, "Angiv kontaktens id som »contact«.")
	}

	if r.Secrecy == nil {
		return out, nil
	}

	var err error

	out.Weighed, out.Note = r.Secrecy.Weighed, r.Secrecy.Note
	if out.Basis, err = word("basis", r.Secrecy.Basis, care.SecrecyBases()); err != nil {
		return out, err
	}

	switch {
	case !out.Weighed || out.Basis == "":
		return out, care.NewError(care.Invalid, "Angiv »weighed« som true, og »basis«.")
	case utf8.RuneCountInString(out.Note) > care.MaxSecrecyNote:
		return out, care.NewError(care.Invalid, "»note« er for lang.")
	}

	return out, nil
}

type participantAdded struct {
	ID care.ParticipantID `json:"id"`
}

// addParticipant invites a contact into a visit.
func (a api) addParticipant(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	var body participantRequest
	if err := decode(c, &body); err != nil {
		return err
	}

	req, err := body.request()
	if err != nil {
		return err
	}

	added, err := a.AddParticipant(c.Request.Context(), route.Actor(c), care.VisitID(id), req)
	if err != nil {
		return err
	}

	c.JSON(http.StatusCreated, participantAdded{ID: added})

	return nil
}

// removeParticipant takes an invitation back.
func (a api) removeParticipant(c *gin.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}

	participant, err := pathID(c, "participant")
	if err != nil {
		return err
	}

	if err := a.RemoveParticipant(c.Request.Context(), route.Actor(c), care.VisitID(id), care.ParticipantID(participant)); err != nil {
		return err
	}

	return done(c)
}

// attendee is somebody who is invited, and what became of it.
type attendee struct {
	Participant care.ParticipantID   `json:"participant,omitempty"`
	Role        string               `json:"role"`
	Name        string               `json:"name"`
	Removed     bool                 `json:"removed"`
	Message     care.InvitationState `json:"message,omitempty"`
	Admission   care.AdmissionID     `json:"admission,omitempty"`
	State       care.AdmissionState  `json:"state,omitempty"`
	Identity    string               `json:"identity,omitempty"`
	Here        bool                 `json:"here"`
	Came        string               `json:"came,omitempty"`
	Terms       string               `json:"terms,omitempty"`
	Secrecy     string               `json:"secrecy,omitempty"`
}

// termsOf is where a participant stands with the terms; empty for the citizen, who has none.
func termsOf(p scheduler.Person) string {
	switch {
	case p.Participant == "":
		return ""
	case p.Terms.Agreed():
		return "accepted"
	case p.Terms.Declined():
		return "declined"
	default:
		return "awaited"
	}
}

func attendeeOf(p scheduler.Person) attendee {
	return attendee{
		Participant: p.Participant, Role: p.Role, Name: p.Name, Removed: p.Removed, Message: p.Message.State, Admission: p.Admission.ID,
		State: p.Admission.State, Identity: p.Admission.Identity(), Here: p.Here, Came: stamp(p.Came),
		Terms: termsOf(p), Secrecy: p.Secrecy.Text(),
	}
}
