//! The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3) and what is asked of the token endpoint (RFC 6749 §4.1.3,
//! §6; RFC 7662): the crate `oauth2` builds the requests and reads the answers.

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, ExtraTokenFields,
    HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse,
    TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{
    client::{AppleKey, Client, ClientAuth},
    tokens::ProviderTokens,
};
use crate::{
    json::{self, Limits},
    outbound_url::OutboundUrl,
    ports::{Fetch, FetchRequest, PortError, Signatures},
    secret::Secret,
    time::{Lifetime, UnixSeconds},
};

/// Longest answer of a token endpoint, in bytes (OA-17).
const MAX_ANSWER_BYTES: usize = 64 * 1_024;
const LIMITS: Limits = Limits { depth: 16, members: 1_000 };
/// The parameter that says what tokens are for (RFC 8707 §2).
const RESOURCE: &str = "resource";
/// How long what Apple takes for a secret is good.
const SIGNED_FOR: Lifetime = Lifetime::from_minutes(5);

/// What an authorization request is made of, besides what the client says.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Ties the answer to this request.
    pub state: &'a str,
    /// What only we know; the request has its digest (RFC 7636 §4.2).
    pub code_verifier: &'a str,
    /// Ties the ID token to this request.
    pub nonce: Option<&'a str>,
    /// Where the answer goes.
    pub redirect_uri: &'a RedirectUrl,
}

/// Where a browser is sent so that its owner may let us in.
pub fn authorization_url(
    client: &Client,
    endpoint: &OutboundUrl,
    request: AuthorizationRequest<'_>,
) -> Option<String> {
    let endpoint = AuthUrl::new(endpoint.as_str().to_string()).ok()?;
    let machinery = machinery(client, None).set_auth_uri(endpoint);
    let verifier = PkceCodeVerifier::new(request.code_verifier.to_string());
    let mut url = machinery
        .authorize_url(|| CsrfToken::new(request.state.to_string()))
        .set_redirect_uri(Cow::Borrowed(request.redirect_uri))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(client.scope.split_ascii_whitespace().map(|scope| Scope::new(scope.to_string())));
    if let Some(nonce) = request.nonce {
        url = url.add_extra_param("nonce", nonce.to_string());
    }
    if let Some(audience) = &client.audience {
        url = url.add_extra_param("audience", audience.clone());
    }
    if let Some(resource) = &client.resource {
        url = url.add_extra_param(RESOURCE, resource.clone());
    }
    for (name, value) in &client.authorize {
        url = url.add_extra_param(name.clone(), value.clone());
    }
    Some(url.url().0.to_string())
}

/// Turns a code into tokens.
///
/// # Errors
/// [`ExchangeError`]
pub async fn exchange_code(
    client: &Client,
    endpoint: &OutboundUrl,
    code: &str,
    code_verifier: &str,
    redirect_uri: &RedirectUrl,
    ports: &(impl Fetch + Signatures),
    now: UnixSeconds,
) -> Result<ProviderTokens, ExchangeError> {
    let secret = secret_of(client, ports, now).await?;
    let machinery = machinery(client, secret).set_token_uri(token_url(endpoint)?);
    let ask = |request| send(endpoint, client.patience, request, ports);
    let request = machinery
        .exchange_code(AuthorizationCode::new(code.to_string()))
        .set_pkce_verifier(PkceCodeVerifier::new(code_verifier.to_string()))
        .set_redirect_uri(Cow::Borrowed(redirect_uri));
    let request = match &client.resource {
        Some(resource) => request.add_extra_param(RESOURCE, resource),
        None => request,
    };
    // Those without a secret say it in any case (RFC 6749 §3.2.1).
    let request = match (client.client_id_in_body, &client.auth) {
        (true, ClientAuth::Basic(_)) => request.add_extra_param("client_id", &client.client_id),
        (_, _) => request,
    };
    let answer = request.request_async(&ask).await;
    tokens_of(answer.map_err(ExchangeError::from)?, None, now)
}

