#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{
    id::UserId,
    memory::Memory,
    secret::RootSecret,
    session::{
        Attempt, AuthMethod, CHALLENGE_ATTEMPTS, CHALLENGE_LIFETIME, ChallengeKind, ChallengeLookup,
        Completed, LOST_ANSWER_TOLERANCE, RefreshKeys, RefreshToken, Use,
    },
    totp::Step,
};
use alloc::string::ToString as _;

const START: UnixSeconds = UnixSeconds::new(1_800_000_000);
const IDLE: Lifetime = Lifetime::from_days(30);

fn after(seconds: u64) -> UnixSeconds {
    START.plus(Lifetime::from_seconds(seconds))
}

fn id(number: u8) -> [u8; 16] {
    [number; 16]
}

fn stamp(number: u8) -> SessionStamp {
    SessionStamp::from_bytes(id(number))
}

fn session(number: u8) -> SessionId {
    SessionId::from_bytes(id(number))
}

fn new_session(number: u8, at: UnixSeconds) -> NewSession {
    NewSession {
        id: session(number),
        user_id: UserId::from_bytes(id(1)),
        credential_version: 1,
        epoch: 0,
        method: AuthMethod::Password,
        created_at: at,
        ends_at: at.plus(Lifetime::from_days(365)),
        idle_limit: IDLE,
        refresh: None,
        mfa_verified: false,
        provider_session: None,
        network: "203.0.113.7/32".to_string(),
        user_agent: "test".to_string(),
    }
}

fn proof(number: u8, generation: u8) -> SessionProof {
    SessionProof {
        user_id: UserId::from_bytes(id(1)),
        session_id: session(number),
        stamp: stamp(generation),
        token_id: TokenId::from_bytes(id(number)),
    }
}

/// A book with sessions of the first generation.
fn with_sessions(numbers: &[u8]) -> Book {
    let mut book = Book::default();
    for number in numbers {
        let opened = book.open(new_session(*number, START), stamp(1));
        assert_eq!(opened, Opened::Session { stamp: stamp(1) });
    }
    book
}

/// The book as it comes back from the store.
fn restored(book: &Book) -> Book {
    Book::restore(
        book.account.clone(),
        book.sessions.values().cloned(),
        book.uses.iter().map(|(key, until)| (key.clone(), *until)),
    )
}

#[test]
fn a_session_ends_when_idle_and_at_its_absolute_end() {
    /* R-04, SE-05 */
    let mut book = with_sessions(&[1]);
    let mut now = START;
    // Used every 29 days it lives for a year, and not a second longer.
    for _ in 0..12 {
        now = now.plus(Lifetime::from_days(29));
        assert!(book.check(&proof(1, 1), 1, now));
    }
    let end = START.plus(Lifetime::from_days(365));
    assert!(book.check(&proof(1, 1), 1, UnixSeconds::new(end.get() - 1)));
    assert!(!book.check(&proof(1, 1), 1, end));
    let mut idle = with_sessions(&[1]);
    assert!(!idle.check(&proof(1, 1), 1, START.plus(IDLE)));
}

#[test]
fn a_backwards_clock_revives_nothing() {
    /* FT-11 */
    let mut book = with_sessions(&[1]);
    assert!(!book.check(&proof(1, 1), 1, START.plus(IDLE)));
    assert!(!book.check(&proof(1, 1), 1, START));
}

#[test]
fn a_new_generation_ends_everything_even_a_session_whose_id_comes_back() {
    /* TK-16 */
    let mut book = with_sessions(&[1, 2]);
    assert_eq!(book.end_all(stamp(2), START).count, 2);
    assert!(!book.check(&proof(1, 1), 1, START));
    book.open(new_session(1, START), stamp(9));
    assert!(!book.check(&proof(1, 1), 1, START), "the token of the first generation");
    assert!(book.check(&proof(1, 2), 1, START));
    assert!(!book.check(&proof(1, 9), 1, START), "there is a generation already");
}

#[test]
fn a_session_of_an_older_password_is_dead_even_if_it_was_opened_too_late_to_be_ended() {
    /* PW-14 */
    let mut book = Book::default();
    book.end_all(stamp(1), START);
    book.open(new_session(1, START), stamp(9));
    assert!(book.check(&proof(1, 9), 1, START));
    assert!(!book.check(&proof(1, 9), 2, START));
}

