-- +goose Up
-- The directory: employees with their roles in units, units beside those of the configuration, and
-- links between citizens and employees.

-- One row. Every change of the directory takes it first, so that changes come one after another,
-- and other processes see by its version that there is something new.
CREATE TABLE directory_state (
    id integer NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    CONSTRAINT directory_state_one CHECK (id = 1)
);

INSERT INTO directory_state (id, version) VALUES (1, 1);

CREATE TABLE employees (
    id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    source text NOT NULL,
    name_sealed bytea,
    email_sealed bytea,
    login_sealed bytea,
    login_hash text NOT NULL, -- keyed, of the login in small letters; empty: none
    external_sealed bytea,
    external_hash text NOT NULL, -- keyed; empty: none
    starts_on text NOT NULL, -- local day; empty: since ever
    ends_on text NOT NULL, -- local day; empty: no end is known
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    left_at bigint, -- empty: works here
    left_by text NOT NULL, -- source that marked the person as left; empty: works here
    CONSTRAINT employees_version CHECK (version > 0),
    CONSTRAINT employees_source CHECK (source IN ('csv', 'scim', 'manual'))
);

CREATE UNIQUE INDEX employees_by_login ON employees (login_hash) WHERE login_hash <> '';
CREATE INDEX employees_by_external ON employees (external_hash) WHERE external_hash <> '';
CREATE INDEX employees_by_end ON employees (ends_on) WHERE left_at IS NULL;

CREATE TABLE employee_grants (
    employee_id text NOT NULL,
    unit text NOT NULL, -- of the configuration or of the table units; * is every unit
    role text NOT NULL,
    source text NOT NULL,
    CONSTRAINT employee_grants_key PRIMARY KEY (employee_id, unit, role, source),
    CONSTRAINT employee_grants_employee FOREIGN KEY (employee_id) REFERENCES employees (id) ON DELETE CASCADE,
    CONSTRAINT employee_grants_source CHECK (source IN ('csv', 'scim', 'manual'))
);

CREATE TABLE employee_history (
    employee_id text NOT NULL,
    version integer NOT NULL,
    changed_by text NOT NULL, -- employee id, "scim" or "system"
    changed_at bigint NOT NULL,
    body_sealed bytea NOT NULL, -- the employee as of this version
    CONSTRAINT employee_history_key PRIMARY KEY (employee_id, version)
);

CREATE TABLE units (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    parent text NOT NULL, -- empty: at the top
    lists text NOT NULL, -- patterns of driving lists' names as a JSON array
    live_from text NOT NULL, -- local day; empty: not yet live
    changed_at bigint NOT NULL
);

CREATE TABLE scim_groups (
    id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    name text NOT NULL, -- displayName; what the configuration's roles name
    external_id text NOT NULL,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL
);

CREATE UNIQUE INDEX scim_groups_by_name ON scim_groups (name);

CREATE TABLE scim_members (
    employee_id text NOT NULL,
    group_id text NOT NULL,
    CONSTRAINT scim_members_key PRIMARY KEY (employee_id, group_id),
    CONSTRAINT scim_members_employee FOREIGN KEY (employee_id) REFERENCES employees (id) ON DELETE CASCADE,
    CONSTRAINT scim_members_group FOREIGN KEY (group_id) REFERENCES scim_groups (id) ON DELETE CASCADE
);

CREATE INDEX scim_members_by_group ON scim_members (group_id);

CREATE TABLE employee_links (
    id text NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    citizen_id text NOT NULL,
    employee_id text NOT NULL, -- need not stand in the directory
    unit text NOT NULL,
    from_day text NOT NULL,
    to_day text NOT NULL, -- empty: no end is known
    proof text NOT NULL,
    reason_sealed bytea,
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    ended_by text NOT NULL,
    ended_at bigint,
    CONSTRAINT employee_links_citizen FOREIGN KEY (citizen_id) REFERENCES citizens (id),
    CONSTRAINT employee_links_version CHECK (version > 0),
    CONSTRAINT employee_links_proof CHECK (proof = 'visit' OR (proof = 'override' AND reason_sealed IS NOT NULL))
);

CREATE INDEX employee_links_by_employee ON employee_links (employee_id) WHERE ended_at IS NULL;
CREATE INDEX employee_links_by_citizen ON employee_links (citizen_id, made_at);
