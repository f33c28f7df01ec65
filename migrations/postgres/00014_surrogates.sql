-- +goose Up
-- The source system's own id of a citizen, kept when somebody says what CPR number the citizen has.

ALTER TABLE citizens ADD COLUMN surrogate_hash text;
ALTER TABLE citizens ADD COLUMN surrogate_sealed bytea;

CREATE UNIQUE INDEX citizens_surrogate_once ON citizens (surrogate_hash);
