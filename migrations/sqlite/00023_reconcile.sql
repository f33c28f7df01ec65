-- +goose Up
-- Reconciliations of record, platform and our own book, and the differences that they found.

ALTER TABLE entries ADD COLUMN seen_category TEXT NOT NULL DEFAULT ''; -- what a person agreed to overwrite

CREATE TABLE reconcile_runs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    active INTEGER, -- 1 while it goes on, else NULL: one at a time
    step INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    after_citizen TEXT NOT NULL, -- those up to here were looked at
    citizens INTEGER NOT NULL,
    looked INTEGER NOT NULL,
    visits INTEGER NOT NULL,
    missing TEXT NOT NULL, -- ids of citizens, separated by commas
    refused INTEGER NOT NULL,
    found INTEGER NOT NULL,
    sentence TEXT NOT NULL,
    counts TEXT NOT NULL, -- JSON: visits by category
    tries INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    begun_at INTEGER,
    next_try INTEGER,
    done_at INTEGER,
    CONSTRAINT reconcile_runs_one UNIQUE (active),
    CONSTRAINT reconcile_runs_kind CHECK (kind IN ('night', 'shift', 'poll', 'manual')),
    CONSTRAINT reconcile_runs_state CHECK (state IN ('wanted', 'running', 'incomplete', 'done'))
) STRICT;

CREATE INDEX reconcile_runs_by_time ON reconcile_runs (asked_at);

CREATE TABLE findings (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    visit_id TEXT NOT NULL,
    about TEXT NOT NULL,
    unit TEXT NOT NULL,
    local_day TEXT NOT NULL,
    state TEXT NOT NULL,
    live INTEGER NOT NULL,
    ours_sealed BLOB,
    theirs_sealed BLOB,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    mend_by TEXT NOT NULL,
    mend_at INTEGER,
    sentence TEXT NOT NULL,
    closed_at INTEGER,
    closed_by TEXT NOT NULL,
    reason_sealed BLOB,
    CONSTRAINT findings_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT findings_state CHECK (state IN ('open', 'mending', 'mended', 'accepted', 'gone'))
) STRICT;

CREATE INDEX findings_by_visit ON findings (visit_id);
CREATE INDEX findings_live ON findings (live, closed_at);
