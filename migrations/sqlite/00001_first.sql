-- +goose Up
-- Instants are whole microseconds since 1970-01-01T00:00:00Z. A column named *_sealed holds
-- AEAD ciphertext bound to its table, column and row; *_hash holds a keyed or SHA-256 hash in hex.

CREATE TABLE citizens (
    id TEXT NOT NULL PRIMARY KEY,
    cpr_hash TEXT NOT NULL,
    cpr_sealed BLOB NOT NULL,
    verdict INTEGER NOT NULL,
    name_sealed BLOB,
    address_sealed BLOB,
    phone_sealed BLOB,
    email_sealed BLOB,
    suitability TEXT NOT NULL,
    hospitalised INTEGER NOT NULL,
    updated_at INTEGER,
    CONSTRAINT citizens_cpr_hash_once UNIQUE (cpr_hash),
    CONSTRAINT citizens_verdict CHECK (verdict IN (1, 2, 3)),
    CONSTRAINT citizens_suitability CHECK (suitability IN ('', 'egnet', 'ikke_egnet', 'ukendt'))
) STRICT;

CREATE TABLE lists (
    id TEXT NOT NULL PRIMARY KEY,
    kept TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    file_name_sealed BLOB,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    row_total INTEGER NOT NULL,
    faults INTEGER NOT NULL,
    new_visits INTEGER NOT NULL,
    moved INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    same INTEGER NOT NULL,
    problems TEXT NOT NULL,
    file_sealed BLOB,
    row_refs_sealed BLOB
) STRICT;

CREATE INDEX lists_newest ON lists (made_at DESC, id);
CREATE INDEX lists_kept ON lists (kept, made_at);

CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    file_name_sealed BLOB,
    file_sealed BLOB,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX uploads_by_age ON uploads (made_at);

CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    made_by TEXT NOT NULL,
    made_by_name_sealed BLOB,
    unit TEXT NOT NULL,
    visits INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    undone_at INTEGER,
    undone_by TEXT NOT NULL
) STRICT;

CREATE INDEX batches_newest ON batches (made_at DESC, id);

CREATE TABLE visits (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    system TEXT NOT NULL,
    source_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    list_id TEXT NOT NULL,
    list_name TEXT NOT NULL,
    line INTEGER NOT NULL,
    unit TEXT NOT NULL,
    citizen_id TEXT NOT NULL,
    employee TEXT NOT NULL,
    service TEXT NOT NULL,
    law TEXT NOT NULL,
    category TEXT NOT NULL,
    comment_sealed BLOB,
    shift TEXT NOT NULL,
    planned_start INTEGER NOT NULL,
    planned_end INTEGER NOT NULL,
    local_day TEXT NOT NULL,
    list_status TEXT NOT NULL,
    delivery TEXT NOT NULL,
    state TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    opened_at INTEGER,
    outcome_kind TEXT NOT NULL,
    outcome_reason TEXT NOT NULL,
    outcome_delivery TEXT NOT NULL,
    outcome_start INTEGER,
    outcome_end INTEGER,
    outcome_together_ns INTEGER NOT NULL,
    outcome_grade TEXT NOT NULL,
    outcome_by TEXT NOT NULL,
    outcome_at INTEGER,
    parts INTEGER NOT NULL, -- bits: which child tables hold rows of this visit
    CONSTRAINT visits_source_once UNIQUE (system, source_id, occurrence),
    CONSTRAINT visits_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT visits_version CHECK (version > 0),
    CONSTRAINT visits_planned CHECK (planned_end > planned_start),
    CONSTRAINT visits_delivery CHECK (delivery IN ('physical', 'screen', 'phone')),
    CONSTRAINT visits_state CHECK (state IN ('listed', 'chosen', 'booking', 'booked', 'open', 'completed', 'not_completed', 'cancelled', 'reverted')),
    CONSTRAINT visits_outcome CHECK (outcome_kind IN ('', 'completed', 'not_completed'))
) STRICT;

CREATE INDEX visits_by_start ON visits (planned_start, id);
CREATE INDEX visits_by_employee ON visits (employee, planned_start);
CREATE INDEX visits_by_unit ON visits (unit, planned_start);
CREATE INDEX visits_by_citizen ON visits (citizen_id, planned_start);
CREATE INDEX visits_by_list_name ON visits (list_name, planned_start);
CREATE INDEX visits_by_day ON visits (local_day, unit);
CREATE INDEX visits_by_batch ON visits (batch_id) WHERE batch_id <> '';

