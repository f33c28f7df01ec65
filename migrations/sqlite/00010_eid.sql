-- +goose Up
-- Logins of citizens and participants at identity providers.

ALTER TABLE admissions ADD COLUMN name_match TEXT NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN strangers INTEGER NOT NULL DEFAULT 0;

CREATE TABLE eid_logins (
    hash TEXT NOT NULL PRIMARY KEY, -- of the browser's handle
    provider TEXT NOT NULL,
    visit_id TEXT NOT NULL,
    admission_id TEXT NOT NULL,
    kept_sealed BLOB, -- what the provider has to know again; gone once it was used
    session_sealed BLOB, -- names the provider's own session; gone once it was ended
    min_level INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    ended_at INTEGER, -- empty: waits for its answer
    outcome TEXT NOT NULL, -- empty: waits for its answer
    expires_at INTEGER NOT NULL, -- the row may be deleted
    CONSTRAINT eid_logins_ended CHECK ((ended_at IS NULL) = (outcome = ''))
) STRICT;

CREATE INDEX eid_logins_by_admission ON eid_logins (admission_id, begun_at);
CREATE INDEX eid_logins_by_begin ON eid_logins (begun_at);
CREATE INDEX eid_logins_by_end ON eid_logins (expires_at);
