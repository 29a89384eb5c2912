//! A browser that comes back from a provider (open-webui.md §8.3 … §8.7, librechat.md §6).

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};

use oauth2::RedirectUrl;
use serde_json::json;
use url::form_urlencoded;

use super::{OAuthError, Refusal, clients, identify, link, provider_tokens, settings};
use crate::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    display_name::DisplayName,
    email::Email,
    flow::{
        Ctx, Grant, audit,
        second_factor::{self, Next, Proof},
        sign_out,
    },
    id::{GroupId, ProviderSessionId, UserId},
    identity::{
        Arrival, ArrivalChange, ArrivalEvents, Arrived, GroupSync, GroupTemplate, Identity,
        NewProviderSession,
    },
    image_reference::ImageReference,
    oauth::{
        Client, Provider,
        access::{AccessRules, RoleVerdict},
        claims::Profile,
        exchange,
        pending::{Dialect, Errand, Pending, RoundTripSecrets, RoundTripToken},
        tokens::ProviderTokens,
    },
    ports::{PortError, Ports},
    secret::Secret,
    session::AuthMethod,
    settings::Settings,
    user::{Account, EmailVerification, NewUser, SignUpPolicy},
};

/// Longest code, in bytes (OA-16).
const MAX_CODE_BYTES: usize = 4 * 1_024;
/// Longest answer as a whole, in bytes.
const MAX_QUERY_BYTES: usize = 16 * 1_024;
/// How a group that a provider knows describes itself (open-webui.md §8.6).
const GROUP_DESCRIPTION: (&str, &str) = ("Group '", "' created automatically via OAuth.");

/// What a browser brings back.
#[derive(Clone, Debug)]
pub struct CallbackQuery {
    state: Option<RoundTripToken>,
    code: Option<Secret<String>>,
    issuer: Option<String>,
    is_error: bool,
    /// What Apple says beside the ID token, once.
    user: Option<String>,
}

impl CallbackQuery {
    /// Reads the query of an address, or a form. What stands twice is nothing (OA-16).
    pub fn parse(text: &str) -> Self {
        let mut found: [Vec<String>; 5] = Default::default();
        if text.len() <= MAX_QUERY_BYTES {
            for (name, value) in form_urlencoded::parse(text.as_bytes()) {
                let place = ["state", "code", "iss", "error", "user"].iter().position(|known| *known == name);
                if let Some(values) = place.and_then(|place| found.get_mut(place)) {
                    values.push(value.into_owned());
                }
            }
        }
        let is_twice = found.iter().any(|values| values.len() > 1);
        let [state, code, issuer, error, user] = found.map(|mut values| values.pop());
        Self {
            // The state is looked up even so: it is used up (OA-02).
            state: state.as_deref().and_then(RoundTripToken::parse),
            code: code
                .filter(|code| !is_twice && !code.is_empty() && code.len() <= MAX_CODE_BYTES)
                .map(Secret::new),
            issuer,
            is_error: error.is_some() || is_twice,
            user,
        }
    }
}

/// What became of it, and whose page gets the browser back; `None` where nobody has sent it.
#[derive(Clone, Debug)]
pub struct Returned {
    /// Whose page.
    pub dialect: Option<Dialect>,
    /// What became of it.
    pub result: Result<Back, OAuthError>,
}

/// What became of somebody whose provider has said who they are.
#[derive(Clone, Debug)]
pub enum Back {
    /// The account there belongs to theirs here.
    Linked(Provider),
    /// They signed in, or have a step left.
    SignedIn(Box<ProviderSignIn>),
}

/// Somebody who signs in by a provider.
#[derive(Clone, Debug)]
pub struct ProviderSignIn {
    /// What comes next.
    pub next: Next,
    /// What the provider gave.
    pub session: ProviderSessionId,
    /// The ID token among that.
    pub id_token: Option<Secret<String>>,
}

