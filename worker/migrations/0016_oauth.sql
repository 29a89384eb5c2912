-- Signing in with an account elsewhere. What the browser is away for: one row for each, taken away by the first that
-- comes back. What providers give for people, sealed. And which words of providers have been heard.

CREATE TABLE oauth_states (
    hash TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    issuer TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- What the provider said about itself then.
    metadata TEXT NOT NULL,
    -- Digest of what the browser holds.
    browser TEXT NOT NULL,
    dialect TEXT NOT NULL,
    -- Both for somebody who links an account, neither for somebody who signs in.
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT,
    sealed TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) = (session_id IS NULL))
) STRICT;

CREATE INDEX oauth_states_by_end ON oauth_states (expires_at);
CREATE INDEX oauth_states_by_user ON oauth_states (user_id);

CREATE TABLE provider_sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    -- The provider's own name for the session.
    remote_id TEXT,
    tokens TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX provider_sessions_by_user ON provider_sessions (user_id, provider, created_at);
CREATE INDEX provider_sessions_by_end ON provider_sessions (expires_at);
CREATE INDEX provider_sessions_by_remote ON provider_sessions (provider, remote_id);

-- What the deployment is registered as at services of others.
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY,
    server_url TEXT NOT NULL,
    registration TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE heard_logouts (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    remembered_until INTEGER NOT NULL,
    PRIMARY KEY (issuer, jti)
) STRICT;
