-- +goose Up
-- Statistics read the visits that were ever meant for a screen by day, and the calls of other vendors'
-- products, which hold no name and no number.

CREATE INDEX visits_screened ON visits (local_day, unit) WHERE generation > 0;

CREATE TABLE call_imports (
    id TEXT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL, -- of the configuration
    file_name_sealed BLOB,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    row_total INTEGER NOT NULL,
    new_calls INTEGER NOT NULL,
    known_calls INTEGER NOT NULL,
    faults INTEGER NOT NULL,
    undone_by TEXT NOT NULL,
    undone_at INTEGER
) STRICT;

CREATE INDEX call_imports_newest ON call_imports (made_at DESC, id);

CREATE TABLE vendor_calls (
    source TEXT NOT NULL,
    call_key TEXT NOT NULL, -- SHA-256 of what makes the row the same in two files
    import_id TEXT NOT NULL,
    local_day TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    unit TEXT NOT NULL, -- empty: the file names none that we know
    employee TEXT NOT NULL,
    citizen_hash TEXT NOT NULL, -- keyed, as of citizens.cpr_hash; empty: not told
    law TEXT NOT NULL,
    shift TEXT NOT NULL,
    service TEXT NOT NULL,
    CONSTRAINT vendor_calls_once PRIMARY KEY (source, call_key),
    CONSTRAINT vendor_calls_import FOREIGN KEY (import_id) REFERENCES call_imports (id) ON DELETE CASCADE,
    CONSTRAINT vendor_calls_seconds CHECK (seconds >= 0)
) STRICT;

CREATE INDEX vendor_calls_by_day ON vendor_calls (local_day, unit);
CREATE INDEX vendor_calls_by_import ON vendor_calls (import_id);