/// Takes a browser back. `held` is what it was given when it was sent away, `may_be_first` whether the deployment lets
/// its first account be made so (AD-02).
pub async fn callback(
    ctx: &Ctx<'_, impl Ports>,
    provider: Provider,
    query: CallbackQuery,
    held: Option<&RoundTripToken>,
    may_be_first: bool,
    previous_token: Option<&str>,
) -> Returned {
    let pending = match taken(ctx, &query).await {
        Ok(pending) => pending,
        Err(error) => {
            note_refusal(ctx, provider, &error).await;
            return Returned { dialect: None, result: Err(error) };
        }
    };
    let dialect = pending.dialect;
    let came = Came { provider, query, held, may_be_first, previous_token };
    let result = finished(ctx, pending, came).await;
    if let Err(error) = &result {
        note_refusal(ctx, provider, error).await;
    }
    Returned { dialect: Some(dialect), result }
}

/// How the browser came.
struct Came<'a> {
    provider: Provider,
    query: CallbackQuery,
    held: Option<&'a RoundTripToken>,
    may_be_first: bool,
    previous_token: Option<&'a str>,
}

/// The authorization that a state belongs to; it is over with that.
async fn taken(ctx: &Ctx<'_, impl Ports>, query: &CallbackQuery) -> Result<Pending, OAuthError> {
    let state = query.state.as_ref().ok_or(Refusal::State)?;
    let pending = ctx.ports.end_round_trip(&state.hash(), ctx.now).await?;
    Ok(pending.ok_or(Refusal::State)?)
}

async fn finished(ctx: &Ctx<'_, impl Ports>, pending: Pending, came: Came<'_>) -> Result<Back, OAuthError> {
    // A browser that somebody else has sent, or an answer of somebody else (OA-03, OA-04).
    if came.held.is_none_or(|held| held.hash() != pending.browser) {
        return Err(Refusal::Browser.into());
    }
    if came.provider != pending.provider {
        return Err(Refusal::State.into());
    }
    let client = clients::find(ctx, pending.provider).await?;
    let metadata = pending.metadata(&client).ok_or(OAuthError::Misconfigured)?;
    // Before the code goes anywhere; for refusals as well (RFC 9207 §2.4; OA-05).
    match &came.query.issuer {
        Some(issuer) if *issuer != metadata.issuer => return Err(Refusal::Issuer.into()),
        None if metadata.names_itself => return Err(Refusal::Issuer.into()),
        _ => {}
    }
    if came.query.is_error {
        return Err(Refusal::Denied.into());
    }
    let code = came.query.code.as_ref().ok_or(Refusal::Malformed)?;
    let secrets = RoundTripSecrets::open(&pending.sealed, &pending.hash, &ctx.policy.sealing);
    let secrets = secrets.map_err(|_| Refusal::State)?;
    let redirect_uri =
        RedirectUrl::new(pending.redirect_uri.clone()).map_err(|_| OAuthError::Misconfigured)?;
    let verifier = secrets.code_verifier.expose_secret();
    let code = code.expose_secret();
    let tokens =
        exchange::exchange_code(&client, &metadata.token, code, verifier, &redirect_uri, ctx.ports, ctx.now);
    let tokens = tokens.await.map_err(Refusal::Exchange)?;
    let settings = ctx.settings().await?;
    let names = settings::claim_names(&settings, &ctx.policy.oauth);
    let asked = identify::Asked {
        client: &client,
        metadata: &metadata,
        nonce: secrets.nonce.expose_secret(),
        names: &names,
        rules: &settings::access_rules(&settings),
        needs_verified: settings.is_on("OAUTH_MERGE_ACCOUNTS_BY_EMAIL"),
        user: came.query.user.as_deref(),
    };
    let (identity, profile) = identify::identify(ctx, &asked, &tokens).await?;
    match pending.errand {
        Errand::Link(user, session) => {
            link::link(ctx, user, session, &identity).await?;
            Ok(Back::Linked(pending.provider))
        }
        Errand::SignIn => {
            let sign_in =
                SignIn { client: &client, settings: &settings, dialect: pending.dialect, identity, profile };
            Ok(Back::SignedIn(Box::new(signed_in(ctx, sign_in, &tokens, &came).await?)))
        }
    }
}

