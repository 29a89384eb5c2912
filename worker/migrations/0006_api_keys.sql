-- API keys, one for each account: found by a keyed digest, kept in an envelope that only opens for this owner and this
-- key. The clear key is nowhere.

CREATE TABLE api_keys (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    -- Empty when nobody is to see the key again.
    sealed TEXT NOT NULL,
    -- How the key begins and ends, for lists and logs.
    hint TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
