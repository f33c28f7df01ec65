-- +goose Up
-- A channel names a message by the receipt that it gave.

CREATE INDEX invitations_by_receipt ON invitations (provider_id) WHERE provider_id <> '';
