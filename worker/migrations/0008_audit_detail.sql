-- What an administrator changed, from what and to what, as JSON without secrets. And an index for reading the log about
-- one account, whether it acted or was acted upon.

ALTER TABLE audit_log ADD COLUMN detail TEXT;

CREATE INDEX audit_log_by_target ON audit_log (target_id, at);
