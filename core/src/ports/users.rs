use alloc::boxed::Box;

use super::PortError;
use crate::{
    email::Email,
    id::UserId,
    password::PasswordHash,
    time::UnixSeconds,
    user::{NewUser, SignUpPolicy, User},
};

/// An account with the hash that guards it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The account.
    pub user: User,
    /// Its password's hash; `None` when it has no password.
    pub password_hash: Option<PasswordHash>,
}

/// Whether a sign-up would be let in. A preview: [`Users::create_user`] decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Registration is closed, whatever the address (TH-11).
    Closed,
    /// The address is registered already.
    EmailTaken,
    /// Nothing is in the way.
    Open,
}

/// What became of a sign-up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Created {
    /// Registration is closed; nothing was stored.
    Closed,
    /// The address is registered already; nothing was stored.
    EmailTaken,
    /// The account exists now, with the role it was given.
    User(Box<User>),
}

/// What became of replacing a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Replaced {
    /// Somebody else was faster, or the account is gone; nothing was stored.
    No,
    /// The new hash is stored.
    Yes,
}

/// Accounts and their passwords.
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Users {
    /// Whether a sign-up would be let in under `policy`, with this address if it has a valid one.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn preview_admission(
        &self,
        email: Option<&Email>,
        policy: SignUpPolicy,
    ) -> Result<Admission, PortError>;

    /// Creates an account with its password, or nothing (FT-01). In the same step: the policy is
    /// checked, the address is claimed, the first account becomes administrator (AD-01) and, under
    /// [`SignUpPolicy::UntilFirstUser`], closes registration.
    ///
    /// # Errors
    /// When the store failed; nothing was stored, or everything was.
    async fn create_user(&self, user: NewUser, policy: SignUpPolicy) -> Result<Created, PortError>;

    /// The account of a canonical address, with what guards it.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn find_credential(&self, email: &Email) -> Result<Option<Credential>, PortError>;

    /// Replaces an account's hash by another of the same password, if it is still the one that was
    /// read: a password that was changed meanwhile stays changed (PW-02).
    ///
    /// # Errors
    /// When the store failed; the old hash or the new one is stored.
    async fn replace_password_hash(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        now: UnixSeconds,
    ) -> Result<Replaced, PortError>;
}
