-- +goose Up
-- The audit tells from where and how surely; list views name the citizens that they showed.
-- Sessions are found by employee. Codes for the time when the identity provider is down.

ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN reason_sealed BLOB;

CREATE INDEX audit_by_actor ON audit (actor, at);

CREATE TABLE audit_citizens (
    citizen_id TEXT NOT NULL,
    audit_id INTEGER NOT NULL,
    PRIMARY KEY (citizen_id, audit_id)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER audit_citizens_no_update BEFORE UPDATE ON audit_citizens
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_citizens_no_delete BEFORE DELETE ON audit_citizens
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
-- +goose StatementEnd

ALTER TABLE staff_sessions ADD COLUMN employee_hash TEXT NOT NULL DEFAULT '';

CREATE INDEX staff_sessions_by_employee ON staff_sessions (employee_hash);

CREATE TABLE emergency_codes (
    employee TEXT NOT NULL PRIMARY KEY,
    name_sealed BLOB,
    code_hash TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
