-- +goose Up
-- How the identity providers are, for all processes together, and whether an administrator has opened
-- the ways of an outage by hand.

CREATE TABLE login_looks (
    provider text NOT NULL PRIMARY KEY,
    failed integer NOT NULL, -- looks in a row without an answer
    worked integer NOT NULL, -- looks in a row with one
    looked_at bigint NOT NULL,
    answered_at bigint, -- empty: never
    down_since bigint, -- empty: it counts as up
    CONSTRAINT login_looks_row CHECK (failed >= 0 AND worked >= 0 AND (failed = 0) <> (worked = 0))
);

CREATE TABLE login_switches (
    audience text NOT NULL PRIMARY KEY, -- whose logins
    switched_by text NOT NULL,
    reason_sealed bytea,
    switched_at bigint NOT NULL,
    until_at bigint NOT NULL, -- it is off from then on
    CONSTRAINT login_switches_audience CHECK (audience IN ('citizens', 'staff'))
);
