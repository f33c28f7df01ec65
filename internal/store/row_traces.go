package store

import "github.com/sluse/sluse/scheduler/care"

type entryRow struct {
	ID            string `gorm:"primaryKey"`
	VisitID       string
	Seq           int
	Kind          string
	Means         string
	State         string
	EntryKey      string
	RecordID      string
	RecordVersion string
	Failure       string
	SeenCategory  string
	DueAt         *int64
	WrittenAt     *int64
}

// TableName names the table for gorm.
func (entryRow) TableName() string { return "entries" }

func (r entryRow) owner() string { return r.VisitID }

func (k *Keys) entryToRow(visit care.VisitID, seq int, e care.Entry) (entryRow, error) {
	return entryRow{
		ID: string(e.ID), VisitID: string(visit), Seq: seq, Kind: string(e.Kind), Means: string(e.Means), State: string(e.State), EntryKey: e.Key,
		RecordID: e.RecordID, RecordVersion: e.RecordVer, Failure: e.Failure, SeenCategory: e.Seen,
		DueAt: microsOrNull(e.DueAt), WrittenAt: microsOrNull(e.WrittenAt),
	}, nil
}

func (k *Keys) entryFromRow(row entryRow) (care.Entry, error) {
	return care.Entry{
		ID: care.EntryID(row.ID), Kind: care.EntryKind(row.Kind), Means: care.Means(row.Means), State: care.EntryState(row.State), Key: row.EntryKey,
		RecordID: row.RecordID, RecordVer: row.RecordVersion, Failure: row.Failure, Seen: row.SeenCategory,
		DueAt: instantOrZero(row.DueAt), WrittenAt: instantOrZero(row.WrittenAt),
	}, nil
}

type exceptionRow struct {
	ID         string `gorm:"primaryKey"`
	VisitID    string
	Seq        int
	Kind       string
	About      string
	Sentence   string
	Retry      bool
	RaisedAt   *int64
	ResolvedAt *int64
	ResolvedBy string
}

// TableName names the table for gorm.
func (exceptionRow) TableName() string { return "exceptions" }

func (r exceptionRow) owner() string { return r.VisitID }

func (k *Keys) exceptionToRow(visit care.VisitID, seq int, e care.Exception) (exceptionRow, error) {
	return exceptionRow{
		ID: string(e.ID), VisitID: string(visit), Seq: seq, Kind: string(e.Kind), About: e.About, Sentence: e.Text,
		Retry: e.Retry, RaisedAt: microsOrNull(e.RaisedAt), ResolvedAt: microsOrNull(e.ResolvedAt), ResolvedBy: e.ResolvedBy,
	}, nil
}

func (k *Keys) exceptionFromRow(row exceptionRow) (care.Exception, error) {
	return care.Exception{
		ID: care.ExceptionID(row.ID), Kind: care.ExceptionKind(row.Kind), About: row.About, Text: row.Sentence,
		Retry: row.Retry, RaisedAt: instantOrZero(row.RaisedAt), ResolvedAt: instantOrZero(row.ResolvedAt), ResolvedBy: row.ResolvedBy,
	}, nil
}
