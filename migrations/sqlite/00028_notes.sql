-- +goose Up
-- What employees judged of citizens, and the notes about citizens that the care record gets.

ALTER TABLE citizens ADD COLUMN judged TEXT NOT NULL DEFAULT ''; -- empty: nobody judged; suitability is a hint
ALTER TABLE citizens ADD COLUMN judged_why_sealed BLOB;
ALTER TABLE citizens ADD COLUMN judged_again TEXT NOT NULL DEFAULT ''; -- local day; empty: not decided
ALTER TABLE citizens ADD COLUMN judged_by TEXT NOT NULL DEFAULT '';
ALTER TABLE citizens ADD COLUMN judged_at INTEGER;
ALTER TABLE citizens ADD COLUMN notes_made INTEGER NOT NULL DEFAULT 0; -- the last seq in citizen_notes

CREATE TABLE citizen_notes (
    id TEXT NOT NULL PRIMARY KEY,
    citizen_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    topic TEXT NOT NULL,
    means TEXT NOT NULL,
    state TEXT NOT NULL,
    note_key TEXT NOT NULL,
    body_sealed BLOB, -- JSON: what is written; NULL once the record's receipt is old
    about_at INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    record_version TEXT NOT NULL,
    failure TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    written_at INTEGER,
    settled_by TEXT NOT NULL,
    settled_at INTEGER,
    CONSTRAINT citizen_notes_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT citizen_notes_key UNIQUE (note_key),
    CONSTRAINT citizen_notes_order UNIQUE (citizen_id, seq),
    CONSTRAINT citizen_notes_topic CHECK (topic IN ('suitability', 'device')),
    CONSTRAINT citizen_notes_state CHECK (state IN ('due', 'written', 'rejected', 'omitted'))
) STRICT;

CREATE INDEX citizen_notes_rejected ON citizen_notes (state) WHERE state = 'rejected' AND settled_by = '';
