-- What accounts have in a dialect where people verify their address and accept terms: a name of their own, when they
-- accepted, by when they have to show that they read the address, and the address before the present one, which is told
-- about the change.

ALTER TABLE users ADD COLUMN username TEXT;
ALTER TABLE users ADD COLUMN terms_accepted_at INTEGER;
ALTER TABLE users ADD COLUMN verify_by INTEGER;
ALTER TABLE users ADD COLUMN previous_email TEXT;

CREATE INDEX users_by_verification ON users (verify_by) WHERE verify_by IS NOT NULL;
