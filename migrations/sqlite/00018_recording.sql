-- +goose Up
-- How the record is told of a visit, one entry for each way. What was there before went onto the list.

ALTER TABLE visits ADD COLUMN means TEXT NOT NULL DEFAULT 'list'; -- separated by commas
ALTER TABLE visits ADD COLUMN means_why TEXT NOT NULL DEFAULT ''; -- why there is none

CREATE TABLE entries_by_means (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    means TEXT NOT NULL DEFAULT 'list',
    state TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    record_id TEXT NOT NULL,
    record_version TEXT NOT NULL,
    failure TEXT NOT NULL,
    due_at INTEGER,
    written_at INTEGER,
    CONSTRAINT entries_key_once UNIQUE (entry_key),
    CONSTRAINT entries_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT entries_kind CHECK (kind IN ('planned', 'result', 'restored')),
    CONSTRAINT entries_means CHECK (means IN ('', 'list', 'intervention', 'note', 'task', 'journal')),
    CONSTRAINT entries_state CHECK (state IN ('due', 'written', 'rejected', 'superseded', 'omitted'))
) STRICT;

INSERT INTO entries_by_means (id, visit_id, seq, kind, state, entry_key, record_id, record_version, failure, due_at, written_at)
SELECT id, visit_id, seq, kind, state, entry_key, record_id, record_version, failure, due_at, written_at FROM entries;

DROP TABLE entries;
ALTER TABLE entries_by_means RENAME TO entries;
CREATE INDEX entries_by_visit ON entries (visit_id);
