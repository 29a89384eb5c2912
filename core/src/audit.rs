//! What is written down about security events (LG-01, LG-02). No passwords, tokens or addresses:
//! people are named by id.

use alloc::string::String;

use crate::{
    id::{AuditId, UserId},
    time::UnixSeconds,
};

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditAction {
    /// Somebody asked for something that they may not have.
    Access,
    /// An administrator created an account.
    AddUser,
    /// An account was shut out for a while.
    Ban,
    /// An administrator changed a group, or who is in it.
    ChangeGroup,
    /// Somebody tried to change their password.
    ChangePassword,
    /// An administrator changed settings.
    ChangeSettings,
    /// Somebody asked for an API key.
    CreateApiKey,
    /// An administrator created a group.
    CreateGroup,
    /// Somebody dropped their API key.
    DeleteApiKey,
    /// An administrator deleted a group.
    DeleteGroup,
    /// An administrator deleted an account.
    DeleteUser,
    /// Somebody ended sessions of their own.
    EndSessions,
    /// Somebody set up a second factor, or began to replace it.
    EnrollFactor,
    /// An account was let in again.
    LiftBan,
    /// Somebody asked to see their API key.
    ReadApiKey,
    /// Somebody showed what an operator gave out in the place of a second factor.
    RecoverFactor,
    /// Somebody presented a refresh token.
    Refresh,
    /// Somebody asked for new backup codes.
    RegenerateCodes,
    /// A password's hash was replaced by one of current parameters.
    Rehash,
    /// An administrator took a second factor away.
    ResetFactor,
    /// An administrator ended all sessions of an account.
    RevokeSessions,
    /// Somebody tried to sign in.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// Somebody tried to create an account.
    SignUp,
    /// Somebody's memberships were taken from a list that a directory or a proxy gave.
    SyncGroups,
    /// Somebody changed their profile.
    UpdateProfile,
    /// An administrator changed an account.
    UpdateUser,
    /// Somebody showed an API key.
    UseApiKey,
    /// Somebody showed a second factor.
    VerifyFactor,
}

impl AuditAction {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::AddUser => "add_user",
            Self::Ban => "ban",
            Self::ChangeGroup => "change_group",
            Self::ChangePassword => "change_password",
            Self::ChangeSettings => "change_settings",
            Self::CreateApiKey => "create_api_key",
            Self::CreateGroup => "create_group",
            Self::DeleteApiKey => "delete_api_key",
            Self::DeleteGroup => "delete_group",
            Self::DeleteUser => "delete_user",
            Self::EndSessions => "end_sessions",
            Self::EnrollFactor => "enroll_factor",
            Self::LiftBan => "lift_ban",
            Self::ReadApiKey => "read_api_key",
            Self::RecoverFactor => "recover_factor",
            Self::Refresh => "refresh",
            Self::RegenerateCodes => "regenerate_codes",
            Self::Rehash => "rehash",
            Self::ResetFactor => "reset_factor",
            Self::RevokeSessions => "revoke_sessions",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::SignUp => "sign_up",
            Self::SyncGroups => "sync_groups",
            Self::UpdateProfile => "update_profile",
            Self::UpdateUser => "update_user",
            Self::UseApiKey => "use_api_key",
            Self::VerifyFactor => "verify_factor",
        }
    }
}

/// How it ended. Clients get one answer for several of these; the log keeps them apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditOutcome {
    /// The account is banned.
    Banned,
    /// The secret that the first account needs was missing or wrong.
    BootstrapRefused,
    /// Registration is closed.
    Closed,
    /// Two cookies of one name came with the request (SE-03).
    DuplicateCookie,
    /// The address is registered already.
    EmailTaken,
    /// It worked, and made the deployment's first administrator.
    FirstAdmin,
    /// They may not.
    Forbidden,
    /// The account has no password.
    NoPassword,
    /// An imported hash can not tell passwords of that length apart (PW-05).
    PasswordTooLongForBcrypt,
    /// A token that had been used came back: somebody has a copy. Its session was ended (SE-15).
    Reused,
    /// It worked so far; a second factor is asked for.
    SecondFactorDue,
    /// It worked.
    Success,
    /// Too many attempts.
    Throttled,
    /// No such account.
    UnknownAccount,
    /// Nobody's API key.
    UnknownKey,
    /// The account's hash is one that this version can not check, or under a pepper that is gone (PW-03).
    UnusableHash,
    /// The code of a second factor was wrong, or used.
    WrongCode,
    /// The password was wrong.
    WrongPassword,
}

impl AuditOutcome {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::BootstrapRefused => "bootstrap_refused",
            Self::Closed => "closed",
            Self::DuplicateCookie => "duplicate_cookie",
            Self::EmailTaken => "email_taken",
            Self::FirstAdmin => "first_admin",
            Self::Forbidden => "forbidden",
            Self::NoPassword => "no_password",
            Self::PasswordTooLongForBcrypt => "password_too_long_for_bcrypt",
            Self::Reused => "reused",
            Self::SecondFactorDue => "second_factor_due",
            Self::Success => "success",
            Self::Throttled => "throttled",
            Self::UnknownAccount => "unknown_account",
            Self::UnknownKey => "unknown_key",
            Self::UnusableHash => "unusable_hash",
            Self::WrongCode => "wrong_code",
            Self::WrongPassword => "wrong_password",
        }
    }
}

/// One row of the audit log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditEvent {
    /// The row's id.
    pub id: AuditId,
    /// When it happened.
    pub at: UnixSeconds,
    /// Who did it, when known.
    pub actor: Option<UserId>,
    /// Whom or what it was done to, when that is not the actor: the id of an account or a group.
    pub target: Option<String>,
    /// What was done.
    pub action: AuditAction,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Canonical network of the request.
    pub network: String,
    /// The client's description of itself, control characters removed.
    pub user_agent: String,
    /// Ties the row to the answer the client got.
    pub request_id: String,
    /// JSON of what was changed, from what and to what; secrets are left out (AD-08).
    pub detail: Option<String>,
}

/// A row of the log as it is shown: its words are those that were stored, by whatever version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRow {
    /// The row's id.
    pub id: AuditId,
    /// When it happened.
    pub at: UnixSeconds,
    /// Who did it.
    pub actor: Option<String>,
    /// Whom or what it was done to.
    pub target: Option<String>,
    /// What was done.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// Where from.
    pub network: String,
    /// With which program.
    pub user_agent: String,
    /// Ties the row to the answer the client got.
    pub request_id: String,
    /// JSON of what was changed.
    pub detail: Option<String>,
}