struct SignIn<'a> {
    client: &'a Client,
    settings: &'a Settings,
    dialect: Dialect,
    identity: Identity,
    profile: Profile,
}

async fn signed_in(
    ctx: &Ctx<'_, impl Ports>,
    sign_in: SignIn<'_>,
    tokens: &ProviderTokens,
    came: &Came<'_>,
) -> Result<ProviderSignIn, OAuthError> {
    let grant = match sign_in.dialect {
        Dialect::LibreChat => Grant::Refreshable,
        Dialect::OpenWebui => Grant::Token,
    };
    let session = ProviderSessionId::random(ctx.ports)?;
    let kept = NewProviderSession {
        id: session,
        remote: sign_in.profile.session.clone(),
        sealed: provider_tokens::seal(ctx, session, tokens)?,
        expires_at: tokens.expires_at,
        kept: ctx.policy.oauth.kept_sessions,
    };
    let arrival = arrival(ctx, &sign_in, Some(kept), came.may_be_first).await?;
    let arrived = match ctx.ports.arrive(arrival).await? {
        Arrived::Account(arrived) => *arrived,
        Arrived::Closed => return Err(OAuthError::Closed),
        Arrived::EmailTaken => return Err(OAuthError::EmailTaken),
    };
    let user = arrived.account.user.id;
    if arrived.is_changed {
        ctx.ports.account_changed(user).await?;
    }
    let next = next(ctx, arrived.account, session, grant).await?;
    sign_out::end_previous(ctx, came.previous_token).await;
    Ok(ProviderSignIn { next, session, id_token: tokens.id_token.clone() })
}

async fn next(
    ctx: &Ctx<'_, impl Ports>,
    account: Account,
    session: ProviderSessionId,
    grant: Grant,
) -> Result<Next, OAuthError> {
    ctx.policy.admit(&account.user, grant)?;
    let proof = Proof { method: AuthMethod::OAuth, provider_session: Some(session) };
    Ok(second_factor::after_first(ctx, account, proof, grant).await?)
}

