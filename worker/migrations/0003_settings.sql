-- What administrators changed while the service ran; it wins over the environment's defaults. The
-- first sign-up closes registration here, in the same transaction that creates the first account.

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    -- JSON.
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT REFERENCES users (id) ON DELETE SET NULL
) STRICT;
