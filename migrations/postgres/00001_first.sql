-- +goose Up
-- Instants are whole microseconds since 1970-01-01T00:00:00Z. A column named *_sealed holds
-- AEAD ciphertext bound to its table, column and row; *_hash holds a keyed or SHA-256 hash in hex.

CREATE TABLE citizens (
    id text NOT NULL PRIMARY KEY,
    cpr_hash text NOT NULL,
    cpr_sealed bytea NOT NULL,
    verdict integer NOT NULL,
    name_sealed bytea,
    address_sealed bytea,
    phone_sealed bytea,
    email_sealed bytea,
    suitability text NOT NULL,
    hospitalised boolean NOT NULL,
    updated_at bigint,
    CONSTRAINT citizens_cpr_hash_once UNIQUE (cpr_hash),
    CONSTRAINT citizens_verdict CHECK (verdict IN (1, 2, 3)),
    CONSTRAINT citizens_suitability CHECK (suitability IN ('', 'egnet', 'ikke_egnet', 'ukendt'))
);

CREATE TABLE lists (
    id text NOT NULL PRIMARY KEY,
    kept text NOT NULL,
    first_day text NOT NULL,
    last_day text NOT NULL,
    file_name_sealed bytea,
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    row_total integer NOT NULL,
    faults integer NOT NULL,
    new_visits integer NOT NULL,
    moved integer NOT NULL,
    changed integer NOT NULL,
    gone integer NOT NULL,
    same integer NOT NULL,
    problems text NOT NULL,
    file_sealed bytea,
    row_refs_sealed bytea
);

CREATE INDEX lists_newest ON lists (made_at DESC, id);
CREATE INDEX lists_kept ON lists (kept, made_at);

CREATE TABLE uploads (
    id text NOT NULL PRIMARY KEY,
    file_name_sealed bytea,
    file_sealed bytea,
    made_by text NOT NULL,
    made_at bigint NOT NULL
);

CREATE INDEX uploads_by_age ON uploads (made_at);

CREATE TABLE batches (
    id text NOT NULL PRIMARY KEY,
    made_by text NOT NULL,
    made_by_name_sealed bytea,
    unit text NOT NULL,
    visits integer NOT NULL,
    made_at bigint NOT NULL,
    undone_at bigint,
    undone_by text NOT NULL
);

CREATE INDEX batches_newest ON batches (made_at DESC, id);

CREATE TABLE visits (
    id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    system text NOT NULL,
    source_id text NOT NULL,
    occurrence text NOT NULL,
    list_id text NOT NULL,
    list_name text NOT NULL,
    line integer NOT NULL,
    unit text NOT NULL,
    citizen_id text NOT NULL,
    employee text NOT NULL,
    service text NOT NULL,
    law text NOT NULL,
    category text NOT NULL,
    comment_sealed bytea,
    shift text NOT NULL,
    planned_start bigint NOT NULL,
    planned_end bigint NOT NULL,
    local_day text NOT NULL,
    list_status text NOT NULL,
    delivery text NOT NULL,
    state text NOT NULL,
    batch_id text NOT NULL,
    generation integer NOT NULL,
    opened_at bigint,
    outcome_kind text NOT NULL,
    outcome_reason text NOT NULL,
    outcome_delivery text NOT NULL,
    outcome_start bigint,
    outcome_end bigint,
    outcome_together_ns bigint NOT NULL,
    outcome_grade text NOT NULL,
    outcome_by text NOT NULL,
    outcome_at bigint,
    parts integer NOT NULL, -- bits: which child tables hold rows of this visit
    CONSTRAINT visits_source_once UNIQUE (system, source_id, occurrence),
    CONSTRAINT visits_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT visits_version CHECK (version > 0),
    CONSTRAINT visits_planned CHECK (planned_end > planned_start),
    CONSTRAINT visits_delivery CHECK (delivery IN ('physical', 'screen', 'phone')),
    CONSTRAINT visits_state CHECK (state IN ('listed', 'chosen', 'booking', 'booked', 'open', 'completed', 'not_completed', 'cancelled', 'reverted')),
    CONSTRAINT visits_outcome CHECK (outcome_kind IN ('', 'completed', 'not_completed'))
);

CREATE INDEX visits_by_start ON visits (planned_start, id);
CREATE INDEX visits_by_employee ON visits (employee, planned_start);
CREATE INDEX visits_by_unit ON visits (unit, planned_start);
CREATE INDEX visits_by_citizen ON visits (citizen_id, planned_start);
CREATE INDEX visits_by_list_name ON visits (list_name, planned_start);
CREATE INDEX visits_by_day ON visits (local_day, unit);
CREATE INDEX visits_by_batch ON visits (batch_id) WHERE batch_id <> '';

