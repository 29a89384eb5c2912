-- Counts the changes of an account's password, so that a session which was opened with an older one is dead
-- from the moment of the change, whatever else could be told about it in time. On the account, not on the
-- credential: it goes on counting when a password is removed and set again.

ALTER TABLE users ADD COLUMN credential_version INTEGER NOT NULL DEFAULT 1;
