//! The JSON objects of the dialect, and the cookie that goes with them.

use http::{HeaderValue, StatusCode, header};
use portico_core::{
    flow::{SignedIn, groups::Membership, oauth, sign_out::Ended},
    group::Group,
    id::{GroupId, UserId},
    identity::ProviderSession,
    permission,
    ports::{Ports, UserRecord},
    settings::SECRET_SENTINEL,
    time::UnixSeconds,
    user::{Role, User},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::caller::Current;
use crate::{
    http::{
        answer::{self, Answer},
        cookie::{self, SetCookie},
    },
    router::Call,
};

/// Longest address that is given to a browser, in bytes: longer ones do not arrive everywhere.
const MAX_URL_BYTES: usize = 8_000;

/// Cookies that a sign-out forgets, under all names the stock server has used (contract §1.2).
const SESSION_COOKIES: [&str; 4] = [TOKEN_COOKIE, "owui-session", "oui-session", "oauth_id_token"];

/// The cookie that carries the session token.
pub(crate) const TOKEN_COOKIE: &str = cookie::TOKEN;

/// The cookie that opens a step of signing in, for pages that come back from a provider.
pub(super) const CHALLENGE_COOKIE: &str = "mfa_challenge";

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
    permissions: permission::Tree<'a>,
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
pub(super) struct UserModel<'a> {
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
    info: Option<Value>,
    settings: Option<Value>,
    oauth: Option<Value>,
    scim: Option<&'a str>,
    last_active_at: UnixSeconds,
    updated_at: UnixSeconds,
    created_at: UnixSeconds,
}

/// An account as administrators see it.
pub(super) fn user_model(record: &UserRecord) -> UserModel<'_> {
    let UserRecord { user, info, settings, .. } = record;
    let profile = &user.profile;
    UserModel {
        id: user.id,
        email: user.email.as_str(),
        username: None,
        role: user.role,
        name: &user.name,
        profile_image_url: shown_image(user),
        profile_banner_image_url: None,
        bio: profile.bio.as_deref(),
        gender: profile.gender.as_deref(),
        date_of_birth: profile.date_of_birth.as_deref(),
        timezone: profile.timezone.as_deref(),
        presence_state: None,
        status_emoji: profile.status_emoji.as_deref(),
        status_message: profile.status_message.as_deref(),
        status_expires_at: profile.status_expires_at,
        info: json_of(info.as_deref()),
        settings: json_of(settings.as_deref()),
        oauth: oauth_of(user),
        scim: None,
        last_active_at: user.last_active_at,
        updated_at: user.updated_at,
        created_at: user.created_at,
    }
}

/// `{"google": {"sub": "…"}}`
fn oauth_of(user: &User) -> Option<Value> {
    let identities = user.means.identities.iter();
    let of_each: Map<_, _> =
        identities.map(|(provider, subject)| (provider.clone(), json!({"sub": subject}))).collect();
    (!of_each.is_empty()).then_some(Value::Object(of_each))
}

/// `UserInfo`, as members see each other.
#[derive(Debug, Serialize)]
pub(super) struct UserInfo<'a> {
    id: UserId,
    name: &'a str,
    email: &'a str,
    role: Role,
    bio: Option<&'a str>,
    last_active_at: UnixSeconds,
    timezone: Option<&'a str>,
    status_emoji: Option<&'a str>,
    status_message: Option<&'a str>,
    status_expires_at: Option<UnixSeconds>,
    /// Only single accounts come with these two; lists leave them empty (contract §1.8).
    pub(super) groups: Vec<GroupName>,
    pub(super) is_active: bool,
}

/// An account as members see it.
pub(super) fn user_info(user: &User) -> UserInfo<'_> {
    let profile = &user.profile;
    UserInfo {
        id: user.id,
        name: &user.name,
        email: user.email.as_str(),
        role: user.role,
        bio: profile.bio.as_deref(),
        last_active_at: user.last_active_at,
        timezone: profile.timezone.as_deref(),
        status_emoji: profile.status_emoji.as_deref(),
        status_message: profile.status_message.as_deref(),
        status_expires_at: profile.status_expires_at,
        groups: Vec::new(),
        is_active: false,
    }
}