CREATE TABLE rooms (
    ref text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    state text NOT NULL,
    planned_start bigint,
    planned_end bigint,
    address text NOT NULL,
    host_pin_sealed bytea,
    guest_pin_sealed bytea,
    host_link_sealed bytea,
    guest_link_sealed bytea,
    wanted_at bigint,
    booked_at bigint,
    closed_at bigint,
    CONSTRAINT rooms_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT rooms_state CHECK (state IN ('wanted', 'booked', 'provisioned', 'closing', 'closed', 'failed'))
);

CREATE INDEX rooms_by_visit ON rooms (visit_id);
CREATE UNIQUE INDEX rooms_one_live ON rooms (visit_id) WHERE state IN ('wanted', 'booked', 'provisioned');

CREATE TABLE invitations (
    id text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL,
    sequence integer NOT NULL,
    locator_hash text,
    provider_id text NOT NULL,
    failure text NOT NULL,
    queued_at bigint,
    sent_at bigint,
    opened_at bigint,
    CONSTRAINT invitations_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT invitations_kind CHECK (kind IN ('invite', 'changed', 'withdrawn', 'reminder')),
    CONSTRAINT invitations_state CHECK (state IN ('queued', 'sent', 'delivered', 'bounced', 'recalled', 'revoked'))
);

CREATE INDEX invitations_by_visit ON invitations (visit_id);
CREATE UNIQUE INDEX invitations_locator_once ON invitations (locator_hash) WHERE locator_hash IS NOT NULL;

CREATE TABLE admissions (
    id text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    state text NOT NULL,
    session_hash text NOT NULL,
    method text NOT NULL,
    code_count integer NOT NULL,
    code_sent_at bigint,
    code_tries integer NOT NULL,
    code_used boolean NOT NULL,
    failures integer NOT NULL,
    recognised boolean NOT NULL,
    decided_by text NOT NULL,
    came_at bigint,
    identified_at bigint,
    decided_at bigint,
    CONSTRAINT admissions_session_once UNIQUE (session_hash),
    CONSTRAINT admissions_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT admissions_state CHECK (state IN ('waiting', 'identified', 'admitted', 'refused'))
);

CREATE INDEX admissions_by_visit ON admissions (visit_id);

CREATE TABLE entries (
    id text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    entry_key text NOT NULL,
    record_id text NOT NULL,
    record_version text NOT NULL,
    failure text NOT NULL,
    due_at bigint,
    written_at bigint,
    CONSTRAINT entries_key_once UNIQUE (entry_key),
    CONSTRAINT entries_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT entries_kind CHECK (kind IN ('planned', 'result', 'restored')),
    CONSTRAINT entries_state CHECK (state IN ('due', 'written', 'rejected', 'superseded'))
);

CREATE INDEX entries_by_visit ON entries (visit_id);

CREATE TABLE exceptions (
    id text NOT NULL PRIMARY KEY,
    visit_id text NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    sentence text NOT NULL,
    retry boolean NOT NULL,
    raised_at bigint,
    resolved_at bigint,
    resolved_by text NOT NULL,
    CONSTRAINT exceptions_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
);

CREATE INDEX exceptions_by_visit ON exceptions (visit_id);
CREATE INDEX exceptions_open ON exceptions (visit_id) WHERE resolved_at IS NULL;

CREATE TABLE legs (
    visit_id text NOT NULL,
    room_ref text NOT NULL,
    id text NOT NULL,
    seq integer NOT NULL,
    role text NOT NULL,
    joined_at bigint,
    left_at bigint,
    CONSTRAINT legs_once PRIMARY KEY (visit_id, room_ref, id),
    CONSTRAINT legs_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT legs_role CHECK (role IN ('host', 'guest'))
);

CREATE TABLE audit (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    visit_id text NOT NULL,
    citizen_id text NOT NULL,
    detail text NOT NULL
);

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_visit ON audit (visit_id) WHERE visit_id <> '';
CREATE INDEX audit_by_citizen ON audit (citizen_id) WHERE citizen_id <> '';

CREATE TABLE staff_sessions (
    hash text NOT NULL PRIMARY KEY,
    subject_hash text NOT NULL,
    name_id_hash text NOT NULL,
    session_index_hash text NOT NULL,
    idp text NOT NULL,
    content_sealed bytea NOT NULL,
    created_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX staff_sessions_by_subject ON staff_sessions (subject_hash);
CREATE INDEX staff_sessions_by_name_id ON staff_sessions (name_id_hash);
CREATE INDEX staff_sessions_by_end ON staff_sessions (expires_at);

CREATE TABLE saml_requests (
    id text NOT NULL PRIMARY KEY,
    purpose text NOT NULL,
    idp text NOT NULL,
    browser_hash text NOT NULL,
    relay_state text NOT NULL,
    return_to text NOT NULL,
    force_authn boolean NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    completed_at bigint
);

CREATE INDEX saml_requests_by_end ON saml_requests (expires_at);

CREATE TABLE saml_replays (
    message_key text NOT NULL PRIMARY KEY,
    expires_at bigint NOT NULL
);

CREATE INDEX saml_replays_by_end ON saml_replays (expires_at);

-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append-only';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
