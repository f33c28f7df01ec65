-- +goose Up
-- When the platform told an outcome's times, if that was only after a person had given the outcome.

ALTER TABLE visits ADD COLUMN outcome_timed_at INTEGER;
ALTER TABLE former_outcomes ADD COLUMN timed_at INTEGER;
