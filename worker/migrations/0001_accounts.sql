-- Accounts: who someone is (users), how they prove it by password (credentials), and which outside
-- accounts are theirs (identities). Separate tables, because they change for different reasons and a
-- query for a name should never touch a hash.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    -- Canonical form, written by Portico; SQLite's own case folding is not relied on.
    email TEXT NOT NULL UNIQUE,
    email_verified_at INTEGER,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'pending', 'user')),
    profile_image_url TEXT NOT NULL,
    bio TEXT,
    gender TEXT,
    date_of_birth TEXT,
    timezone TEXT,
    status_emoji TEXT,
    status_message TEXT,
    status_expires_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL
) STRICT;

CREATE INDEX users_by_creation ON users (created_at, id);

CREATE TABLE credentials (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- A PHC string.
    password_hash TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE identities (
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider, issuer, subject)
) STRICT;

CREATE INDEX identities_by_user ON identities (user_id);
