-- +goose Up
-- How the record is told of a visit, one entry for each way. What was there before went onto the list.

ALTER TABLE visits ADD COLUMN means text NOT NULL DEFAULT 'list'; -- separated by commas
ALTER TABLE visits ADD COLUMN means_why text NOT NULL DEFAULT ''; -- why there is none

ALTER TABLE entries ADD COLUMN means text NOT NULL DEFAULT 'list';
ALTER TABLE entries ADD CONSTRAINT entries_means CHECK (means IN ('', 'list', 'intervention', 'note', 'task', 'journal'));
ALTER TABLE entries DROP CONSTRAINT entries_state;
ALTER TABLE entries ADD CONSTRAINT entries_state CHECK (state IN ('due', 'written', 'rejected', 'superseded', 'omitted'));
