//! What providers say about themselves: asked for when it is old, believed for a while when they do not answer (FT-13).

use alloc::string::String;

use super::{OAuthError, Refusal};
use crate::{
    flow::Ctx,
    jwt::{Jwks, RefetchBudget},
    oauth::{
        Client, Endpoints,
        discovery::{Belief, DOCUMENT_PATIENCE, MAX_DOCUMENT_BYTES, Metadata},
    },
    outbound_url::OutboundUrl,
    ports::{FetchRequest, KeptDocument, PortError, Ports},
    secret::Secret,
};

/// Where a provider is, and what it says about itself.
pub(super) async fn metadata(ctx: &Ctx<'_, impl Ports>, client: &Client) -> Result<Metadata, OAuthError> {
    let Endpoints::Discovered(url) = &client.endpoints else {
        return Metadata::fixed(&client.endpoints).ok_or(OAuthError::Misconfigured);
    };
    let read = |body: &str| Metadata::parse(body.as_bytes(), url, client.reach).ok();
    document(ctx, url, read, Belief::METADATA, Freshness::Usual).await
}

/// A provider's keys. `kid` is asked for once a minute at most when it is not among those that are known (TK-24).
pub(super) async fn keys(
    ctx: &Ctx<'_, impl Ports>,
    url: &OutboundUrl,
    kid: Option<&str>,
) -> Result<Jwks, OAuthError> {
    let read = |body: &str| Jwks::parse(body).ok();
    let keys = document(ctx, url, read, Belief::KEYS, Freshness::Usual).await?;
    if kid.is_none_or(|kid| keys.find(kid).is_some()) {
        return Ok(keys);
    }
    document(ctx, url, read, Belief::KEYS, Freshness::Anew).await
}

/// How old a document may be.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Freshness {
    /// What is kept will not do, if there can be anything newer.
    Anew,
    /// What came lately will do.
    Usual,
}

async fn document<T>(
    ctx: &Ctx<'_, impl Ports>,
    url: &OutboundUrl,
    read: impl Fn(&str) -> Option<T>,
    belief: Belief,
    freshness: Freshness,
) -> Result<T, OAuthError> {
    // A cache that fails is one that is empty.
    let kept = ctx.ports.kept_document(url.as_str()).await.unwrap_or_default();
    let good = kept.as_ref().and_then(|kept| {
        let is_good = ctx.now.since(kept.fetched_at) < belief.good;
        read(&kept.body).filter(|_| is_good)
    });
    let rested = |kept: &KeptDocument| RefetchBudget::last(kept.tried_at).take(ctx.now);
    let (is_fresh, may_ask) = match &kept {
        Some(kept) => (ctx.now.since(kept.fetched_at) < belief.fresh, rested(kept)),
        None => (false, true),
    };
    let good = match good {
        Some(good) if (is_fresh && freshness == Freshness::Usual) || !may_ask => return Ok(good),
        other => other,
    };
    let fetched = fetch(ctx, url).await.ok().flatten().and_then(|body| read(&body).map(|read| (body, read)));
    let (result, keep) = match (fetched, good, kept) {
        (Some((body, read)), _, _) => {
            (Some(read), Some(KeptDocument { body, tried_at: ctx.now, fetched_at: ctx.now }))
        }
        (None, good, Some(kept)) => (good, Some(KeptDocument { tried_at: ctx.now, ..kept })),
        (None, good, None) => (good, None),
    };
    if let Some(keep) = keep {
        // The next one asks again.
        let _ = ctx.ports.keep_document(url.as_str(), &keep).await;
    }
    result.ok_or(OAuthError::Refused(Refusal::Provider))
}

/// A document as it is there now; `None` where there is none.
///
/// # Errors
/// When nobody answers.
pub(super) async fn fetch(ctx: &Ctx<'_, impl Ports>, url: &OutboundUrl) -> Result<Option<String>, PortError> {
    let fetched = ctx
        .ports
        .fetch(FetchRequest {
            url: url.clone(),
            headers: [("accept", Secret::new("application/json".into()))].into(),
            body: None,
            max_bytes: MAX_DOCUMENT_BYTES,
            patience: DOCUMENT_PATIENCE,
        })
        .await?;
    Ok(String::from_utf8(fetched.body).ok().filter(|_| fetched.status == 200))
}
