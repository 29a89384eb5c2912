//! Accounts that people have elsewhere, and which of ours belong to them.

use alloc::{boxed::Box, string::String, vec::Vec};

use crate::{
    audit::AuditEvent,
    display_name::DisplayName,
    email::Email,
    id::{GroupId, ProviderSessionId, UserId},
    image_reference::ImageReference,
    time::UnixSeconds,
    user::{Account, NewUser, Role, SignUpPolicy},
};

/// An account elsewhere: nothing else names it, least of all an address (OA-09).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Identity {
    /// What the deployment calls the provider, such as `google`.
    pub provider: String,
    /// Who the provider says it is.
    pub issuer: String,
    /// What the provider calls the account, for good.
    pub subject: String,
}

/// An account elsewhere that belongs to one here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkedIdentity {
    /// Which.
    pub identity: Identity,
    /// Since when.
    pub since: UnixSeconds,
}

/// Somebody whom a provider has identified, and what may become of that.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who they are there.
    pub identity: Identity,
    /// The account that is made for them if they have none; `None` where nobody's is.
    pub sign_up: Option<NewUser>,
    /// Whether it may be made, besides.
    pub policy: SignUpPolicy,
    /// Whether an account of this address is theirs that has no identity of the provider: one of somebody who has shown
    /// that they read it, and who is no administrator (OA-10, OA-11).
    pub merge: Option<Email>,
    /// What changes about an account that is there.
    pub change: ArrivalChange,
    /// The groups that they are in there; `None` leaves memberships alone.
    pub groups: Option<GroupSync>,
    /// What the provider gave for them, sealed.
    pub session: Option<NewProviderSession>,
    /// What is written down, about the account.
    pub events: ArrivalEvents,
    /// When they came.
    pub at: UnixSeconds,
}

/// What changes about an account whose owner a provider has identified.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ArrivalChange {
    /// What it may do, unless nobody would administrate the deployment any more (AD-05).
    pub role: Option<RoleChange>,
    /// Its address, unless somebody else's account has it.
    pub email: Option<Email>,
    /// Whether the provider has seen that they read that.
    pub is_email_verified: bool,
    /// Its name.
    pub name: Option<DisplayName>,
    /// What its owner is called in it.
    pub username: Option<String>,
    /// Its picture.
    pub image: Option<ImageReference>,
}

/// What an account may do from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RoleChange {
    /// What it may now, but not administrate.
    Demote,
    /// This.
    Role(Role),
}

impl RoleChange {
    /// What an account may do that may do this now.
    pub const fn of(self, present: Role) -> Role {
        match (self, present) {
            (Self::Role(role), _) => role,
            (Self::Demote, Role::Admin) => Role::User,
            (Self::Demote, role) => role,
        }
    }
}

/// The groups that somebody is in elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GroupSync {
    /// Their names.
    pub names: Vec<String>,
    /// Groups in which memberships are nobody's business but ours.
    pub spared: Vec<String>,
    /// What groups that are missing are made of; `None` where none is.
    pub create: Option<GroupTemplate>,
}

/// What groups are made of that a provider knows and we do not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GroupTemplate {
    /// An id for each of the names.
    pub ids: Vec<GroupId>,
    /// A permission tree as JSON.
    pub permissions: String,
    /// The API's own data as JSON.
    pub data: String,
    /// What their descriptions say before and after the name.
    pub description: (&'static str, &'static str),
}

impl GroupTemplate {
    /// What a group of that name says about itself.
    pub fn description(&self, name: &str) -> String {
        [self.description.0, name, self.description.1].concat()
    }
}

/// A provider's tokens for somebody, before it is known who that is here.
#[derive(Clone, Debug)]
pub struct NewProviderSession {
    /// Names the row.
    pub id: ProviderSessionId,
    /// The provider's name for the session that they have there.
    pub remote: Option<String>,
    /// The tokens, sealed for this row.
    pub sealed: String,
    /// When the access token ends.
    pub expires_at: UnixSeconds,
    /// How many of them an account has of one provider; older ones go.
    pub kept: u32,
    /// What goes as well: what a provider gave for the session that the browser had before.
    pub replaces: Option<ProviderSessionId>,
}

/// What is written down about an arrival. The actor of each is the account, whichever that turns out to be.
#[derive(Clone, Debug)]
pub struct ArrivalEvents {
    /// An account was made.
    pub signed_up: AuditEvent,
    /// The identity was linked to an account that was there.
    pub linked: AuditEvent,
    /// The account is another than before.
    pub changed: AuditEvent,
    /// It has another address.
    pub moved: AuditEvent,
    /// Memberships are others.
    pub synced: AuditEvent,
    /// What they have done so far, where the account has no second factor that is asked for.
    pub signed_in: AuditEvent,
    /// The same where it has one; `None` where none is asked for.
    pub factor_due: Option<AuditEvent>,
}

/// What became of an arrival.
#[derive(Clone, Debug)]
pub enum Arrived {
    /// They have this account.
    Account(Box<ArrivedAccount>),
    /// They have none, and none is made.
    Closed,
    /// They have none, and somebody's account has their address.
    EmailTaken,
}

/// The account of somebody whom a provider has identified.
#[derive(Clone, Debug)]
pub struct ArrivedAccount {
    /// The account.
    pub account: Account,
    /// Whether it was there, and is another than before.
    pub is_changed: bool,
}

/// What became of linking an identity to an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Linked {
    /// There is no such account.
    NoAccount,
    /// It belongs to another account, or the account has one of that provider (OA-12).
    Taken,
    /// It belongs to the account.
    Yes,
}

/// What became of taking identities of a provider away from an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unlinked {
    /// Its owner could not sign in any more (OA-12).
    Last,
    /// It has none of that provider.
    None,
    /// They are gone, and what the provider gave.
    Yes,
}

/// What a provider gave for somebody, as it is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProviderSession {
    /// Names the row.
    pub id: ProviderSessionId,
    /// Whose it is.
    pub user: UserId,
    /// What the deployment calls the provider.
    pub provider: String,
    /// The provider's name for the session that they have there.
    pub remote: Option<String>,
    /// The tokens, sealed for this row.
    pub sealed: String,
    /// When the access token ends.
    pub expires_at: UnixSeconds,
    /// When it came.
    pub created_at: UnixSeconds,
    /// When the tokens were replaced last.
    pub updated_at: UnixSeconds,
}
