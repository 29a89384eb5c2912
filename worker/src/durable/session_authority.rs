//! One object for each user: the [`Book`] of their sessions, kept in memory and written down before
//! each answer, and a copy of their account.
//!
//! What it stores is described in `store/book_tables.rs`. An alarm cleans up.

use alloc::rc::Rc;
use core::{
    cell::{Cell, RefCell},
    pin::pin,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::{Either, select};
use portico_core::{
    id::{ProviderSessionId, SessionId, SessionStamp, TokenId, UserId},
    oauth::flight::{Claim, Flights, LEASE},
    session::{
        Attempt, Book, BookRefresh, Challenge, Member, NewSession, Refresh, RefreshUse, SNAPSHOT_LIFETIME,
        SessionCheck, SessionProof, UseKey,
    },
    settings::Generations,
    throttle::BanPolicy,
    time::UnixSeconds,
    totp::Step,
    user::Account,
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::{future_to_promise, js_sys::Promise};
use worker::{Delay, Env, Result, durable::State, worker_sys::DurableObjectState};

use super::{ADDRESS, answer, parsed};
use crate::{
    platform,
    store::{self, BookTables, StoredAccount},
};

/// What the store asks. `fresh` becomes the generation where a new one begins.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Question {
    CompleteChallenge {
        hash: String,
        step: Option<Step>,
        now: UnixSeconds,
    },
    FindChallenge {
        hash: String,
        attempt: Attempt,
        generations: Generations,
        now: UnixSeconds,
    },
    OpenChallenge {
        challenge: Box<Challenge>,
        now: UnixSeconds,
    },
    StageFactor {
        hash: String,
        staged: String,
        now: UnixSeconds,
    },
    AcceptStep {
        step: Step,
        now: UnixSeconds,
    },
    AccountChanged,
    Ban {
        until: UnixSeconds,
        fresh: SessionStamp,
        now: UnixSeconds,
    },
    End {
        session: SessionId,
    },
    EndAll {
        fresh: SessionStamp,
        now: UnixSeconds,
    },
    EndOthers {
        kept: SessionId,
        now: UnixSeconds,
    },
    ForgetUses {
        purpose: String,
    },
    Keep {
        kept: SessionId,
        credential_version: u32,
        now: UnixSeconds,
    },
    ClaimRefresh {
        tokens: ProviderSessionId,
        now: UnixSeconds,
    },
    LiftBan,
    ReleaseRefresh {
        tokens: ProviderSessionId,
    },
    List {
        now: UnixSeconds,
    },
    Open {
        session: Box<NewSession>,
        fresh: SessionStamp,
    },
    Refresh {
        user: UserId,
        session: SessionId,
        used: Box<RefreshUse>,
        generations: Generations,
        now: UnixSeconds,
    },
    RevokeToken {
        session: SessionId,
        token: TokenId,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    },
    UseOnce {
        purpose: String,
        digest: String,
        until: Option<UnixSeconds>,
        now: UnixSeconds,
    },
    Violate {
        points: u32,
        policy: BanPolicy,
        fresh: SessionStamp,
        now: UnixSeconds,
    },
}

/// The address that asks whether a session is alive. That is what is asked most, so it takes the shortest
/// form: four ids, the instant and the generations, 80 bytes.
pub(crate) fn check_url(proof: &SessionProof, generations: Generations, now: UnixSeconds) -> String {
    let mut bytes = Vec::with_capacity(CHECK_BYTES);
    bytes.extend_from_slice(proof.user_id.as_bytes());
    bytes.extend_from_slice(proof.session_id.as_bytes());
    bytes.extend_from_slice(proof.stamp.as_bytes());
    bytes.extend_from_slice(proof.token_id.as_bytes());
    bytes.extend_from_slice(&now.get().to_be_bytes());
    bytes.extend_from_slice(&generations.directory.to_be_bytes());
    bytes.extend_from_slice(&generations.sessions.to_be_bytes());
    let mut url = String::with_capacity(ADDRESS.len() + CHECK_BYTES * 4 / 3);
    url.push_str(ADDRESS);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut url);
    url
}

const CHECK_BYTES: usize = 4 * 16 + 8 + 2 * 4;

