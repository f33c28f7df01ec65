-- +goose Up
-- Devices that stand for a citizen or a contact: known browsers, and tablets of the municipality.

CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    citizen_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    label_sealed BLOB,
    token_hash TEXT, -- of the browser's cookie; NULL: none
    code_salt BLOB,
    code_hash BLOB,
    passkey_sealed BLOB,
    failures INTEGER NOT NULL,
    unit_id TEXT NOT NULL,
    public_key BLOB,
    answer_form TEXT NOT NULL,
    answer_by TEXT NOT NULL,
    answer_at INTEGER,
    enrol_selector TEXT, -- NULL: nobody sets it up
    enrol_hash TEXT NOT NULL,
    enrol_until INTEGER,
    enrol_tries INTEGER NOT NULL,
    ring_visit TEXT NOT NULL,
    ring_at INTEGER,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    seen_at INTEGER,
    ended_at INTEGER,
    ended_why TEXT NOT NULL,
    ended_by TEXT NOT NULL,
    CONSTRAINT devices_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT devices_version CHECK (version > 0),
    CONSTRAINT devices_kind CHECK (kind IN ('passkey', 'code', 'tablet')),
    CONSTRAINT devices_ended CHECK ((ended_at IS NULL) = (ended_why = ''))
) STRICT;

CREATE INDEX devices_by_citizen ON devices (citizen_id, made_at);
CREATE INDEX devices_by_contact ON devices (contact_id) WHERE contact_id <> '';
CREATE UNIQUE INDEX devices_by_token ON devices (token_hash);
CREATE UNIQUE INDEX devices_by_selector ON devices (enrol_selector);
CREATE INDEX devices_live ON devices (kind, unit_id) WHERE ended_at IS NULL;

-- What a device has to answer, or what a tablet has proved, for a short time.
CREATE TABLE device_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    bound_to TEXT NOT NULL, -- id of a device or of an admission
    body_sealed BLOB,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX device_tokens_by_expiry ON device_tokens (expires_at);
CREATE INDEX device_tokens_by_bound ON device_tokens (bound_to);
