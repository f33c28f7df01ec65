-- +goose Up
-- Which driving lists are read from the record itself, and how far each is.

CREATE TABLE fetches (
    id TEXT NOT NULL PRIMARY KEY,
    local_day TEXT NOT NULL,
    list_ref TEXT NOT NULL, -- the record's own; empty: the day's lists are looked up
    list_name TEXT NOT NULL,
    state TEXT NOT NULL,
    upload_id TEXT NOT NULL, -- when ready
    visits INTEGER NOT NULL,
    sentence TEXT NOT NULL, -- why it waits or failed
    auto INTEGER NOT NULL, -- imported without a person
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    done_at INTEGER,
    CONSTRAINT fetches_state CHECK (state IN ('wanted', 'ready', 'imported', 'failed'))
) STRICT;

CREATE INDEX fetches_by_day ON fetches (local_day);
