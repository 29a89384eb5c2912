-- Who is told about events, and how far. The log of security events is what they are told from.

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- In an envelope that only opens for this row; NULL for the one that the environment names.
    url TEXT,
    enabled INTEGER NOT NULL,
    -- JSON: patterns.
    events TEXT NOT NULL,
    -- JSON: whose events; NULL for everybody's.
    targets TEXT,
    -- Deleted for good: the environment's does not come back.
    deleted INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The last row of the log that it knows about, how often the next one was told in vain, and when to try again.
    sequence INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER
) STRICT;
