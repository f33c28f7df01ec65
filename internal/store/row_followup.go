package store

import "github.com/sluse/sluse/scheduler/care"

type followUpRow struct {
	ID        string `gorm:"primaryKey"`
	VisitID   string
	Seq       int
	Stage     string
	Cause     string
	Grade     string
	CausedBy  string
	OpenedAt  *int64
	Automatic bool
	CallBy    *int64
	VisitBy   *int64
	TriedAt   *int64
	TriedBy   string
	BackAt    *int64
	TakenBy   string
	TakenAt   *int64
	GivenBy   string
	Level     int
	RaisedFor *int64
	RaisedAt  *int64
	WakeAt    *int64
	EndedAt   *int64
	EndedBy   string
}

// TableName names the table for gorm.
func (followUpRow) TableName() string { return "follow_ups" }

func (r followUpRow) owner() string { return r.VisitID }

func (k *Keys) followUpToRow(visit care.VisitID, seq int, f care.FollowUp) (followUpRow, error) {
	return followUpRow{
		ID: string(f.ID), VisitID: string(visit), Seq: seq, Stage: string(f.Stage), Cause: string(f.Cause), Grade: string(f.Grade), CausedBy: f.CausedBy,
		OpenedAt: microsOrNull(f.OpenedAt), Automatic: f.Automatic, CallBy: microsOrNull(f.CallBy), VisitBy: microsOrNull(f.VisitBy),
		TriedAt: microsOrNull(f.TriedAt), TriedBy: f.TriedBy, BackAt: microsOrNull(f.BackAt),
		TakenBy: string(f.TakenBy), TakenAt: microsOrNull(f.TakenAt), GivenBy: string(f.GivenBy),
		Level: f.Level, RaisedFor: microsOrNull(f.RaisedFor), RaisedAt: microsOrNull(f.RaisedAt), WakeAt: microsOrNull(f.WakeAt),
		EndedAt: microsOrNull(f.EndedAt), EndedBy: f.EndedBy,
	}, nil
}

func (k *Keys) followUpFromRow(row followUpRow) (care.FollowUp, error) {
	return care.FollowUp{
		ID: care.FollowUpID(row.ID), Stage: care.FollowUpStage(row.Stage), Cause: care.ReasonCode(row.Cause), Grade: care.Grade(row.Grade), CausedBy: row.CausedBy,
		OpenedAt: instantOrZero(row.OpenedAt), Automatic: row.Automatic, CallBy: instantOrZero(row.CallBy), VisitBy: instantOrZero(row.VisitBy),
		TriedAt: instantOrZero(row.TriedAt), TriedBy: row.TriedBy, BackAt: instantOrZero(row.BackAt),
		TakenBy: care.EmployeeID(row.TakenBy), TakenAt: instantOrZero(row.TakenAt), GivenBy: care.EmployeeID(row.GivenBy),
		Level: row.Level, RaisedFor: instantOrZero(row.RaisedFor), RaisedAt: instantOrZero(row.RaisedAt), WakeAt: instantOrZero(row.WakeAt),
		EndedAt: instantOrZero(row.EndedAt), EndedBy: row.EndedBy,
	}, nil
}