/// What is to become of somebody whose provider has said who they are (open-webui.md §8.5, §8.6).
async fn arrival(
    ctx: &Ctx<'_, impl Ports>,
    sign_in: &SignIn<'_>,
    session: Option<NewProviderSession>,
    may_be_first: bool,
) -> Result<Arrival, OAuthError> {
    let SignIn { client, settings, dialect, identity, profile } = sign_in;
    let policy = &ctx.policy.oauth;
    let email = address(profile, client.provider, policy.email_fallback)?;
    if !settings::admits_domain(settings, &email) || !ctx.policy.admits_address(&email) {
        return Err(OAuthError::DomainRefused);
    }
    let rules = settings::access_rules(settings);
    let role = match rules.role(profile.roles.as_deref()) {
        RoleVerdict::Keeps => None,
        RoleVerdict::Refused => return Err(OAuthError::RoleRefused),
        RoleVerdict::Role(role) => Some(role),
    };
    let name = profile.name.as_deref().and_then(|name| DisplayName::parse(name).ok());
    let image = profile.picture.as_deref().and_then(picture);
    let is_trusted = policy.trusted_for_email.contains(&client.provider);
    let merges = settings.is_on("OAUTH_MERGE_ACCOUNTS_BY_EMAIL") && profile.is_email_verified && is_trusted;
    let change = |setting: &str| settings.is_on(setting);
    let signs_up =
        settings.is_on("ENABLE_OAUTH_SIGNUP") || (*dialect == Dialect::LibreChat && policy.member_sign_up);
    let sign_up = match signs_up {
        true => {
            let default = || DisplayName::parse(email.as_str()).map_err(|_| Refusal::NoEmail);
            let name = name.clone().map_or_else(default, Ok)?;
            Some(NewUser {
                username: profile.username.clone(),
                image: image.clone().unwrap_or_default(),
                verification: match profile.is_email_verified {
                    true => EmailVerification::Done,
                    false => EmailVerification::Unasked,
                },
                default_group: settings.default_group,
                ..NewUser::new(
                    UserId::random(ctx.ports)?,
                    email.clone(),
                    name,
                    role.unwrap_or(settings.default_role),
                    ctx.now,
                )
            })
        }
        false => None,
    };
    Ok(Arrival {
        identity: identity.clone(),
        sign_up,
        policy: SignUpPolicy {
            first: may_be_first,
            closes: settings.sign_up.closes,
            ..SignUpPolicy::ADMITTED
        },
        merge: Some(email.clone()).filter(|_| merges),
        change: ArrivalChange {
            role,
            email: Some(email).filter(|_| change("OAUTH_UPDATE_EMAIL_ON_LOGIN")),
            name: name.filter(|_| change("OAUTH_UPDATE_NAME_ON_LOGIN")),
            image: image.filter(|_| change("OAUTH_UPDATE_PICTURE_ON_LOGIN")),
        },
        groups: groups(ctx, settings, &rules, profile).await?,
        session,
        events: events(ctx, client.provider, settings)?,
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
    let names: Vec<_> =
        names.iter().filter(|name| !name.is_empty() && !rules.is_blocked(name)).cloned().collect();
    // What a pattern spares is known when the groups are; most deployments have no pattern.
    let spared = match rules.blocked_groups.is_empty() {
        true => Vec::new(),
        false => {
            let known = ctx.ports.list_groups().await?.into_iter().map(|group| group.name);
            known.filter(|name| rules.is_blocked(name)).collect()
        }
    };
    let create = match rules.creates_groups {
        true => Some(GroupTemplate {
            ids: names.iter().map(|_| GroupId::random(ctx.ports)).collect::<Result<_, _>>()?,
            permissions: settings.named("USER_PERMISSIONS").to_string(),
            data: settings::group_data(settings).to_string(),
            description: GROUP_DESCRIPTION,
        }),
        false => None,
    };
    Ok(Some(GroupSync { names, spared, create }))
}

/// What is written down. Whether the account has a second factor is known when it is found.
fn events(
    ctx: &Ctx<'_, impl Ports>,
    provider: Provider,
    settings: &Settings,
) -> Result<ArrivalEvents, PortError> {
    let event = |action, outcome| -> Result<AuditEvent, PortError> {
        let detail = json!({"auth_method": AuthMethod::OAuth, "provider": provider.as_str()});
        Ok(audit::detailed(audit::event(ctx, None, action, outcome)?, &detail))
    };
    let done = |action| event(action, AuditOutcome::Success);
    let due = || event(AuditAction::SignIn, AuditOutcome::SecondFactorDue);
    let is_bypassed = second_factor::is_bypassed(settings, AuthMethod::OAuth);
    Ok(ArrivalEvents {
        signed_up: done(AuditAction::SignUp)?,
        linked: done(AuditAction::LinkIdentity)?,
        changed: done(AuditAction::UpdateUser)?,
        synced: done(AuditAction::SyncGroups)?,
        signed_in: match second_factor::is_required(settings, AuthMethod::OAuth) {
            true => due()?,
            false => done(AuditAction::SignIn)?,
        },
        factor_due: if is_bypassed { None } else { Some(due()?) },
    })
}

/// Writes down that a provider led nowhere, and why (LG-01).
async fn note_refusal(ctx: &Ctx<'_, impl Ports>, provider: Provider, error: &OAuthError) {
    let Some(outcome) = error.outcome() else { return };
    let Ok(event) = audit::event(ctx, None, AuditAction::SignIn, outcome) else { return };
    let mut detail = json!({"auth_method": AuthMethod::OAuth, "provider": provider.as_str()});
    if let (Some(reason), Some(members)) = (error.reason(), detail.as_object_mut()) {
        members.insert("reason".to_string(), reason.into());
    }
    // The refusal stands whether or not it could be written down.
    let _ = ctx.ports.append(audit::detailed(event, &detail)).await;
}
