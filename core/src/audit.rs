//! What is written down about security events (LG-01, LG-02). No passwords, tokens or addresses:
//! people are named by id.

use alloc::string::String;

use crate::{
    id::{AuditId, UserId},
    time::{Lifetime, UnixSeconds},
};

/// What is younger stays in the log, whatever a deployment says (LG-03). The schema of the database has the same number.
pub const MIN_RETENTION: Lifetime = Lifetime::from_days(90);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident $($(#[$variant_doc:meta])* $variant:ident $word:literal)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The stored spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// Reads the stored spelling; another version may know others.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// What happened.
    AuditAction
        /// Somebody accepted the terms of the service.
        AcceptTerms "accept_terms"
        /// Somebody asked for something that they may not have.
        Access "access"
        /// An administrator created an account.
        AddUser "add_user"
        /// Somebody let us use a service of somebody else for them.
        AuthorizeClient "authorize_client"
        /// An account was shut out for a while.
        Ban "ban"
        /// An administrator changed a group, or who is in it.
        ChangeGroup "change_group"
        /// Somebody tried to change their password.
        ChangePassword "change_password"
        /// An administrator changed settings.
        ChangeSettings "change_settings"
        /// An administrator changed a webhook.
        ChangeWebhook "change_webhook"
        /// Somebody asked for an API key.
        CreateApiKey "create_api_key"
        /// An administrator created a group.
        CreateGroup "create_group"
        /// Somebody made a webhook.
        CreateWebhook "create_webhook"
        /// Somebody dropped their API key.
        DeleteApiKey "delete_api_key"
        /// An administrator deleted a group.
        DeleteGroup "delete_group"
        /// An administrator deleted an account.
        DeleteUser "delete_user"
        /// An administrator deleted a webhook.
        DeleteWebhook "delete_webhook"
        /// Somebody took their second factor away.
        DisableFactor "disable_factor"
        /// A webhook could not be told about an event, again and again.
        DropEvent "drop_event"
        /// A mail could not be sent, again and again, or its receiver does not exist.
        DropMail "drop_mail"
        /// Somebody ended sessions of their own.
        EndSessions "end_sessions"
        /// Somebody set up a second factor, or began to replace it.
        EnrollFactor "enroll_factor"
        /// An account went whose owner never showed that they read its address.
        ExpireAccount "expire_account"
        /// Events as old as the deployment keeps them were taken out of this log.
        ExpireEvents "expire_events"
        /// An administrator invited somebody.
        Invite "invite"
        /// An administrator took an invitation back.
        WithdrawInvitation "withdraw_invitation"
        /// An account was let in again.
        LiftBan "lift_ban"
        /// An administrator was given a link with which somebody chooses a new password.
        MintResetLink "mint_reset_link"
        /// Somebody asked to see their API key.
        ReadApiKey "read_api_key"
        /// Somebody showed what an operator gave out in the place of a second factor.
        RecoverFactor "recover_factor"
        /// Somebody presented a refresh token.
        Refresh "refresh"
        /// We registered as a client of a service of somebody else.
        RegisterClient "register_client"
        /// Somebody asked for new backup codes.
        RegenerateCodes "regenerate_codes"
        /// A password's hash was replaced by one of current parameters.
        Rehash "rehash"
        /// An administrator took a client away that we were.
        RemoveClient "remove_client"
        /// Somebody asked for a new password by mail.
        RequestReset "request_password_reset"
        /// Somebody asked for a mail to show that they read their address.
        RequestVerification "request_verification"
        /// An administrator took a second factor away.
        ResetFactor "reset_factor"
        /// Somebody chose a new password with a ticket.
        ResetPassword "reset_password"
        /// An administrator ended all sessions of an account.
        RevokeSessions "revoke_sessions"
        /// Somebody tried to sign in.
        SignIn "sign_in"
        /// Somebody signed out.
        SignOut "sign_out"
        /// Somebody tried to create an account.
        SignUp "sign_up"
        /// An account elsewhere was linked to somebody's.
        LinkIdentity "link_identity"
        /// Somebody's memberships were taken from a list that a directory or a proxy gave.
        SyncGroups "sync_groups"
        /// Somebody took an account elsewhere away from theirs.
        UnlinkIdentity "unlink_identity"
        /// Somebody changed their profile.
        UpdateProfile "update_profile"
        /// An administrator changed an account.
        UpdateUser "update_user"
        /// Somebody showed an API key.
        UseApiKey "use_api_key"
        /// Somebody showed that they read an address.
        VerifyEmail "verify_email"
        /// Somebody showed a second factor.
        VerifyFactor "verify_factor"
}

words! {
    /// How it ended. Clients get one answer for several of these; the log keeps them apart.
    AuditOutcome
        /// The account is banned.
        Banned "banned"
        /// The secret that the first account needs was missing or wrong.
        BootstrapRefused "bootstrap_refused"
        /// Registration is closed.
        Closed "closed"
        /// A directory did not answer, or not in a way that makes sense.
        DirectoryUnavailable "directory_unavailable"
        /// Two cookies of one name came with the request (SE-03).
        DuplicateCookie "duplicate_cookie"
        /// The directory says that the account is switched off.
        Disabled "disabled"
        /// Addresses of that domain are not admitted.
        DomainRefused "domain_refused"
        /// The address is registered already.
        EmailTaken "email_taken"
        /// It worked, and made the deployment's first administrator.
        FirstAdmin "first_admin"
        /// They may not.
        Forbidden "forbidden"
        /// The account has no password.
        NoPassword "no_password"
        /// An imported hash can not tell passwords of that length apart (PW-05).
        PasswordTooLongForBcrypt "password_too_long_for_bcrypt"
        /// A token that had been used came back: somebody has a copy. Its session was ended (SE-15).
        Reused "reused"
        /// It worked so far; a second factor is asked for.
        SecondFactorDue "second_factor_due"
        /// It worked.
        Success "success"
        /// A provider of accounts led nowhere.
        ProviderRefused "provider_refused"
        /// Too many attempts.
        Throttled "throttled"
        /// The account waits for approval.
        Pending "pending"
        /// Nobody has shown that they read the account's address.
        Unverified "unverified"
        /// No such account.
        UnknownAccount "unknown_account"
        /// Nobody's API key.
        UnknownKey "unknown_key"
        /// The account's hash is one that this version can not check, or under a pepper that is gone (PW-03).
        UnusableHash "unusable_hash"
        /// The code of a second factor was wrong, or used.
        WrongCode "wrong_code"
        /// The password was wrong.
        WrongPassword "wrong_password"
        /// Not a ticket, or one that was used or has expired.
        WrongTicket "wrong_ticket"
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
    /// Its place: one more than that of the row before it, so that it shows when one is missing (LG-03).
    pub sequence: u64,
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
