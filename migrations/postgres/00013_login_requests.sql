-- +goose Up
-- What a login was asked for, so that the answer can be held against it.

ALTER TABLE saml_requests ADD COLUMN min_level bigint NOT NULL DEFAULT 0;
ALTER TABLE saml_requests ADD COLUMN person boolean NOT NULL DEFAULT false;
