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
	AddParticipant(ctx context.Context, actor care.Actor, id care.VisitID, contact care.ContactID) (care.ParticipantID, error)
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
	Consent   *consent             `json:"consent,omitempty"`
}

type consent struct {
	Form care.ConsentForm `json:"form"`
	By   care.EmployeeID  `json:"by"`
	At   string           `json:"at"`
}

func contactOf(c care.Contact) contact {
	out := contact{ID: c.ID, Kind: c.Kind, KindText: c.Kind.Danish(), Name: c.Name, HasEmail: !c.Email.IsZero()}
	if !c.Phone.IsZero() {
		out.PhoneHint = c.Phone.Hint()
	}

	if c.Consent.Given() {
		out.Consent = &consent{Form: c.Consent.Form, By: c.Consent.By, At: stamp(c.Consent.At)}
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
}

// The longest texts of a contact in characters.
const (
	maxPhone = 60
	maxEmail = 254
)

func (r contactRequest) request() (scheduler.ContactRequest, error) {
	out := scheduler.ContactRequest{Name: r.Name, Phone: r.Phone, Email: r.Email}

	var err error

	if out.Kind, err = word("kind", r.Kind, care.ParticipantKinds()); err != nil {
		return out, err
	}

	if r.Consent != nil {
		if out.Consent, err = word("consent", *r.Consent, care.ConsentForms()); err != nil {
			return out, err
		}
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
	Contact string `json:"contact"`
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

	if body.Contact == "" || !clean(body.Contact) {
		return care.NewError(care.Invalid, "Angiv kontaktens id som »contact«.")
	}

	added, err := a.AddParticipant(c.Request.Context(), route.Actor(c), care.VisitID(id), care.ContactID(body.Contact))
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
}

func attendeeOf(p scheduler.Person) attendee {
	return attendee{
		Participant: p.Participant, Role: p.Role, Name: p.Name, Removed: p.Removed, Message: p.Message.State, Admission: p.Admission.ID,
		State: p.Admission.State, Identity: p.Admission.Identity(), Here: p.Here, Came: stamp(p.Came),
	}
}
