-- Mails on their way: to whom and why, never what they say. The log of security events is what they are ordered from, and
-- mail_state has the last row of it that was read.

CREATE TABLE mails (
    sequence INTEGER NOT NULL,
    occasion TEXT NOT NULL,
    -- An account's id, or an invitation's.
    recipient TEXT NOT NULL,
    at INTEGER NOT NULL,
    network TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (sequence, occasion)
) STRICT;

CREATE INDEX mails_by_time ON mails (due_at);

CREATE TABLE mail_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
) STRICT;

-- What a developer reads in the place of a mailbox; nothing writes here in production.
CREATE TABLE dev_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL
) STRICT;