#[test]
fn a_revoked_token_is_dead_and_its_session_is_not() {
    /* TK-17 */
    let mut book = with_sessions(&[1]);
    let (old, new) = (proof(1, 1), SessionProof { token_id: TokenId::from_bytes(id(7)), ..proof(1, 1) });
    book.revoke_token(session(1), old.token_id, None, START);
    assert!(!book.check(&old, 1, START));
    assert!(book.check(&new, 1, START));
    let mut book = restored(&book);
    assert!(!book.check(&old, 1, after(86_400)), "as long as the session lives");
    for number in 0..=200 {
        let jti = TokenId::from_bytes(id(number));
        book.revoke_token(session(1), jti, Some(after(10)), after(u64::from(number)));
    }
    assert!(book.check(&new, 1, after(200)), "tokens that have expired are not remembered");
    for number in 0..=64 {
        book.revoke_token(session(1), TokenId::from_bytes(id(number)), None, after(200));
    }
    assert!(!book.check(&new, 1, after(200)), "one too many ends the session");
}

#[test]
fn ten_thousand_sign_ins_leave_no_more_than_the_live_sessions() {
    let mut book = Book::default();
    let entropy = Memory::default();
    for number in 0..10_000 {
        let at = after(number * 60);
        let short = NewSession {
            id: SessionId::random(&entropy).unwrap(),
            ends_at: at.plus(Lifetime::from_minutes(5)),
            ..new_session(1, at)
        };
        book.open(short, stamp(1));
    }
    assert_eq!(book.sessions.len(), 5);
    for _ in 0..MAX_SESSIONS {
        let long = NewSession { id: SessionId::random(&entropy).unwrap(), ..new_session(1, after(600_000)) };
        book.open(long, stamp(1));
    }
    assert_eq!(book.sessions.len(), MAX_SESSIONS, "the ones used longest ago have made room");
}

#[test]
fn signs_of_life_are_written_once_a_minute() {
    let mut book = with_sessions(&[1]);
    book.take_changes();
    assert!(book.check(&proof(1, 1), 1, after(59)));
    assert!(book.take_changes().is_empty());
    assert!(book.check(&proof(1, 1), 1, after(60)));
    assert_eq!(book.take_changes().sessions.len(), 1);
    assert_eq!(book.list(after(60)).first().unwrap().last_seen_at, after(60));
}

#[test]
fn ending_others_keeps_one() {
    /* SE-19 */
    let mut book = with_sessions(&[1, 2, 3]);
    assert_eq!(book.end_others(session(2), START).count, 2);
    assert_eq!(book.list(START).iter().map(|record| record.id).collect::<Vec<_>>(), [session(2)]);
    assert!(book.check(&proof(2, 1), 1, START));
    assert_eq!(book.end(session(2)), Ending::Now { provider_session: None });
    assert_eq!(book.end(session(2)), Ending::Before);
}

/// A session with a family, and a way to present its tokens.
struct Family {
    book: Book,
    keys: RefreshKeys,
    tokens: Vec<RefreshToken>,
}

#[derive(Debug, Eq, PartialEq)]
enum Is {
    Rotated,
    Reused,
    Ended,
}

impl Family {
    /// With the first five tokens of the family.
    fn new() -> Self {
        let keys = RefreshKeys::derived(&RootSecret::parse(&"portico ".repeat(4)).unwrap());
        let first = keys.issue(UserId::from_bytes(id(1)), session(1), &Memory::default()).unwrap();
        let mut tokens = alloc::vec![first];
        for _ in 0..4 {
            tokens.push(keys.successor(tokens.last().unwrap()));
        }
        let mut book = Book::default();
        let hash = tokens.first().unwrap().hash();
        book.open(NewSession { refresh: Some(hash), ..new_session(1, START) }, stamp(1));
        Self { book, keys, tokens }
    }

    fn present(&mut self, token: usize, now: UnixSeconds) -> Is {
        let token = &self.tokens[token];
        let used = RefreshUse { presented: token.hash(), successor: self.keys.successor(token).hash() };
        match self.book.refresh(session(1), used, 1, now) {
            BookRefresh::Rotated { .. } => Is::Rotated,
            BookRefresh::Reused => Is::Reused,
            BookRefresh::Ended | BookRefresh::Banned { .. } => Is::Ended,
        }
    }
}

