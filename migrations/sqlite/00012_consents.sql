-- +goose Up
-- What citizens agreed to, what participants were told and answered, and why another authority may
-- take part.

CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY,
    citizen_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    consent_form TEXT NOT NULL,
    consent_scope TEXT NOT NULL, -- empty: every visit
    consent_visit_id TEXT NOT NULL,
    consent_until TEXT NOT NULL, -- local day
    consent_about_sealed BLOB,
    consent_by TEXT NOT NULL,
    consent_at INTEGER,
    ended_why TEXT NOT NULL, -- empty: it counts
    ended_by TEXT NOT NULL,
    ended_at INTEGER,
    CONSTRAINT consents_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT consents_contact FOREIGN KEY (contact_id) REFERENCES contacts (id),
    CONSTRAINT consents_form CHECK (consent_form IN ('oral', 'written') AND consent_by <> '' AND consent_at IS NOT NULL),
    CONSTRAINT consents_scope CHECK (consent_scope IN ('', 'visit', 'until')),
    CONSTRAINT consents_ended CHECK ((ended_at IS NULL) = (ended_why = ''))
) STRICT;

CREATE INDEX consents_by_citizen ON consents (citizen_id, consent_at);

ALTER TABLE contacts ADD COLUMN consent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN consent_scope TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN consent_visit_id TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN consent_until TEXT NOT NULL DEFAULT ''; -- local day
ALTER TABLE contacts ADD COLUMN consent_about_sealed BLOB;

ALTER TABLE participants ADD COLUMN consent_id TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN consent_scope TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN consent_visit_id TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN consent_until TEXT NOT NULL DEFAULT ''; -- local day
ALTER TABLE participants ADD COLUMN consent_about_sealed BLOB;

-- The consents that stand get their record.
UPDATE contacts SET consent_id = 'of-' || id WHERE consent_form <> '' AND consent_by <> '' AND consent_at IS NOT NULL;
INSERT INTO consents (id, citizen_id, contact_id, consent_form, consent_scope, consent_visit_id, consent_until, consent_by, consent_at, ended_why, ended_by)
SELECT consent_id, citizen_id, id, consent_form, '', '', '', consent_by, consent_at, '', '' FROM contacts WHERE consent_id <> '';

ALTER TABLE participants ADD COLUMN terms_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE participants ADD COLUMN terms_lang TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN terms_accepted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE participants ADD COLUMN terms_address_sealed BLOB;
ALTER TABLE participants ADD COLUMN terms_at INTEGER;

ALTER TABLE participants ADD COLUMN secrecy_basis TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN secrecy_note_sealed BLOB;
ALTER TABLE participants ADD COLUMN secrecy_by TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN secrecy_at INTEGER;
