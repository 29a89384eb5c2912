-- What pages keep with an account: JSON objects that Portico hands back as they came. A table of its own, because they
-- can be large and nothing that decides anything reads them.

CREATE TABLE user_documents (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('info', 'settings', 'variables')),
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind)
) STRICT;
