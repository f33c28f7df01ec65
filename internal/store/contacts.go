package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type contactRow struct {
	ID          string `gorm:"primaryKey"`
	Version     int
	CitizenID   string
	Kind        string
	NameSealed  []byte
	PhoneSealed []byte
	EmailSealed []byte
	ConsentID   string
	Consent     consentColumns `gorm:"embedded;embeddedPrefix:consent_"`
	Guardian    bool
	AddedBy     string
	AddedAt     int64
	ChangedAt   *int64
	RemovedAt   *int64
}

// TableName names the table for gorm.
func (contactRow) TableName() string { return "contacts" }

func (k *Keys) contactToRow(c care.Contact) (contactRow, error) {
	seal := sealer{keys: k, table: "contacts", row: string(c.ID)}
	row := contactRow{
		ID: string(c.ID), Version: c.Version, CitizenID: string(c.Citizen), Kind: string(c.Kind), NameSealed: seal.seal("name", c.Name),
		PhoneSealed: seal.seal("phone", c.Phone.Reveal()), EmailSealed: seal.seal("email", c.Email.Reveal()),
		ConsentID: string(c.Consent.ID), Consent: seal.consent(c.Consent),
		Guardian: c.Guardian, AddedBy: string(c.AddedBy), AddedAt: micros(c.AddedAt), ChangedAt: microsOrNull(c.ChangedAt), RemovedAt: microsOrNull(c.RemovedAt),
	}

	return row, seal.err
}

func (k *Keys) contactFromRow(row contactRow) (care.Contact, error) {
	seal := sealer{keys: k, table: "contacts", row: row.ID}
	c := care.Contact{
		ID: care.ContactID(row.ID), Version: row.Version, Citizen: care.CitizenID(row.CitizenID), Kind: care.ParticipantKind(row.Kind),
		Guardian: row.Guardian, Name: seal.open("name", row.NameSealed), Consent: seal.consentFrom(row.ConsentID, row.Consent),
		AddedBy: care.EmployeeID(row.AddedBy), AddedAt: instant(row.AddedAt), ChangedAt: instantOrZero(row.ChangedAt), RemovedAt: instantOrZero(row.RemovedAt),
	}
	c.Phone, c.Email = seal.phone(row.PhoneSealed), seal.email(row.EmailSealed)

	return c, seal.err
}

// phone opens a telephone number; the zero value for none.
func (s *sealer) phone(sealed []byte) care.Phone {
	if text := s.open("phone", sealed); text != "" {
		return care.NewPhone(text)
	}

	return care.Phone{}
}

// email opens an e-mail address; the zero value for none.
func (s *sealer) email(sealed []byte) care.Email {
	if text := s.open("email", sealed); text != "" {
		return care.NewEmail(text)
	}

	return care.Email{}
}

// Contact implements scheduler.Contacts.
func (s *Store) Contact(ctx context.Context, id care.ContactID) (care.Contact, error) {
	var row contactRow
	if err := s.read.WithContext(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return care.Contact{}, translate(err)
	}

	c, err := s.keys.contactFromRow(row)

	return c, translate(err)
}

// ContactsOf implements scheduler.Contacts.
func (s *Store) ContactsOf(ctx context.Context, citizen care.CitizenID) ([]care.Contact, error) {
	var rows []contactRow
	if err := s.read.WithContext(ctx).Where("citizen_id = ? AND removed_at IS NULL", citizen).Order("added_at, id").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.Contact, 0, len(rows))

	for _, row := range rows {
		c, err := s.keys.contactFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, c)
	}

	return out, nil
}

// SaveContact implements scheduler.Contacts.
func (s *Store) SaveContact(ctx context.Context, c care.Contact, effects scheduler.Effects) error {
	before := c.Version
	c.Version++

	row, err := s.keys.contactToRow(c)
	if err != nil {
		return translate(err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		if err := saveVersion(tx, &contactRow{}, before, row.ID, row); err != nil {
			return err
		}

		return s.writeEffects(tx, effects)
	})
}