/// Turns a refresh token into new tokens; what the provider does not say again stays.
///
/// # Errors
/// [`ExchangeError`]
pub async fn refresh(
    client: &Client,
    endpoint: &OutboundUrl,
    old: &ProviderTokens,
    asks_for_scope: bool,
    ports: &(impl Fetch + Signatures),
    now: UnixSeconds,
) -> Result<ProviderTokens, ExchangeError> {
    let Some(refresh_token) = &old.refresh_token else { return Err(ExchangeError::NothingToShow) };
    let secret = secret_of(client, ports, now).await?;
    let machinery = machinery(client, secret).set_token_uri(token_url(endpoint)?);
    let ask = |request| send(endpoint, client.patience, request, ports);
    let shown = RefreshToken::new(refresh_token.expose_secret().clone());
    let mut request = machinery.exchange_refresh_token(&shown);
    if asks_for_scope {
        let scopes = client.scope.split_ascii_whitespace();
        request = request.add_scopes(scopes.map(|scope| Scope::new(scope.to_string())));
    }
    if let Some(resource) = &client.resource {
        request = request.add_extra_param(RESOURCE, resource);
    }
    let answer = request.request_async(&ask).await;
    tokens_of(answer.map_err(ExchangeError::from)?, Some(old), now)
}

/// Asks for a token for another service in somebody's name, whose token for us this is (RFC 7523 §2.1, as Microsoft has it:
/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>).
///
/// # Errors
/// [`ExchangeError`]
pub async fn on_behalf_of(
    client: &Client,
    endpoint: &OutboundUrl,
    assertion: &Secret<String>,
    scope: &str,
    ports: &(impl Fetch + Signatures),
    now: UnixSeconds,
) -> Result<ProviderTokens, ExchangeError> {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let secret = secret_of(client, ports, now).await?;
    let machinery = machinery(client, secret).set_token_uri(token_url(endpoint)?);
    let ask = |request: HttpRequest| {
        // The crate knows this grant as the client's own, and no other that shows an assertion.
        let (parts, body) = request.into_parts();
        let body = String::from_utf8_lossy(&body).replace("grant_type=client_credentials", "");
        let mut form = form_urlencoded::Serializer::new(body);
        form.append_pair("grant_type", GRANT).append_pair("assertion", assertion.expose_secret());
        let request = HttpRequest::from_parts(parts, form.finish().into_bytes());
        send(endpoint, client.patience, request, ports)
    };
    let answer = machinery
        .exchange_client_credentials()
        .add_scopes(scope.split_ascii_whitespace().map(|scope| Scope::new(scope.to_string())))
        .add_extra_param("requested_token_use", "on_behalf_of")
        .request_async(&ask)
        .await;
    tokens_of(answer.map_err(ExchangeError::from)?, None, now)
}

/// Which client a token was given to, as its provider says; `None` for one that is not alive (RFC 7662 §2.2).
///
/// # Errors
/// [`ExchangeError`]
pub async fn introspect(
    client: &Client,
    endpoint: &OutboundUrl,
    token: &Secret<String>,
    ports: &(impl Fetch + Signatures),
    now: UnixSeconds,
) -> Result<Option<String>, ExchangeError> {
    let secret = secret_of(client, ports, now).await?;
    let url = IntrospectionUrl::new(endpoint.as_str().to_string()).map_err(|_| ExchangeError::Unusable)?;
    let machinery = machinery(client, secret).set_introspection_url(url);
    let ask = |request| send(endpoint, client.patience, request, ports);
    let shown = AccessToken::new(token.expose_secret().clone());
    let answer = machinery.introspect(&shown).request_async(&ask).await.map_err(ExchangeError::from)?;
    Ok(answer.client_id().filter(|_| answer.active()).map(|id| id.to_string()))
}

/// Why there are no tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ExchangeError {
    /// There is no refresh token.
    NothingToShow,
    /// The provider does not take what it was shown: a code or refresh token that is spent, or not ours.
    InvalidGrant,
    /// The provider says no for another reason.
    Refused,
    /// The provider does not answer.
    Unavailable(PortError),
    /// The answer is none that the specification knows (OA-17).
    Unusable,
}

impl From<PortError> for ExchangeError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error)
    }
}

impl From<RequestTokenError<PortError, BasicErrorResponse>> for ExchangeError {
    fn from(error: RequestTokenError<PortError, BasicErrorResponse>) -> Self {
        match error {
            RequestTokenError::Request(fault) => Self::Unavailable(fault),
            RequestTokenError::ServerResponse(answer) => match answer.error() {
                BasicErrorResponseType::InvalidGrant => Self::InvalidGrant,
                _ => Self::Refused,
            },
            // What they hold may be tokens.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Self::Unusable,
        }
    }
}

/// What token endpoints say besides.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    expires_at: Option<i64>,
}

impl ExtraTokenFields for Extra {}

type Answer = StandardTokenResponse<Extra, BasicTokenType>;

type Machinery = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

