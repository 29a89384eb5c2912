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
    /// A password's hash was replaced by one of current parameters.
    Rehash,
    /// Somebody tried to sign in.
    SignIn,
    /// Somebody signed out.
    SignOut,
    /// Somebody tried to create an account.
    SignUp,
}

impl AuditAction {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rehash => "rehash",
            Self::SignIn => "sign_in",
            Self::SignOut => "sign_out",
            Self::SignUp => "sign_up",
        }
    }
}

/// How it ended. Clients get one answer for several of these; the log keeps them apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuditOutcome {
    /// Registration is closed.
    Closed,
    /// The address is registered already.
    EmailTaken,
    /// It worked, and made the deployment's first administrator.
    FirstAdmin,
    /// The account has no password, or one this version can not check.
    NoPassword,
    /// An imported hash can not tell passwords of that length apart (PW-05).
    PasswordTooLongForBcrypt,
    /// It worked.
    Success,
    /// Too many attempts.
    Throttled,
    /// No such account.
    UnknownAccount,
    /// The password was wrong.
    WrongPassword,
}

impl AuditOutcome {
    /// The stored spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::EmailTaken => "email_taken",
            Self::FirstAdmin => "first_admin",
            Self::NoPassword => "no_password",
            Self::PasswordTooLongForBcrypt => "password_too_long_for_bcrypt",
            Self::Success => "success",
            Self::Throttled => "throttled",
            Self::UnknownAccount => "unknown_account",
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
}
