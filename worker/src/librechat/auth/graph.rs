//! What belongs to providers of accounts.

use http::StatusCode;
use portico_core::{flow::oauth, ports::Ports};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    librechat::{caller::Member, error::Error},
    router::Call,
};

/// `GET /api/auth/graph-token`: a token for Microsoft's directory, for people who came from there (contract §6.8).
///
/// # Errors
/// 400, 401, 403, 500 when the provider gives none, or 503.
pub async fn token(call: &Call<'_, impl Ports>, caller: Member) -> Result<Answer, Error> {
    let query = call.request.uri().query().unwrap_or_default();
    let scopes = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "scopes");
    let scopes = scopes.map(|(_, scopes)| scopes.into_owned()).filter(|scopes| !scopes.trim().is_empty());
    let user = caller.session.user.id;
    let Some(provider) = oauth::directory_of(&call.ctx, user).await? else {
        return Err(Error::forbidden("Microsoft Graph access requires Entra ID authentication"));
    };
    if !call.config.oauth_pages.reuses_tokens {
        return Err(Error::forbidden("SharePoint integration requires OpenID token reuse to be enabled"));
    }
    let Some(scopes) = scopes else {
        return Err(Error::bad_request("Graph API scopes are required as query parameter"));
    };
    let tokens = oauth::graph_token(&call.ctx, user, provider, &scopes).await?;
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "access_token": tokens.access_token.expose_secret(),
            "token_type": "Bearer",
            "expires_in": tokens.expires_at.since(call.ctx.now).seconds(),
            "scope": tokens.scope.as_deref().unwrap_or(&scopes),
        }),
    ))
}

/// `POST /api/auth/cloudfront/refresh`: nothing here is behind such cookies.
///
/// # Errors
/// 401, 404 or 503.
pub async fn cloudfront(_: &Call<'_, impl Ports>, _: Member) -> Result<Answer, Error> {
    Err(Error::text(StatusCode::NOT_FOUND, "Not Found"))
}
