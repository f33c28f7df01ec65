-- +goose Up
-- Contact networks of citizens, and those who take part in a visit besides employee and citizen.

CREATE TABLE contacts (
    id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    citizen_id text NOT NULL,
    kind text NOT NULL,
    name_sealed bytea,
    phone_sealed bytea,
    email_sealed bytea,
    consent_form text NOT NULL,
    consent_by text NOT NULL,
    consent_at bigint,
    added_by text NOT NULL,
    added_at bigint NOT NULL,
    changed_at bigint,
    removed_at bigint,
    CONSTRAINT contacts_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT contacts_version CHECK (version > 0),
    CONSTRAINT contacts_kind CHECK (kind IN ('relative', 'interpreter', 'authority')),
    CONSTRAINT contacts_consent CHECK (consent_form IN ('', 'oral', 'written'))
);

CREATE INDEX contacts_by_citizen ON contacts (citizen_id, added_at) WHERE removed_at IS NULL;

CREATE TABLE participants (
    id text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    contact_id text NOT NULL,
    seat integer NOT NULL,
    kind text NOT NULL,
    name_sealed bytea,
    phone_sealed bytea,
    phone_hash text NOT NULL, -- keyed; counts the codes that went to one number
    email_sealed bytea,
    consent_form text NOT NULL,
    consent_by text NOT NULL,
    consent_at bigint,
    added_by text NOT NULL,
    added_at bigint NOT NULL,
    removed_by text NOT NULL,
    removed_at bigint,
    CONSTRAINT participants_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT participants_seat CHECK (seat >= 1),
    CONSTRAINT participants_kind CHECK (kind IN ('relative', 'interpreter', 'authority')),
    CONSTRAINT participants_consent CHECK (consent_form IN ('oral', 'written') AND consent_by <> '' AND consent_at IS NOT NULL)
);

CREATE INDEX participants_by_visit ON participants (visit_id);
CREATE INDEX participants_by_phone ON participants (phone_hash);
CREATE UNIQUE INDEX participants_one_seat ON participants (visit_id, seat) WHERE removed_at IS NULL;

ALTER TABLE invitations ADD COLUMN participant_id text NOT NULL DEFAULT '';
ALTER TABLE admissions ADD COLUMN participant_id text NOT NULL DEFAULT '';
