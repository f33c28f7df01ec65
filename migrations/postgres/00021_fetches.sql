-- +goose Up
-- Which driving lists are read from the record itself, and how far each is.

CREATE TABLE fetches (
    id text NOT NULL PRIMARY KEY,
    local_day text NOT NULL,
    list_ref text NOT NULL, -- the record's own; empty: the day's lists are looked up
    list_name text NOT NULL,
    state text NOT NULL,
    upload_id text NOT NULL, -- when ready
    visits integer NOT NULL,
    sentence text NOT NULL, -- why it waits or failed
    auto boolean NOT NULL, -- imported without a person
    asked_by text NOT NULL,
    asked_at bigint NOT NULL,
    done_at bigint,
    CONSTRAINT fetches_state CHECK (state IN ('wanted', 'ready', 'imported', 'failed'))
);

CREATE INDEX fetches_by_day ON fetches (local_day);
