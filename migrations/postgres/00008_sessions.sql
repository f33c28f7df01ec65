-- +goose Up
-- The audit tells from where and how surely; list views name the citizens that they showed.
-- Sessions are found by employee. Codes for the time when the identity provider is down.

ALTER TABLE audit ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN session text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN level integer NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN method text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN reason_sealed bytea;

CREATE INDEX audit_by_actor ON audit (actor, at);

CREATE TABLE audit_citizens (
    citizen_id text NOT NULL,
    audit_id bigint NOT NULL,
    PRIMARY KEY (citizen_id, audit_id)
);

CREATE TRIGGER audit_citizens_no_update BEFORE UPDATE ON audit_citizens FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_citizens_no_delete BEFORE DELETE ON audit_citizens FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_citizens_no_truncate BEFORE TRUNCATE ON audit_citizens FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

ALTER TABLE staff_sessions ADD COLUMN employee_hash text NOT NULL DEFAULT '';

CREATE INDEX staff_sessions_by_employee ON staff_sessions (employee_hash);

CREATE TABLE emergency_codes (
    employee text NOT NULL PRIMARY KEY,
    name_sealed bytea,
    code_hash text NOT NULL,
    made_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
