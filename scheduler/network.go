package scheduler

import (
	"context"
	"slices"
	"strings"

	"github.com/sluse/sluse/scheduler/care"
)

// maxContacts bounds a citizen's contact network.
const maxContacts = 30

// ContactRequest is a contact as somebody typed it.
type ContactRequest struct {
	Kind    care.ParticipantKind
	Name    string
	Phone   string           // Danish, or with a country code
	Email   string           // may be empty
	Consent care.ConsentForm // how the citizen agreed that the contact takes part; empty: not, or not any more
	// Guardian: the contact has custody or guardianship of the citizen.
	Guardian bool
}

func (r ContactRequest) contact() (care.Contact, error) {
	c := care.Contact{Kind: r.Kind, Name: strings.TrimSpace(r.Name), Guardian: r.Guardian}

	var ok bool

	if strings.TrimSpace(r.Phone) != "" {
		if c.Phone, ok = care.ParsePhone(r.Phone); !ok {
			return c, care.NewError(care.Invalid, "Telefonnummeret kan ikke bruges. Skriv 8 cifre, eller landekode og nummer.")
		}
	}

	if strings.TrimSpace(r.Email) != "" {
		if c.Email, ok = care.ParseEmail(r.Email); !ok {
			return c, care.NewError(care.Invalid, "E-mailadressen kan ikke bruges. Tjek, at den er skrevet rigtigt.")
		}
	}

	if r.Consent != "" && !slices.Contains(care.ConsentForms(), r.Consent) {
		return c, care.NewError(care.Invalid, "Vælg, om samtykket er givet mundtligt eller skriftligt.")
	}

	return c, c.Check()
}

// consent keeps what was recorded while the form is the same, so that who recorded it when is not
// lost.
func (s *Service) consent(old care.Consent, form care.ConsentForm, by care.EmployeeID) care.Consent {
	if form == old.Form {
		return old
	}

	if form == "" {
		return care.Consent{}
	}

	return care.Consent{Form: form, By: by, At: s.now()}
}

// AddContact adds somebody to a citizen's contact network. Needs ManageContacts in a unit that
// visits the citizen.
func (s *Service) AddContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, req ContactRequest) (care.Contact, error) {
	if _, err := s.linked(ctx, actor, citizen, care.ManageContacts); err != nil {
		return care.Contact{}, err
	}

	c, err := req.contact()
	if err != nil {
		return care.Contact{}, err
	}

	all, err := s.store.ContactsOf(ctx, citizen)
	if err != nil {
		return care.Contact{}, err
	}

	if len(all) >= maxContacts {
		return care.Contact{}, care.NewError(care.Conflict, "Borgeren har allerede mange kontakter. Fjern en, der ikke bruges.")
	}

	c.ID, c.Citizen, c.AddedBy, c.AddedAt = care.ContactID(randomID()), citizen, actor.Employee, s.now()
	c.ChangedAt, c.Consent = c.AddedAt, s.consent(care.Consent{}, req.Consent, actor.Employee)

	return c, s.store.SaveContact(ctx, c, s.contactEffects(actor, "add_contact", care.Contact{}, c))
}

// ChangeContact replaces what is known of a contact. A new number kills the links that went to
// the old one; without the citizen's consent the contact leaves every visit. Permissions as
// AddContact.
func (s *Service) ChangeContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID, req ContactRequest) error {
	old, err := s.contact(ctx, actor, citizen, id)
	if err != nil {
		return err
	}

	c, err := req.contact()
	if err != nil {
		return err
	}

	c.ID, c.Version, c.Citizen, c.AddedBy, c.AddedAt, c.ChangedAt = old.ID, old.Version, old.Citizen, old.AddedBy, old.AddedAt, s.now()
	c.Consent = s.consent(old.Consent, req.Consent, actor.Employee)

	if err := s.store.SaveContact(ctx, c, s.contactEffects(actor, "change_contact", old, c)); err != nil {
		return err
	}

	return s.putRight(ctx, c)
}

// RemoveContact takes a contact away, and out of every visit. Removing twice is no error.
// Permissions as AddContact.
func (s *Service) RemoveContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) error {
	old, err := s.contact(ctx, actor, citizen, id)
	if err != nil {
		return err
	}

	gone := old.Remove(s.now())
	if err := s.store.SaveContact(ctx, gone, s.contactEffects(actor, "remove_contact", old, gone)); err != nil {
		return err
	}

	return s.putRight(ctx, gone)
}

// contact reads a contact of a citizen that the actor may change.
func (s *Service) contact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) (care.Contact, error) {
	if _, err := s.linked(ctx, actor, citizen, care.ManageContacts); err != nil {
		return care.Contact{}, err
	}

	return s.contactOf(ctx, citizen, id)
}

// contactOf reads a contact that stands.
func (s *Service) contactOf(ctx context.Context, citizen care.CitizenID, id care.ContactID) (care.Contact, error) {
	c, err := s.store.Contact(ctx, id)
	if err == nil && (c.Citizen != citizen || !c.RemovedAt.IsZero()) {
		err = care.NewError(care.NotFound, "Kontakten findes ikke hos borgeren.")
	}

	return c, err
}

// contactEffects are the audit of a change, consent by itself, and the job that puts visits right.
func (s *Service) contactEffects(actor care.Actor, action string, old, fresh care.Contact) Effects {
	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: action, Citizen: fresh.Citizen, Detail: "contact " + string(fresh.ID) + ", " + string(fresh.Kind)}
	out := Effects{Audit: []AuditRow{row}}

	switch was, is := old.Consent.Given(), fresh.Consent.Given(); {
	case is && old.Consent != fresh.Consent:
		row.Action, row.Detail = "record_consent", row.Detail+", "+string(fresh.Consent.Form)
		out.Audit = append(out.Audit, row)
	case was && !is:
		row.Action = "withdraw_consent"
		out.Audit = append(out.Audit, row)
	}

	if old.ID != "" {
		out.Jobs = []Job{{Kind: FollowContactJob, Ref: string(fresh.ID), Urgent: true}}
	}

	return out
}
