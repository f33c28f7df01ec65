-- +goose Up
-- How many differences a reconciliation had repaired by rule, so that one run never repairs too many.

ALTER TABLE reconcile_runs ADD COLUMN repairs BIGINT NOT NULL DEFAULT 0;
