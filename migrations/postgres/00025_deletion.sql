-- +goose Up
-- What was deleted here because the record has it, what must not be deleted, and whose course ended.

ALTER TABLE visits ADD COLUMN deleted_at bigint; -- NULL: everything is still here
ALTER TABLE visits ADD COLUMN hold_by text NOT NULL DEFAULT ''; -- who holds deletion back; empty: nobody
ALTER TABLE visits ADD COLUMN hold_at bigint;
ALTER TABLE visits ADD COLUMN hold_why_sealed bytea;
CREATE INDEX visits_to_delete ON visits (planned_end, id) WHERE deleted_at IS NULL;
CREATE INDEX visits_of_list ON visits (list_id) WHERE deleted_at IS NULL;

CREATE TABLE tombstones (
    visit_id text NOT NULL PRIMARY KEY,
    rule text NOT NULL,
    keep_days integer NOT NULL,
    unit text NOT NULL,
    local_day text NOT NULL,
    system text NOT NULL,
    source_id text NOT NULL,
    occurrence text NOT NULL,
    receipts text NOT NULL, -- JSON: what the record answered
    proof text NOT NULL, -- keyed hash in hex over what was deleted and the receipts
    deleted_at bigint NOT NULL,
    CONSTRAINT tombstones_rule CHECK (rule IN ('receipt', 'list', 'course'))
);

CREATE INDEX tombstones_newest ON tombstones (deleted_at DESC, visit_id);

CREATE TABLE ended_courses (
    citizen_id text NOT NULL PRIMARY KEY,
    reason_sealed bytea,
    ended_by text NOT NULL,
    ended_at bigint NOT NULL,
    CONSTRAINT ended_courses_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id)
);