fn check_question(url: &str) -> Option<(SessionProof, Generations, UnixSeconds)> {
    let encoded = url.strip_prefix(ADDRESS)?;
    let mut bytes = [0; CHECK_BYTES];
    URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()?;
    let id = |place: usize| -> Option<[u8; 16]> { bytes.get(place * 16..)?.get(..16)?.try_into().ok() };
    let proof = SessionProof {
        user_id: UserId::from_bytes(id(0)?),
        session_id: SessionId::from_bytes(id(1)?),
        stamp: SessionStamp::from_bytes(id(2)?),
        token_id: TokenId::from_bytes(id(3)?),
    };
    let number = |place: usize| Some(u32::from_be_bytes(bytes.get(place..)?.get(..4)?.try_into().ok()?));
    let generations = Generations { directory: number(72)?, sessions: number(76)? };
    let now = UnixSeconds::new(i64::from_be_bytes(bytes.get(64..)?.get(..8)?.try_into().ok()?));
    Some((proof, generations, now))
}

/// The authority over one user's sessions, as the JavaScript half constructs it.
#[wasm_bindgen]
pub struct SessionAuthority(Rc<Authority>);

#[wasm_bindgen]
impl SessionAuthority {
    /// One object, when the runtime wakes it up.
    #[wasm_bindgen(constructor)]
    pub fn new(state: DurableObjectState, env: Env) -> Self {
        Self(Rc::new(Authority {
            state: State::from(state),
            env,
            book: RefCell::new(None),
            copy: RefCell::new(None),
            invalidations: Cell::new(0),
            alarm: Cell::new(false),
            flights: Flights::default(),
        }))
    }

    /// Answers whether a session is alive, asked by an internal address of ids: a string, or a
    /// promise of one where the account has to be read first.
    ///
    /// # Errors
    /// When the question makes no sense or the store fails; the caller sees a failing object.
    pub fn check(&self, url: &str) -> core::result::Result<JsValue, JsValue> {
        let authority = &self.0;
        let question = check_question(url).ok_or_else(|| JsValue::from_str("no such question"))?;
        let (proof, generations, now) = question;
        match authority.young_copy(proof.user_id, generations.directory, now) {
            Some(copy) => authority.check(&copy, &proof, generations, now),
            None => Ok(later(authority, async move |authority| {
                let Some(copy) = authority.read_copy(proof.user_id, now).await? else {
                    return answer(&SessionCheck::NoAccount);
                };
                authority.check(&copy, &proof, generations, now)
            })),
        }
    }

