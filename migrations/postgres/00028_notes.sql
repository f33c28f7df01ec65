-- +goose Up
-- What employees judged of citizens, and the notes about citizens that the care record gets.

ALTER TABLE citizens ADD COLUMN judged text NOT NULL DEFAULT ''; -- empty: nobody judged; suitability is a hint
ALTER TABLE citizens ADD COLUMN judged_why_sealed bytea;
ALTER TABLE citizens ADD COLUMN judged_again text NOT NULL DEFAULT ''; -- local day; empty: not decided
ALTER TABLE citizens ADD COLUMN judged_by text NOT NULL DEFAULT '';
ALTER TABLE citizens ADD COLUMN judged_at bigint;
ALTER TABLE citizens ADD COLUMN notes_made bigint NOT NULL DEFAULT 0; -- the last seq in citizen_notes

CREATE TABLE citizen_notes (
    id text NOT NULL PRIMARY KEY,
    citizen_id text NOT NULL,
    seq bigint NOT NULL,
    topic text NOT NULL,
    means text NOT NULL,
    state text NOT NULL,
    note_key text NOT NULL,
    body_sealed bytea, -- JSON: what is written; NULL once the record's receipt is old
    about_at bigint NOT NULL,
    record_id text NOT NULL,
    record_version text NOT NULL,
    failure text NOT NULL,
    due_at bigint NOT NULL,
    written_at bigint,
    settled_by text NOT NULL,
    settled_at bigint,
    CONSTRAINT citizen_notes_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT citizen_notes_key UNIQUE (note_key),
    CONSTRAINT citizen_notes_order UNIQUE (citizen_id, seq),
    CONSTRAINT citizen_notes_topic CHECK (topic IN ('suitability', 'device')),
    CONSTRAINT citizen_notes_state CHECK (state IN ('due', 'written', 'rejected', 'omitted'))
);

CREATE INDEX citizen_notes_rejected ON citizen_notes (state) WHERE state = 'rejected' AND settled_by = '';
