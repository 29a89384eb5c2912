//! A browser that comes back from a provider (open-webui.md §8.3 … §8.7, librechat.md §6).

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};

use oauth2::RedirectUrl;
use serde_json::json;
use url::form_urlencoded;

use super::{
    OAuthError, Refusal,
    arrival::{Ends, SignIn},
    clients, identify, link, provider_tokens, settings,
};
use crate::{
    audit::AuditAction,
    flow::{Ctx, audit, second_factor::Next, sign_out},
    id::ProviderSessionId,
    identity::NewProviderSession,
    oauth::{
        Client, Provider,
        discovery::Metadata,
        exchange,
        pending::{Dialect, Errand, Peer, Pending, RoundTripSecrets, RoundTripToken},
        provider::ResponseMode,
        tokens::ProviderTokens,
    },
    ports::Ports,
    secret::Secret,
    session::AuthMethod,
};

/// Longest code, in bytes (OA-16).
const MAX_CODE_BYTES: usize = 4 * 1_024;
/// Longest answer as a whole, in bytes.
const MAX_QUERY_BYTES: usize = 16 * 1_024;

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
    /// The ID token among what the provider gave.
    pub id_token: Option<Secret<String>>,
}

/// How a browser comes back.
#[derive(Clone, Debug)]
pub struct Came<'a> {
    /// To whose place.
    pub provider: Provider,
    /// How it has brought the answer.
    pub mode: ResponseMode,
    /// The answer.
    pub query: CallbackQuery,
    /// What it was given when it was sent away.
    pub held: Option<&'a RoundTripToken>,
    /// What it had before.
    pub previous: Previous,
    /// Whether the deployment lets its first account be made so (AD-02).
    pub may_be_first: bool,
}

/// The session that a browser had before.
#[derive(Clone, Debug, Default)]
pub struct Previous {
    /// Its token.
    pub token: Option<String>,
    /// What a provider gave for it.
    pub provider_session: Option<ProviderSessionId>,
}

/// Takes a browser back.
pub async fn callback(ctx: &Ctx<'_, impl Ports>, came: Came<'_>) -> Returned {
    let pending = match came.query.take(ctx).await {
        Ok(pending) => pending,
        Err(error) => {
            note_refusal(ctx, came.provider, &error).await;
            return Returned { dialect: None, result: Err(error) };
        }
    };
    let dialect = pending.dialect;
    let provider = came.provider;
    let result = finished(ctx, pending, came).await;
    if let Err(error) = &result {
        note_refusal(ctx, provider, error).await;
    }
    Returned { dialect: Some(dialect), result }
}

/// What an authorization server gives for what a browser brings back.
pub(super) struct Given {
    pub(super) tokens: ProviderTokens,
    pub(super) metadata: Metadata,
    pub(super) secrets: RoundTripSecrets,
}

impl CallbackQuery {
    /// The authorization that the state belongs to; it is over with that (OA-02).
    pub(super) async fn take(&self, ctx: &Ctx<'_, impl Ports>) -> Result<Pending, OAuthError> {
        let state = self.state.as_ref().ok_or(Refusal::State)?;
        let pending = ctx.ports.end_round_trip(&state.hash(), ctx.now).await?;
        Ok(pending.ok_or(Refusal::State)?)
    }

    /// Exchanges the code, once everything else fits.
    pub(super) async fn redeem(
        &self,
        ctx: &Ctx<'_, impl Ports>,
        pending: &Pending,
        client: &Client,
    ) -> Result<Given, OAuthError> {
        let metadata = pending.metadata(client).ok_or(OAuthError::Misconfigured)?;
        // Before the code goes anywhere; for refusals as well (RFC 9207 §2.4; OA-05).
        match &self.issuer {
            Some(issuer) if *issuer != metadata.issuer => return Err(Refusal::Issuer.into()),
            None if metadata.names_itself => return Err(Refusal::Issuer.into()),
            _ => {}
        }
        if self.is_error {
            return Err(Refusal::Denied.into());
        }
        let code = self.code.as_ref().ok_or(Refusal::Malformed)?.expose_secret();
        let secrets = RoundTripSecrets::open(&pending.sealed, &pending.hash, &ctx.policy.sealing);
        let secrets = secrets.map_err(|_| Refusal::State)?;
        let redirect_uri =
            RedirectUrl::new(pending.redirect_uri.clone()).map_err(|_| OAuthError::Misconfigured)?;
        let verifier = secrets.code_verifier.expose_secret();
        let endpoint = &metadata.token;
        let tokens =
            exchange::exchange_code(client, endpoint, code, verifier, &redirect_uri, ctx.ports, ctx.now);
        let tokens = tokens.await.map_err(Refusal::Exchange)?;
        Ok(Given { tokens, metadata, secrets })
    }
}

