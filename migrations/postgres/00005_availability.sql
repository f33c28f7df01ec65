-- +goose Up
-- How outside systems were, by the hour, how every process finds them now, and what a batch does.

ALTER TABLE batches ADD COLUMN kind text NOT NULL DEFAULT '';

CREATE TABLE availability (
    role text NOT NULL,
    system text NOT NULL,
    hour bigint NOT NULL, -- microseconds since 1970, when it begins
    good bigint NOT NULL,
    failed bigint NOT NULL,
    up_ms bigint NOT NULL,
    down_ms bigint NOT NULL,
    CONSTRAINT availability_once PRIMARY KEY (role, system, hour)
);

CREATE INDEX availability_by_hour ON availability (hour);

CREATE TABLE system_health (
    process text NOT NULL,
    role text NOT NULL,
    system text NOT NULL,
    seen_at bigint NOT NULL,
    body text NOT NULL,
    CONSTRAINT system_health_once PRIMARY KEY (process, role, system)
);
