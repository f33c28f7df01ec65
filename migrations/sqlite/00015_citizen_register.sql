-- +goose Up
-- Citizens from a register, visit codes instead of links for one citizen, conversions that wait for an approval.

ALTER TABLE citizens ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- Units that a citizen belongs to by a register, beyond those that visit by their driving lists.
CREATE TABLE citizen_units (
    citizen_id TEXT NOT NULL,
    unit TEXT NOT NULL,
    since INTEGER NOT NULL,
    CONSTRAINT citizen_units_key PRIMARY KEY (citizen_id, unit),
    CONSTRAINT citizen_units_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id)
) STRICT;

CREATE INDEX citizen_units_by_unit ON citizen_units (unit, citizen_id);

ALTER TABLE identity_settings ADD COLUMN code_only INTEGER NOT NULL DEFAULT 0;

-- A conversion that needs a second employee's yes has a time until which it waits. Its visits
-- stand in batch_visits until somebody decides; what was decided stays with the batch.
ALTER TABLE batches ADD COLUMN expires_at INTEGER;
ALTER TABLE batches ADD COLUMN decision TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN decided_by TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN decided_at INTEGER;
ALTER TABLE batches ADD COLUMN reason_sealed BLOB; -- why visits against the rules are converted
ALTER TABLE batches ADD COLUMN answer_sealed BLOB; -- why it was decided so

CREATE TABLE batch_visits (
    batch_id TEXT NOT NULL,
    visit_id TEXT NOT NULL,
    CONSTRAINT batch_visits_key PRIMARY KEY (batch_id, visit_id),
    CONSTRAINT batch_visits_batch FOREIGN KEY (batch_id) REFERENCES batches (id) ON DELETE CASCADE,
    CONSTRAINT batch_visits_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX batch_visits_by_visit ON batch_visits (visit_id);
