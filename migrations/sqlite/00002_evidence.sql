-- +goose Up
-- What an outcome rests on: more about each leg, what the evidence said when, and the outcomes
-- that were corrected. A leg may be a recorder's, or of a role that the platform does not tell.

CREATE TABLE legs_of_visits (
    visit_id TEXT NOT NULL,
    room_ref TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    role TEXT NOT NULL,
    joined_at INTEGER,
    left_at INTEGER,
    entered_at INTEGER,
    call_id TEXT NOT NULL DEFAULT '',
    seat INTEGER NOT NULL DEFAULT 0, -- 1 + the seat whose link was used; 0: not known
    media TEXT NOT NULL DEFAULT '',
    ending TEXT NOT NULL DEFAULT '',
    witness TEXT NOT NULL DEFAULT '',
    node TEXT NOT NULL DEFAULT '',
    CONSTRAINT legs_once PRIMARY KEY (visit_id, room_ref, id),
    CONSTRAINT legs_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT legs_role CHECK (role IN ('host', 'guest', 'recorder', ''))
) STRICT;

INSERT INTO legs_of_visits (visit_id, room_ref, id, seq, role, joined_at, left_at)
SELECT visit_id, room_ref, id, seq, role, joined_at, left_at FROM legs;

DROP TABLE legs;

ALTER TABLE legs_of_visits RENAME TO legs;

ALTER TABLE visits ADD COLUMN outcome_because_sealed BLOB;

CREATE TABLE verdicts (
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    delivery TEXT NOT NULL,
    actual_start INTEGER,
    actual_end INTEGER,
    together_ns INTEGER NOT NULL,
    grade TEXT NOT NULL,
    why TEXT NOT NULL, -- JSON: a list of sentences
    host_start INTEGER,
    host_end INTEGER,
    guest_start INTEGER,
    guest_end INTEGER,
    basis TEXT NOT NULL, -- JSON: a list of room, leg, use
    alarms TEXT NOT NULL, -- JSON: a list of words
    complete INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    judged_at INTEGER,
    CONSTRAINT verdicts_once PRIMARY KEY (visit_id, seq),
    CONSTRAINT verdicts_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE former_outcomes (
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    delivery TEXT NOT NULL,
    actual_start INTEGER,
    actual_end INTEGER,
    together_ns INTEGER NOT NULL,
    grade TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER,
    because_sealed BLOB,
    CONSTRAINT former_outcomes_once PRIMARY KEY (visit_id, seq),
    CONSTRAINT former_outcomes_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
) STRICT;
