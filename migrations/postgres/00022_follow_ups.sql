-- +goose Up
-- What is done about screen visits that did not take place, and whom it must not take long for.

CREATE TABLE follow_ups (
    id text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    stage text NOT NULL,
    cause text NOT NULL,
    grade text NOT NULL,
    caused_by text NOT NULL,
    opened_at bigint,
    automatic boolean NOT NULL,
    call_by bigint,
    visit_by bigint,
    tried_at bigint,
    tried_by text NOT NULL,
    back_at bigint, -- the record has it as a physical visit again
    taken_by text NOT NULL,
    taken_at bigint,
    given_by text NOT NULL,
    level integer NOT NULL,
    raised_for bigint,
    raised_at bigint,
    wake_at bigint,
    ended_at bigint,
    ended_by text NOT NULL,
    CONSTRAINT follow_ups_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT follow_ups_stage CHECK (stage IN ('asked', 'calling', 'returning', 'talked', 'placed', 'dropped'))
);

CREATE INDEX follow_ups_by_visit ON follow_ups (visit_id);
CREATE INDEX follow_ups_open ON follow_ups (visit_id) WHERE ended_at IS NULL;
CREATE INDEX follow_ups_ended ON follow_ups (ended_at);

ALTER TABLE citizens ADD COLUMN risk_sealed bytea;
