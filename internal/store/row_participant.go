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
	ConsentForm string
	ConsentBy   string
	ConsentAt   *int64
	AddedBy     string
	AddedAt     int64
	RemovedBy   string
	RemovedAt   *int64
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
		EmailSealed: seal.seal("email", p.Email.Reveal()), ConsentForm: string(p.Consent.Form), ConsentBy: string(p.Consent.By),
		ConsentAt: microsOrNull(p.Consent.At), AddedBy: string(p.AddedBy), AddedAt: micros(p.AddedAt),
		RemovedBy: p.RemovedBy, RemovedAt: microsOrNull(p.RemovedAt),
	}

	return row, seal.err
}

func (k *Keys) participantFromRow(row participantRow) (care.Participant, error) {
	seal := sealer{keys: k, table: "participants", row: row.ID}
	p := care.Participant{
		ID: care.ParticipantID(row.ID), Contact: care.ContactID(row.ContactID), Seat: row.Seat, Kind: care.ParticipantKind(row.Kind),
		Name: seal.open("name", row.NameSealed), Consent: consentFrom(row.ConsentForm, row.ConsentBy, row.ConsentAt),
		AddedBy: care.EmployeeID(row.AddedBy), AddedAt: instant(row.AddedAt), RemovedBy: row.RemovedBy, RemovedAt: instantOrZero(row.RemovedAt),
	}
	p.Phone, p.Email = seal.phone(row.PhoneSealed), seal.email(row.EmailSealed)

	return p, seal.err
}
