//! The JSON objects of the dialect, and the cookie that goes with them.

use http::{HeaderValue, StatusCode, header};
use portico_core::{
    flow::{SignedIn, current_session::Authenticated},
    id::UserId,
    permission::{Feature, PermissionTree},
    ports::Ports,
    time::UnixSeconds,
    user::{Role, User},
};
use serde::Serialize;

use crate::{
    http::{
        answer::{self, Answer, Transport},
        cookie::{self, SetCookie},
    },
    router::Call,
};

/// Cookies that a sign-out forgets, under all names the stock server has used (contract §1.2).
const SESSION_COOKIES: [&str; 4] = [TOKEN_COOKIE, "owui-session", "oui-session", "oauth_id_token"];

/// The cookie that carries the session token.
pub(super) const TOKEN_COOKIE: &str = "token";

/// The cookie that names the OAuth session behind a sign-in.
pub(super) const OAUTH_SESSION_COOKIE: &str = "oauth_session_id";

/// `SessionUserResponse`
#[derive(Debug, Serialize)]
struct SessionUser<'a> {
    id: String,
    name: &'a str,
    role: Role,
    email: &'a str,
    profile_image_url: String,
    token: &'a str,
    token_type: &'static str,
    expires_at: Option<UnixSeconds>,
    permissions: PermissionTree<Feature>,
}

/// `SessionUserInfoResponse`
#[derive(Debug, Serialize)]
struct SessionUserInfo<'a> {
    #[serde(flatten)]
    user: SessionUser<'a>,
    bio: Option<&'a str>,
    gender: Option<&'a str>,
    date_of_birth: Option<&'a str>,
    status_emoji: Option<&'a str>,
    status_message: Option<&'a str>,
    status_expires_at: Option<UnixSeconds>,
}

/// `UserModel`, as administrators see accounts. What Portico does not have is null, as in an account that
/// never used it.
#[derive(Debug, Serialize)]
struct UserModel<'a> {
    id: UserId,
    email: &'a str,
    username: Option<&'a str>,
    role: Role,
    name: &'a str,
    profile_image_url: String,
    profile_banner_image_url: Option<&'a str>,
    bio: Option<&'a str>,
    gender: Option<&'a str>,
    date_of_birth: Option<&'a str>,
    timezone: Option<&'a str>,
    presence_state: Option<&'a str>,
    status_emoji: Option<&'a str>,
    status_message: Option<&'a str>,
    status_expires_at: Option<UnixSeconds>,
    info: Option<&'a str>,
    settings: Option<&'a str>,
    oauth: Option<&'a str>,
    scim: Option<&'a str>,
    last_active_at: UnixSeconds,
    updated_at: UnixSeconds,
    created_at: UnixSeconds,
}

/// An account as administrators see it.
pub(super) fn user_model(user: &User) -> Answer {
    let profile = &user.profile;
    let image = &profile.image;
    let model = UserModel {
        id: user.id,
        email: user.email.as_str(),
        username: None,
        role: user.role,
        name: &user.name,
        profile_image_url: if image.is_empty() { profile_image_path(user) } else { image.clone() },
        profile_banner_image_url: None,
        bio: profile.bio.as_deref(),
        gender: profile.gender.as_deref(),
        date_of_birth: profile.date_of_birth.as_deref(),
        timezone: profile.timezone.as_deref(),
        presence_state: None,
        status_emoji: profile.status_emoji.as_deref(),
        status_message: profile.status_message.as_deref(),
        status_expires_at: profile.status_expires_at,
        info: None,
        settings: None,
        oauth: None,
        scim: None,
        last_active_at: user.last_active_at,
        updated_at: user.updated_at,
        created_at: user.created_at,
    };
    answer::json(StatusCode::OK, &model)
}

