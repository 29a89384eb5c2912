//! The use cases: sequences of stored steps over the ports, one neutral verb each. A flow reads like
//! the numbered steps of the contract and knows no HTTP.

pub mod api_keys;
mod arrivals;
mod audit;
pub mod audit_trail;
pub mod authentication_limit;
pub mod ban;
pub mod change_password;
pub mod configure;
pub mod current_session;
pub mod delete_account;
pub mod denial;
pub mod directory;
pub mod groups;
pub mod invitations;
pub mod manage_user;
mod new_password;
#[cfg(not(target_os = "none"))]
pub mod oauth;
mod open_session;
pub mod own_account;
pub mod own_sessions;
mod policy;
mod reauthentication;
pub mod refresh;
pub mod register;
pub mod reset_password;
pub mod route_limit;
pub mod second_factor;
pub mod send_mail;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod tell_events;
pub mod trusted_identity;
pub mod user_list;
pub mod verify_email;
pub mod webhooks;

use alloc::{rc::Rc, string::String};

pub(crate) use policy::NotAdmitted;
pub use policy::{Grant, GroupShare, MemberPolicy, Policy};

use crate::{
    id::{ProviderSessionId, SessionId, UserId},
    network::Network,
    permission::Permissions,
    ports::{PortError, Ports},
    secret::Secret,
    settings::Settings,
    time::UnixSeconds,
    user::User,
};

/// Longest stored description of a client, in bytes (LG-02).
pub const MAX_USER_AGENT_BYTES: usize = 256;

/// Everything a flow may use: the host's ports, the deployment's rules, and one instant that is the
/// same for the whole request.
#[derive(Debug)]
pub struct Ctx<'a, P> {
    /// The outside.
    pub ports: &'a P,
    /// The deployment's rules.
    pub policy: &'a Policy,
    /// The request's one instant.
    pub now: UnixSeconds,
    /// Who is asking, as far as the connection tells.
    pub client: Client,
}

/// What the connection tells about who is asking.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where the request comes from.
    pub network: Network,
    /// The client's description of itself: no control characters, at most [`MAX_USER_AGENT_BYTES`].
    pub user_agent: String,
    /// Ties log lines, audit rows and the answer together.
    pub request_id: String,
}

impl<P: Ports> Ctx<'_, P> {
    /// The settings that hold now.
    ///
    /// # Errors
    /// When they can not be read.
    pub async fn settings(&self) -> Result<Rc<Settings>, PortError> {
        self.ports.settings(&self.policy.defaults, self.now).await
    }

    /// Whether an account is the first administrator's, which only its owner may touch, and `admin` is somebody else.
    pub(crate) async fn is_out_of_reach(&self, admin: UserId, target: UserId) -> Result<bool, PortError> {
        Ok(admin != target && self.ports.primary_admin().await? == Some(target))
    }
}

/// A session that has just been opened.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: SessionId,
    /// The account.
    pub user: User,
    /// Its new session token.
    pub token: String,
    /// When the token expires; `None` for never.
    pub expires_at: Option<UnixSeconds>,
    /// What the next token is to be had with, where tokens are short.
    pub refresh: Option<RefreshGrant>,
    /// What the account may do.
    pub permissions: Permissions,
    /// What a provider gave for the session.
    pub provider_session: Option<ProviderSessionId>,
}

/// What the next token of a session is to be had with.
#[derive(Clone, Debug)]
pub struct RefreshGrant {
    /// The refresh token.
    pub token: Secret<String>,
    /// When the session ends.
    pub expires_at: UnixSeconds,
}
