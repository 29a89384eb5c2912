use portico_core::{
    id::{SessionId, SessionStamp, UserId},
    ports::{PortError, Sessions},
    session::{Ending, NewSession, SessionCheck, SessionProof},
    time::UnixSeconds,
};

use super::{SESSIONS, Store, fault};
use crate::durable::{
    call,
    session_authority::{Opened, Request},
};

impl Sessions for Store {
    async fn open_session(&self, session: NewSession) -> Result<SessionStamp, PortError> {
        let stamp = SessionStamp::random(self)?;
        let user = session.user_id;
        let opened: Opened = self.ask(user, &Request::Open { session, stamp }).await?;
        Ok(opened.stamp)
    }

    async fn check_session(&self, proof: &SessionProof, now: UnixSeconds) -> Result<SessionCheck, PortError> {
        self.ask(proof.user_id, &Request::Check { proof: *proof, now }).await
    }

    async fn end_session(&self, user_id: UserId, session_id: SessionId) -> Result<Ending, PortError> {
        self.ask(user_id, &Request::End { session_id }).await
    }
}

impl Store {
    /// Asks the authority over one user's sessions: the object that has the user's id for a name.
    async fn ask<T: for<'de> serde::Deserialize<'de>>(
        &self,
        user_id: UserId,
        request: &Request,
    ) -> Result<T, PortError> {
        call(&self.env, SESSIONS, &user_id.to_string(), request).await.map_err(fault("sessions"))
    }
}
