package scheduler

import (
	"context"
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
	Covers  ConsentCover     // what the citizen agreed to
	// Guardian: the contact has custody or guardianship of the citizen.
	Guardian bool
}

// ConsentCover is what a consent covers, as somebody typed it. The zero value is every visit.
type ConsentCover struct {
	Scope care.ConsentScope
	Visit care.VisitID // with care.OneVisit
	Until care.Day     // with care.UntilDay
	About string       // what else it is limited to; may be empty
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

	return c, c.Check()
}

// consent keeps what was recorded while it says the same, so that who recorded it when is not lost. A
// consent to one visit is to one of the citizen's.
func (s *Service) consent(ctx context.Context, citizen care.CitizenID, old care.Consent, req ContactRequest, by care.EmployeeID) (care.Consent, error) {
	if req.Consent == "" {
		return care.Consent{}, nil
	}

	fresh := care.Consent{Form: req.Consent, Scope: req.Covers.Scope, About: strings.TrimSpace(req.Covers.About)}

	switch fresh.Scope {
	case care.OneVisit:
		fresh.Visit = req.Covers.Visit
	case care.UntilDay:
		fresh.Until = req.Covers.Until
	case care.EveryVisit:
	}

	if fresh.Same(old) {
		return old, nil
	}

	if err := fresh.Check(s.now()); err != nil {
		return care.Consent{}, err
	}

	if fresh.Scope == care.OneVisit {
		v, err := s.store.Visit(ctx, fresh.Visit)
		if err == nil && v.Facts.Citizen != citizen {
			err = care.NewError(care.NotFound, "Besøget findes ikke hos borgeren.")
		}

		if err != nil {
			return care.Consent{}, err
		}
	}

	fresh.ID, fresh.By, fresh.At = care.ConsentID(randomID()), by, s.now()

	return fresh, nil
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
	c.ChangedAt = c.AddedAt

	if c.Consent, err = s.consent(ctx, citizen, care.Consent{}, req, actor.Employee); err != nil {
		return care.Contact{}, err
	}

	return c, s.store.SaveContact(ctx, c, s.contactEffects(actor, "add_contact", care.Contact{}, c))
}

// ChangeContact replaces what is known of a contact. A new number kills the links that went to
// the old one; the contact leaves every visit that the citizen's consent does not cover any more.
// Permissions as AddContact.
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

	if c.Consent, err = s.consent(ctx, citizen, old.Consent, req, actor.Employee); err != nil {
		return err
	}

	return s.saveContact(ctx, actor, "change_contact", old, c)
}

// WithdrawConsent records that the citizen took back the consent to a contact, who leaves every visit at
// once: links and sessions are dead. Withdrawing twice is no error. Permissions as AddContact.
func (s *Service) WithdrawConsent(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) error {
	old, err := s.contact(ctx, actor, citizen, id)
	if err != nil || !old.Consent.Given() {
		return err
	}

	c := old
	c.Consent, c.ChangedAt = care.Consent{}, s.now()

	return s.saveContact(ctx, actor, "change_contact", old, c)
}

// saveContact stores a change of a contact and has the visits follow it.
func (s *Service) saveContact(ctx context.Context, actor care.Actor, action string, old, fresh care.Contact) error {
	if err := s.store.SaveContact(ctx, fresh, s.contactEffects(actor, action, old, fresh)); err != nil {
		return err
	}

	return s.putRight(ctx, fresh)
}

// RemoveContact takes a contact away, and out of every visit. Removing twice is no error.
// Permissions as AddContact.
func (s *Service) RemoveContact(ctx context.Context, actor care.Actor, citizen care.CitizenID, id care.ContactID) error {
	old, err := s.contact(ctx, actor, citizen, id)
	if err != nil {
		return err
	}

	return s.saveContact(ctx, actor, "remove_contact", old, old.Remove(s.now()))
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

// contactEffects are the audit of a change, consent by itself, its record, and the job that puts visits
// right.
func (s *Service) contactEffects(actor care.Actor, action string, old, fresh care.Contact) Effects {
	row := AuditRow{At: s.now(), Actor: string(actor.Employee), Action: action, Citizen: fresh.Citizen, Detail: "contact " + string(fresh.ID) + ", " + string(fresh.Kind)}
	out := Effects{Audit: []AuditRow{row}}

	was, is := old.Consent.Given(), fresh.Consent.Given()
	changed := old.Consent != fresh.Consent

	if was && changed {
		out.Consents = append(out.Consents, care.ConsentRecord{
			Consent: old.Consent, Citizen: fresh.Citizen, Contact: fresh.ID, End: whyEnded(fresh), EndedBy: actor.Employee, EndedAt: s.now(),
		})
	}

	switch {
	case is && changed:
		out.Consents = append(out.Consents, care.ConsentRecord{Consent: fresh.Consent, Citizen: fresh.Citizen, Contact: fresh.ID})
		row.Action, row.Detail = "record_consent", row.Detail+", "+string(fresh.Consent.Form)+consentDetail(fresh.Consent)
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

// whyEnded is why the consent that a contact had before does not count any more.
func whyEnded(fresh care.Contact) care.ConsentEnd {
	switch {
	case !fresh.RemovedAt.IsZero():
		return care.ConsentForgotten
	case fresh.Consent.Given():
		return care.ConsentReplaced
	default:
		return care.ConsentWithdrawn
	}
}

// consentDetail tells the audit what a consent covers.
func consentDetail(c care.Consent) string {
	switch c.Scope {
	case care.OneVisit:
		return ", visit " + string(c.Visit)
	case care.UntilDay:
		return ", until " + string(c.Until)
	case care.EveryVisit:
	}

	return ", every visit"
}
