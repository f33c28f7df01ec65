package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/sluse/sluse/migrations"
	"github.com/sluse/sluse/scheduler"
	"github.com/sluse/sluse/scheduler/care"
)

type noteRow struct {
	ID            string `gorm:"primaryKey"`
	CitizenID     string
	Seq           int
	Topic         string
	Means         string
	State         string
	NoteKey       string
	BodySealed    []byte
	AboutAt       int64
	RecordID      string
	RecordVersion string
	Failure       string
	DueAt         int64
	WrittenAt     *int64
	SettledBy     string
	SettledAt     *int64
}

// TableName names the table for gorm.
func (noteRow) TableName() string { return "citizen_notes" }

// noteBody is the stored form of what is written.
type noteBody struct {
	Name   string      `json:"name,omitempty"`
	Fields []noteField `json:"fields,omitempty"`
	Title  string      `json:"title,omitempty"`
	Text   string      `json:"text,omitempty"`
	Author string      `json:"author,omitempty"`
}

type noteField struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func (k *Keys) noteToRow(n care.CitizenNote) (noteRow, error) {
	var fields []noteField
	for _, f := range n.Fields {
		fields = append(fields, noteField(f))
	}

	body, err := json.Marshal(noteBody{n.Name, fields, n.Title, n.Text, n.Author})
	if err != nil {
		return noteRow{}, fmt.Errorf("note: %w", err)
	}

	seal := sealer{keys: k, table: "citizen_notes", row: string(n.ID)}
	row := noteRow{
		ID: string(n.ID), CitizenID: string(n.Citizen), Seq: n.Seq, Topic: string(n.Topic), Means: string(n.Means), State: string(n.State), NoteKey: n.Key,
		BodySealed: seal.sealBytes("body", body), AboutAt: micros(n.About), RecordID: n.RecordID, RecordVersion: n.RecordVer, Failure: n.Failure,
		DueAt: micros(n.DueAt), WrittenAt: microsOrNull(n.WrittenAt), SettledBy: string(n.SettledBy), SettledAt: microsOrNull(n.SettledAt),
	}

	return row, seal.err
}

func (k *Keys) noteFromRow(row noteRow) (care.CitizenNote, error) {
	seal := sealer{keys: k, table: "citizen_notes", row: row.ID}
	n := care.CitizenNote{
		ID: care.NoteID(row.ID), Citizen: care.CitizenID(row.CitizenID), Topic: care.NoteTopic(row.Topic), Seq: row.Seq, Means: care.Means(row.Means),
		State: care.EntryState(row.State), Key: row.NoteKey, About: instant(row.AboutAt), RecordID: row.RecordID, RecordVer: row.RecordVersion,
		Failure: row.Failure, DueAt: instant(row.DueAt), WrittenAt: instantOrZero(row.WrittenAt), SettledBy: care.EmployeeID(row.SettledBy), SettledAt: instantOrZero(row.SettledAt),
	}

	data := seal.openBytes("body", row.BodySealed)
	if seal.err != nil || len(data) == 0 {
		return n, seal.err
	}

	var body noteBody
	if err := json.Unmarshal(data, &body); err != nil {
		return n, fmt.Errorf("note %s: %w", row.ID, err)
	}

	n.Name, n.Title, n.Text, n.Author = body.Name, body.Title, body.Text, body.Author
	for _, f := range body.Fields {
		n.Fields = append(n.Fields, care.NoteField(f))
	}

	return n, nil
}

