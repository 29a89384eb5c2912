-- Groups grant permissions to their members; a group inherits what its parent grants.

CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    -- Whoever created it; the group outlives them.
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    parent_id TEXT REFERENCES groups (id) ON DELETE SET NULL,
    -- A partial permission tree as JSON; NULL grants nothing.
    permissions TEXT,
    -- JSON objects of the Open WebUI API, stored as they come.
    data TEXT,
    meta TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX groups_by_parent ON groups (parent_id);

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT;

CREATE INDEX group_members_by_user ON group_members (user_id);
