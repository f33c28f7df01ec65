-- +goose Up
-- How many differences a reconciliation had repaired by rule, so that one run never repairs too many.

ALTER TABLE reconcile_runs ADD COLUMN repairs INTEGER NOT NULL DEFAULT 0;
