//! API keys: making, showing, dropping them, and finding out who shows one (open-webui.md §3.6).

use super::{Ctx, audit, current_session::Authenticated};
use crate::{
    api_key::{self, ApiKey},
    audit::{AuditAction, AuditOutcome},
    permission::{Feature, Permissions},
    ports::{BucketKey, PortError, Ports, Replaced},
    settings::Settings,
    throttle::{API_KEY_LIMIT, NETWORK_LIMIT, Spent},
    time::Lifetime,
    user::{Account, Role, User},
};

/// How often the owner may see a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reveal {
    /// As often as they like.
    Always,
    /// Once after it was made.
    Once,
}

/// Somebody who showed a key that works here.
#[derive(Clone, Debug)]
pub struct KeyHolder {
    /// The account, as stored.
    pub user: User,
    /// What it may do.
    pub permissions: Permissions,
}

/// Makes a key for the caller; an earlier one stops working in the same step (AK-05).
///
/// # Errors
/// [`OwnKeyError`]; the earlier key works on.
pub async fn create(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<ApiKey, OwnKeyError> {
    admit(ctx, caller, AuditAction::CreateApiKey).await?;
    let (policy, owner) = (ctx.policy, caller.user.id);
    let key = ApiKey::random(ctx.ports)?;
    let stored = policy.api_key_peppers.store(&key, owner, &policy.sealing, ctx.now, ctx.ports)?;
    let event = audit::event(ctx, Some(owner), AuditAction::CreateApiKey, AuditOutcome::Success)?;
    match ctx.ports.replace_api_key(owner, stored, event).await? {
        true => Ok(key),
        false => Err(OwnKeyError::Forbidden),
    }
}

/// Shows the caller their key.
///
/// # Errors
/// [`OwnKeyError`].
pub async fn reveal(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<ApiKey, OwnKeyError> {
    admit(ctx, caller, AuditAction::ReadApiKey).await?;
    let (sealing, owner) = (&ctx.policy.sealing, caller.user.id);
    let stored = ctx.ports.find_api_key(owner).await?.filter(|stored| !stored.sealed.is_empty());
    let stored = stored.ok_or(OwnKeyError::Missing)?;
    let Ok(key) = api_key::open(&stored, owner, sealing) else {
        return Err(PortError { port: "api keys", detail: "an envelope does not open".into() }.into());
    };
    audit::record(ctx, Some(owner), AuditAction::ReadApiKey, AuditOutcome::Success).await?;
    if ctx.policy.reveal_api_keys == Reveal::Once {
        // Of many that look at once, one sees it.
        if ctx.ports.reseal_api_key(owner, &stored, Default::default()).await? == Replaced::No {
            return Err(OwnKeyError::Missing);
        }
    } else if !sealing.is_current(&stored.sealed) {
        let sealed = api_key::seal(&key, stored.id, owner, sealing, ctx.ports)?;
        // Somebody else may have done it, or made another key.
        let _ = ctx.ports.reseal_api_key(owner, &stored, sealed).await?;
    }
    Ok(key)
}

/// Drops the caller's key, if there is one.
///
/// # Errors
/// [`OwnKeyError`].
pub async fn delete(ctx: &Ctx<'_, impl Ports>, caller: &Authenticated) -> Result<(), OwnKeyError> {
    admit(ctx, caller, AuditAction::DeleteApiKey).await?;
    let event = audit::event(ctx, Some(caller.user.id), AuditAction::DeleteApiKey, AuditOutcome::Success)?;
    Ok(ctx.ports.delete_api_key(caller.user.id, event).await?)
}

/// Whether the caller may have a key at all, and has not asked too often (AK-04).
async fn admit(
    ctx: &Ctx<'_, impl Ports>,
    caller: &Authenticated,
    action: AuditAction,
) -> Result<(), OwnKeyError> {
    let user = &caller.user;
    if !may_have_key(&*ctx.settings().await?, user.role, &caller.permissions) {
        audit::record_refusal(ctx, Some(user.id), action, AuditOutcome::Forbidden).await;
        return Err(OwnKeyError::Forbidden);
    }
    let bucket = BucketKey::api_key(user.id);
    match ctx.ports.spend(&bucket, API_KEY_LIMIT, None, &ctx.client.network, ctx.now).await? {
        Spent::Granted => Ok(()),
        Spent::Refused { retry_after } => {
            audit::record_refusal(ctx, Some(user.id), action, AuditOutcome::Throttled).await;
            Err(OwnKeyError::Throttled { retry_after })
        }
    }
}

/// A key works while the switch is on and its owner is a member with the permission, or an administrator (AK-07).
fn may_have_key(settings: &Settings, role: Role, permissions: &Permissions) -> bool {
    settings.api_keys.enabled
        && match role {
            Role::Admin => true,
            Role::User => permissions.contains(Feature::FeaturesApiKeys),
            Role::Pending => false,
        }
}

/// Who shows this key, to call `path`. A text that is no key costs one digest and one indexed read, and counts
/// against the network that it came from (AK-10).
///
/// # Errors
/// [`ApiKeyError`].
pub async fn authenticate(
    ctx: &Ctx<'_, impl Ports>,
    key: &str,
    path: &str,
) -> Result<KeyHolder, ApiKeyError> {
    let digests = ctx.policy.api_key_peppers.digests(key);
    let Some(account) = ctx.ports.find_key_holder(&digests, ctx.now).await? else {
        let network = &ctx.client.network;
        let spent =
            ctx.ports.spend(&BucketKey::network(network), NETWORK_LIMIT, None, network, ctx.now).await?;
        audit::record_refusal(ctx, None, AuditAction::UseApiKey, AuditOutcome::UnknownKey).await;
        return Err(match spent {
            Spent::Granted => ApiKeyError::Unknown,
            Spent::Refused { retry_after } => ApiKeyError::Throttled { retry_after },
        });
    };
    let settings = ctx.settings().await?;
    let account = Account { user: ctx.policy.effective(account.user), ..account };
    let permissions = Permissions::from(settings.default_permissions).and(&account.grants);
    if !may_have_key(&settings, account.user.role, &permissions) {
        let (actor, action) = (Some(account.user.id), AuditAction::UseApiKey);
        audit::record_refusal(ctx, actor, action, AuditOutcome::Forbidden).await;
        return Err(ApiKeyError::Forbidden);
    }
    if !settings.api_keys.open(path) {
        audit::record_refusal(ctx, Some(account.user.id), AuditAction::UseApiKey, AuditOutcome::Forbidden)
            .await;
        return Err(ApiKeyError::NotHere);
    }
    Ok(KeyHolder { user: account.user, permissions })
}

/// Why somebody's own key was not made, shown or dropped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OwnKeyError {
    /// The deployment has no keys, or not for them.
    Forbidden,
    /// There is none to show.
    Missing,
    /// Too many requests.
    Throttled {
        /// When one will be granted again.
        retry_after: Lifetime,
    },
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for OwnKeyError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

/// Why a key opens nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ApiKeyError {
    /// The deployment has no keys, or not for its owner.
    Forbidden,
    /// Not for this path.
    NotHere,
    /// Too many unknown keys came from there; this was another.
    Throttled {
        /// When one will be looked at again.
        retry_after: Lifetime,
    },
    /// Nobody's key.
    Unknown,
    /// The outside failed.
    Unavailable(PortError),
}

impl From<PortError> for ApiKeyError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}
