-- +goose Up
-- How the identity providers are, for all processes together, and whether an administrator has opened
-- the ways of an outage by hand.

CREATE TABLE login_looks (
    provider TEXT NOT NULL PRIMARY KEY,
    failed INTEGER NOT NULL, -- looks in a row without an answer
    worked INTEGER NOT NULL, -- looks in a row with one
    looked_at INTEGER NOT NULL,
    answered_at INTEGER, -- empty: never
    down_since INTEGER, -- empty: it counts as up
    CONSTRAINT login_looks_row CHECK (failed >= 0 AND worked >= 0 AND (failed = 0) <> (worked = 0))
) STRICT;

CREATE TABLE login_switches (
    audience TEXT NOT NULL PRIMARY KEY, -- whose logins
    switched_by TEXT NOT NULL,
    reason_sealed BLOB,
    switched_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, -- it is off from then on
    CONSTRAINT login_switches_audience CHECK (audience IN ('citizens', 'staff'))
) STRICT;
