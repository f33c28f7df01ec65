-- +goose Up
-- How outside systems were, by the hour, how every process finds them now, and what a batch does.

ALTER TABLE batches ADD COLUMN kind TEXT NOT NULL DEFAULT '';

CREATE TABLE availability (
    role TEXT NOT NULL,
    system TEXT NOT NULL,
    hour INTEGER NOT NULL, -- microseconds since 1970, when it begins
    good INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    up_ms INTEGER NOT NULL,
    down_ms INTEGER NOT NULL,
    CONSTRAINT availability_once PRIMARY KEY (role, system, hour)
) STRICT;

CREATE INDEX availability_by_hour ON availability (hour);

CREATE TABLE system_health (
    process TEXT NOT NULL,
    role TEXT NOT NULL,
    system TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT system_health_once PRIMARY KEY (process, role, system)
) STRICT;
