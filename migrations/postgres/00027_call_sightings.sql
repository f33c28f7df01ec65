-- +goose Up
-- Files of other vendors overlap: a call stands as long as an import that has it stands. A file that
-- is imported twice is one import.

CREATE TABLE call_sightings (
    source text NOT NULL,
    call_key text NOT NULL,
    import_id text NOT NULL,
    CONSTRAINT call_sightings_once PRIMARY KEY (source, call_key, import_id),
    CONSTRAINT call_sightings_import FOREIGN KEY (import_id) REFERENCES call_imports (id) ON DELETE CASCADE
);

CREATE INDEX call_sightings_by_import ON call_sightings (import_id);

ALTER TABLE call_imports ADD COLUMN content text NOT NULL DEFAULT ''; -- SHA-256 of the file
ALTER TABLE call_imports ADD COLUMN left_out integer NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX call_imports_standing ON call_imports (source, content) WHERE undone_at IS NULL AND content <> '';
