//! The dialect's JSON of accounts and sessions, and its cookies (contract §1.3, §2.3).

use http::{HeaderValue, StatusCode, header};
use portico_core::{
    date,
    flow::RefreshGrant,
    image_reference::ImageReference,
    ports::Ports,
    time::UnixSeconds,
    user::{Role, User},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    http::{
        answer::{self, Answer},
        cookie::{self, REFRESH_TOKEN, TOKEN},
    },
    router::Call,
};

/// Says who issued the refresh token.
const TOKEN_PROVIDER: &str = "token_provider";

/// Cookies of a session, under all names that the stock server uses (SE-20).
const SESSION_COOKIES: [&str; 5] =
    [REFRESH_TOKEN, TOKEN_PROVIDER, "openid_access_token", "openid_id_token", "openid_user_id"];

/// An account, as its owner sees it: the allow list of `GET /api/user`, on every route.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserView<'a> {
    #[serde(rename = "_id")]
    object_id: String,
    id: String,
    name: &'a str,
    username: Option<&'a str>,
    email: &'a str,
    /// Whether there is nothing to verify (any more).
    email_verified: bool,
    avatar: Option<&'a str>,
    provider: &'a str,
    role: &'static str,
    plugins: [u8; 0],
    two_factor_enabled: bool,
    terms_accepted: bool,
    personalization: Value,
    favorites: [u8; 0],
    skill_states: Value,
    created_at: String,
    updated_at: String,
}

/// The account.
pub(super) fn user<'a>(call: &Call<'_, impl Ports>, user: &'a User) -> UserView<'a> {
    let image = user.profile.image.as_str();
    UserView {
        object_id: user.id.to_string(),
        id: user.id.to_string(),
        name: &user.name,
        username: user.profile.username.as_deref(),
        email: user.email.as_str(),
        email_verified: !call.ctx.policy.awaits_verification(user),
        avatar: (!image.is_empty() && image != ImageReference::DEFAULT).then_some(image),
        provider: user.means.provider(),
        role: role(user.role),
        plugins: [],
        two_factor_enabled: user.factor.is_set_up(),
        terms_accepted: user.terms_accepted_at.is_some(),
        personalization: json!({"memories": true, "statefulCodeEnvironment": "user"}),
        favorites: [],
        skill_states: json!({}),
        created_at: date::iso_of(user.created_at),
        updated_at: date::iso_of(user.updated_at),
    }
}

/// A role as the dialect names it.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "ADMIN",
        Role::Pending | Role::User => "USER",
    }
}

/// `{"token": …, "user": …}` and the cookies of a session.
pub(super) fn session(
    call: &Call<'_, impl Ports>,
    token: &str,
    account: &User,
    refresh: &RefreshGrant,
) -> Answer {
    #[derive(Serialize)]
    struct Session<'a> {
        token: &'a str,
        user: UserView<'a>,
    }
    let view = Session { token, user: user(call, account) };
    let mut answer = answer::json(StatusCode::OK, &view);
    add_cookies(&mut answer, session_cookies(call, refresh));
    answer
}

/// The `Set-Cookie` values of a session.
pub(super) fn session_cookies(call: &Call<'_, impl Ports>, refresh: &RefreshGrant) -> [String; 2] {
    let secure = call.is_secure();
    let cookies = [(REFRESH_TOKEN, refresh.token.expose_secret().as_str()), (TOKEN_PROVIDER, "librechat")];
    cookies.map(|(name, value)| cookie::strict(name, value, refresh.expires_at, secure))
}

/// `{"message": …}`
pub(super) fn message(message: &str) -> Answer {
    answer::json(StatusCode::OK, &json!({"message": message}))
}

/// Nothing, which the client takes for JSON.
pub(super) fn nothing() -> Answer {
    answer::bytes(StatusCode::OK, "application/json; charset=utf-8", Vec::new())
}

/// The `Set-Cookie` values that forget every cookie of a session.
pub(super) fn forgotten(call: &Call<'_, impl Ports>) -> impl Iterator<Item = String> {
    let token = cookie::forget(TOKEN, call.config.cookie_same_site, call.is_secure(), call.ctx.now);
    forgotten_here(call).chain([token])
}

/// Those of this dialect's sessions alone: what the other dialect's pages keep is not theirs to lose.
pub(super) fn forgotten_here(call: &Call<'_, impl Ports>) -> impl Iterator<Item = String> {
    let secure = call.is_secure();
    SESSION_COOKIES.into_iter().map(move |name| cookie::forget_strict(name, secure))
}

/// Adds `Set-Cookie` headers.
pub(super) fn add_cookies(answer: &mut Answer, cookies: impl IntoIterator<Item = String>) {
    for cookie in cookies {
        // Names and values are ours: base64url and words.
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// An instant, or null.
pub(super) fn date(at: Option<UnixSeconds>) -> Value {
    at.map_or(Value::Null, |at| json!(date::iso_of(at)))
}