/// What a provider gave for somebody: who has the tokens is the service, not its pages (contract §14.38).
pub(super) fn provider_session(session: &ProviderSession) -> Value {
    json!({
        "id": session.id,
        "user_id": session.user,
        "provider": session.provider,
        "token": {"access_token": SECRET_SENTINEL, "token_type": "Bearer", "expires_at": session.expires_at},
        "expires_at": session.expires_at,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    })
}

/// A group beside an account.
#[derive(Debug, Serialize)]
pub(super) struct GroupName {
    pub(super) id: GroupId,
    pub(super) name: String,
}

/// `Group`
#[derive(Debug, Serialize)]
pub(super) struct GroupView<'a> {
    id: GroupId,
    /// Whoever created it; empty when they are gone.
    user_id: String,
    name: &'a str,
    description: &'a str,
    parent_group_id: Option<GroupId>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) inside: Option<GroupInside>,
    created_at: UnixSeconds,
    updated_at: UnixSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) member_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) membership_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_ids: Option<Vec<UserId>>,
}

/// What only those see who may see all of a group.
#[derive(Debug, Serialize)]
pub(super) struct GroupInside {
    data: Option<Value>,
    meta: Option<Value>,
    permissions: Option<Value>,
}

/// A group with the number of its direct members.
pub(super) fn group(group: &Group) -> GroupView<'_> {
    GroupView {
        id: group.id,
        user_id: group.created_by.map(|creator| creator.to_string()).unwrap_or_default(),
        name: &group.name,
        description: &group.description,
        parent_group_id: group.parent,
        inside: Some(GroupInside {
            data: json_of(group.data.as_deref()),
            meta: json_of(group.meta.as_deref()),
            permissions: json_of(group.permissions.as_deref()),
        }),
        created_at: group.created_at,
        updated_at: group.updated_at,
        member_count: Some(group.member_count),
        membership_type: None,
        user_ids: None,
    }
}

/// The spelling of how somebody belongs to a group.
pub(super) const fn membership(membership: Membership) -> &'static str {
    match membership {
        Membership::Direct => "direct",
        Membership::Inherited => "inherited",
    }
}

/// Stored JSON; what can not be read is not there.
pub(super) fn json_of(text: Option<&str>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

/// The answer to a sign-in or sign-up: the account, its token, and the cookie.
pub(super) fn signed_in(call: &Call<'_, impl Ports>, signed_in: &SignedIn) -> Answer {
    session_answer(call, signed_in, &session_user(signed_in))
}

/// The same with the recovery codes of a new second factor.
pub(super) fn enrolled(call: &Call<'_, impl Ports>, signed_in: &SignedIn, codes: &[&str]) -> Answer {
    #[derive(Serialize)]
    struct Enrolled<'a> {
        #[serde(flatten)]
        user: SessionUser<'a>,
        recovery_codes: &'a [&'a str],
    }
    session_answer(call, signed_in, &Enrolled { user: session_user(signed_in), recovery_codes: codes })
}

fn session_answer(call: &Call<'_, impl Ports>, signed_in: &SignedIn, view: &impl Serialize) -> Answer {
    let cookie = token_cookie(call, &signed_in.token, signed_in.expires_at);
    let answer = with_cookie(answer::json(StatusCode::OK, view), &cookie.header(call.ctx.now));
    // Somebody who came by a provider, and has shown a second factor.
    match signed_in.provider_session {
        None => answer,
        Some(session) => {
            let value = session.to_string();
            let cookie = SetCookie { name: OAUTH_SESSION_COOKIE, value: &value, ..cookie };
            with_cookie(answer, &cookie.header(call.ctx.now))
        }
    }
}

fn session_user(signed_in: &SignedIn) -> SessionUser<'_> {
    let user = &signed_in.user;
    SessionUser {
        id: user.id.to_string(),
        name: &user.name,
        role: user.role,
        email: user.email.as_str(),
        profile_image_url: profile_image_path(user),
        token: &signed_in.token,
        token_type: "Bearer",
        expires_at: signed_in.expires_at,
        permissions: signed_in.permissions.tree(),
    }
}

