package store

import (
	"strings"
	"time"

	"github.com/sluse/sluse/scheduler/care"
)

// The bits of visitRow.Parts. A visit without a bit has no row in that table, so a day of
// physical visits is read in one query.
const (
	hasRooms = 1 << iota
	hasInvitations
	hasAdmissions
	hasEntries
	hasExceptions
	hasLegs
	hasParticipants
	hasVerdicts
	hasFormer
	hasFollowUps
)

type visitRow struct {
	ID                   string `gorm:"primaryKey"`
	Version              int
	System               string
	SourceID             string
	Occurrence           string
	ListID               string
	ListName             string
	Line                 int
	Unit                 string
	CitizenID            string
	Employee             string
	Service              string
	Law                  string
	Category             string
	CommentSealed        []byte
	Shift                string
	PlannedStart         int64
	PlannedEnd           int64
	LocalDay             string
	ListStatus           string
	Delivery             string
	State                string
	BatchID              string
	Generation           int
	Means                string
	MeansWhy             string
	OpenedAt             *int64
	OutcomeKind          string
	OutcomeReason        string
	OutcomeDelivery      string
	OutcomeStart         *int64
	OutcomeEnd           *int64
	OutcomeTogetherNs    int64
	OutcomeGrade         string
	OutcomeBy            string
	OutcomeAt            *int64
	OutcomeTimedAt       *int64
	OutcomeBecauseSealed []byte
	Parts                int
	HoldBy               string
	HoldAt               *int64
	HoldWhySealed        []byte
	Forgotten            *int64 `gorm:"column:deleted_at"` // not named DeletedAt: gorm would hide the row
}

// TableName names the table for gorm.
func (visitRow) TableName() string { return "visits" }

// visitToRow maps a visit without its children.
func (k *Keys) visitToRow(s care.Snapshot) (visitRow, error) {
	f, o := s.Facts, s.Outcome
	seal := sealer{keys: k, table: "visits", row: string(s.ID)}

	row := visitRow{
		ID: string(s.ID), Version: s.Version,
		System: s.Source.System, SourceID: s.Source.ID, Occurrence: s.Source.Occurrence,
		ListID: string(f.List), ListName: f.ListName, Line: f.Line, Unit: string(f.Unit),
		CitizenID: string(f.Citizen), Employee: string(f.Employee), Service: f.Service, Law: string(f.Law),
		Category: f.Category, CommentSealed: seal.seal("comment", f.Comment), Shift: string(f.Shift),
		PlannedStart: micros(f.Planned.Start), PlannedEnd: micros(f.Planned.End),
		LocalDay: string(care.DayOf(f.Planned.Start)), ListStatus: f.Status,
		Delivery: string(s.Delivery), State: string(s.State), BatchID: string(s.Batch), Generation: s.Generation,
		Means: meansToText(s.Recording.Means), MeansWhy: s.Recording.Why,
		OpenedAt:    microsOrNull(s.OpenedAt),
		OutcomeKind: string(o.Kind), OutcomeReason: string(o.Reason), OutcomeDelivery: string(o.Delivery),
		OutcomeStart: microsOrNull(o.Actual.Start), OutcomeEnd: microsOrNull(o.Actual.End),
		OutcomeTogetherNs: int64(o.Together), OutcomeGrade: string(o.Grade), OutcomeBy: o.By,
		OutcomeAt: microsOrNull(o.At), OutcomeTimedAt: microsOrNull(o.TimedAt), OutcomeBecauseSealed: seal.seal("outcome_because", o.Because), Parts: partsOf(s),
		HoldBy: string(s.Hold.By), HoldAt: microsOrNull(s.Hold.At), HoldWhySealed: seal.seal("hold_why", s.Hold.Why), Forgotten: microsOrNull(s.DeletedAt),
	}

	return row, seal.err
}

func partsOf(s care.Snapshot) int {
	parts := 0

	for bit, n := range map[int]int{
		hasRooms: len(s.Rooms), hasInvitations: len(s.Invitations), hasAdmissions: len(s.Admissions),
		hasEntries: len(s.Entries), hasExceptions: len(s.Exceptions), hasLegs: len(s.Legs),
		hasVerdicts: len(s.Verdicts), hasFormer: len(s.Former),
		hasParticipants: len(s.Participants), hasFollowUps: len(s.FollowUps),
	} {
		if n > 0 {
			parts |= bit
		}
	}

	return parts
}

func meansToText(means []care.Means) string {
	words := make([]string, len(means))
	for i, m := range means {
		words[i] = string(m)
	}

	return strings.Join(words, ",")
}

func meansFromText(text string) []care.Means {
	if text == "" {
		return nil
	}

	words := strings.Split(text, ",")
	means := make([]care.Means, len(words))

	for i, w := range words {
		means[i] = care.Means(w)
	}

	return means
}

// visitFromRow maps back; the children are added by the caller.
func (k *Keys) visitFromRow(r visitRow) (care.Snapshot, error) {
	seal := sealer{keys: k, table: "visits", row: r.ID}

	s := care.Snapshot{
		ID: care.VisitID(r.ID), Version: r.Version,
		Source: care.SourceRef{System: r.System, ID: r.SourceID, Occurrence: r.Occurrence},
		Facts: care.Facts{
			List: care.ListID(r.ListID), ListName: r.ListName, Line: r.Line, Unit: care.UnitID(r.Unit),
			Citizen: care.CitizenID(r.CitizenID), Employee: care.EmployeeID(r.Employee), Service: r.Service,
			Law: care.LegalBasis(r.Law), Category: r.Category, Comment: seal.open("comment", r.CommentSealed),
			Shift: care.Shift(r.Shift), Planned: care.Interval{Start: instant(r.PlannedStart), End: instant(r.PlannedEnd)},
			Status: r.ListStatus,
		},
		Delivery: care.Delivery(r.Delivery), State: care.VisitState(r.State), Batch: care.BatchID(r.BatchID),
		Generation: r.Generation, OpenedAt: instantOrZero(r.OpenedAt),
		Recording: care.Recording{Means: meansFromText(r.Means), Why: r.MeansWhy}, DeletedAt: instantOrZero(r.Forgotten),
		Hold: care.Hold{By: care.EmployeeID(r.HoldBy), At: instantOrZero(r.HoldAt), Why: seal.open("hold_why", r.HoldWhySealed)},
		Outcome: care.Outcome{
			Kind: care.ResultKind(r.OutcomeKind), Reason: care.ReasonCode(r.OutcomeReason), Delivery: care.Delivery(r.OutcomeDelivery),
			Actual:   care.Interval{Start: instantOrZero(r.OutcomeStart), End: instantOrZero(r.OutcomeEnd)},
			Together: time.Duration(r.OutcomeTogetherNs), Grade: care.Grade(r.OutcomeGrade),
			By: r.OutcomeBy, At: instantOrZero(r.OutcomeAt), TimedAt: instantOrZero(r.OutcomeTimedAt), Because: seal.open("outcome_because", r.OutcomeBecauseSealed),
		},
	}

	return s, seal.err
}
