//! The refresh tokens of one session: one is current, one may have been spent a moment ago, all others
//! are reused if they come back (SE-14 … SE-16; RFC 9700 §4.14.2).

use serde::{Deserialize, Serialize};

use super::refresh_token::RefreshHash;
use crate::time::{Lifetime, UnixSeconds};

/// For how long a spent token still yields its successor, because the answer that carried it may have
/// been lost (SE-16).
pub const LOST_ANSWER_TOLERANCE: Lifetime = Lifetime::from_seconds(10);

/// The state of a family.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct RefreshFamily {
    current: RefreshHash,
    spent: Option<Spent>,
}

/// The predecessor of the current token. That it is remembered means that the current one was never used.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Spent {
    hash: RefreshHash,
    at: UnixSeconds,
}

/// What presenting a token of the family came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Presented {
    /// It was current; its successor is now.
    Rotated,
    /// It was spent a moment ago, and its successor is still unused: the same successor again.
    Repeated,
    /// It was spent, and there is no innocent reason for it to come back.
    Reused,
}

impl RefreshFamily {
    /// A family that begins with this token.
    pub(super) const fn new(first: RefreshHash) -> Self {
        Self { current: first, spent: None }
    }

    /// Takes a token that was issued for this session, with the successor that is derived from it.
    pub(super) fn present(
        &mut self,
        token: RefreshHash,
        successor: RefreshHash,
        now: UnixSeconds,
    ) -> Presented {
        if token == self.current {
            self.spent = Some(Spent { hash: token, at: now });
            self.current = successor;
            return Presented::Rotated;
        }
        match &self.spent {
            Some(spent) if spent.hash == token && now <= spent.at.plus(LOST_ANSWER_TOLERANCE) => {
                Presented::Repeated
            }
            _ => Presented::Reused,
        }
    }
}
