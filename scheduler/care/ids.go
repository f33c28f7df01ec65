package care

// Identifiers are distinct types so that one can't be passed for another. All are opaque
// texts made by the use cases (random UUIDs) unless said otherwise.
type (
	// MunicipalityID is the key of a municipality in the configuration, for example "testby".
	MunicipalityID string
	// VisitID identifies a visit.
	VisitID string
	// CitizenID identifies a citizen inside one municipality.
	CitizenID string
	// EmployeeID is the employee's initials or number in the record system, for example "MSK".
	EmployeeID string
	// UnitID is the key of a unit in the configuration or the directory, for example "oest".
	UnitID string
	// ListID identifies one imported driving list.
	ListID string
	// BatchID identifies a conversion.
	BatchID string
	// RoomRef is our own key of a room, a random UUID. VDX takes it as the meeting's uuid.
	RoomRef string
	// InvitationID identifies one message to a citizen.
	InvitationID string
	// AdmissionID identifies one browser session of a citizen at a visit.
	AdmissionID string
	// EntryID identifies one write to the care record.
	EntryID string
	// NoteID identifies one note about a citizen in the care record.
	NoteID string
	// ContactID identifies one person of a citizen's contact network.
	ContactID string
	// ConsentID identifies one consent of a citizen.
	ConsentID string
	// ParticipantID identifies one person who is invited to a visit besides employee and citizen;
	// empty stands for the citizen.
	ParticipantID string
	// ExceptionID identifies one thing that needs a person.
	ExceptionID string
)

// SourceRef is the identity of a visit in the system it came from: system + id + occurrence
// (a recurring visit has one id on many days).
type SourceRef struct {
	System     string // "file", "fhir", "nexus", or our own for a call
	ID         string // native id, or a stable key made from the row when the file has none
	Occurrence string // the local day, 2006-01-02, or the system's own occurrence key
}

// LegalBasis is the law a service is granted under. The zero value is invalid.
type LegalBasis string

// The legal bases (eoj.md §5.5).
const (
	SUL138     LegalBasis = "SUL_138"
	SEL83      LegalBasis = "SEL_83"
	SEL83A     LegalBasis = "SEL_83A"
	SEL85      LegalBasis = "SEL_85"
	SELOther   LegalBasis = "SEL_OTHER"
	AEL        LegalBasis = "AEL"
	LawUnknown LegalBasis = "UNKNOWN"
)

// Danish returns the law's usual short name.
func (l LegalBasis) Danish() string {
	switch l {
	case SUL138:
		return "SUL § 138"
	case SEL83:
		return "SEL § 83"
	case SEL83A:
		return "SEL § 83 a"
	case SEL85:
		return "SEL § 85"
	case SELOther:
		return "SEL (anden)"
	case AEL:
		return "Ældreloven"
	case LawUnknown:
		return "Ukendt lov"
	}

	return string(l)
}

// Delivery is how a visit is given. The zero value is invalid.
type Delivery string

// The deliveries.
const (
	Physical Delivery = "physical"
	Screen   Delivery = "screen"
	ByPhone  Delivery = "phone"
)

// Danish returns the word shown on screens.
func (d Delivery) Danish() string {
	switch d {
	case Physical:
		return "Fysisk besøg"
	case Screen:
		return "Skærmbesøg"
	case ByPhone:
		return "Telefon"
	}

	return string(d)
}

// Shift is the shift layer (vagtlag).
type Shift string

// The shift layers.
const (
	DayShift     Shift = "dag"
	EveningShift Shift = "aften"
	NightShift   Shift = "nat"
)

// Suitability says whether a citizen is judged fit for screen visits.
type Suitability string

// The judgements.
const (
	Suitable           Suitability = "egnet"
	Unsuitable         Suitability = "ikke_egnet"
	SuitabilityUnknown Suitability = "ukendt"
	ToBeJudged         Suitability = "skal_vurderes" // a person says that it must be looked at
)
