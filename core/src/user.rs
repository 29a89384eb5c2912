//! Accounts: who a user is, apart from how they prove it.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    audit::AuditEvent,
    display_name::DisplayName,
    email::Email,
    id::{GroupId, UserId},
    image_reference::ImageReference,
    oauth::Provider,
    password::PasswordHash,
    permission::Permissions,
    time::UnixSeconds,
};

/// What an account may do; a closed set (AD-06).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything; permission checks do not apply.
    Admin,
    /// Waits for an administrator's approval.
    Pending,
    /// A member, bound by permissions.
    User,
}

impl Role {
    /// The stored and transmitted spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Pending => "pending",
            Self::User => "user",
        }
    }

    /// Reads the stored spelling; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "admin" => Some(Self::Admin),
            "pending" => Some(Self::Pending),
            "user" => Some(Self::User),
            _ => None,
        }
    }
}

/// An account as it is stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Canonical address, unique.
    pub email: Email,
    /// Display name, raw: escape it where it is shown.
    pub name: String,
    /// What the account may do.
    pub role: Role,
    /// What its owner tells about themselves.
    pub profile: Profile,
    /// Whether its owner has shown that they read what comes to the address.
    #[serde(default)]
    pub verification: EmailVerification,
    /// When they accepted the terms of the service, first.
    #[serde(default)]
    pub terms_accepted_at: Option<UnixSeconds>,
    /// Whether it has a second factor.
    #[serde(default)]
    pub factor: FactorState,
    /// What its owner signs in with.
    #[serde(default)]
    pub means: Means,
    /// When the account was created.
    pub created_at: UnixSeconds,
    /// When it was changed last.
    pub updated_at: UnixSeconds,
    /// When its owner was active last.
    pub last_active_at: UnixSeconds,
}

impl User {
    /// Whether the account waits for its owner to show that they read the address.
    pub const fn is_unverified(&self) -> bool {
        matches!(self.verification, EmailVerification::DueBy(_))
    }
}

/// What somebody signs in with.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Means {
    /// A password.
    pub has_password: bool,
    /// Accounts elsewhere, oldest first: what the deployment calls the provider, and what that calls the account.
    pub identities: Vec<(String, String)>,
}

impl Means {
    /// Whether somebody of a provider signs in with the account.
    pub fn is_of(&self, provider: &str) -> bool {
        self.identities.iter().any(|(known, _)| known == provider)
    }

    /// How an account came about, as LibreChat's tokens and pages have it (librechat.md §1.3): by a provider, unless it has a
    /// password.
    pub fn provider(&self) -> &str {
        match self.identities.first() {
            Some((provider, _)) if !self.has_password => match Provider::parse(provider) {
                Some(Provider::Openid) => "openid",
                _ => provider,
            },
            _ => "local",
        }
    }
}

/// Whether an account has a second factor.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum FactorState {
    /// It has none.
    #[default]
    Absent,
    /// It has one.
    InForce,
    /// It had one that an operator took away, until its owner sets up another.
    TakenAway,
}

impl FactorState {
    /// Whether there is one, or will have to be one again.
    pub const fn is_set_up(self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// Whether an account's owner has shown that they read what comes to its address.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum EmailVerification {
    /// Not yet; the account goes when they have not by then.
    DueBy(UnixSeconds),
    /// They have.
    Done,
    /// Nobody asked: the address proves nothing (RS-13), and the account is open.
    #[default]
    Unasked,
}

impl EmailVerification {
    /// By when somebody has to show it who has to.
    pub const fn due_by(self) -> Option<UnixSeconds> {
        match self {
            Self::DueBy(due) => Some(due),
            Self::Done | Self::Unasked => None,
        }
    }
}

/// What an account's owner tells about themselves.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Profile {
    /// What they call themselves where people have such names: lower case, not unique.
    #[serde(default)]
    pub username: Option<String>,
    /// A checked image reference; see [`ImageReference`].
    pub image: String,
    /// Free text.
    pub bio: Option<String>,
    /// Free text.
    pub gender: Option<String>,
    /// `YYYY-MM-DD`.
    pub date_of_birth: Option<String>,
    /// Name of a time zone.
    pub timezone: Option<String>,
    /// An emoji beside the name.
    pub status_emoji: Option<String>,
    /// A line beside the name.
    pub status_message: Option<String>,
    /// When the status line disappears.
    pub status_expires_at: Option<UnixSeconds>,
}

/// An account about to be created; its role is decided by the store in the same step as the insert
/// (AD-01).
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The account's future id.
    pub id: UserId,
    /// Canonical address.
    pub email: Email,
    /// Checked display name.
    pub name: DisplayName,
    /// What its owner calls themselves, where people have such names: lower case.
    pub username: Option<String>,
    /// Checked image reference.
    pub image: ImageReference,
    /// Whether somebody has to show that they read the address.
    pub verification: EmailVerification,
    /// Digest of an invitation, which admits its address whatever the policy says, and is used up.
    pub invitation: Option<String>,
    /// The role unless this is the first account, which becomes administrator.
    pub default_role: Role,
    /// The group it joins, if there is such a group.
    pub default_group: Option<GroupId>,
    /// The password's hash; `None` for somebody who signs in another way.
    pub password_hash: Option<PasswordHash>,
    /// What is stored, about the account that has it, when the address is taken.
    pub if_taken: Option<AuditEvent>,
    /// Creation time.
    pub created_at: UnixSeconds,
}

impl NewUser {
    /// An account without a password whose address nobody asks to be shown.
    pub fn new(id: UserId, email: Email, name: DisplayName, role: Role, created_at: UnixSeconds) -> Self {
        Self {
            id,
            email,
            name,
            username: None,
            image: ImageReference::default(),
            verification: EmailVerification::Unasked,
            invitation: None,
            default_role: role,
            default_group: None,
            password_hash: None,
            if_taken: None,
            created_at,
        }
    }
}

/// Who may create an account (Open WebUI contract §1.2). The store decides with it in
/// the step that inserts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignUpPolicy {
    /// Whether the first account may be created.
    pub first: bool,
    /// Whether any account after it may be, as far as the stored switch lets it.
    pub others: bool,
    /// What holds for those while nobody has stored the switch.
    pub unless_stored: bool,
    /// Whether the stored switch counts.
    pub stored_counts: bool,
    /// Whether the first account stores the switch as off.
    pub closes: bool,
}

impl SignUpPolicy {
    /// Anyone until the first sign-up, which closes registration.
    pub const UNTIL_FIRST_USER: Self =
        Self { first: true, others: true, unless_stored: true, stored_counts: true, closes: true };

    /// Anyone, because somebody else has decided: an administrator, a directory, a proxy. The first of them still
    /// closes the registration by password.
    pub const ADMITTED: Self = Self { stored_counts: false, ..Self::UNTIL_FIRST_USER };

    /// Whether an account may be created, given whether there is one and what is stored.
    pub fn admits(self, has_users: bool, stored: Option<bool>) -> bool {
        if !has_users {
            return self.first;
        }
        self.others && stored.filter(|_| self.stored_counts).unwrap_or(self.unless_stored)
    }
}

/// An account as the session authority copies it: with the version of the credential that its sessions
/// must have proved, and with what its groups grant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// The account.
    pub user: User,
    /// The present version of its credential.
    pub credential_version: u32,
    /// What its groups grant.
    pub grants: Permissions,
}

/// The version of a new account's credential.
pub const FIRST_CREDENTIAL_VERSION: u32 = 1;
