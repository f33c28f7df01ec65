-- +goose Up
-- Contact networks of citizens, and those who take part in a visit besides employee and citizen.

CREATE TABLE contacts (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    citizen_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name_sealed BLOB,
    phone_sealed BLOB,
    email_sealed BLOB,
    consent_form TEXT NOT NULL,
    consent_by TEXT NOT NULL,
    consent_at INTEGER,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    changed_at INTEGER,
    removed_at INTEGER,
    CONSTRAINT contacts_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT contacts_version CHECK (version > 0),
    CONSTRAINT contacts_kind CHECK (kind IN ('relative', 'interpreter', 'authority')),
    CONSTRAINT contacts_consent CHECK (consent_form IN ('', 'oral', 'written'))
) STRICT;

CREATE INDEX contacts_by_citizen ON contacts (citizen_id, added_at) WHERE removed_at IS NULL;

CREATE TABLE participants (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    contact_id TEXT NOT NULL,
    seat INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name_sealed BLOB,
    phone_sealed BLOB,
    phone_hash TEXT NOT NULL, -- keyed; counts the codes that went to one number
    email_sealed BLOB,
    consent_form TEXT NOT NULL,
    consent_by TEXT NOT NULL,
    consent_at INTEGER,
    added_by TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    removed_by TEXT NOT NULL,
    removed_at INTEGER,
    CONSTRAINT participants_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT participants_seat CHECK (seat >= 1),
    CONSTRAINT participants_kind CHECK (kind IN ('relative', 'interpreter', 'authority')),
    CONSTRAINT participants_consent CHECK (consent_form IN ('oral', 'written') AND consent_by <> '' AND consent_at IS NOT NULL)
) STRICT;

CREATE INDEX participants_by_visit ON participants (visit_id);
CREATE INDEX participants_by_phone ON participants (phone_hash);
CREATE UNIQUE INDEX participants_one_seat ON participants (visit_id, seat) WHERE removed_at IS NULL;

ALTER TABLE invitations ADD COLUMN participant_id TEXT NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN participant_id TEXT NOT NULL DEFAULT '';
