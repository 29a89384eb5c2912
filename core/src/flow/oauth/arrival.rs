//! What becomes of somebody whose provider has said who they are (open-webui.md §8.5, §8.6).

use super::{OAuthError, Refusal, identify::Known, settings};
use crate::{
    display_name::DisplayName,
    email::Email,
    flow::{
        Ctx, Grant, arrivals,
        second_factor::{self, Next, Proof},
    },
    id::UserId,
    identity::{Arrival, ArrivalChange, Arrived, GroupSync, NewProviderSession, RoleChange},
    image_reference::ImageReference,
    oauth::{
        Provider, ProviderClient,
        access::{AccessRules, RoleVerdict},
        claims::Profile,
        pending::Dialect,
    },
    ports::Ports,
    session::AuthMethod,
    settings::Settings,
    user::{EmailVerification, NewUser, Role, SignUpPolicy},
};

/// How a group that a provider knows describes itself (open-webui.md §8.6).
const GROUP_DESCRIPTION: (&str, &str) = ("Group '", "' created automatically via OAuth.");

/// Somebody whose provider has said who they are.
pub(super) struct SignIn<'a> {
    pub(super) client: &'a ProviderClient,
    pub(super) settings: &'a Settings,
    pub(super) dialect: Dialect,
    pub(super) known: Known,
}

/// What there is to it, besides who they are.
pub(super) struct Ends {
    /// What the provider gave, to be kept.
    pub(super) session: Option<NewProviderSession>,
    /// Whether whoever has no account may get one.
    pub(super) signs_up: bool,
    /// The first one, even.
    pub(super) may_be_first: bool,
}

impl SignIn<'_> {
    /// Finds or makes their account and lets them in, or says what they have to do first.
    pub(super) async fn arrive(self, ctx: &Ctx<'_, impl Ports>, ends: Ends) -> Result<Next, OAuthError> {
        let grant = match self.dialect {
            Dialect::LibreChat => Grant::Refreshable,
            Dialect::OpenWebui => Grant::Token,
        };
        let provider_session = ends.session.as_ref().map(|session| session.id);
        let arrived = match ctx.ports.arrive(arrival(ctx, &self, ends).await?).await? {
            Arrived::Account(arrived) => *arrived,
            Arrived::Closed => return Err(OAuthError::Closed),
            Arrived::EmailTaken => return Err(OAuthError::EmailTaken),
        };
        if arrived.is_changed {
            ctx.ports.account_changed(arrived.account.user.id).await?;
        }
        ctx.policy.admit(&arrived.account.user, grant)?;
        let proof = Proof { method: AuthMethod::OAuth, provider_session };
        Ok(second_factor::after_first(ctx, arrived.account, proof, grant).await?)
    }
}

