-- +goose Up
-- Logins of citizens and participants at identity providers.

ALTER TABLE admissions ADD COLUMN name_match text NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN strangers integer NOT NULL DEFAULT 0;

CREATE TABLE eid_logins (
    hash text NOT NULL PRIMARY KEY, -- of the browser's handle
    provider text NOT NULL,
    visit_id text NOT NULL,
    admission_id text NOT NULL,
    kept_sealed bytea, -- what the provider has to know again; gone once it was used
    session_sealed bytea, -- names the provider's own session; gone once it was ended
    min_level integer NOT NULL,
    begun_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    ended_at bigint, -- empty: waits for its answer
    outcome text NOT NULL, -- empty: waits for its answer
    expires_at bigint NOT NULL, -- the row may be deleted
    CONSTRAINT eid_logins_ended CHECK ((ended_at IS NULL) = (outcome = ''))
);

CREATE INDEX eid_logins_by_admission ON eid_logins (admission_id, begun_at);
CREATE INDEX eid_logins_by_begin ON eid_logins (begun_at);
CREATE INDEX eid_logins_by_end ON eid_logins (expires_at);
