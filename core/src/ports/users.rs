use alloc::{boxed::Box, string::String};

use super::PortError;
use crate::{
    audit::AuditEvent,
    display_name::DisplayName,
    email::Email,
    id::UserId,
    image_reference::ImageReference,
    password::PasswordHash,
    permission::Permissions,
    time::UnixSeconds,
    user::{Account, NewUser, Role, SignUpPolicy, User},
};

/// An account with the hash that guards it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The account.
    pub user: User,
    /// Its password's hash; `None` when it has no password.
    pub password_hash: Option<PasswordHash>,
    /// Counts the changes of the password. A session belongs to the version that was proved for it.
    pub version: u32,
    /// What its groups grant.
    pub grants: Permissions,
}

impl Credential {
    /// The account without what guards it.
    pub fn into_account(self) -> Account {
        Account { user: self.user, credential_version: self.version, grants: self.grants }
    }
}

/// Whether a sign-up would be let in. A preview: [`Users::create_user`] decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Registration is closed, whatever the address (TH-11).
    Closed,
    /// The address is registered already.
    EmailTaken,
    /// Nothing is in the way, and there is no account yet.
    First,
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
    Account(Box<Account>),
}

/// What changes about an account; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// What it may do.
    pub role: Option<Role>,
    /// Its address.
    pub email: Option<Email>,
    /// Its name.
    pub name: Option<DisplayName>,
    /// Its picture.
    pub image: Option<ImageReference>,
    /// Its password. Also starts a new version of the credential.
    pub password_hash: Option<PasswordHash>,
    /// What its owner tells about themselves, all of it: what is not there is taken away.
    pub about: Option<About>,
    /// Its time zone.
    pub timezone: Option<String>,
    /// The line beside its name, all of it.
    pub status: Option<StatusLine>,
    /// Whether its owner accepts the terms of the service; the first time counts.
    pub accepts_terms: bool,
    /// Whether nobody has to show any more that they read its address.
    pub waives_verification: bool,
}

/// What an account's owner tells about themselves.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct About {
    /// Free text.
    pub bio: Option<String>,
    /// Free text.
    pub gender: Option<String>,
    /// `YYYY-MM-DD`.
    pub date_of_birth: Option<String>,
}

/// The line beside an account's name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StatusLine {
    /// An emoji.
    pub emoji: Option<String>,
    /// A text.
    pub message: Option<String>,
    /// When it disappears.
    pub expires_at: Option<UnixSeconds>,
}

/// What became of changing an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Updated {
    /// Another account has that address; nothing was stored.
    EmailTaken,
    /// Nobody would administrate the deployment any more; nothing was stored (AD-05).
    LastAdmin,
    /// There is no such account.
    NoAccount,
    /// The account as it is now.
    User(Box<User>),
}

/// What became of deleting an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deleted {
    /// Nobody would administrate the deployment any more; nothing was deleted (AD-05).
    LastAdmin,
    /// There is no such account.
    NoAccount,
    /// It is gone, with everything that let somebody sign in to it.
    Yes,
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
    /// checked, the address is claimed, the first account becomes administrator (AD-01) and closes
    /// registration where the policy says so, and the account joins its default group. The event is stored as well,
    /// with [`FirstAdmin`](crate::audit::AuditOutcome::FirstAdmin) for an outcome where that is what happened; and where
    /// the address is taken, what [`NewUser::if_taken`] says.
    ///
    /// # Errors
    /// When the store failed; nothing was stored, or everything was.
    async fn create_user(
        &self,
        user: NewUser,
        policy: SignUpPolicy,
        event: AuditEvent,
    ) -> Result<Created, PortError>;

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

    /// The account of an id, with what guards it.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn load_credential(&self, user: UserId) -> Result<Option<Credential>, PortError>;

    /// Changes an account's password, if the hash is still the one that was read, and starts a new version
    /// of the credential: sessions of the old one are dead (PW-14). The event is stored in the same step.
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn change_password(
        &self,
        user: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
        event: AuditEvent,
    ) -> Result<Replaced, PortError>;

    /// The account that nobody but its owner may change: the earliest; among several of one second an
    /// administrator, then whoever came first.
    ///
    /// # Errors
    /// When the store can not be read.
    async fn primary_admin(&self) -> Result<Option<UserId>, PortError>;

    /// Changes an account, all of it or nothing, unless the last administrator would be gone (AD-05). The
    /// event is stored in the same step (LG-04).
    ///
    /// # Errors
    /// When the store failed; the old state or the new one is stored.
    async fn update_user(
        &self,
        user: UserId,
        change: UserChange,
        event: AuditEvent,
    ) -> Result<Updated, PortError>;

    /// Deletes an account with its credential, identities and memberships, unless the last administrator
    /// would be gone (FT-21). The event is stored in the same step (LG-04).
    ///
    /// # Errors
    /// When the store failed; everything is still there or everything is gone.
    async fn delete_user(&self, user: UserId, event: AuditEvent) -> Result<Deleted, PortError>;

    /// The same for an account whose owner had to show before then that they read its address, if they still have not:
    /// [`Deleted::NoAccount`] for any other.
    ///
    /// # Errors
    /// As [`delete_user`](Self::delete_user).
    async fn delete_unverified(
        &self,
        user: UserId,
        before: UnixSeconds,
        event: AuditEvent,
    ) -> Result<Deleted, PortError>;
}
