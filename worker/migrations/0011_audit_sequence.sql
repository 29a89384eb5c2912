-- Every row of the log gets a place, one more than that of the row before it, that is never given again: a row that is
-- missing shows. What is younger than 90 days can not be taken out; older rows may go when the deployment keeps no more.

DROP TRIGGER audit_log_is_append_only_on_update;
DROP TRIGGER audit_log_is_append_only_on_delete;
DROP INDEX audit_log_by_time;
DROP INDEX audit_log_by_actor;
DROP INDEX audit_log_by_target;
ALTER TABLE audit_log RENAME TO audit_log_before;

CREATE TABLE audit_log (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    actor_id TEXT,
    -- Whom or what it was done to, where that is not the actor.
    target_id TEXT,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    network TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    -- JSON, without secrets.
    detail TEXT
) STRICT;

INSERT INTO audit_log (id, at, actor_id, target_id, action, outcome, network, user_agent, request_id, detail)
SELECT id, at, actor_id, target_id, action, outcome, network, user_agent, request_id, detail
FROM audit_log_before ORDER BY rowid;

DROP TABLE audit_log_before;

CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, at);
CREATE INDEX audit_log_by_target ON audit_log (target_id, at);

CREATE TRIGGER audit_log_is_not_rewritten BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_log_keeps_what_is_young BEFORE DELETE ON audit_log WHEN OLD.at > unixepoch() - 7776000
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