/// Refuses an answer in a browser that somebody else has sent, or of somebody else (OA-03, OA-04).
pub(super) fn fits(pending: &Pending, peer: &Peer, held: Option<&RoundTripToken>) -> Result<(), Refusal> {
    if held.is_none_or(|held| held.hash() != pending.browser) {
        return Err(Refusal::Browser);
    }
    if pending.peer != *peer {
        return Err(Refusal::State);
    }
    Ok(())
}

async fn finished(ctx: &Ctx<'_, impl Ports>, pending: Pending, came: Came<'_>) -> Result<Back, OAuthError> {
    fits(&pending, &Peer::Provider(came.provider), came.held)?;
    // Another way than the one that was asked for (OA-16).
    if came.mode != came.provider.preset().response_mode {
        return Err(Refusal::Malformed.into());
    }
    let settings = ctx.settings().await?;
    if !settings.is_on("ENABLE_OAUTH") {
        return Err(OAuthError::UnknownProvider);
    }
    let client = clients::find(ctx, came.provider).await?;
    let Given { tokens, metadata, secrets } = came.query.redeem(ctx, &pending, &client.client).await?;
    let names = settings::claim_names(&settings, &ctx.policy.oauth);
    let asked = identify::Asked {
        client: &client,
        metadata: &metadata,
        nonce: secrets.nonce.expose_secret(),
        names: &names,
        rules: &settings::access_rules(&settings),
        needs_verified: settings.is_on("OAUTH_MERGE_ACCOUNTS_BY_EMAIL"),
        asks_userinfo: ctx.policy.oauth.gates.ask_userinfo(),
        user: came.query.user.as_deref(),
    };
    let known = identify::identify(ctx, &asked, &tokens).await?;
    match pending.errand {
        Errand::Link(user, session) => {
            link::is_theirs(ctx, session, came.previous.token.as_deref()).await?;
            link::link(ctx, user, session, &known.identity).await?;
            Ok(Back::Linked(came.provider))
        }
        Errand::SignIn => {
            let sign_in = SignIn { client: &client, settings: &settings, dialect: pending.dialect, known };
            Ok(Back::SignedIn(Box::new(signed_in(ctx, sign_in, &tokens, &came).await?)))
        }
    }
}

/// Lets somebody in, with what the provider gave.
async fn signed_in(
    ctx: &Ctx<'_, impl Ports>,
    sign_in: SignIn<'_>,
    tokens: &ProviderTokens,
    came: &Came<'_>,
) -> Result<ProviderSignIn, OAuthError> {
    let session = ProviderSessionId::random(ctx.ports)?;
    // The other dialect's pages have their session elsewhere.
    let previous = match sign_in.dialect {
        Dialect::LibreChat => Previous::default(),
        Dialect::OpenWebui => came.previous.clone(),
    };
    let kept = NewProviderSession {
        id: session,
        remote: sign_in.known.profile.session.clone(),
        sealed: provider_tokens::seal(ctx, session, tokens)?,
        expires_at: tokens.expires_at,
        kept: ctx.policy.oauth.kept_sessions,
        replaces: previous.provider_session,
    };
    let ends = Ends { session: Some(kept), signs_up: true, may_be_first: came.may_be_first };
    let next = sign_in.arrive(ctx, ends).await?;
    sign_out::end_previous_but(ctx, previous.token.as_deref(), previous.provider_session).await;
    Ok(ProviderSignIn { next, id_token: tokens.id_token.clone() })
}

/// Writes down that a provider led nowhere, and why (LG-01).
async fn note_refusal(ctx: &Ctx<'_, impl Ports>, provider: Provider, error: &OAuthError) {
    let Some(outcome) = error.outcome() else { return };
    let Ok(event) = audit::event(ctx, None, AuditAction::SignIn, outcome) else { return };
    let mut detail = json!({"auth_method": AuthMethod::OAuth, "provider": provider.as_str()});
    if let (Some(reason), Some(members)) = (error.reason(), detail.as_object_mut()) {
        members.insert("reason".to_string(), reason.into());
    }
    let event = audit::detailed(event, &detail);
    // Anybody can make a state up, as often as they like.
    let event = match error {
        OAuthError::Refused(Refusal::State) => audit::once_a_minute(event),
        _ => event,
    };
    // The refusal stands whether or not it could be written down.
    let _ = ctx.ports.append(event).await;
}