// writeNotes appends notes. The citizen's row gives the number, so that two at once wait for each other.
func (s *Store) writeNotes(tx *gorm.DB, list []care.CitizenNote) error {
	for _, n := range list {
		row, err := s.keys.noteToRow(n)
		if err != nil {
			return err
		}

		if err := tx.Exec("UPDATE citizens SET notes_made = notes_made + 1 WHERE id = ?", row.CitizenID).Error; err != nil {
			return fmt.Errorf("number note: %w", err)
		}

		if err := tx.Raw("SELECT notes_made FROM citizens WHERE id = ?", row.CitizenID).Scan(&row.Seq).Error; err != nil {
			return fmt.Errorf("number note: %w", err)
		}

		same := clause.OnConflict{Columns: []clause.Column{{Name: "note_key"}}, DoNothing: true}
		if err := tx.Clauses(same).Create(&row).Error; err != nil {
			return fmt.Errorf("write note: %w", err)
		}
	}

	return nil
}

// SetJudgement implements scheduler.Notes.
func (s *Store) SetJudgement(ctx context.Context, citizen care.CitizenID, j care.Judgement, effects scheduler.Effects) error {
	seal := sealer{keys: s.keys, table: "citizens", row: string(citizen)}
	columns := map[string]any{
		"judged": string(j.Verdict), "judged_why_sealed": seal.seal("judged_why", j.Why), "judged_again": string(j.Again), "judged_by": string(j.By),
		"judged_at": microsOrNull(j.At), "updated_at": micros(s.clock()),
	}

	if seal.err != nil {
		return translate(seal.err)
	}

	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Table("citizens").Where("id = ?", string(citizen)).Updates(columns)
		if done.Error != nil {
			return once(fmt.Errorf("set judgement: %w", done.Error))
		}

		if done.RowsAffected != 1 {
			return once(errMoved)
		}

		return s.writeEffects(tx, effects)
	})
}

// CitizenNote implements scheduler.Notes.
func (s *Store) CitizenNote(ctx context.Context, id care.NoteID) (care.CitizenNote, error) {
	var row noteRow
	if err := s.read.WithContext(ctx).Where("id = ?", string(id)).Take(&row).Error; err != nil {
		return care.CitizenNote{}, translate(err)
	}

	n, err := s.keys.noteFromRow(row)

	return n, translate(err)
}

// CitizenNotes implements scheduler.Notes.
func (s *Store) CitizenNotes(ctx context.Context, citizen care.CitizenID) ([]care.CitizenNote, error) {
	var rows []noteRow
	if err := s.read.WithContext(ctx).Where("citizen_id = ?", string(citizen)).Order("seq DESC").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}

	out := make([]care.CitizenNote, 0, len(rows))

	for _, row := range rows {
		n, err := s.keys.noteFromRow(row)
		if err != nil {
			return nil, translate(err)
		}

		out = append(out, n)
	}

	return out, nil
}

// UpdateCitizenNote implements scheduler.Notes.
func (s *Store) UpdateCitizenNote(ctx context.Context, id care.NoteID, change scheduler.ChangeNote) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		q := tx.Where("id = ?", string(id))
		if s.base.Dialect == migrations.Postgres {
			q = q.Clauses(clause.Locking{Strength: "UPDATE"}) // SQLite has one writer at a time
		}

		var row noteRow
		if err := q.Take(&row).Error; err != nil {
			return err
		}

		n, err := s.keys.noteFromRow(row)
		if err != nil {
			return err
		}

		effects, err := change(&n)
		if errors.Is(err, scheduler.ErrSkip) {
			return nil
		}

		if err != nil {
			return &refusal{err}
		}

		if row, err = s.keys.noteToRow(n); err != nil {
			return err
		}

		if err := tx.Model(&noteRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "citizen_id", "seq", "note_key").Updates(row).Error; err != nil {
			return fmt.Errorf("write note: %w", err)
		}

		return s.writeEffects(tx, effects)
	})
}

// NotesWaiting implements scheduler.Notes.
func (s *Store) NotesWaiting(ctx context.Context) (int, error) {
	var n int64

	err := s.read.WithContext(ctx).Model(&noteRow{}).Where("(state = 'rejected' OR state = 'written' AND failure <> '') AND settled_by = ''").Count(&n).Error

	return int(n), translate(err)
}