CREATE TABLE rooms (
    ref TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    planned_start INTEGER,
    planned_end INTEGER,
    address TEXT NOT NULL,
    host_pin_sealed BLOB,
    guest_pin_sealed BLOB,
    host_link_sealed BLOB,
    guest_link_sealed BLOB,
    wanted_at INTEGER,
    booked_at INTEGER,
    closed_at INTEGER,
    CONSTRAINT rooms_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT rooms_state CHECK (state IN ('wanted', 'booked', 'provisioned', 'closing', 'closed', 'failed'))
) STRICT;

CREATE INDEX rooms_by_visit ON rooms (visit_id);
CREATE UNIQUE INDEX rooms_one_live ON rooms (visit_id) WHERE state IN ('wanted', 'booked', 'provisioned');

CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    locator_hash TEXT,
    provider_id TEXT NOT NULL,
    failure TEXT NOT NULL,
    queued_at INTEGER,
    sent_at INTEGER,
    opened_at INTEGER,
    CONSTRAINT invitations_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT invitations_kind CHECK (kind IN ('invite', 'changed', 'withdrawn', 'reminder')),
    CONSTRAINT invitations_state CHECK (state IN ('queued', 'sent', 'delivered', 'bounced', 'recalled', 'revoked'))
) STRICT;

CREATE INDEX invitations_by_visit ON invitations (visit_id);
CREATE UNIQUE INDEX invitations_locator_once ON invitations (locator_hash) WHERE locator_hash IS NOT NULL;

CREATE TABLE admissions (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    session_hash TEXT NOT NULL,
    method TEXT NOT NULL,
    code_count INTEGER NOT NULL,
    code_sent_at INTEGER,
    code_tries INTEGER NOT NULL,
    code_used INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    recognised INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    came_at INTEGER,
    identified_at INTEGER,
    decided_at INTEGER,
    CONSTRAINT admissions_session_once UNIQUE (session_hash),
    CONSTRAINT admissions_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT admissions_state CHECK (state IN ('waiting', 'identified', 'admitted', 'refused'))
) STRICT;

CREATE INDEX admissions_by_visit ON admissions (visit_id);

CREATE TABLE entries (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    record_id TEXT NOT NULL,
    record_version TEXT NOT NULL,
    failure TEXT NOT NULL,
    due_at INTEGER,
    written_at INTEGER,
    CONSTRAINT entries_key_once UNIQUE (entry_key),
    CONSTRAINT entries_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT entries_kind CHECK (kind IN ('planned', 'result', 'restored')),
    CONSTRAINT entries_state CHECK (state IN ('due', 'written', 'rejected', 'superseded'))
) STRICT;

CREATE INDEX entries_by_visit ON entries (visit_id);

CREATE TABLE exceptions (
    id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    sentence TEXT NOT NULL,
    retry INTEGER NOT NULL,
    raised_at INTEGER,
    resolved_at INTEGER,
    resolved_by TEXT NOT NULL,
    CONSTRAINT exceptions_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX exceptions_by_visit ON exceptions (visit_id);
CREATE INDEX exceptions_open ON exceptions (visit_id) WHERE resolved_at IS NULL;

CREATE TABLE legs (
    visit_id TEXT NOT NULL,
    room_ref TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    role TEXT NOT NULL,
    joined_at INTEGER,
    left_at INTEGER,
    CONSTRAINT legs_once PRIMARY KEY (visit_id, room_ref, id),
    CONSTRAINT legs_visit FOREIGN KEY (visit_id) REFERENCES visits (id) ON DELETE CASCADE,
    CONSTRAINT legs_role CHECK (role IN ('host', 'guest'))
) STRICT;

CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    visit_id TEXT NOT NULL,
    citizen_id TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_visit ON audit (visit_id) WHERE visit_id <> '';
CREATE INDEX audit_by_citizen ON audit (citizen_id) WHERE citizen_id <> '';

CREATE TABLE staff_sessions (
    hash TEXT NOT NULL PRIMARY KEY,
    subject_hash TEXT NOT NULL,
    name_id_hash TEXT NOT NULL,
    session_index_hash TEXT NOT NULL,
    idp TEXT NOT NULL,
    content_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX staff_sessions_by_subject ON staff_sessions (subject_hash);
CREATE INDEX staff_sessions_by_name_id ON staff_sessions (name_id_hash);
CREATE INDEX staff_sessions_by_end ON staff_sessions (expires_at);

CREATE TABLE saml_requests (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    idp TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    relay_state TEXT NOT NULL,
    return_to TEXT NOT NULL,
    force_authn INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    completed_at INTEGER
) STRICT;

CREATE INDEX saml_requests_by_end ON saml_requests (expires_at);

CREATE TABLE saml_replays (
    message_key TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX saml_replays_by_end ON saml_replays (expires_at);

-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
-- +goose StatementEnd
