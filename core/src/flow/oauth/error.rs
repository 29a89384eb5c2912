use crate::{
    audit::AuditOutcome,
    flow::{NotAdmitted, open_session::OpenError},
    oauth::exchange::ExchangeError,
    oauth::id_token::IdTokenError,
    ports::PortError,
    time::{Lifetime, UnixSeconds},
};

/// Why a provider did not lead to a session. Dialects answer many of these alike; the log keeps them apart (OA-15).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OAuthError {
    /// The account is banned.
    Banned {
        /// Until when.
        until: UnixSeconds,
    },
    /// Nobody may have an account who has none.
    Closed,
    /// Addresses of that domain are not let in.
    DomainRefused,
    /// Somebody's account has the address.
    EmailTaken,
    /// The identity belongs to somebody else, or the account has another one there.
    IdentityTaken,
    /// The deployment has registered with the provider in a way that can not work (OA-26).
    Misconfigured,
    /// The account waits for approval.
    Pending,
    /// The browser has to sign in again before that.
    Reauthenticate,
    /// What came back does not fit.
    Refused(Refusal),
    /// Nobody of their roles is let in.
    RoleRefused,
    /// Too many at once.
    Throttled {
        /// When the next is let through.
        retry_after: Lifetime,
    },
    /// The deployment is no client of that provider.
    UnknownProvider,
    /// Our own outside failed.
    Unavailable(PortError),
    /// Nobody has shown that they read the account's address.
    Unverified,
}

/// What of an answer does not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Another browser than the one that was sent away (OA-03).
    Browser,
    /// The provider says no, or its owner did.
    Denied,
    /// The token endpoint.
    Exchange(ExchangeError),
    /// The ID token.
    IdToken(IdTokenError),
    /// Another issuer than the one that was asked (OA-05).
    Issuer,
    /// Parameters that stand twice, are missing or too long (OA-16).
    Malformed,
    /// The provider has no address for them.
    NoEmail,
    /// The provider does not say who they are.
    NoSubject,
    /// The provider's own documents can not be had.
    Provider,
    /// Never begun, over, or begun for another provider (OA-02, OA-04).
    State,
    /// The answer about the person is about somebody else (OA-08), or none.
    UserInfo,
}

impl OAuthError {
    /// How it ended, for the log; `None` for what is no refusal.
    pub(super) const fn outcome(&self) -> Option<AuditOutcome> {
        Some(match self {
            Self::Banned { .. } => AuditOutcome::Banned,
            Self::Closed => AuditOutcome::Closed,
            Self::DomainRefused => AuditOutcome::DomainRefused,
            Self::EmailTaken | Self::IdentityTaken => AuditOutcome::EmailTaken,
            Self::Pending => AuditOutcome::Pending,
            Self::Misconfigured
            | Self::Reauthenticate
            | Self::Refused(_)
            | Self::RoleRefused
            | Self::UnknownProvider => AuditOutcome::ProviderRefused,
            Self::Unverified => AuditOutcome::Unverified,
            Self::Throttled { .. } | Self::Unavailable(_) => return None,
        })
    }

    /// What did not fit, in a word for the log: nothing that a provider has said.
    pub(super) const fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::Refused(refusal) => match refusal {
                Refusal::Browser => "browser",
                Refusal::Denied => "denied",
                Refusal::Exchange(_) => "exchange",
                Refusal::IdToken(_) => "id_token",
                Refusal::Issuer => "issuer",
                Refusal::Malformed => "malformed",
                Refusal::NoEmail => "no_email",
                Refusal::NoSubject => "no_subject",
                Refusal::Provider => "provider",
                Refusal::State => "state",
                Refusal::UserInfo => "userinfo",
            },
            Self::IdentityTaken => "identity_taken",
            Self::Misconfigured => "misconfigured",
            Self::RoleRefused => "role",
            Self::UnknownProvider => "unknown_provider",
            _ => return None,
        })
    }
}

impl From<NotAdmitted> for OAuthError {
    fn from(refusal: NotAdmitted) -> Self {
        match refusal {
            NotAdmitted::Pending => Self::Pending,
            NotAdmitted::Unverified => Self::Unverified,
        }
    }
}

impl From<PortError> for OAuthError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<OpenError> for OAuthError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Banned { until } => Self::Banned { until },
            OpenError::Unavailable(fault) => fault.into(),
        }
    }
}
