-- +goose Up
-- Statistics read the visits that were ever meant for a screen by day, and the calls of other vendors'
-- products, which hold no name and no number.

CREATE INDEX visits_screened ON visits (local_day, unit) WHERE generation > 0;

CREATE TABLE call_imports (
    id text NOT NULL PRIMARY KEY,
    source text NOT NULL, -- of the configuration
    file_name_sealed bytea,
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    row_total integer NOT NULL,
    new_calls integer NOT NULL,
    known_calls integer NOT NULL,
    faults integer NOT NULL,
    undone_by text NOT NULL,
    undone_at bigint
);

CREATE INDEX call_imports_newest ON call_imports (made_at DESC, id);

CREATE TABLE vendor_calls (
    source text NOT NULL,
    call_key text NOT NULL, -- SHA-256 of what makes the row the same in two files
    import_id text NOT NULL,
    local_day text NOT NULL,
    began_at bigint NOT NULL,
    seconds integer NOT NULL,
    unit text NOT NULL, -- empty: the file names none that we know
    employee text NOT NULL,
    citizen_hash text NOT NULL, -- keyed, as of citizens.cpr_hash; empty: not told
    law text NOT NULL,
    shift text NOT NULL,
    service text NOT NULL,
    CONSTRAINT vendor_calls_once PRIMARY KEY (source, call_key),
    CONSTRAINT vendor_calls_import FOREIGN KEY (import_id) REFERENCES call_imports (id) ON DELETE CASCADE,
    CONSTRAINT vendor_calls_seconds CHECK (seconds >= 0)
);

CREATE INDEX vendor_calls_by_day ON vendor_calls (local_day, unit);
CREATE INDEX vendor_calls_by_import ON vendor_calls (import_id);
