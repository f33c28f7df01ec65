-- +goose Up
-- How people were identified, how each citizen may be, codewords, and what is kept from sight.

ALTER TABLE admissions ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN assurance_level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE admissions ADD COLUMN identified_by TEXT NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN identity_check TEXT NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN outage INTEGER NOT NULL DEFAULT 0;
ALTER TABLE admissions ADD COLUMN asked_help_at INTEGER;
ALTER TABLE admissions ADD COLUMN codeword_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE admissions ADD COLUMN codeword_told_at INTEGER;
ALTER TABLE admissions ADD COLUMN codeword_answered_at INTEGER;

ALTER TABLE citizens ADD COLUMN protected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE citizens ADD COLUMN surrogate INTEGER NOT NULL DEFAULT 0; -- the key is the list's own, no person number

ALTER TABLE contacts ADD COLUMN guardian INTEGER NOT NULL DEFAULT 0;

CREATE TABLE identity_settings (
    citizen_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    mitid_only INTEGER NOT NULL,
    no_sms INTEGER NOT NULL,
    protected INTEGER NOT NULL,
    methods TEXT NOT NULL, -- separated by commas; empty: all
    reason_sealed BLOB,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    stopped INTEGER NOT NULL,
    stopped_at INTEGER,
    CONSTRAINT identity_settings_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT identity_settings_version CHECK (version > 0)
) STRICT;

CREATE TABLE codewords (
    citizen_id TEXT NOT NULL,
    unit TEXT NOT NULL,
    version INTEGER NOT NULL,
    staff_sealed BLOB NOT NULL,
    citizen_sealed BLOB NOT NULL,
    uses INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    CONSTRAINT codewords_key PRIMARY KEY (citizen_id, unit),
    CONSTRAINT codewords_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT codewords_version CHECK (version > 0)
) STRICT;

-- Messages to a telephone number that is no longer a citizen's.
CREATE TABLE number_notices (
    id TEXT NOT NULL PRIMARY KEY,
    citizen_id TEXT NOT NULL,
    phone_sealed BLOB,
    queued_at INTEGER NOT NULL,
    sent_at INTEGER,
    failure TEXT NOT NULL,
    CONSTRAINT number_notices_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id)
) STRICT;