/// What is presented, in order, with seconds between; and what comes of the last one.
#[test]
fn the_state_table_of_refreshing() {
    /* SE-14, SE-15, SE-16 */
    let tolerance = LOST_ANSWER_TOLERANCE.seconds();
    let table: [(&[(usize, u64)], Is); 12] = [
        (&[(0, 0)], Is::Rotated),
        (&[(0, 0), (1, 60)], Is::Rotated),
        (&[(0, 0), (1, 60), (2, 60)], Is::Rotated),
        (&[(1, 0)], Is::Reused),
        // The answer was lost, and the client asks again in time; any number of times.
        (&[(0, 0), (0, tolerance)], Is::Rotated),
        (&[(0, 0), (0, 3), (0, 3), (0, 4)], Is::Rotated),
        (&[(0, 0), (0, 3), (1, 1)], Is::Rotated),
        // Asking again does not start the tolerance anew.
        (&[(0, 0), (0, 6), (0, 5)], Is::Reused),
        // Too late, or the successor was used: two holders.
        (&[(0, 0), (0, tolerance + 1)], Is::Reused),
        (&[(0, 0), (1, 1), (0, 1)], Is::Reused),
        (&[(0, 0), (1, 1), (2, 1), (0, 1)], Is::Reused),
        // The family is over for both of them.
        (&[(0, 0), (1, 1), (0, 1), (2, 1)], Is::Ended),
    ];
    for (steps, expected) in table {
        let (mut family, mut at, mut last) = (Family::new(), 0, Is::Ended);
        for (token, wait) in steps {
            at += wait;
            // What was acknowledged survives a restart at any point.
            family.book = restored(&family.book);
            last = family.present(*token, after(at));
        }
        assert_eq!(last, expected, "{steps:?}");
        let alive = family.book.check(&proof(1, 1), 1, after(at));
        assert_eq!(alive, expected == Is::Rotated, "{steps:?}");
    }
}

#[test]
fn a_refresh_needs_a_live_session_and_the_present_password() {
    /* SE-17 */
    let mut family = Family::new();
    assert_eq!(family.present(0, START.plus(IDLE)), Is::Ended);
    let mut family = Family::new();
    let (first, second) = (&family.tokens[0], &family.tokens[1]);
    let used = RefreshUse { presented: first.hash(), successor: second.hash() };
    assert_eq!(family.book.refresh(session(1), used, 2, START), BookRefresh::Ended);
    let mut without_family = with_sessions(&[1]);
    let used = RefreshUse { presented: first.hash(), successor: second.hash() };
    assert_eq!(without_family.refresh(session(1), used, 1, START), BookRefresh::Ended);
}

#[test]
fn a_ban_ends_what_is_there_and_opens_nothing_until_it_is_over() {
    let mut book = with_sessions(&[1]);
    let policy = BanPolicy { interval: 3, ..BanPolicy::DEFAULT };
    assert_eq!(book.violate(2, policy, stamp(2), START), Violation::Counted);
    assert!(book.check(&proof(1, 1), 1, START));
    let until = START.plus(policy.duration);
    assert_eq!(book.violate(1, policy, stamp(2), START), Violation::Banned { until });
    assert!(!book.check(&proof(1, 1), 1, START));
    assert_eq!(book.open(new_session(2, after(10)), stamp(3)), Opened::Banned { until });
    assert_eq!(restored(&book).open(new_session(2, after(10)), stamp(3)), Opened::Banned { until });
    assert_eq!(book.open(new_session(2, until), stamp(3)), Opened::Session { stamp: stamp(2) });
    book.ban(until.plus(policy.duration), stamp(4), until);
    book.lift_ban();
    assert_eq!(book.open(new_session(3, until), stamp(3)), Opened::Session { stamp: stamp(4) });
}

#[test]
fn what_works_once_works_once() {
    /* MF-03, MF-11 */
    let mut book = Book::default();
    let key = |digest: &str| UseKey { purpose: "backup_code".to_string(), digest: digest.to_string() };
    assert_eq!(book.use_once(key("a"), None, START), Use::Now);
    assert_eq!(book.use_once(key("a"), None, START), Use::Before);
    assert_eq!(book.use_once(key("b"), Some(after(10)), START), Use::Now);
    assert_eq!(restored(&book).use_once(key("b"), Some(after(10)), after(9)), Use::Before);
    book.forget_uses("backup_code");
    assert_eq!(book.use_once(key("a"), None, START), Use::Now);
    let step = |seconds| Step::at(after(seconds));
    assert_eq!(book.accept_step(step(60), START), Use::Now);
    assert_eq!(book.accept_step(step(60), START), Use::Before);
    assert_eq!(restored(&book).accept_step(step(30), START), Use::Before, "an earlier one");
    assert_eq!(book.accept_step(step(90), START), Use::Now);
}

#[test]
fn what_is_remembered_for_good_keeps_the_book() {
    /* MF-11 */
    let mut book = with_sessions(&[1]);
    book.use_once(UseKey { purpose: "backup_code".to_string(), digest: "a".to_string() }, None, START);
    book.forget_dead(START.plus(Lifetime::from_days(400)));
    assert_eq!(book.next_death(), None);
    assert!(!book.is_blank(), "the used code is still used");
}

