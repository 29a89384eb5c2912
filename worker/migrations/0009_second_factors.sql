-- Second factors: the secret in an envelope that only opens for this account, hashes of the backup codes, and what an
-- operator gave out when the factor was lost. Which code was used last is the session authority's to know.

CREATE TABLE second_factors (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- NULL while an operator has taken the factor away.
    secret TEXT,
    -- JSON.
    backup_codes TEXT NOT NULL,
    reset_hash TEXT,
    reset_expires_at INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;
