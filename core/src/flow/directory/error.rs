use alloc::string::{String, ToString as _};

use crate::{
    audit::AuditOutcome,
    flow::{NotAdmitted, open_session::OpenError, sign_in::SignInError},
    ports::PortError,
};

/// A directory that can not be asked as it is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Misconfigured {
    /// The setting that is wrong.
    pub setting: &'static str,
    /// What is wrong, as the end of a sentence that begins with the setting's name.
    pub problem: String,
    /// Whether it is about how connections are protected.
    pub is_tls: bool,
}

impl Misconfigured {
    pub(super) fn nowhere() -> Self {
        Self { setting: "host", problem: "must name a server".to_string(), is_tls: false }
    }
}

/// Why nobody was signed in. Dialects answer several of these alike (LD-13).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DirectorySignInError {
    /// Addresses of that domain are not admitted.
    DomainRefused,
    /// They have no account yet, and somebody's has their address: an administrator may link the two (LD-06).
    EmailTaken,
    /// What the deployment says about the directory makes no sense.
    Misconfigured(Misconfigured),
    /// The directory knows no address of theirs.
    NoEmail,
    /// People do not sign in with a directory here.
    Off,
    /// The directory does not know them, several people are called so, or the password is wrong.
    Refused,
    /// The directory does not let us search.
    ServiceAccountRefused,
    /// What may happen to anybody who signs in with a password. `WrongPassword` is one that no directory sees (LD-01).
    SignIn(SignInError),
    /// No server of the directory answered in time, or in a way that makes sense.
    Unreachable,
}

impl DirectorySignInError {
    /// Whether the deployment takes nobody this way, whoever they are.
    pub const fn is_of_deployment(&self) -> bool {
        matches!(self, Self::Misconfigured(_) | Self::Off | Self::SignIn(SignInError::PasswordSignInOff))
    }

    /// What is written down about somebody whom the directory knows, and who was not let in all the same.
    pub(super) const fn outcome(&self) -> Option<AuditOutcome> {
        match self {
            Self::DomainRefused => Some(AuditOutcome::DomainRefused),
            Self::EmailTaken => Some(AuditOutcome::EmailTaken),
            _ => None,
        }
    }
}

impl From<Misconfigured> for DirectorySignInError {
    fn from(error: Misconfigured) -> Self {
        Self::Misconfigured(error)
    }
}

impl From<NotAdmitted> for DirectorySignInError {
    fn from(refusal: NotAdmitted) -> Self {
        Self::SignIn(refusal.into())
    }
}

impl From<OpenError> for DirectorySignInError {
    fn from(error: OpenError) -> Self {
        Self::SignIn(match error {
            OpenError::Banned { until } => SignInError::Banned { until },
            OpenError::Unavailable(fault) => fault.into(),
        })
    }
}

impl From<PortError> for DirectorySignInError {
    fn from(error: PortError) -> Self {
        Self::SignIn(error.into())
    }
}

impl From<SignInError> for DirectorySignInError {
    fn from(error: SignInError) -> Self {
        Self::SignIn(error)
    }
}