fn machinery(client: &Client, secret: Option<Secret<String>>) -> Machinery {
    let machinery =
        Machinery::new(ClientId::new(client.client_id.clone())).set_auth_type(match client.auth {
            ClientAuth::Basic(_) => AuthType::BasicAuth,
            ClientAuth::None | ClientAuth::Post(_) | ClientAuth::Signed(_) => AuthType::RequestBody,
        });
    match secret {
        Some(secret) => machinery.set_client_secret(ClientSecret::new(secret.expose_secret().clone())),
        None => machinery,
    }
}

fn token_url(endpoint: &OutboundUrl) -> Result<TokenUrl, ExchangeError> {
    TokenUrl::new(endpoint.as_str().to_string()).map_err(|_| ExchangeError::Unusable)
}

async fn secret_of(
    client: &Client,
    signatures: &impl Signatures,
    now: UnixSeconds,
) -> Result<Option<Secret<String>>, PortError> {
    Ok(match &client.auth {
        ClientAuth::Basic(secret) | ClientAuth::Post(secret) => Some(secret.clone()),
        ClientAuth::None => None,
        ClientAuth::Signed(key) => Some(apples_secret(key, &client.client_id, signatures, now).await?),
    })
}

/// <https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret>
async fn apples_secret(
    apple: &AppleKey,
    client_id: &str,
    signatures: &impl Signatures,
    now: UnixSeconds,
) -> Result<Secret<String>, PortError> {
    let header = serde_json::json!({"alg": "ES256", "kid": apple.key_id}).to_string();
    let claims = serde_json::json!({
        "iss": apple.team_id,
        "iat": now,
        "exp": now.plus(SIGNED_FOR),
        "aud": "https://appleid.apple.com",
        "sub": client_id,
    });
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = signatures.sign(&apple.key, input.as_bytes()).await?;
    Ok(Secret::new(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

async fn send(
    endpoint: &OutboundUrl,
    patience: Lifetime,
    request: HttpRequest,
    ports: &impl Fetch,
) -> Result<HttpResponse, PortError> {
    let fault =
        |detail: &str| PortError { port: "provider", detail: format!("{}: {detail}", endpoint.origin()) };
    let (parts, body) = request.into_parts();
    let mut headers = Vec::new();
    for name in ["accept", "authorization", "content-type"] {
        if let Some(value) = parts.headers.get(name).and_then(|value| value.to_str().ok()) {
            headers.push((name, Secret::new(value.to_string())));
        }
    }
    let body = String::from_utf8(body).map_err(|_| fault("a form that is no text"))?;
    let fetched = ports
        .fetch(FetchRequest {
            url: endpoint.clone(),
            headers,
            body: Some(Secret::new(body)),
            max_bytes: MAX_ANSWER_BYTES,
            patience,
        })
        .await?;
    // A provider that is down says nothing about what it was shown.
    if fetched.status >= 500 || fetched.status == 429 {
        return Err(fault("does not answer"));
    }
    // Nothing that stands there twice, and nothing too deep to be read (FT-12).
    json::parse(&fetched.body, LIMITS).map_err(|_| fault("answers no JSON object"))?;
    let mut answer = HttpResponse::new(fetched.body);
    *answer.status_mut() = fetched.status.try_into().map_err(|_| fault("answers no status"))?;
    if !fetched.content_type.is_empty() {
        let content_type = fetched.content_type.try_into().map_err(|_| fault("answers no header"))?;
        answer.headers_mut().insert("content-type", content_type);
    }
    Ok(answer)
}

fn tokens_of(
    answer: Answer,
    old: Option<&ProviderTokens>,
    now: UnixSeconds,
) -> Result<ProviderTokens, ExchangeError> {
    // Any other kind needs a proof with each request (OA-17).
    if *answer.token_type() != BasicTokenType::Bearer || answer.access_token().secret().is_empty() {
        return Err(ExchangeError::Unusable);
    }
    let secret = |text: &String| Secret::new(text.clone());
    let refresh_token = answer.refresh_token().map(|token| secret(token.secret()));
    let refresh_token = refresh_token.or_else(|| old?.refresh_token.clone());
    let extra = answer.extra_fields();
    let scope =
        answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
    let expires_in = answer.expires_in().map(|length| length.as_secs());
    Ok(ProviderTokens {
        access_token: secret(answer.access_token().secret()),
        expires_at: ProviderTokens::end(extra.expires_at, expires_in, refresh_token.is_some(), now),
        refresh_token,
        id_token: extra.id_token.as_ref().map(secret).or_else(|| old?.id_token.clone()),
        scope: scope.or_else(|| old?.scope.clone()),
        issued_at: now,
    })
}