/// The answer to a sign-in or sign-up: the account, its token, and the cookie.
pub(super) fn signed_in(call: &Call<'_, impl Ports>, signed_in: &SignedIn) -> Answer {
    let user = &signed_in.user;
    let view = SessionUser {
        id: user.id.to_string(),
        name: &user.name,
        role: user.role,
        email: user.email.as_str(),
        profile_image_url: profile_image_path(user),
        token: &signed_in.token,
        token_type: "Bearer",
        expires_at: signed_in.expires_at,
        permissions: PermissionTree(signed_in.permissions),
    };
    let cookie = token_cookie(call, &signed_in.token, signed_in.expires_at).header(call.ctx.now);
    with_cookie(answer::json(StatusCode::OK, &view), &cookie)
}

/// The answer to "who am I": the account with its profile, the caller's own token, the cookie again.
pub(super) fn current_session(call: &Call<'_, impl Ports>, session: &Authenticated, token: &str) -> Answer {
    let (user, expires_at) = (&session.user, session.claims.exp);
    let view = SessionUserInfo {
        user: SessionUser {
            id: user.id.to_string(),
            name: &user.name,
            role: user.role,
            email: user.email.as_str(),
            // The stored reference here, unlike in a sign-in's answer; the contract has it so.
            profile_image_url: user.profile.image.clone(),
            token,
            token_type: "Bearer",
            expires_at,
            permissions: PermissionTree(session.permissions),
        },
        bio: user.profile.bio.as_deref(),
        gender: user.profile.gender.as_deref(),
        date_of_birth: user.profile.date_of_birth.as_deref(),
        status_emoji: user.profile.status_emoji.as_deref(),
        status_message: user.profile.status_message.as_deref(),
        status_expires_at: user.profile.status_expires_at,
    };
    let cookie = token_cookie(call, token, expires_at).header_with_date(call.ctx.now);
    with_cookie(answer::json(StatusCode::OK, &view), &cookie)
}

/// The answer to a sign-out; forgets every cookie of a session (SE-20).
pub(super) fn signed_out(call: &Call<'_, impl Ports>) -> Answer {
    #[derive(Serialize)]
    struct SignedOut<'a> {
        status: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        redirect_url: Option<&'a str>,
    }
    let view = SignedOut { status: true, redirect_url: call.config.signout_redirect_url.as_deref() };
    let names = SESSION_COOKIES.into_iter().chain(has_oauth_session(call).then_some(OAUTH_SESSION_COOKIE));
    names.fold(answer::json(StatusCode::OK, &view), |answer, name| with_cookie(answer, &forget(call, name)))
}

/// The `Set-Cookie` value that forgets a cookie of ours.
pub(super) fn forget(call: &Call<'_, impl Ports>, name: &str) -> String {
    cookie::forget(name, call.config.cookie_same_site, is_secure(call), call.ctx.now)
}

fn has_oauth_session(call: &Call<'_, impl Ports>) -> bool {
    cookie::find(call.request.headers(), OAUTH_SESSION_COOKIE) != cookie::Found::Nothing
}

fn token_cookie<'a>(
    call: &Call<'_, impl Ports>,
    token: &'a str,
    expires_at: Option<UnixSeconds>,
) -> SetCookie<'a> {
    SetCookie {
        name: TOKEN_COOKIE,
        value: token,
        expires_at,
        same_site: call.config.cookie_same_site,
        secure: is_secure(call),
    }
}

/// Always on https, and where the deployment says so or is reached by https from outside (SE-01).
fn is_secure<P>(call: &Call<'_, P>) -> bool {
    let public_https = call.config.public_origin.as_deref().is_some_and(|url| url.starts_with("https:"));
    call.config.cookie_secure || public_https || call.transport == Transport::Tls
}

fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    let value = HeaderValue::from_str(cookie).expect("cookie names, tokens and attributes are plain ASCII");
    answer.headers_mut().append(header::SET_COOKIE, value);
    answer
}

fn profile_image_path(user: &User) -> String {
    format!("/api/v1/users/{}/profile/image", user.id)
}
