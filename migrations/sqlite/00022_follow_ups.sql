-- +goose Up
-- What is done about screen visits that did not take place, and whom it must not take long for.

CREATE TABLE follow_ups (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    stage TEXT NOT NULL,
    cause TEXT NOT NULL,
    grade TEXT NOT NULL,
    caused_by TEXT NOT NULL,
    opened_at INTEGER,
    automatic INTEGER NOT NULL,
    call_by INTEGER,
    visit_by INTEGER,
    tried_at INTEGER,
    tried_by TEXT NOT NULL,
    back_at INTEGER, -- the record has it as a physical visit again
    taken_by TEXT NOT NULL,
    taken_at INTEGER,
    given_by TEXT NOT NULL,
    level INTEGER NOT NULL,
    raised_for INTEGER,
    raised_at INTEGER,
    wake_at INTEGER,
    ended_at INTEGER,
    ended_by TEXT NOT NULL,
    CONSTRAINT follow_ups_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT follow_ups_stage CHECK (stage IN ('asked', 'calling', 'returning', 'talked', 'placed', 'dropped'))
) STRICT;

CREATE INDEX follow_ups_by_visit ON follow_ups (visit_id);
CREATE INDEX follow_ups_open ON follow_ups (visit_id) WHERE ended_at IS NULL;
CREATE INDEX follow_ups_ended ON follow_ups (ended_at);

ALTER TABLE citizens ADD COLUMN risk_sealed BLOB;
