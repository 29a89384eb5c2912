//! The deployment's rules, parsed from its configuration, and what follows from them alone.

use alloc::{string::String, vec::Vec};

use super::{api_keys::Reveal, directory::DirectoryPolicy, webhooks::WebhookPolicy};
use crate::{
    api_key::ApiKeyPeppers,
    audit::AuditOutcome,
    email::Email,
    jwt::{Access, Expected, KeyRing, Session},
    mail::MailPolicy,
    oauth::{OAuthPolicy, client::TokenExchangePolicy},
    password::{PasswordPolicy, Peppers},
    seal::SealingKeys,
    session::{RefreshKeys, SessionLimits},
    settings::SettingDefaults,
    throttle::BanPolicy,
    time::Lifetime,
    totp::BackupCodeKey,
    user::{Role, User},
};

/// The deployment's rules, parsed from its configuration.
#[derive(Debug)]
pub struct Policy {
    /// Keys of session tokens.
    pub session_keys: KeyRing<Session>,
    /// `iss` of our tokens.
    pub issuer: String,
    /// How long sessions may last, whatever their tokens say.
    pub session_limits: SessionLimits,
    /// Keys of refresh tokens.
    pub refresh_keys: RefreshKeys,
    /// Addresses that one network may ask to sign up in an hour (TH-11).
    pub sign_ups_per_hour: u32,
    /// When violations ban an account.
    pub ban: BanPolicy,
    /// Rules for new passwords.
    pub password: PasswordPolicy,
    /// The list of breached passwords that new ones are looked up in, if any.
    pub breach_list: Option<String>,
    /// Secrets under password hashes.
    pub peppers: Peppers,
    /// What the deployment calls itself.
    pub site_name: String,
    /// Whether anyone may sign in with a password.
    pub password_sign_in: bool,
    /// What the environment says about settings that administrators can change.
    pub defaults: SettingDefaults,
    /// Keys that seal secrets at rest.
    pub sealing: SealingKeys,
    /// Keys under which API keys are digested.
    pub api_key_peppers: ApiKeyPeppers,
    /// The key under hashes of backup codes.
    pub backup_code_key: BackupCodeKey,
    /// How often the owner of an API key may see it.
    pub reveal_api_keys: Reveal,
    /// What is said about accounts elsewhere.
    pub oauth: OAuthPolicy,
    /// What is said about directories.
    pub directory: DirectoryPolicy,
    /// Whether providers' tokens are taken for sessions.
    pub token_exchange: TokenExchangePolicy,
    /// What is said about webhooks.
    pub webhooks: WebhookPolicy,
    /// How mails leave; `None` where there are none.
    pub mail: Option<MailPolicy>,
    /// What holds for people who come by the dialect with short tokens.
    pub members: MemberPolicy,
    /// How long events stay in the audit log.
    pub audit_retention: Lifetime,
    /// Who may share with a new group, unless its form says so: a JSON value.
    pub default_group_share: GroupShare,
}

/// What holds for people who come by the dialect with short tokens, and for addresses (LibreChat contract §3, §10).
#[derive(Debug)]
pub struct MemberPolicy {
    /// Keys of access tokens.
    pub access_keys: KeyRing<Access>,
    /// How long an access token lives.
    pub access_lifetime: Lifetime,
    /// How long a session goes on by refreshing it.
    pub refresh_lifetime: Lifetime,
    /// Whether people are let in who have not shown that they read their address.
    pub unverified_sign_in: bool,
    /// The only domains that addresses of new accounts may have; empty for any (RS-15).
    pub email_domains: Vec<String>,
    /// Whether violations ban accounts.
    pub bans: bool,
}

/// What somebody gets who is let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grant {
    /// A short token, and another one to get the next with. For members only: not for somebody who waits for approval,
    /// or who has not shown that they read their address.
    Refreshable,
    /// One token for as long as the session lasts.
    Token,
}

/// Why somebody is not let in who has proved who they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotAdmitted {
    /// The account waits for approval.
    Pending,
    /// Nobody has shown that they read the account's address.
    Unverified,
}

impl NotAdmitted {
    pub(crate) const fn outcome(self) -> AuditOutcome {
        match self {
            Self::Pending => AuditOutcome::Pending,
            Self::Unverified => AuditOutcome::Unverified,
        }
    }
}

/// Who may share with a group (`DEFAULT_GROUP_SHARE_PERMISSION`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GroupShare {
    /// Anybody.
    Anybody,
    /// Its members.
    Members,
    /// Nobody.
    Nobody,
}

impl Policy {
    /// Whether somebody gets what they came for.
    pub(crate) fn admit(&self, user: &User, grant: Grant) -> Result<(), NotAdmitted> {
        match grant {
            Grant::Token => Ok(()),
            Grant::Refreshable if self.awaits_verification(user) => Err(NotAdmitted::Unverified),
            Grant::Refreshable if user.role == Role::Pending => Err(NotAdmitted::Pending),
            Grant::Refreshable => Ok(()),
        }
    }

    /// Whether an account is closed until its owner has shown that they read its address.
    pub fn awaits_verification(&self, user: &User) -> bool {
        user.is_unverified() && self.mail.is_some() && !self.members.unverified_sign_in
    }

    /// The account with the role that counts: one whose address is not verified waits as if for approval.
    pub(crate) fn effective(&self, user: User) -> User {
        if self.awaits_verification(&user) { User { role: Role::Pending, ..user } } else { user }
    }

    /// Whether a new account may have an address (RS-15).
    pub fn admits_address(&self, email: &Email) -> bool {
        let domains = &self.members.email_domains;
        domains.is_empty() || domains.iter().any(|domain| domain == email.domain())
    }

    /// What a verifier of our own access tokens expects.
    pub fn expected_access_token(&self) -> Expected<'_> {
        Expected { issuer: &self.issuer, audience: None, leeway_seconds: 0 }
    }

    /// `aud` of session tokens: the issuer itself when anyone can verify them; none under HS256, because
    /// those are shared with backends that refuse one (TK-11).
    pub fn session_audience(&self) -> Option<&str> {
        self.session_keys.is_public().then_some(self.issuer.as_str())
    }

    /// What a verifier of our own session tokens expects: our issuer and audience, no leeway (TK-09).
    pub fn expected_session_token(&self) -> Expected<'_> {
        Expected { issuer: &self.issuer, audience: self.session_audience(), leeway_seconds: 0 }
    }
}
