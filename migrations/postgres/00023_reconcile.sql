-- +goose Up
-- Reconciliations of record, platform and our own book, and the differences that they found.

ALTER TABLE entries ADD COLUMN seen_category text NOT NULL DEFAULT ''; -- what a person agreed to overwrite

CREATE TABLE reconcile_runs (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    state text NOT NULL,
    active integer, -- 1 while it goes on, else NULL: one at a time
    step integer NOT NULL,
    from_at bigint NOT NULL,
    to_at bigint NOT NULL,
    after_citizen text NOT NULL, -- those up to here were looked at
    citizens integer NOT NULL,
    looked integer NOT NULL,
    visits integer NOT NULL,
    missing text NOT NULL, -- ids of citizens, separated by commas
    refused integer NOT NULL,
    found integer NOT NULL,
    sentence text NOT NULL,
    counts text NOT NULL, -- JSON: visits by category
    tries integer NOT NULL,
    asked_by text NOT NULL,
    asked_at bigint NOT NULL,
    begun_at bigint,
    next_try bigint,
    done_at bigint,
    CONSTRAINT reconcile_runs_one UNIQUE (active),
    CONSTRAINT reconcile_runs_kind CHECK (kind IN ('night', 'shift', 'poll', 'manual')),
    CONSTRAINT reconcile_runs_state CHECK (state IN ('wanted', 'running', 'incomplete', 'done'))
);

CREATE INDEX reconcile_runs_by_time ON reconcile_runs (asked_at);

CREATE TABLE findings (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    visit_id text NOT NULL,
    about text NOT NULL,
    unit text NOT NULL,
    local_day text NOT NULL,
    state text NOT NULL,
    live boolean NOT NULL,
    ours_sealed bytea,
    theirs_sealed bytea,
    first_seen bigint NOT NULL,
    last_seen bigint NOT NULL,
    mend_by text NOT NULL,
    mend_at bigint,
    sentence text NOT NULL,
    closed_at bigint,
    closed_by text NOT NULL,
    reason_sealed bytea,
    CONSTRAINT findings_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT findings_state CHECK (state IN ('open', 'mending', 'mended', 'accepted', 'gone'))
);

CREATE INDEX findings_by_visit ON findings (visit_id);
CREATE INDEX findings_live ON findings (live, closed_at);
