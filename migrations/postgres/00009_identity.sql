-- +goose Up
-- How people were identified, how each citizen may be, codewords, and what is kept from sight.

ALTER TABLE admissions ADD COLUMN provider text NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN assurance_level integer NOT NULL DEFAULT 0;
ALTER TABLE admissions ADD COLUMN identified_by text NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN identity_check text NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN outage boolean NOT NULL DEFAULT false;
ALTER TABLE admissions ADD COLUMN asked_help_at bigint;
ALTER TABLE admissions ADD COLUMN codeword_due boolean NOT NULL DEFAULT false;
ALTER TABLE admissions ADD COLUMN codeword_told_at bigint;
ALTER TABLE admissions ADD COLUMN codeword_answered_at bigint;

ALTER TABLE citizens ADD COLUMN protected boolean NOT NULL DEFAULT false;
ALTER TABLE citizens ADD COLUMN surrogate boolean NOT NULL DEFAULT false; -- the key is the list's own, no person number

ALTER TABLE contacts ADD COLUMN guardian boolean NOT NULL DEFAULT false;

CREATE TABLE identity_settings (
    citizen_id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    mitid_only boolean NOT NULL,
    no_sms boolean NOT NULL,
    protected boolean NOT NULL,
    methods text NOT NULL, -- separated by commas; empty: all
    reason_sealed bytea,
    set_by text NOT NULL,
    set_at bigint NOT NULL,
    stopped boolean NOT NULL,
    stopped_at bigint,
    CONSTRAINT identity_settings_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT identity_settings_version CHECK (version > 0)
);

CREATE TABLE codewords (
    citizen_id text NOT NULL,
    unit text NOT NULL,
    version integer NOT NULL,
    staff_sealed bytea NOT NULL,
    citizen_sealed bytea NOT NULL,
    uses integer NOT NULL,
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    CONSTRAINT codewords_key PRIMARY KEY (citizen_id, unit),
    CONSTRAINT codewords_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT codewords_version CHECK (version > 0)
);

-- Messages to a telephone number that is no longer a citizen's.
CREATE TABLE number_notices (
    id text NOT NULL PRIMARY KEY,
    citizen_id text NOT NULL,
    phone_sealed bytea,
    queued_at bigint NOT NULL,
    sent_at bigint,
    failure text NOT NULL,
    CONSTRAINT number_notices_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id)
);
