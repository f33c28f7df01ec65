-- +goose Up
-- The directory: employees with their roles in units, units beside those of the configuration, and
-- links between citizens and employees.

-- One row. Every change of the directory takes it first, so that changes come one after another,
-- and other processes see by its version that there is something new.
CREATE TABLE directory_state (
    id INTEGER NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    CONSTRAINT directory_state_one CHECK (id = 1)
) STRICT;

INSERT INTO directory_state (id, version) VALUES (1, 1);

CREATE TABLE employees (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    name_sealed BLOB,
    email_sealed BLOB,
    login_sealed BLOB,
    login_hash TEXT NOT NULL, -- keyed, of the login in small letters; empty: none
    external_sealed BLOB,
    external_hash TEXT NOT NULL, -- keyed; empty: none
    starts_on TEXT NOT NULL, -- local day; empty: since ever
    ends_on TEXT NOT NULL, -- local day; empty: no end is known
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    left_at INTEGER, -- empty: works here
    left_by TEXT NOT NULL, -- source that marked the person as left; empty: works here
    CONSTRAINT employees_version CHECK (version > 0),
    CONSTRAINT employees_source CHECK (source IN ('csv', 'scim', 'manual'))
) STRICT;

CREATE UNIQUE INDEX employees_by_login ON employees (login_hash) WHERE login_hash <> '';
CREATE INDEX employees_by_external ON employees (external_hash) WHERE external_hash <> '';
CREATE INDEX employees_by_end ON employees (ends_on) WHERE left_at IS NULL;

CREATE TABLE employee_grants (
    employee_id TEXT NOT NULL,
    unit TEXT NOT NULL, -- of the configuration or of the table units; * is every unit
    role TEXT NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT employee_grants_key PRIMARY KEY (employee_id, unit, role, source),
    CONSTRAINT employee_grants_employee FOREIGN KEY (employee_id) REFERENCES employees (id) ON DELETE CASCADE,
    CONSTRAINT employee_grants_source CHECK (source IN ('csv', 'scim', 'manual'))
) STRICT;

CREATE TABLE employee_history (
    employee_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_by TEXT NOT NULL, -- employee id, "scim" or "system"
    changed_at INTEGER NOT NULL,
    body_sealed BLOB NOT NULL, -- the employee as of this version
    CONSTRAINT employee_history_key PRIMARY KEY (employee_id, version)
) STRICT;

CREATE TABLE units (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    parent TEXT NOT NULL, -- empty: at the top
    lists TEXT NOT NULL, -- patterns of driving lists' names as a JSON array
    live_from TEXT NOT NULL, -- local day; empty: not yet live
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE scim_groups (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    name TEXT NOT NULL, -- displayName; what the configuration's roles name
    external_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX scim_groups_by_name ON scim_groups (name);

CREATE TABLE scim_members (
    employee_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    CONSTRAINT scim_members_key PRIMARY KEY (employee_id, group_id),
    CONSTRAINT scim_members_employee FOREIGN KEY (employee_id) REFERENCES employees (id) ON DELETE CASCADE,
    CONSTRAINT scim_members_group FOREIGN KEY (group_id) REFERENCES scim_groups (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX scim_members_by_group ON scim_members (group_id);

CREATE TABLE employee_links (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    citizen_id TEXT NOT NULL,
    employee_id TEXT NOT NULL, -- need not stand in the directory
    unit TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT NOT NULL, -- empty: no end is known
    proof TEXT NOT NULL,
    reason_sealed BLOB,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_by TEXT NOT NULL,
    ended_at INTEGER,
    CONSTRAINT employee_links_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT employee_links_version CHECK (version > 0),
    CONSTRAINT employee_links_proof CHECK (proof = 'visit' OR (proof = 'override' AND reason_sealed IS NOT NULL))
) STRICT;

CREATE INDEX employee_links_by_employee ON employee_links (employee_id) WHERE ended_at IS NULL;
CREATE INDEX employee_links_by_citizen ON employee_links (citizen_id, made_at);
