-- +goose Up
-- Devices that stand for a citizen or a contact: known browsers, and tablets of the municipality.

CREATE TABLE devices (
    id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    kind text NOT NULL,
    citizen_id text NOT NULL,
    contact_id text NOT NULL,
    label_sealed bytea,
    token_hash text, -- of the browser's cookie; NULL: none
    code_salt bytea,
    code_hash bytea,
    passkey_sealed bytea,
    failures integer NOT NULL,
    unit_id text NOT NULL,
    public_key bytea,
    answer_form text NOT NULL,
    answer_by text NOT NULL,
    answer_at bigint,
    enrol_selector text, -- NULL: nobody sets it up
    enrol_hash text NOT NULL,
    enrol_until bigint,
    enrol_tries integer NOT NULL,
    ring_visit text NOT NULL,
    ring_at bigint,
    made_at bigint NOT NULL,
    made_by text NOT NULL,
    seen_at bigint,
    ended_at bigint,
    ended_why text NOT NULL,
    ended_by text NOT NULL,
    CONSTRAINT devices_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT devices_version CHECK (version > 0),
    CONSTRAINT devices_kind CHECK (kind IN ('passkey', 'code', 'tablet')),
    CONSTRAINT devices_ended CHECK ((ended_at IS NULL) = (ended_why = ''))
);

CREATE INDEX devices_by_citizen ON devices (citizen_id, made_at);
CREATE INDEX devices_by_contact ON devices (contact_id) WHERE contact_id <> '';
CREATE UNIQUE INDEX devices_by_token ON devices (token_hash);
CREATE UNIQUE INDEX devices_by_selector ON devices (enrol_selector);
CREATE INDEX devices_live ON devices (kind, unit_id) WHERE ended_at IS NULL;

-- What a device has to answer, or what a tablet has proved, for a short time.
CREATE TABLE device_tokens (
    hash text NOT NULL PRIMARY KEY,
    purpose text NOT NULL,
    bound_to text NOT NULL, -- id of a device or of an admission
    body_sealed bytea,
    expires_at bigint NOT NULL
);

CREATE INDEX device_tokens_by_expiry ON device_tokens (expires_at);
CREATE INDEX device_tokens_by_bound ON device_tokens (bound_to);
