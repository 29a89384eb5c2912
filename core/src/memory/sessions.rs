use alloc::{boxed::Box, collections::BTreeMap};

use super::Memory;
use crate::{
    id::{SessionId, SessionStamp, UserId},
    ports::{PortError, Sessions},
    session::{Ending, NewSession, SessionCheck, SessionProof, is_alive},
    time::UnixSeconds,
};

#[derive(Debug, Default)]
pub(super) struct SessionBook {
    stamps: BTreeMap<UserId, SessionStamp>,
    live: BTreeMap<SessionId, Live>,
}

#[derive(Debug)]
struct Live {
    user_id: UserId,
    expires_at: Option<UnixSeconds>,
    last_seen_at: UnixSeconds,
}

impl Sessions for Memory {
    async fn open_session(&self, session: NewSession) -> Result<SessionStamp, PortError> {
        self.reach("sessions")?;
        let fresh = SessionStamp::random(self)?;
        let mut book = self.sessions.borrow_mut();
        let live = Live {
            user_id: session.user_id,
            expires_at: session.expires_at,
            last_seen_at: session.created_at,
        };
        book.live.insert(session.id, live);
        Ok(*book.stamps.entry(session.user_id).or_insert(fresh))
    }

    async fn check_session(&self, proof: &SessionProof, now: UnixSeconds) -> Result<SessionCheck, PortError> {
        self.reach("sessions")?;
        let Some(user) = self.users.borrow().find(proof.user_id) else { return Ok(SessionCheck::NoAccount) };
        let mut book = self.sessions.borrow_mut();
        if book.stamps.get(&proof.user_id) != Some(&proof.stamp) {
            return Ok(SessionCheck::Ended);
        }
        match book.live.get_mut(&proof.session_id) {
            Some(live)
                if live.user_id == proof.user_id && is_alive(live.expires_at, live.last_seen_at, now) =>
            {
                live.last_seen_at = now;
                Ok(SessionCheck::Active(Box::new(user)))
            }
            _ => Ok(SessionCheck::Ended),
        }
    }

    async fn end_session(&self, user_id: UserId, session_id: SessionId) -> Result<Ending, PortError> {
        self.reach("sessions")?;
        let live = &mut self.sessions.borrow_mut().live;
        let before = live.len();
        live.retain(|id, live| *id != session_id || live.user_id != user_id);
        Ok(if live.len() < before { Ending::Now } else { Ending::Before })
    }
}
