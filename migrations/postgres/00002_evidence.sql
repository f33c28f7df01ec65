-- +goose Up
-- What an outcome rests on: more about each leg, what the evidence said when, and the outcomes
-- that were corrected. A leg may be a recorder's, or of a role that the platform does not tell.

ALTER TABLE legs
    ADD COLUMN entered_at bigint,
    ADD COLUMN call_id text NOT NULL DEFAULT '',
    ADD COLUMN seat integer NOT NULL DEFAULT 0, -- 1 + the seat whose link was used; 0: not known
    ADD COLUMN media text NOT NULL DEFAULT '',
    ADD COLUMN ending text NOT NULL DEFAULT '',
    ADD COLUMN witness text NOT NULL DEFAULT '',
    ADD COLUMN node text NOT NULL DEFAULT '',
    DROP CONSTRAINT legs_role,
    ADD CONSTRAINT legs_role CHECK (role IN ('host', 'guest', 'recorder', ''));

ALTER TABLE visits ADD COLUMN outcome_because_sealed bytea;

CREATE TABLE verdicts (
    visit_id text NOT NULL,
    seq integer NOT NULL,
    decided boolean NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    delivery text NOT NULL,
    actual_start bigint,
    actual_end bigint,
    together_ns bigint NOT NULL,
    grade text NOT NULL,
    why text NOT NULL, -- JSON: a list of sentences
    host_start bigint,
    host_end bigint,
    guest_start bigint,
    guest_end bigint,
    basis text NOT NULL, -- JSON: a list of room, leg, use
    alarms text NOT NULL, -- JSON: a list of words
    complete boolean NOT NULL,
    rule integer NOT NULL,
    judged_at bigint,
    CONSTRAINT verdicts_once PRIMARY KEY (visit_id, seq),
    CONSTRAINT verdicts_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
);

CREATE TABLE former_outcomes (
    visit_id text NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    delivery text NOT NULL,
    actual_start bigint,
    actual_end bigint,
    together_ns bigint NOT NULL,
    grade text NOT NULL,
    decided_by text NOT NULL,
    decided_at bigint,
    because_sealed bytea,
    CONSTRAINT former_outcomes_once PRIMARY KEY (visit_id, seq),
    CONSTRAINT former_outcomes_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
);
