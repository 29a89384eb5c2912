use super::PortError;
use crate::{
    id::{SessionId, SessionStamp, UserId},
    session::{Ending, NewSession, SessionCheck, SessionProof},
    time::UnixSeconds,
};

/// The authority over each user's sessions.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Sessions {
    /// Records a session durably and returns the generation its token belongs to (FT-04).
    ///
    /// # Errors
    /// When the record could not be written; no token may be issued then.
    async fn open_session(&self, session: NewSession) -> Result<SessionStamp, PortError>;

    /// Holds a token's claims about its session against the record.
    ///
    /// # Errors
    /// When the authority can not be reached; the token is then neither good nor bad (FT-05).
    async fn check_session(&self, proof: &SessionProof, now: UnixSeconds) -> Result<SessionCheck, PortError>;

    /// Ends a session for good, before it returns (TK-15). Ending a session that is not there is
    /// fine: it is what the caller wanted.
    ///
    /// # Errors
    /// When the end could not be recorded.
    async fn end_session(&self, user_id: UserId, session_id: SessionId) -> Result<Ending, PortError>;
}