/// The answer to "who am I": the account with its profile, the caller's own credential, and the cookie again where that
/// is a session's token.
pub(super) fn current(call: &Call<'_, impl Ports>, caller: &Current<'_>) -> Answer {
    let user = caller.user();
    let (token, expires_at) = match caller {
        Current::Human(human) => (human.token, human.session.claims.exp),
        Current::Key { key, .. } => (*key, None),
    };
    let view = SessionUserInfo {
        user: SessionUser {
            id: user.id.to_string(),
            name: &user.name,
            role: user.role,
            email: user.email.as_str(),
            // The stored reference here, unlike in a sign-in's answer; the contract has it so.
            profile_image_url: shown_image(user),
            token,
            token_type: "Bearer",
            expires_at,
            permissions: caller.permissions().tree(),
        },
        bio: user.profile.bio.as_deref(),
        gender: user.profile.gender.as_deref(),
        date_of_birth: user.profile.date_of_birth.as_deref(),
        status_emoji: user.profile.status_emoji.as_deref(),
        status_message: user.profile.status_message.as_deref(),
        status_expires_at: user.profile.status_expires_at,
    };
    let answer = answer::json(StatusCode::OK, &view);
    match caller {
        Current::Human(_) => {
            with_cookie(answer, &token_cookie(call, token, expires_at).header_with_date(call.ctx.now))
        }
        Current::Key { .. } => answer,
    }
}

/// The answer to a sign-out; forgets every cookie of a session (SE-20).
pub(super) async fn signed_out(call: &Call<'_, impl Ports>, ended: &Ended) -> Answer {
    #[derive(Serialize)]
    struct SignedOut {
        status: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        redirect_url: Option<String>,
    }
    let has_provider = has_oauth_session(call);
    // The session has ended; where the page goes now is not worth a fault.
    let settings = if has_provider { call.ctx.settings().await.ok() } else { None };
    let of_provider = settings.as_ref().and_then(|settings| settings.text("OPENID_END_SESSION_ENDPOINT"));
    let own = call.config.signout_redirect_url.as_deref();
    let redirect_url = match (of_provider, &ended.tokens) {
        (Some(url), _) => Some(url.to_string()),
        (None, Some(session)) => {
            oauth::end_session_url(&call.ctx, session, own, MAX_URL_BYTES).await.or(own.map(Into::into))
        }
        (None, None) => own.map(Into::into),
    };
    let view = SignedOut { status: true, redirect_url };
    let names = SESSION_COOKIES.into_iter().chain(has_provider.then_some(OAUTH_SESSION_COOKIE));
    let answer = names
        .fold(answer::json(StatusCode::OK, &view), |answer, name| with_cookie(answer, &forget(call, name)));
    // That of the other pages of this service, whose session has ended too (SE-20).
    match cookie::find(call.request.headers(), cookie::REFRESH_TOKEN) {
        cookie::Found::Nothing => answer,
        cookie::Found::One(_) | cookie::Found::Unusable => {
            with_cookie(answer, &cookie::forget_strict(cookie::REFRESH_TOKEN, call.is_secure()))
        }
    }
}

/// The `Set-Cookie` value that forgets a cookie of ours.
pub(super) fn forget(call: &Call<'_, impl Ports>, name: &str) -> String {
    cookie::forget(name, call.config.cookie_same_site, call.is_secure(), call.ctx.now)
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
        secure: call.is_secure(),
    }
}

/// The answer to somebody who keeps none.
pub(super) fn without_cookies(mut answer: Answer) -> Answer {
    answer.headers_mut().remove(header::SET_COOKIE);
    answer
}

pub(super) fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    let value = HeaderValue::from_str(cookie).expect("cookie names, tokens and attributes are plain ASCII");
    answer.headers_mut().append(header::SET_COOKIE, value);
    answer
}

/// The picture that is stored, or where the default one is.
pub(super) fn shown_image(user: &User) -> String {
    let image = &user.profile.image;
    if image.is_empty() { profile_image_path(user) } else { image.clone() }
}

pub(super) fn profile_image_path(user: &User) -> String {
    format!("/api/v1/users/{}/profile/image", user.id)
}