/// What the store is asked for.
async fn arrival(ctx: &Ctx<'_, impl Ports>, sign_in: &SignIn<'_>, ends: Ends) -> Result<Arrival, OAuthError> {
    let SignIn { client, settings, dialect, known: Known { identity, profile, standing } } = sign_in;
    let policy = &ctx.policy.oauth;
    let email = address(profile, client.provider, policy.email_fallback)?;
    if !settings::admits_domain(settings, &email) || !ctx.policy.admits_address(&email) {
        return Err(OAuthError::DomainRefused);
    }
    let rules = settings::access_rules(settings);
    let role = match (rules.role(profile.roles.as_deref()), standing.is_admin) {
        (RoleVerdict::Refused, _) => return Err(OAuthError::RoleRefused),
        _ if standing.is_refused => return Err(OAuthError::RoleRefused),
        (_, Some(true)) => Some(RoleChange::Role(Role::Admin)),
        (RoleVerdict::Role(role), _) => Some(RoleChange::Role(role)),
        (RoleVerdict::Keeps, Some(false)) => Some(RoleChange::Demote),
        (RoleVerdict::Keeps, None) => None,
    };
    let default_role = match role {
        Some(RoleChange::Role(role)) => role,
        Some(RoleChange::Demote) | None => settings.default_role,
    };
    let name = profile.name.as_deref().and_then(|name| DisplayName::parse(name).ok());
    let image = profile.picture.as_deref().and_then(picture);
    let is_trusted = policy.trusted_for_email.contains(&client.provider);
    // A provider that is not trusted shows nobody's address, now or for one that is (OA-10, OA-11).
    let is_verified = profile.is_email_verified && is_trusted;
    let merges = settings.is_on("OAUTH_MERGE_ACCOUNTS_BY_EMAIL") && is_verified;
    let change = |setting: &str| settings.is_on(setting);
    let is_open =
        settings.is_on("ENABLE_OAUTH_SIGNUP") || (*dialect == Dialect::LibreChat && policy.member_sign_up);
    let sign_up = match ends.signs_up && is_open {
        true => {
            let default = || DisplayName::parse(email.as_str()).map_err(|_| Refusal::NoEmail);
            let name = name.clone().map_or_else(default, Ok)?;
            Some(NewUser {
                username: profile.username.clone(),
                image: image.clone().unwrap_or_default(),
                verification: match is_verified {
                    true => EmailVerification::Done,
                    false => EmailVerification::Unasked,
                },
                default_group: settings.default_group,
                ..NewUser::new(UserId::random(ctx.ports)?, email.clone(), name, default_role, ctx.now)
            })
        }
        false => None,
    };
    Ok(Arrival {
        identity: identity.clone(),
        sign_up,
        policy: SignUpPolicy {
            first: ends.may_be_first,
            closes: settings.sign_up.closes,
            ..SignUpPolicy::ADMITTED
        },
        merge: Some(email.clone()).filter(|_| merges),
        change: ArrivalChange {
            role,
            email: Some(email).filter(|_| change("OAUTH_UPDATE_EMAIL_ON_LOGIN")),
            is_email_verified: is_verified,
            name: name.filter(|_| change("OAUTH_UPDATE_NAME_ON_LOGIN")),
            image: image.filter(|_| change("OAUTH_UPDATE_PICTURE_ON_LOGIN")),
            username: None,
        },
        groups: groups(ctx, settings, &rules, profile).await?,
        session: ends.session,
        events: arrivals::events(ctx, AuthMethod::OAuth, client.provider.as_str(), settings)?,
        at: ctx.now,
    })
}

fn address(profile: &Profile, provider: Provider, has_fallback: bool) -> Result<Email, OAuthError> {
    let fallback = || has_fallback.then(|| profile.fallback_email(provider.as_str()));
    let text = profile.email.clone().or_else(fallback).ok_or(Refusal::NoEmail)?;
    Ok(Email::parse(&text).map_err(|_| Refusal::NoEmail)?)
}

/// A picture is kept as its address, never fetched: https only (OA-21).
fn picture(text: &str) -> Option<ImageReference> {
    text.starts_with("https://").then(|| ImageReference::parse(text).ok()).flatten()
}

async fn groups(
    ctx: &Ctx<'_, impl Ports>,
    settings: &Settings,
    rules: &AccessRules,
    profile: &Profile,
) -> Result<Option<GroupSync>, OAuthError> {
    let Some(names) = profile.groups.as_ref().filter(|_| rules.manages_groups) else { return Ok(None) };
    let names = arrivals::group_names(names, |name| rules.is_blocked(name));
    // What a pattern spares is known when the groups are; most deployments have no pattern.
    let spared = match rules.has_patterns() {
        false => rules.blocked_groups.clone(),
        true => {
            let known = ctx.ports.list_groups().await?.into_iter().map(|group| group.name);
            known.filter(|name| rules.is_blocked(name)).collect()
        }
    };
    let create = match rules.creates_groups {
        true => {
            let (permissions, data) = (settings.named("USER_PERMISSIONS"), settings::group_data(settings));
            Some(arrivals::template(ctx, &names, permissions, &data, GROUP_DESCRIPTION)?)
        }
        false => None,
    };
    Ok(Some(GroupSync { names, spared, create }))
}
