-- +goose Up
-- Rooms that the platform makes only shortly before the visit, links by seat, the platform's
-- events, and what the whole municipality should know.

ALTER TABLE rooms ADD COLUMN seat_links_sealed BLOB;
ALTER TABLE rooms ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN making_at INTEGER;
ALTER TABLE rooms ADD COLUMN made_at INTEGER;

CREATE TABLE events (
    key TEXT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    seq INTEGER NOT NULL, -- the node's counter; 0: it has none
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    room TEXT NOT NULL,
    body_sealed BLOB,
    received_at INTEGER NOT NULL
) STRICT;

CREATE INDEX events_by_room ON events (room, at, seq) WHERE room <> '';
CREATE INDEX events_by_node ON events (node, at, seq, received_at) WHERE seq > 0;
CREATE INDEX events_by_age ON events (received_at);

CREATE TABLE event_nodes (
    node TEXT NOT NULL PRIMARY KEY,
    heard_at INTEGER NOT NULL -- to within some seconds
) STRICT;

CREATE TABLE notices (
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    level TEXT NOT NULL,
    sentence TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    resolved_at INTEGER,
    CONSTRAINT notices_once PRIMARY KEY (kind, about),
    CONSTRAINT notices_level CHECK (level IN ('advarsel', 'fejl'))
) STRICT;

CREATE INDEX notices_open ON notices (raised_at) WHERE resolved_at IS NULL;

CREATE TABLE chores (
    name TEXT NOT NULL PRIMARY KEY,
    begun_at INTEGER NOT NULL
) STRICT;
