-- Who put somebody into a group: an administrator, or a directory or proxy whose word changes with every sign-in. Only
-- memberships of the second kind are taken back when that word changes.

ALTER TABLE group_members ADD COLUMN source TEXT NOT NULL DEFAULT 'manual' CHECK (source IN ('manual', 'synced'));
