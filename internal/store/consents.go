package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/sluse/sluse/scheduler/care"
)

// consentColumns are what every table keeps of a consent beside its id.
type consentColumns struct {
	Form        string
	Scope       string
	VisitID     string
	Until       string
	AboutSealed []byte
	By          string
	At          *int64
}

func (s *sealer) consent(c care.Consent) consentColumns {
	return consentColumns{
		Form: string(c.Form), Scope: string(c.Scope), VisitID: string(c.Visit), Until: string(c.Until),
		AboutSealed: s.seal("consent_about", c.About), By: string(c.By), At: microsOrNull(c.At),
	}
}

func (s *sealer) consentFrom(id string, row consentColumns) care.Consent {
	return care.Consent{
		ID: care.ConsentID(id), Form: care.ConsentForm(row.Form), Scope: care.ConsentScope(row.Scope), Visit: care.VisitID(row.VisitID),
		Until: care.Day(row.Until), About: s.open("consent_about", row.AboutSealed), By: care.EmployeeID(row.By), At: instantOrZero(row.At),
	}
}

type consentRow struct {
	ID        string `gorm:"primaryKey"`
	CitizenID string
	ContactID string
	Consent   consentColumns `gorm:"embedded;embeddedPrefix:consent_"`
	EndedWhy  string
	EndedBy   string
	EndedAt   *int64
}

// TableName names the table for gorm.
func (consentRow) TableName() string { return "consents" }

func (k *Keys) consentToRow(c care.ConsentRecord) (consentRow, error) {
	seal := sealer{keys: k, table: "consents", row: string(c.ID)}
	row := consentRow{
		ID: string(c.ID), CitizenID: string(c.Citizen), ContactID: string(c.Contact), Consent: seal.consent(c.Consent),
		EndedWhy: string(c.End), EndedBy: string(c.EndedBy), EndedAt: microsOrNull(c.EndedAt),
	}

	return row, seal.err
}

func (k *Keys) consentFromRow(row consentRow) (care.ConsentRecord, error) {
	seal := sealer{keys: k, table: "consents", row: row.ID}
	c := care.ConsentRecord{
		Consent: seal.consentFrom(row.ID, row.Consent), Citizen: care.CitizenID(row.CitizenID), Contact: care.ContactID(row.ContactID),
		End: care.ConsentEnd(row.EndedWhy), EndedBy: care.EmployeeID(row.EndedBy), EndedAt: instantOrZero(row.EndedAt),
	}

	return c, seal.err
}

// writeConsents inserts consents, or ends those that are stored.
func (s *Store) writeConsents(tx *gorm.DB, all []care.ConsentRecord) error {
	rows := make([]consentRow, 0, len(all))

	for _, c := range all {
		row, err := s.keys.consentToRow(c)
		if err != nil {
			return err
		}

		rows = append(rows, row)
	}

	return upsert(tx, rows, "consents.contact_id = excluded.contact_id")
}

// ConsentsOf implements scheduler.Contacts.
func (s *Store) ConsentsOf(ctx context.Context, citizen care.CitizenID) ([]care.ConsentRecord, error) {
	var rows []consentRow
	if err := s.read.WithContext(ctx).Where("citizen_id = ?", citizen).Order("consent_at DESC, id").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.ConsentRecord, 0, len(rows))

	for _, row := range rows {
		c, err := s.keys.consentFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, c)
	}

	return out, nil
}
