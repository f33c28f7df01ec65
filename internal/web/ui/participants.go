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

// The page from which somebody was invited, and to which the browser goes back.
const fromVisit = "besoeg"

// invitePart is the list from which others are invited into a visit.
type invitePart struct {
	Visit    care.VisitID
	Citizen  care.CitizenID
	From     string
	Contacts []care.Contact // with a consent that covers the visit, and a number; not invited yet
	Without  []care.Contact // who can't be invited before something is noted
}

// Base is the address of the visit's page.
func (i invitePart) Base() string {
	if i.From == fromVisit {
		return "/besoeg/" + url.PathEscape(string(i.Visit))
	}

	return "/min-dag/" + url.PathEscape(string(i.Visit))
}

// invitable finds whom of the citizen's network the reader may invite; nil when none can be
// invited, or the reader may not.
func (p *Pages) invitable(c *gin.Context, view scheduler.VisitView, from string) (*invitePart, error) {
	actor := route.Actor(c)
	if !view.Visit.State.Active() || !actor.May(care.InviteOthers, view.Visit.Facts.Unit) {
		return nil, nil //nolint:nilnil // nothing to show is no error
	}

	card, err := p.UseCases.CitizenCard(c.Request.Context(), actor, view.Visit.Facts.Citizen)
	if care.KindOf(err) == care.Forbidden {
		return nil, nil //nolint:nilnil // the visit is too long ago, or too far ahead, for its citizen's card
	}

	if err != nil {
		return nil, err
	}

	part := &invitePart{Visit: view.Visit.ID, Citizen: view.Visit.Facts.Citizen, From: from}

	for _, k := range card.Contacts {
		in := slices.ContainsFunc(view.Visit.Present(), func(q care.Participant) bool { return q.Contact == k.ID })

		switch {
		case in:
		case k.Consent.Covers(view.Visit.ID, view.Visit.Facts.Planned) && !k.Phone.IsZero():
			part.Contacts = append(part.Contacts, k)
		default:
			part.Without = append(part.Without, k)
		}
	}

	return part, nil
}

// Secrecy is the form on the duty of secrecy for one contact.
func (invitePart) Secrecy(contact care.ContactID) secrecyForm { return newSecrecyForm(string(contact)) }

// invite takes a contact into a visit, from the caregiver's page.
func (p *Pages) invite(c *gin.Context) error { return p.inviteFrom(c, "") }

// inviteFor does so from the planner's page.
func (p *Pages) inviteFor(c *gin.Context) error { return p.inviteFrom(c, fromVisit) }

func (p *Pages) inviteFrom(c *gin.Context, from string) error {
	id := care.VisitID(c.Param("id"))

	_, err := p.UseCases.AddParticipant(c.Request.Context(), route.Actor(c), id, typedSecrecy(c, care.ContactID(c.PostForm("kontakt"))))
	if kind := care.KindOf(err); kind == care.Invalid || kind == care.Conflict {
		if from == fromVisit {
			return p.showVisit(c, http.StatusUnprocessableEntity, care.MessageOf(err))
		}

		return p.showLobby(c, http.StatusUnprocessableEntity, care.MessageOf(err))
	}

	return p.after(c, err, peopleURL(id, from, "inviteret"))
}

// uninvite takes an invitation back, from the caregiver's page.
func (p *Pages) uninvite(c *gin.Context) error { return p.uninviteFrom(c, "") }

// uninviteFor does so from the planner's page.
func (p *Pages) uninviteFor(c *gin.Context) error { return p.uninviteFrom(c, fromVisit) }

func (p *Pages) uninviteFrom(c *gin.Context, from string) error {
	id := care.VisitID(c.Param("id"))
	err := p.UseCases.RemoveParticipant(c.Request.Context(), route.Actor(c), id, care.ParticipantID(c.Param("deltager")))

	return p.after(c, err, peopleURL(id, from, "deltager-fjernet"))
}

func peopleURL(id care.VisitID, from, notice string) string {
	to := invitePart{Visit: id, From: from}.Base()
	if notice != "" {
		to += "?besked=" + notice
	}

	return to
}