    /// Answers any other question: a string, or a promise of one.
    ///
    /// # Errors
    /// When the question makes no sense or the store fails; the caller sees a failing object.
    pub fn answer(&self, question: &str) -> core::result::Result<JsValue, JsValue> {
        let authority = &self.0;
        match parsed(question)? {
            Question::Refresh { user, session, used, generations, now } => {
                Ok(later(authority, async move |authority| {
                    // A refresh decides about the next quarter of an hour, so it reads the account anew (SE-17).
                    let Some(copy) = authority.read_copy(user, now).await? else {
                        return answer(&Refresh::NoAccount);
                    };
                    authority.in_book(|book| {
                        book.begin_epoch(generations.sessions);
                        match book.refresh(session, *used, copy.account.credential_version, now) {
                            BookRefresh::Banned { until } => Refresh::Banned { until },
                            BookRefresh::Ended => Refresh::Ended,
                            BookRefresh::Reused => Refresh::Reused,
                            BookRefresh::Rotated { stamp, session } => Refresh::Rotated {
                                member: Box::new(member(&copy.account)),
                                stamp,
                                session: Box::new(session.clone()),
                            },
                        }
                    })
                }))
            }
            Question::Open { session, fresh } => {
                authority.drop_copy_of_another_version(session.credential_version);
                let opened = authority.in_book(|book| book.open(*session, fresh))?;
                authority.wake_up_later(opened)
            }
            Question::UseOnce { purpose, digest, until, now } => {
                let key = UseKey { purpose, digest };
                let used = authority.in_book(|book| book.use_once(key, until, now))?;
                authority.wake_up_later(used)
            }
            Question::AcceptStep { step, now } => {
                let accepted = authority.in_book(|book| book.accept_step(step, now))?;
                authority.wake_up_later(accepted)
            }
            Question::Ban { until, fresh, now } => {
                let banned = authority.in_book(|book| book.ban(until, fresh, now))?;
                authority.wake_up_later(banned)
            }
            Question::Violate { points, policy, fresh, now } => {
                let violation = authority.in_book(|book| book.violate(points, policy, fresh, now))?;
                authority.wake_up_later(violation)
            }
            Question::OpenChallenge { challenge, now } => {
                let opened = authority.in_book(|book| book.open_challenge(*challenge, now))?;
                authority.wake_up_later(opened)
            }
            Question::FindChallenge { hash, attempt, generations, now } => authority.in_book(|book| {
                book.begin_epoch(generations.sessions);
                book.find_challenge(&hash, attempt, now)
            }),
            Question::StageFactor { hash, staged, now } => {
                authority.in_book(|book| book.stage_factor(&hash, staged, now))
            }
            Question::CompleteChallenge { hash, step, now } => {
                let completed = authority.in_book(|book| book.complete_challenge(&hash, step, now))?;
                authority.wake_up_later(completed)
            }
            Question::AccountChanged => {
                authority.drop_copy();
                answer(&())
            }
            Question::EndAll { fresh, now } => {
                authority.drop_copy();
                authority.in_book(|book| book.end_all(fresh, now))
            }
            Question::End { session } => authority.in_book(|book| book.end(session)),
            Question::EndOthers { kept, now } => authority.in_book(|book| book.end_others(kept, now)),
            Question::ForgetUses { purpose } => authority.in_book(|book| book.forget_uses(&purpose)),
            Question::Keep { kept, credential_version, now } => {
                authority.drop_copy();
                authority.in_book(|book| book.keep(kept, credential_version, now))
            }
            Question::ClaimRefresh { tokens, now } => Ok(later(authority, async move |authority| {
                // Whoever vanishes is not waited for any longer than they may take.
                let patience = Delay::from(Duration::from_secs(LEASE.seconds()));
                let claim = authority.flights.claim(tokens, now);
                answer(&match select(pin!(claim), pin!(patience)).await {
                    Either::Left((claim, _)) => claim,
                    Either::Right(_) => Claim::Done,
                })
            })),
            Question::ReleaseRefresh { tokens } => {
                authority.flights.release(tokens);
                answer(&())
            }
            Question::LiftBan => authority.in_book(Book::lift_ban),
            Question::List { now } => authority.in_book(|book| book.list(now)),
            Question::RevokeToken { session, token, until, now } => {
                authority.in_book(|book| book.revoke_token(session, token, until, now))
            }
        }
    }

    /// Cleans up, and comes again when there will be something to clean up.
    pub fn alarm(&self) -> Promise {
        let authority = Rc::clone(&self.0);
        future_to_promise(async move {
            authority.in_book(|book| book.forget_dead(platform::now()))?;
            authority.alarm.set(false);
            if authority.step(|book| book.is_blank())? {
                authority.book.replace(None);
                authority.state.storage().delete_all().await?;
            } else {
                authority.set_alarm().await?;
            }
            Ok(JsValue::UNDEFINED)
        })
    }
}

impl core::fmt::Debug for SessionAuthority {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("SessionAuthority").finish_non_exhaustive()
    }
}

/// The object itself. Every step that decides something runs without an await, so nothing gets between
/// its reading and its writing.
struct Authority {
    state: State,
    env: Env,
    /// `None` until it was read, and again after it could not be written.
    book: RefCell<Option<(BookTables, Book)>>,
    copy: RefCell<Option<Rc<Copy>>>,
    /// Counts invalidations, so that a reading that was under way during one is not kept.
    invalidations: Cell<u64>,
    /// Whether an alarm is known to be set.
    alarm: Cell<bool>,
    /// Who asks providers for tokens just now.
    flights: Flights,
}

/// The account as of some seconds ago, so that a check of a warm object reads no D1.
struct Copy {
    account: Account,
    /// How often groups and memberships had been changed by then.
    directory: u32,
    read_at: UnixSeconds,
    /// When the account was last written down as active, as far as is known here.
    active_at: Cell<UnixSeconds>,
    /// The answer that a live session gets, as JavaScript has it.
    active: JsValue,
}

impl Authority {
    /// Takes a step in the book, and writes down what it has changed. A book that could not be written is
    /// dropped: the next step begins with what is stored.
    fn in_book<T: Serialize>(
        &self,
        step: impl FnOnce(&mut Book) -> T,
    ) -> core::result::Result<JsValue, JsValue> {
        answer(&self.step(step)?)
    }

