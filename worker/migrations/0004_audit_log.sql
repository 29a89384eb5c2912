-- Security events. Rows are only ever added, which two triggers enforce; people are named by id
-- without a foreign key, so that the log outlives the account.

CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_id TEXT,
    -- Whom or what it was done to, where that is not the actor.
    target_id TEXT,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    network TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;

CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, at);

CREATE TRIGGER audit_log_is_append_only_on_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_log_is_append_only_on_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
