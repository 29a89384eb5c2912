//! Who somebody is, as their provider says it: the ID token, the answer about them, or both (OA-07, OA-08).

use alloc::{
    format,
    string::{String, ToString as _},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{OAuthError, Refusal, documents};
use crate::{
    flow::Ctx,
    identity::Identity,
    json::{self, Limits},
    jwt::UntrustedToken,
    oauth::{
        Provider, ProviderClient,
        access::AccessRules,
        claims::{ClaimNames, Profile, found},
        discovery::Metadata,
        id_token::{self, ClaimSet, Expectation, IdTokenError, Identified},
        provider::github,
        role_gate::{Standing, Words},
        tokens::ProviderTokens,
    },
    outbound_url::OutboundUrl,
    ports::{FetchRequest, Ports},
    secret::Secret,
    time::Lifetime,
};

/// Longest answer about somebody, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1_024;
const LIMITS: Limits = Limits { depth: 8, members: 4_000 };

/// What is asked of whom.
pub(super) struct Asked<'a> {
    pub(super) client: &'a ProviderClient,
    pub(super) metadata: &'a Metadata,
    pub(super) nonce: &'a str,
    pub(super) names: &'a ClaimNames,
    pub(super) rules: &'a AccessRules,
    /// Whether it matters that somebody reads their address.
    pub(super) needs_verified: bool,
    /// Whether the answer about the person matters in any case.
    pub(super) asks_userinfo: bool,
    /// What Apple says beside the ID token, once.
    pub(super) user: Option<&'a str>,
}

/// Who it is.
pub(super) async fn identify(
    ctx: &Ctx<'_, impl Ports>,
    asked: &Asked<'_>,
    tokens: &ProviderTokens,
) -> Result<Known, OAuthError> {
    let preset = asked.client.provider.preset();
    let mut words = Words { access: claims_of(tokens.access_token.expose_secret()), ..Words::default() };
    let Identified { issuer, mut claims } = if asked.client.client.is_openid() {
        let mut identified = verified(ctx, asked, tokens).await?;
        words.id = Some(identified.claims.clone());
        if let Some(userinfo) = asked.metadata.userinfo.as_ref().filter(|_| lacks(&identified.claims, asked))
        {
            let answer = about(ctx, userinfo, asked.client.client.patience, tokens).await?;
            words.userinfo = Some(answer.clone());
            let claims = id_token::joined(identified.claims, answer).ok_or(Refusal::UserInfo)?;
            identified = Identified { claims, ..identified };
        }
        identified
    } else {
        let userinfo = asked.metadata.userinfo.as_ref().ok_or(Refusal::UserInfo)?;
        let claims = about(ctx, userinfo, asked.client.client.patience, tokens).await?;
        Identified { issuer: asked.metadata.issuer.clone(), claims }
    };
    (preset.normalise)(&mut claims);
    if asked.client.provider == Provider::Github
        && (claims.get("email").is_none_or(Value::is_null) || asked.needs_verified)
    {
        github_address(ctx, asked, tokens, &mut claims).await?;
    }
    if asked.client.provider == Provider::Apple && !claims.contains_key("name") {
        claims.extend(asked.user.and_then(apples_name).map(|name| ("name".to_string(), Value::String(name))));
    }
    let profile = Profile::read(&claims, asked.names, preset.quotes_booleans).ok_or(Refusal::NoSubject)?;
    let provider = asked.client.provider.as_str().to_string();
    let identity = Identity { provider, issuer, subject: profile.subject.clone() };
    Ok(Known { identity, profile, standing: standing(ctx, asked.client.provider, &words) })
}

/// Who somebody is, and what that makes of them.
pub(super) struct Known {
    pub(super) identity: Identity,
    pub(super) profile: Profile,
    pub(super) standing: Standing,
}

/// What roles at the provider make of somebody, where a deployment of LibreChat's asks for some.
pub(super) fn standing(ctx: &Ctx<'_, impl Ports>, provider: Provider, words: &Words) -> Standing {
    match provider {
        Provider::Openid => ctx.policy.oauth.gates.standing(words),
        _ => Standing::default(),
    }
}

/// The claims of a token that has come from its provider itself: nobody else can have signed it.
pub(super) fn claims_of(token: &str) -> Option<ClaimSet> {
    let body = token.split('.').nth(1).filter(|_| token.split('.').count() == 3)?;
    let body = URL_SAFE_NO_PAD.decode(body).ok()?;
    match json::parse(&body, LIMITS) {
        Ok(Value::Object(claims)) => Some(claims),
        Ok(_) | Err(_) => None,
    }
}

