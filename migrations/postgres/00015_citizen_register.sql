-- +goose Up
-- Citizens from a register, visit codes instead of links for one citizen, conversions that wait for an approval.

ALTER TABLE citizens ADD COLUMN language text NOT NULL DEFAULT '';

-- Units that a citizen belongs to by a register, beyond those that visit by their driving lists.
CREATE TABLE citizen_units (
    citizen_id text NOT NULL,
    unit text NOT NULL,
    since bigint NOT NULL,
    CONSTRAINT citizen_units_key PRIMARY KEY (citizen_id, unit),
    CONSTRAINT citizen_units_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id)
);

CREATE INDEX citizen_units_by_unit ON citizen_units (unit, citizen_id);

ALTER TABLE identity_settings ADD COLUMN code_only boolean NOT NULL DEFAULT false;

-- A conversion that needs a second employee's yes has a time until which it waits. Its visits
-- stand in batch_visits until somebody decides; what was decided stays with the batch.
ALTER TABLE batches ADD COLUMN expires_at bigint;
ALTER TABLE batches ADD COLUMN decision text NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN decided_by text NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN decided_at bigint;
ALTER TABLE batches ADD COLUMN reason_sealed bytea; -- why visits against the rules are converted
ALTER TABLE batches ADD COLUMN answer_sealed bytea; -- why it was decided so

CREATE TABLE batch_visits (
    batch_id text NOT NULL,
    visit_id text NOT NULL,
    CONSTRAINT batch_visits_key PRIMARY KEY (batch_id, visit_id),
    CONSTRAINT batch_visits_batch FOREIGN KEY (batch_id) REFERENCES batches (id) ON DELETE CASCADE,
    CONSTRAINT batch_visits_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
);

CREATE INDEX batch_visits_by_visit ON batch_visits (visit_id);
