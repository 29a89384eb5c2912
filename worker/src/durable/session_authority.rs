//! One object for each user: the sessions that are alive, and the generation they belong to.
//!
//! What it stores is described in `store/session_book.rs`.

use core::cell::{Cell, OnceCell, RefCell};

use portico_core::{
    id::{SessionId, SessionStamp, UserId},
    session::{NewSession, SNAPSHOT_LIFETIME, SessionCheck, SessionProof, is_alive},
    time::{Lifetime, UnixSeconds},
    user::User,
};
use serde::{Deserialize, Serialize};
use worker::{Env, Response, Result, State, durable_object, wasm_bindgen};

use super::reply;
use crate::store::{self, SessionBook};

/// How often a session's last sign of life is written down.
const SEEN_EVERY: Lifetime = Lifetime::from_minutes(1);

/// What the store asks.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Request {
    /// Record a session. `stamp` becomes the generation if the user has none yet.
    Open {
        /// The session.
        session: NewSession,
        /// Random.
        stamp: SessionStamp,
    },
    /// Is this session alive?
    Check {
        /// What the token claims.
        proof: SessionProof,
        /// The request's instant.
        now: UnixSeconds,
    },
    /// End a session.
    End {
        /// Which one.
        session_id: SessionId,
    },
}

/// The answer to [`Request::Open`].
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Opened {
    pub(crate) stamp: SessionStamp,
}

/// The authority over one user's sessions.
#[durable_object]
pub struct SessionAuthority {
    state: State,
    env: Env,
    book: OnceCell<SessionBook>,
    /// The account as of some seconds ago, so that a check of a warm object reads no D1.
    snapshot: RefCell<Option<(User, UnixSeconds)>>,
    /// Counts invalidations, so that a read that was under way during one is not kept.
    invalidations: Cell<u64>,
}

impl core::fmt::Debug for SessionAuthority {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("SessionAuthority").finish_non_exhaustive()
    }
}

impl worker::DurableObject for SessionAuthority {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, book: OnceCell::new(), snapshot: RefCell::new(None), invalidations: Cell::new(0) }
    }

    async fn fetch(&self, mut request: worker::Request) -> Result<Response> {
        match serde_json::from_str(&request.text().await?)? {
            Request::Open { session, stamp } => reply(&self.open(&session, stamp)?),
            Request::Check { proof, now } => reply(&self.check(proof, now).await?),
            Request::End { session_id } => reply(&self.book()?.delete(session_id)?),
        }
    }
}

impl SessionAuthority {
    fn book(&self) -> Result<&SessionBook> {
        if let Some(book) = self.book.get() {
            return Ok(book);
        }
        let book = SessionBook::open(self.state.storage().sql())?;
        Ok(self.book.get_or_init(|| book))
    }

    fn open(&self, session: &NewSession, stamp: SessionStamp) -> Result<Opened> {
        // The user has just been read or written: the next check shall see it fresh.
        self.snapshot.replace(None);
        self.invalidations.set(self.invalidations.get() + 1);
        let book = self.book()?;
        book.forget_dead(session.created_at)?;
        book.insert(session)?;
        Ok(Opened { stamp: book.stamp_or(stamp)? })
    }

    async fn check(&self, proof: SessionProof, now: UnixSeconds) -> Result<SessionCheck> {
        let Some(user) = self.account(proof.user_id, now).await? else {
            return Ok(SessionCheck::NoAccount);
        };
        // No await from here on: the verdict and the sign of life are one step.
        let book = self.book()?;
        if book.stamp()? != Some(proof.stamp) {
            return Ok(SessionCheck::Ended);
        }
        let Some(times) = book.find(proof.session_id)? else { return Ok(SessionCheck::Ended) };
        if !is_alive(times.expires_at, times.last_seen_at, now) {
            return Ok(SessionCheck::Ended);
        }
        if now.since(times.last_seen_at) >= SEEN_EVERY {
            book.mark_seen(proof.session_id, now)?;
        }
        Ok(SessionCheck::Active(Box::new(user)))
    }

    /// The account, from the snapshot while it is young, else from D1. Absence is never kept.
    async fn account(&self, id: UserId, now: UnixSeconds) -> Result<Option<User>> {
        if let Some((user, read_at)) = self.snapshot.borrow().as_ref()
            && now.since(*read_at) < SNAPSHOT_LIFETIME
            && user.id == id
        {
            return Ok(Some(user.clone()));
        }
        let before = self.invalidations.get();
        let user = store::load_user(&store::database(&self.env)?, id).await?;
        if self.invalidations.get() == before {
            self.snapshot.replace(user.clone().map(|user| (user, now)));
        }
        Ok(user)
    }
}
