-- When somebody who signs in by a directory was last looked for there, so that whoever is locked out there does not go on
-- here.

ALTER TABLE identities ADD COLUMN recognised_at INTEGER NOT NULL DEFAULT 0;

CREATE INDEX identities_by_recognition ON identities (provider, issuer, recognised_at);