#[test]
fn in_the_end_nothing_is_left() {
    let mut book = with_sessions(&[1]);
    book.use_once(UseKey { purpose: "reset".to_string(), digest: "a".to_string() }, Some(after(100)), START);
    book.accept_step(Step::at(START), START);
    book.violate(1, BanPolicy::DEFAULT, stamp(2), START);
    book.take_changes();
    let mut deaths = 0;
    while let Some(death) = book.next_death() {
        assert!(!book.is_blank());
        book.forget_dead(death);
        assert!(!book.take_changes().is_empty(), "{death:?}");
        deaths += 1;
    }
    assert!(book.is_blank());
    assert_eq!(deaths, 4);
}

#[test]
fn ending_all_sessions_of_the_deployment_ends_those_from_before() {
    let mut book = with_sessions(&[1]);
    book.open(NewSession { epoch: 1, ..new_session(2, START) }, stamp(1));
    book.begin_epoch(1);
    assert!(!book.check(&proof(1, 1), 1, START));
    assert!(book.check(&proof(2, 1), 1, START));
    book.begin_epoch(0);
    book.open(new_session(3, START), stamp(1));
    assert!(!book.check(&proof(3, 1), 1, START), "it was opened by somebody who had not heard");
    assert!(book.check(&proof(2, 1), 1, START));
}

fn challenge(hash: &str, at: UnixSeconds) -> Challenge {
    Challenge {
        hash: hash.to_string(),
        kind: ChallengeKind::Verify,
        method: AuthMethod::Password,
        auth_time: at,
        credential_version: 1,
        epoch: 0,
        expires_at: at.plus(CHALLENGE_LIFETIME),
        attempts: 0,
        staged: None,
        staged_codes: None,
        user_agent: None,
        provider_session: None,
    }
}

#[test]
fn a_challenge_is_taken_once_with_a_code_that_is_used_once() {
    /* MF-03, MF-06 */
    let mut book = Book::default();
    for hash in ["a", "b"] {
        assert_eq!(book.open_challenge(challenge(hash, START), START), None);
    }
    let step = Some(Step::at(START));
    assert_eq!(book.complete_challenge("a", step, START), Completed::Yes);
    assert_eq!(book.complete_challenge("a", None, START), Completed::No);
    assert_eq!(book.complete_challenge("b", step, START), Completed::No, "the code was used");
    assert_eq!(book.complete_challenge("b", None, START), Completed::Yes);
}

#[test]
fn a_challenge_dies_of_age_of_wrong_codes_and_with_the_generation() {
    /* MF-04 */
    let mut book = with_sessions(&[1]);
    book.open_challenge(challenge("a", START), START);
    for _ in 0..CHALLENGE_ATTEMPTS {
        assert!(matches!(book.find_challenge("a", Attempt::Counts, START), ChallengeLookup::Alive(_)));
    }
    assert_eq!(book.find_challenge("a", Attempt::Counts, START), ChallengeLookup::Spent);
    assert_eq!(book.find_challenge("a", Attempt::Free, START), ChallengeLookup::Gone);
    book.open_challenge(challenge("b", START), START);
    assert_eq!(book.find_challenge("b", Attempt::Free, after(300)), ChallengeLookup::Gone);
    let late = after(300);
    book.open_challenge(challenge("c", late), late);
    book.end_all(stamp(2), late);
    assert_eq!(book.find_challenge("c", Attempt::Free, late), ChallengeLookup::Gone);
    book.open_challenge(challenge("d", late), late);
    book.begin_epoch(1);
    assert_eq!(book.find_challenge("d", Attempt::Free, late), ChallengeLookup::Gone);
}

#[test]
fn the_first_staged_factor_stays_and_the_oldest_challenge_makes_room() {
    let mut book = Book::default();
    for number in 0..9 {
        book.open_challenge(challenge(&number.to_string(), START), START);
    }
    assert_eq!(book.find_challenge("0", Attempt::Free, START), ChallengeLookup::Gone);
    assert_eq!(book.stage_factor("1", "x".to_string(), START).as_deref(), Some("x"));
    assert_eq!(book.stage_factor("1", "y".to_string(), START).as_deref(), Some("x"));
    assert_eq!(book.stage_factor("0", "y".to_string(), START), None);
    book.take_changes();
    book.forget_dead(after(300));
    assert!(book.take_changes().account && book.is_blank());
}
