-- +goose Up
-- Rooms that the platform makes only shortly before the visit, links by seat, the platform's
-- events, and what the whole municipality should know.

ALTER TABLE rooms ADD COLUMN seat_links_sealed bytea;
ALTER TABLE rooms ADD COLUMN late boolean NOT NULL DEFAULT FALSE;
ALTER TABLE rooms ADD COLUMN making_at bigint;
ALTER TABLE rooms ADD COLUMN made_at bigint;

CREATE TABLE events (
    key text NOT NULL PRIMARY KEY,
    node text NOT NULL,
    seq bigint NOT NULL, -- the node's counter; 0: it has none
    at bigint NOT NULL,
    kind text NOT NULL,
    room text NOT NULL,
    body_sealed bytea,
    received_at bigint NOT NULL
);

CREATE INDEX events_by_room ON events (room, at, seq) WHERE room <> '';
CREATE INDEX events_by_node ON events (node, at, seq, received_at) WHERE seq > 0;
CREATE INDEX events_by_age ON events (received_at);

CREATE TABLE event_nodes (
    node text NOT NULL PRIMARY KEY,
    heard_at bigint NOT NULL -- to within some seconds
);

CREATE TABLE notices (
    kind text NOT NULL,
    about text NOT NULL,
    level text NOT NULL,
    sentence text NOT NULL,
    raised_at bigint NOT NULL,
    resolved_at bigint,
    CONSTRAINT notices_once PRIMARY KEY (kind, about),
    CONSTRAINT notices_level CHECK (level IN ('advarsel', 'fejl'))
);

CREATE INDEX notices_open ON notices (raised_at) WHERE resolved_at IS NULL;

CREATE TABLE chores (
    name text NOT NULL PRIMARY KEY,
    begun_at bigint NOT NULL
);
