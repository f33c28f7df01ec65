-- +goose Up
-- What citizens agreed to, what participants were told and answered, and why another authority may
-- take part.

CREATE TABLE consents (
    id text NOT NULL PRIMARY KEY,
    citizen_id text NOT NULL,
    contact_id text NOT NULL,
    consent_form text NOT NULL,
    consent_scope text NOT NULL, -- empty: every visit
    consent_visit_id text NOT NULL,
    consent_until text NOT NULL, -- local day
    consent_about_sealed bytea,
    consent_by text NOT NULL,
    consent_at bigint,
    ended_why text NOT NULL, -- empty: it counts
    ended_by text NOT NULL,
    ended_at bigint,
    CONSTRAINT consents_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT consents_contact FOREIGN KEY (contact_id) REFERENCES contacts (id),
    CONSTRAINT consents_form CHECK (consent_form IN ('oral', 'written') AND consent_by <> '' AND consent_at IS NOT NULL),
    CONSTRAINT consents_scope CHECK (consent_scope IN ('', 'visit', 'until')),
    CONSTRAINT consents_ended CHECK ((ended_at IS NULL) = (ended_why = ''))
);

CREATE INDEX consents_by_citizen ON consents (citizen_id, consent_at);

ALTER TABLE contacts ADD COLUMN consent_id text NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN consent_scope text NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN consent_visit_id text NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN consent_until text NOT NULL DEFAULT ''; -- local day
ALTER TABLE contacts ADD COLUMN consent_about_sealed bytea;

ALTER TABLE participants ADD COLUMN consent_id text NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN consent_scope text NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN consent_visit_id text NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN consent_until text NOT NULL DEFAULT ''; -- local day
ALTER TABLE participants ADD COLUMN consent_about_sealed bytea;

-- The consents that stand get their record.
UPDATE contacts SET consent_id = 'of-' || id WHERE consent_form <> '' AND consent_by <> '' AND consent_at IS NOT NULL;
INSERT INTO consents (id, citizen_id, contact_id, consent_form, consent_scope, consent_visit_id, consent_until, consent_by, consent_at, ended_why, ended_by)
SELECT consent_id, citizen_id, id, consent_form, '', '', '', consent_by, consent_at, '', '' FROM contacts WHERE consent_id <> '';

ALTER TABLE participants ADD COLUMN terms_version integer NOT NULL DEFAULT 0;
ALTER TABLE participants ADD COLUMN terms_lang text NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN terms_accepted boolean NOT NULL DEFAULT false;
ALTER TABLE participants ADD COLUMN terms_address_sealed bytea;
ALTER TABLE participants ADD COLUMN terms_at bigint;

ALTER TABLE participants ADD COLUMN secrecy_basis text NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN secrecy_note_sealed bytea;
ALTER TABLE participants ADD COLUMN secrecy_by text NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN secrecy_at bigint;
