//! Why people get mails, and what in the audit log is a reason.

use alloc::vec::Vec;

use serde_json::Value;

use crate::{
    audit::{AuditAction, AuditOutcome},
    time::Lifetime,
};

/// Wrong passwords before a right one that its owner is told about.
const FAILURES_WORTH_TELLING: u64 = 3;

macro_rules! occasions {
    ($($(#[$doc:meta])* $name:ident $word:literal)*) => {
        /// Why somebody gets a mail.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Occasion {
            $($(#[$doc])* $name,)*
        }

        impl Occasion {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stored spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// Reads the stored spelling.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

occasions! {
    /// Somebody wanted to register an address that has an account.
    AddressInUse "address_in_use"
    /// Backup codes were replaced.
    CodesRenewed "codes_renewed"
    /// The account's address is another now; told where it was.
    EmailChanged "email_changed"
    /// The account has this address now.
    EmailSet "email_set"
    /// A second factor was taken away by its owner.
    FactorRemoved "factor_removed"
    /// A second factor was taken away by an administrator.
    FactorReset "factor_reset"
    /// A second factor was set up or replaced.
    FactorSetUp "factor_set_up"
    /// An account elsewhere opens this one from now on.
    IdentityLinked "identity_linked"
    /// An account elsewhere does not open this one any more.
    IdentityUnlinked "identity_unlinked"
    /// Somebody is invited.
    Invitation "invitation"
    /// The account's API key is gone.
    KeyDropped "key_dropped"
    /// The account has a new API key.
    KeyMade "key_made"
    /// The password was changed by somebody who knew it, or by an administrator.
    PasswordChanged "password_changed"
    /// A new password was chosen with a ticket.
    PasswordReset "password_reset"
    /// Somebody asked for a new password.
    Reset "reset"
    /// Somebody signed in after wrong passwords.
    SignInAfterFailures "sign_in_after_failures"
    /// Somebody has to show that they read an address.
    Verify "verify"
}

impl Occasion {
    /// For how long it is tried: whoever waits for a link asks for another one soon.
    pub(super) const fn patience(self) -> Lifetime {
        match self {
            Self::Reset | Self::Verify => Lifetime::from_minutes(60),
            _ => Lifetime::from_days(2),
        }
    }
}

/// What people are told because of an event.
pub(super) fn told(action: AuditAction, outcome: AuditOutcome, detail: Option<&str>) -> Vec<Occasion> {
    let worked = matches!(outcome, AuditOutcome::Success | AuditOutcome::FirstAdmin);
    let detail = || -> Value { detail.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default() };
    let one = |occasion| Vec::from([occasion]);
    match action {
        AuditAction::SignUp if outcome == AuditOutcome::EmailTaken => one(Occasion::AddressInUse),
        AuditAction::SignIn if worked || outcome == AuditOutcome::SecondFactorDue => {
            let failures = detail().get("failures").and_then(Value::as_u64).unwrap_or_default();
            if failures >= FAILURES_WORTH_TELLING { one(Occasion::SignInAfterFailures) } else { Vec::new() }
        }
        _ if !worked => Vec::new(),
        AuditAction::ChangePassword => one(Occasion::PasswordChanged),
        AuditAction::CreateApiKey => one(Occasion::KeyMade),
        AuditAction::DeleteApiKey => one(Occasion::KeyDropped),
        AuditAction::DisableFactor => one(Occasion::FactorRemoved),
        AuditAction::EnrollFactor => one(Occasion::FactorSetUp),
        AuditAction::Invite => one(Occasion::Invitation),
        AuditAction::LinkIdentity => one(Occasion::IdentityLinked),
        AuditAction::RegenerateCodes => one(Occasion::CodesRenewed),
        AuditAction::RequestReset => one(Occasion::Reset),
        AuditAction::RequestVerification => one(Occasion::Verify),
        AuditAction::ResetFactor => one(Occasion::FactorReset),
        AuditAction::ResetPassword => one(Occasion::PasswordReset),
        AuditAction::UnlinkIdentity => one(Occasion::IdentityUnlinked),
        AuditAction::SignUp if detail().get("verify") == Some(&Value::Bool(true)) => one(Occasion::Verify),
        AuditAction::UpdateUser => {
            let detail = detail();
            let changed = |what: &str| {
                let changed = detail.get("changed").and_then(Value::as_array);
                changed.is_some_and(|changed| changed.iter().any(|name| name == what))
            };
            let told = [
                ("email", Occasion::EmailChanged),
                ("email", Occasion::EmailSet),
                ("password", Occasion::PasswordChanged),
            ];
            told.into_iter().filter_map(|(what, occasion)| changed(what).then_some(occasion)).collect()
        }
        _ => Vec::new(),
    }
}
