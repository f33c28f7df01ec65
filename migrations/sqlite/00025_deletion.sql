-- +goose Up
-- What was deleted here because the record has it, what must not be deleted, and whose course ended.

ALTER TABLE visits ADD COLUMN deleted_at INTEGER; -- NULL: everything is still here
ALTER TABLE visits ADD COLUMN hold_by TEXT NOT NULL DEFAULT ''; -- who holds deletion back; empty: nobody
ALTER TABLE visits ADD COLUMN hold_at INTEGER;
ALTER TABLE visits ADD COLUMN hold_why_sealed BLOB;
CREATE INDEX visits_to_delete ON visits (planned_end, id) WHERE deleted_at IS NULL;
CREATE INDEX visits_of_list ON visits (list_id) WHERE deleted_at IS NULL;

CREATE TABLE tombstones (
    visit_id TEXT NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    keep_days INTEGER NOT NULL,
    unit TEXT NOT NULL,
    local_day TEXT NOT NULL,
    system TEXT NOT NULL,
    source_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    receipts TEXT NOT NULL, -- JSON: what the record answered
    proof TEXT NOT NULL, -- keyed hash in hex over what was deleted and the receipts
    deleted_at INTEGER NOT NULL,
    CONSTRAINT tombstones_rule CHECK (rule IN ('receipt', 'list', 'course'))
) STRICT;

CREATE INDEX tombstones_newest ON tombstones (deleted_at DESC, visit_id);

CREATE TABLE ended_courses (
    citizen_id TEXT NOT NULL PRIMARY KEY,
    reason_sealed BLOB,
    ended_by TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    CONSTRAINT ended_courses_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id)
) STRICT;