/// What the ID token says.
async fn verified(
    ctx: &Ctx<'_, impl Ports>,
    asked: &Asked<'_>,
    tokens: &ProviderTokens,
) -> Result<Identified, OAuthError> {
    let text = tokens.id_token.as_ref().ok_or(Refusal::IdToken(IdTokenError::Claim("id_token")))?;
    let text = text.expose_secret();
    let parsed =
        UntrustedToken::parse(text).map_err(|error| Refusal::IdToken(IdTokenError::Malformed(error)))?;
    let jwks = asked.metadata.jwks.as_ref().ok_or(OAuthError::Misconfigured)?;
    let keys = documents::keys(ctx, jwks, parsed.kid()).await?;
    let expected = Expectation {
        metadata: asked.metadata,
        client_id: &asked.client.client.client_id,
        nonce: Some(asked.nonce),
        access_token: Some(tokens.access_token.expose_secret()),
    };
    id_token::verify(text, &keys, expected, ctx.ports, ctx.now).await.map_err(|error| match error {
        IdTokenError::Unavailable(fault) => OAuthError::Unavailable(fault),
        error => Refusal::IdToken(error).into(),
    })
}

/// Whether the ID token leaves something out that the provider may say elsewhere (open-webui.md §8.4).
fn lacks(claims: &ClaimSet, asked: &Asked<'_>) -> bool {
    let is_missing = |name: &str| found(claims, name).is_none();
    is_missing(&asked.names.email)
        || is_missing(&asked.names.name)
        || (asked.rules.manages_roles && is_missing(&asked.names.roles))
        || (asked.rules.manages_groups && is_missing(&asked.names.groups))
        || asked.asks_userinfo
}

/// What the provider answers when it is asked about whoever has the token.
pub(super) async fn about(
    ctx: &Ctx<'_, impl Ports>,
    url: &OutboundUrl,
    patience: Lifetime,
    tokens: &ProviderTokens,
) -> Result<ClaimSet, OAuthError> {
    match answer(ctx, url, patience, tokens).await? {
        Value::Object(claims) => Ok(claims),
        _ => Err(Refusal::UserInfo.into()),
    }
}

async fn answer(
    ctx: &Ctx<'_, impl Ports>,
    url: &OutboundUrl,
    patience: Lifetime,
    tokens: &ProviderTokens,
) -> Result<Value, OAuthError> {
    let authorization = Secret::new(format!("Bearer {}", tokens.access_token.expose_secret()));
    let fetched = ctx.ports.fetch(FetchRequest {
        url: url.clone(),
        headers: [("accept", Secret::new("application/json".into())), ("authorization", authorization)]
            .into(),
        body: None,
        max_bytes: MAX_ANSWER_BYTES,
        patience,
    });
    // Whatever is wrong with the provider is not wrong with us.
    let fetched = fetched.await.map_err(|_| Refusal::UserInfo)?;
    let parsed = json::parse(&fetched.body, LIMITS).ok().filter(|_| fetched.status == 200);
    Ok(parsed.ok_or(Refusal::UserInfo)?)
}

/// GitHub says in a list of its own which address it is, and whether somebody reads it (OA-10).
async fn github_address(
    ctx: &Ctx<'_, impl Ports>,
    asked: &Asked<'_>,
    tokens: &ProviderTokens,
    claims: &mut ClaimSet,
) -> Result<(), OAuthError> {
    let userinfo = asked.metadata.userinfo.as_ref().ok_or(Refusal::UserInfo)?;
    let list = asked.client.client.reach.check(&format!("{}/emails", userinfo.as_str()));
    let list = list.map_err(|_| OAuthError::Misconfigured)?;
    if let Some((email, is_verified)) =
        github::primary_address(&answer(ctx, &list, asked.client.client.patience, tokens).await?)
    {
        claims.insert("email".to_string(), Value::String(email));
        claims.insert("email_verified".to_string(), Value::Bool(is_verified));
    }
    Ok(())
}

/// What Apple lets somebody's browser say about their name. It decides nothing.
fn apples_name(user: &str) -> Option<String> {
    let user: Value = json::parse(user.as_bytes(), LIMITS).ok()?;
    let part = |name: &str| user.pointer(&format!("/name/{name}")).and_then(Value::as_str);
    let parts = [part("firstName"), part("lastName")];
    let name = parts.into_iter().flatten().collect::<alloc::vec::Vec<_>>().join(" ");
    Some(name.trim().to_string()).filter(|name| !name.is_empty())
}
