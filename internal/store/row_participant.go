package store

import "github.com/sluse/sluse/scheduler/care"

type participantRow struct {
	ID          string `gorm:"primaryKey"`
	VisitID     string
	Seq         int
	ContactID   string
	Seat        int
	Kind        string
	NameSealed  []byte
	PhoneSealed []byte
	PhoneHash   string
	EmailSealed []byte
	ConsentID   string
	Consent     consentColumns `gorm:"embedded;embeddedPrefix:consent_"`

	TermsVersion       int
	TermsLang          string
	TermsAccepted      bool
	TermsAddressSealed []byte
	TermsAt            *int64

	SecrecyBasis      string
	SecrecyNoteSealed []byte
	SecrecyBy         string
	SecrecyAt         *int64

	AddedBy   string
	AddedAt   int64
	RemovedBy string
	RemovedAt *int64
}

// TableName names the table for gorm.
func (participantRow) TableName() string { return "participants" }

func (r participantRow) owner() string { return r.VisitID }

// phonePurpose keeps the hashes of telephone numbers apart from other hashes.
const phonePurpose = "participants.phone"

func (k *Keys) participantToRow(visit care.VisitID, seq int, p care.Participant) (participantRow, error) {
	hash, err := k.hash(phonePurpose, p.Phone.Reveal())
	if err != nil {
		return participantRow{}, err
	}

	seal := sealer{keys: k, table: "participants", row: string(p.ID)}
	row := participantRow{
		ID: string(p.ID), VisitID: string(visit), Seq: seq, ContactID: string(p.Contact), Seat: p.Seat, Kind: string(p.Kind),
		NameSealed: seal.seal("name", p.Name), PhoneSealed: seal.seal("phone", p.Phone.Reveal()), PhoneHash: hash,
		EmailSealed: seal.seal("email", p.Email.Reveal()), ConsentID: string(p.Consent.ID), Consent: seal.consent(p.Consent),
		TermsVersion: int(p.Terms.Version), TermsLang: p.Terms.Lang, TermsAccepted: p.Terms.Accepted,
		TermsAddressSealed: seal.seal("terms_address", p.Terms.Address), TermsAt: microsOrNull(p.Terms.At),
		SecrecyBasis: string(p.Secrecy.Basis), SecrecyNoteSealed: seal.seal("secrecy_note", p.Secrecy.Note),
		SecrecyBy: string(p.Secrecy.By), SecrecyAt: microsOrNull(p.Secrecy.At), AddedBy: string(p.AddedBy), AddedAt: micros(p.AddedAt),
		RemovedBy: p.RemovedBy, RemovedAt: microsOrNull(p.RemovedAt),
	}

	return row, seal.err
}

func (k *Keys) participantFromRow(row participantRow) (care.Participant, error) {
	seal := sealer{keys: k, table: "participants", row: row.ID}
	p := care.Participant{
		ID: care.ParticipantID(row.ID), Contact: care.ContactID(row.ContactID), Seat: row.Seat, Kind: care.ParticipantKind(row.Kind),
		Name: seal.open("name", row.NameSealed), Consent: seal.consentFrom(row.ConsentID, row.Consent),
		Terms: care.TermsAnswer{
			Version: care.TermsVersion(row.TermsVersion), Lang: row.TermsLang, Accepted: row.TermsAccepted,
			Address: seal.open("terms_address", row.TermsAddressSealed), At: instantOrZero(row.TermsAt),
		},
		Secrecy: care.Secrecy{
			Basis: care.SecrecyBasis(row.SecrecyBasis), Note: seal.open("secrecy_note", row.SecrecyNoteSealed),
			By: care.EmployeeID(row.SecrecyBy), At: instantOrZero(row.SecrecyAt),
		},
		AddedBy: care.EmployeeID(row.AddedBy), AddedAt: instant(row.AddedAt), RemovedBy: row.RemovedBy, RemovedAt: instantOrZero(row.RemovedAt),
	}
	p.Phone, p.Email = seal.phone(row.PhoneSealed), seal.email(row.EmailSealed)

	return p, seal.err
}