    fn step<T>(&self, step: impl FnOnce(&mut Book) -> T) -> Result<T> {
        let mut place = self.book.borrow_mut();
        if place.is_none() {
            let tables = BookTables::open(self.state.storage().sql())?;
            let book = tables.read()?;
            *place = Some((tables, book));
        }
        let Some((tables, book)) = place.as_mut() else {
            return Err(worker::Error::RustError("no book".into()));
        };
        let outcome = step(book);
        let written = tables.write_changes(book);
        if written.is_err() {
            *place = None;
        }
        written.map(|()| outcome)
    }

    fn check(
        &self,
        copy: &Copy,
        proof: &SessionProof,
        generations: Generations,
        now: UnixSeconds,
    ) -> core::result::Result<JsValue, JsValue> {
        let alive = self.step(|book| {
            book.begin_epoch(generations.sessions);
            book.check(proof, copy.account.credential_version, now)
        })?;
        if !alive {
            return answer(&SessionCheck::Ended);
        }
        if copy.active_at.get().get() + store::ACTIVE_EVERY_SECONDS <= now.get() {
            copy.active_at.set(now);
            store::note_activity(store::database(&self.env), proof.user_id, now);
        }
        Ok(copy.active.clone())
    }

    fn young_copy(&self, id: UserId, directory: u32, now: UnixSeconds) -> Option<Rc<Copy>> {
        let copy = self.copy.borrow();
        // A clock that ran backwards makes nothing young again (FT-11).
        let young = |copy: &&Rc<Copy>| {
            copy.account.user.id == id
                && copy.directory >= directory
                && copy.read_at <= now
                && now < copy.read_at.plus(SNAPSHOT_LIFETIME)
        };
        copy.as_ref().filter(young).map(Rc::clone)
    }

    /// Reads the account from D1. That one is not there is never remembered.
    async fn read_copy(&self, id: UserId, now: UnixSeconds) -> Result<Option<Rc<Copy>>> {
        let before = self.invalidations.get();
        let Some(stored) = store::load_account(&store::database(&self.env)?, id).await? else {
            return Ok(None);
        };
        let StoredAccount { account, directory } = stored;
        let active = answer(&SessionCheck::Active(Box::new(member(&account))))?;
        let active_at = Cell::new(account.user.last_active_at);
        let copy = Rc::new(Copy { account, directory, read_at: now, active_at, active });
        if self.invalidations.get() == before {
            self.copy.replace(Some(Rc::clone(&copy)));
        }
        Ok(Some(copy))
    }

    /// A session of another version than the copy's shows that the copy is old.
    fn drop_copy_of_another_version(&self, version: u32) {
        if self.copy.borrow().as_ref().is_some_and(|copy| copy.account.credential_version != version) {
            self.drop_copy();
        }
    }

    fn drop_copy(&self) {
        self.copy.replace(None);
        self.invalidations.set(self.invalidations.get() + 1);
    }

    fn next_death(&self) -> Result<Option<UnixSeconds>> {
        self.step(|book| book.next_death())
    }

    /// Makes sure that an alarm is set, before the answer leaves. One that comes too early merely finds
    /// nothing to do, so there is never a need for a second.
    fn wake_up_later(self: &Rc<Self>, answered: JsValue) -> core::result::Result<JsValue, JsValue> {
        if self.alarm.get() || self.next_death()?.is_none() {
            return Ok(answered);
        }
        Ok(later(self, async move |authority| {
            if authority.state.storage().get_alarm().await?.is_none() {
                authority.set_alarm().await?;
            }
            authority.alarm.set(true);
            Ok(answered)
        }))
    }

    async fn set_alarm(&self) -> Result<()> {
        let Some(death) = self.next_death()? else { return Ok(()) };
        let seconds = death.since(platform::now()).seconds() + 1;
        self.state.storage().set_alarm(Duration::from_secs(seconds)).await
    }
}

fn member(account: &Account) -> Member {
    Member { user: account.user.clone(), grants: account.grants.clone() }
}

fn later<F>(authority: &Rc<Authority>, act: impl FnOnce(Rc<Authority>) -> F) -> JsValue
where
    F: Future<Output = core::result::Result<JsValue, JsValue>> + 'static,
{
    future_to_promise(act(Rc::clone(authority))).into()
}
