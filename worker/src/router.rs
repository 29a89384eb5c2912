//! The whole route table on one page, and what happens around every handler: limits, origins,
//! headers. The router knows paths and policies; what a route says is its dialect's business.

use alloc::collections::BTreeMap;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request};
use portico_core::{
    audit::AuditAction,
    flow::{Ctx, trusted_identity},
    id::TokenId,
    ports::Ports,
    time::UnixSeconds,
};

use crate::{
    config::{self, Config},
    http::{
        answer::{self, Answer, Transport},
        body::{self, BodyStream},
        client, cors, origin,
    },
    open_webui::{self, auths, groups, users},
    openapi, well_known,
};

/// The route table. Rows that share a handler answer under several paths or methods.
pub fn routes<P: Ports>() -> Vec<Route<P>> {
    use AuditAction as Event;
    use Origin::{Any, Own, Welcome};
    use Throttle::{ApiKey, Reauthentication, SecondFactor, SignIn, SignUp, Unlimited};
    use Way::{Long, Short};
    const DELETE: Method = Method::DELETE;
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    #[rustfmt::skip]
    let table = [
        // method   path                                             caller level and handler                          body     throttle          origin   audit event                   way in
        (GET,    "/.well-known/jwks.json",                        anonymous!(well_known::jwks),                     FORM,    Unlimited,        Any,     None,                         Short),
        (GET,    "/api/config",                                   anonymous!(open_webui::config::config),           FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/audit",                                 admin!(open_webui::audit::list),                  FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/auths",                                 current!(auths::session::session),                FORM,    Unlimited,        Any,     None,                         Short),
        (GET,    "/api/v1/auths/",                                current!(auths::session::session),                FORM,    Unlimited,        Any,     None,                         Short),
        (POST,   "/api/v1/auths/add",                             admin!(auths::add::add),                          PROFILE, Unlimited,        Own,     Some(Event::AddUser),         Long),
        (GET,    "/api/v1/auths/admin/config",                    admin!(auths::admin_config::read),                FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/auths/admin/config",                    admin!(auths::admin_config::write),               PROFILE, Unlimited,        Own,     Some(Event::ChangeSettings),  Long),
        (GET,    "/api/v1/auths/admin/config/ldap",               admin!(auths::admin_config::read_ldap),           FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/auths/admin/config/ldap",               admin!(auths::admin_config::write_ldap),          FORM,    Unlimited,        Own,     Some(Event::ChangeSettings),  Long),
        (GET,    "/api/v1/auths/admin/config/ldap/server",        admin!(auths::admin_config::read_ldap_server),    FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/auths/admin/config/ldap/server",        admin!(auths::admin_config::write_ldap_server),   FORM,    Unlimited,        Own,     Some(Event::ChangeSettings),  Long),
        (GET,    "/api/v1/auths/admin/config/oauth",              admin!(auths::admin_config::read_oauth),          FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/auths/admin/config/oauth",              admin!(auths::admin_config::write_oauth),         FORM,    Unlimited,        Own,     Some(Event::ChangeSettings),  Long),
        (GET,    "/api/v1/auths/admin/details",                   current!(auths::admin_details::admin_details),    FORM,    Unlimited,        Any,     None,                         Long),
        (DELETE, "/api/v1/auths/api_key",                         human!(auths::api_key::delete),                   FORM,    ApiKey,           Own,     Some(Event::DeleteApiKey),    Long),
        (GET,    "/api/v1/auths/api_key",                         human!(auths::api_key::read),                     FORM,    ApiKey,           Own,     Some(Event::ReadApiKey),      Long),
        (POST,   "/api/v1/auths/api_key",                         human!(auths::api_key::create),                   FORM,    ApiKey,           Own,     Some(Event::CreateApiKey),    Long),
        (POST,   "/api/v1/auths/ldap",                            anonymous!(auths::ldap::ldap),                    FORM,    Unlimited,        Welcome, None,                         Long),
        (GET,    "/api/v1/auths/mfa/status",                      human!(auths::mfa::status),                       FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/auths/mfa/challenge",                   anonymous!(auths::mfa::challenge),                FORM,    Unlimited,        Own,     None,                         Long),
        (POST,   "/api/v1/auths/mfa/enroll/confirm",              anonymous!(auths::mfa::confirm),                  FORM,    SecondFactor,     Welcome, Some(Event::EnrollFactor),    Long),
        (POST,   "/api/v1/auths/mfa/enroll/start",                anonymous!(auths::mfa::start),                    FORM,    Unlimited,        Welcome, None,                         Long),
        (POST,   "/api/v1/auths/mfa/recover",                     anonymous!(auths::mfa::recover),                  FORM,    SecondFactor,     Welcome, Some(Event::RecoverFactor),   Long),
        (POST,   "/api/v1/auths/mfa/recovery/codes",              human!(auths::mfa::recovery_codes),               FORM,    SecondFactor,     Own,     Some(Event::RegenerateCodes), Long),
        (POST,   "/api/v1/auths/mfa/replace",                     human!(auths::mfa::replace),                      FORM,    SecondFactor,     Own,     Some(Event::EnrollFactor),    Long),
        (POST,   "/api/v1/auths/mfa/verify",                      anonymous!(auths::mfa::verify),                   FORM,    SecondFactor,     Welcome, Some(Event::VerifyFactor),    Long),
        (DELETE, "/api/v1/auths/oauth/sessions/{*provider}",      verified!(auths::oauth::delete_sessions),         FORM,    Unlimited,        Own,     None,                         Long),
        (POST,   "/api/v1/auths/oauth/{provider}/token/exchange", anonymous!(auths::oauth::exchange),               FORM,    Unlimited,        Welcome, None,                         Long),
        (GET,    "/api/v1/auths/sessions",                        human!(auths::sessions::list),                    FORM,    Unlimited,        Any,     None,                         Long),
        (DELETE, "/api/v1/auths/sessions",                        human!(auths::sessions::end_others),              FORM,    Unlimited,        Own,     Some(Event::EndSessions),     Long),
        (DELETE, "/api/v1/auths/sessions/{id}",                   human!(auths::sessions::end),                     FORM,    Unlimited,        Own,     Some(Event::EndSessions),     Long),
        (POST,   "/api/v1/auths/signin",                          anonymous!(auths::signin::signin),                FORM,    SignIn,           Welcome, Some(Event::SignIn),          Long),
        (GET,    "/api/v1/auths/signout",                         anonymous!(auths::signout::signout),              FORM,    Unlimited,        Welcome, Some(Event::SignOut),         Long),
        (POST,   "/api/v1/auths/signout",                         anonymous!(auths::signout::signout),              FORM,    Unlimited,        Welcome, Some(Event::SignOut),         Long),
        (POST,   "/api/v1/auths/signup",                          anonymous!(auths::signup::signup),                PROFILE, SignUp,           Welcome, Some(Event::SignUp),          Long),
        (POST,   "/api/v1/auths/update/password",                 human!(auths::update_password::update_password),  FORM,    Reauthentication, Own,     Some(Event::ChangePassword),  Long),
        (POST,   "/api/v1/auths/update/profile",                  verified!(auths::update_profile::update_profile), PROFILE, Unlimited,        Own,     Some(Event::UpdateProfile),   Long),
        (POST,   "/api/v1/auths/update/timezone",                 current!(auths::update_profile::update_timezone), FORM,    Unlimited,        Own,     Some(Event::UpdateProfile),   Long),
        (GET,    "/api/v1/groups",                                verified!(groups::read::list),                    FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/groups/",                               verified!(groups::read::list),                    FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/groups/create",                         admin!(groups::change::create),                   FORM,    Unlimited,        Own,     Some(Event::CreateGroup),     Long),
        (GET,    "/api/v1/groups/id/{id}",                        admin!(groups::read::find),                       FORM,    Unlimited,        Any,     None,                         Long),
        (DELETE, "/api/v1/groups/id/{id}/delete",                 admin!(groups::change::delete),                   FORM,    Unlimited,        Own,     Some(Event::DeleteGroup),     Long),
        (GET,    "/api/v1/groups/id/{id}/export",                 admin!(groups::read::export),                     FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/groups/id/{id}/info",                   verified!(groups::read::info),                    FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/groups/id/{id}/members",                admin!(groups::members::list),                    FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/groups/id/{id}/preview",                admin!(groups::read::preview),                    FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/groups/id/{id}/update",                 admin!(groups::change::update),                   FORM,    Unlimited,        Own,     Some(Event::ChangeGroup),     Long),
        (POST,   "/api/v1/groups/id/{id}/users",                  admin!(groups::members::users),                   FORM,    Unlimited,        Own,     None,                         Long),
        (POST,   "/api/v1/groups/id/{id}/users/add",              admin!(groups::change::add_users),                FORM,    Unlimited,        Own,     Some(Event::ChangeGroup),     Long),
        (POST,   "/api/v1/groups/id/{id}/users/remove",           admin!(groups::change::remove_users),             FORM,    Unlimited,        Own,     Some(Event::ChangeGroup),     Long),
        (GET,    "/api/v1/users",                                 admin!(users::list::list),                        FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/",                                admin!(users::list::list),                        FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/all",                             admin!(users::list::all),                         FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/default/permissions",             admin!(users::permissions::read_default),         FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/users/default/permissions",             admin!(users::permissions::write_default),        FORM,    Unlimited,        Own,     Some(Event::ChangeSettings),  Long),
        (GET,    "/api/v1/users/default/permissions/defaults",    admin!(users::permissions::built_in),             FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/groups",                          verified!(users::find::own_groups),               FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/permissions",                     verified!(users::permissions::own),               FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/search",                          verified!(users::list::search),                   FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/usage",                           verified!(users::own::usage),                     FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/user/info",                       verified!(users::own::info),                      FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/users/user/info/update",                verified!(users::own::update_info),               PROFILE, Unlimited,        Own,     None,                         Long),
        (GET,    "/api/v1/users/user/settings",                   verified!(users::own::settings),                  FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/users/user/settings/update",            verified!(users::own::update_settings),           PROFILE, Unlimited,        Own,     None,                         Long),
        (GET,    "/api/v1/users/user/status",                     verified!(users::own::status),                    FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/users/user/status/update",              verified!(users::own::update_status),             FORM,    Unlimited,        Own,     Some(Event::UpdateProfile),   Long),
        (GET,    "/api/v1/users/user/variables",                  verified!(users::own::variables),                 FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/users/user/variables/update",           verified!(users::own::update_variables),          PROFILE, Unlimited,        Own,     None,                         Long),
        (DELETE, "/api/v1/users/{id}",                            admin!(users::delete::delete),                    FORM,    Unlimited,        Own,     Some(Event::DeleteUser),      Long),
        (GET,    "/api/v1/users/{id}",                            admin!(users::find::find),                        FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/{id}/active",                     verified!(users::find::active),                   FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/{id}/groups",                     admin!(users::find::groups),                      FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/{id}/info",                       verified!(users::find::info),                     FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/{id}/oauth/sessions",             admin!(users::find::oauth_sessions),              FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/{id}/preview",                    admin!(users::find::preview),                     FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/api/v1/users/{id}/profile/image",              verified!(users::profile_image::profile_image),   FORM,    Unlimited,        Any,     None,                         Long),
        (POST,   "/api/v1/users/{id}/mfa/reset",                  admin!(users::reset_factor::reset_factor),        FORM,    Unlimited,        Own,     Some(Event::ResetFactor),     Long),
        (POST,   "/api/v1/users/{id}/sessions/revoke",            admin!(users::revoke_sessions::revoke_sessions),  FORM,    Unlimited,        Own,     Some(Event::RevokeSessions),  Long),
        (POST,   "/api/v1/users/{id}/update",                     admin!(users::update::update),                    PROFILE, Unlimited,        Own,     Some(Event::UpdateUser),      Long),
        (GET,    "/api/version",                                  anonymous!(open_webui::version::version),         FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/health",                                       anonymous!(open_webui::version::health),          FORM,    Unlimited,        Any,     None,                         Short),
        (GET,    "/openapi.json",                                 anonymous!(openapi::openapi),                     FORM,    Unlimited,        Any,     None,                         Long),
        (GET,    "/ready",                                        anonymous!(open_webui::version::ready),           FORM,    Unlimited,        Any,     None,                         Long),
    ];
    let row = |(method, path, guarded, body_cap, throttle, origin, audit, way): Row<P>| Route {
        method,
        path,
        level: guarded.level,
        handler: guarded.handler,
        body_cap,
        throttle,
        origin,
        audit,
        way,
    };
    table.into_iter().map(row).collect()
}

/// Most bytes of a body on authentication routes, whether they look at it or not (IN-01).
const FORM: usize = 64 * 1_024;

/// Most bytes of a body that may carry a picture (IN-01).
const PROFILE: usize = 256 * 1_024;

type Row<P> = (Method, &'static str, Guarded<P>, usize, Throttle, Origin, Option<AuditAction>, Way);
type Handler<P> = for<'a> fn(&'a Call<'a, P>) -> LocalBoxFuture<'a, Answer>;

/// A handler together with the level that its signature asks for.
struct Guarded<P> {
    level: Level,
    handler: Handler<P>,
}

macro_rules! anonymous {
    ($handler:path) => {
        Guarded {
            level: Level::Anonymous,
            handler: |call| Box::pin(async move { $handler(call).await.unwrap_or_else(Answer::from) }),
        }
    };
}
macro_rules! guarded {
    ($level:expr, $caller:path, $handler:path) => {
        Guarded {
            level: $level,
            handler: |call| {
                Box::pin(async move {
                    match $caller(call).await {
                        Ok(caller) => $handler(call, caller).await.unwrap_or_else(Answer::from),
                        Err(refused) => Answer::from(refused),
                    }
                })
            },
        }
    };
}
macro_rules! human {
    ($handler:path) => {
        guarded!(Level::Human, open_webui::caller::human, $handler)
    };
}
macro_rules! current {
    ($handler:path) => {
        guarded!(Level::Current, open_webui::caller::current, $handler)
    };
}
macro_rules! verified {
    ($handler:path) => {
        guarded!(Level::Verified, open_webui::caller::verified, $handler)
    };
}
macro_rules! admin {
    ($handler:path) => {
        guarded!(Level::Admin, open_webui::caller::admin, $handler)
    };
}
use {admin, anonymous, current, guarded, human, verified};

/// One row of the route table.
#[derive(Clone, Debug)]
pub struct Route<P> {
    /// Its method. A `GET` that only reads answers `HEAD` too.
    pub method: Method,
    /// Its exact path.
    pub path: &'static str,
    /// Who may call it.
    pub level: Level,
    /// Most bytes its body may have.
    pub body_cap: usize,
    /// What counts its attempts.
    pub throttle: Throttle,
    /// Who may make a browser call it.
    pub origin: Origin,
    /// What the audit log says about a call that does what it is for; `None` where that is no security event.
    pub audit: Option<AuditAction>,
    /// How its requests come in.
    pub way: Way,
    handler: Handler<P>,
}

impl<P> Route<P> {
    fn answers(&self, method: &Method) -> bool {
        self.method == *method || (method == Method::HEAD && self.has_head())
    }

    /// `HEAD` asks what `GET` would say; it must not do what a `GET` that changes something does.
    fn has_head(&self) -> bool {
        self.method == Method::GET && self.origin == Origin::Any
    }
}

/// Who may call a route (open-webui.md §0).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// An administrator, in person or with an API key.
    Admin,
    /// Anyone.
    Anonymous,
    /// Anyone with an account, in person or with an API key.
    Current,
    /// Anyone with an account, in person.
    Human,
    /// A member, in person or with an API key: not somebody who waits for approval.
    Verified,
}

/// What counts a route's attempts; the flow behind it spends them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Throttle {
    /// [`portico_core::throttle::API_KEY_LIMIT`], for one account.
    ApiKey,
    /// [`portico_core::throttle::REAUTHENTICATION_LIMIT`], for one account.
    Reauthentication,
    /// [`portico_core::throttle::SECOND_FACTOR_LIMIT`], for one account.
    SecondFactor,
    /// [`portico_core::throttle::SIGN_IN_LIMIT`] for one account from one network, a lockout for the account,
    /// and [`portico_core::throttle::NETWORK_LIMIT`] for the network.
    SignIn,
    /// [`portico_core::throttle::SIGN_UP_LIMIT`], for one network, and a ceiling for all.
    SignUp,
    /// Nothing.
    Unlimited,
}

/// Whether another site's page may make a browser call a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The route only reads; CORS decides who sees the answer.
    Any,
    /// It changes something in the name of somebody who is signed in: as `Welcome`, and a cookie counts
    /// only where the browser says who sent it (SE-06).
    Own,
    /// It changes something: our own pages, listed origins, and clients that are no browsers.
    Welcome,
}

/// How requests to a route come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// As the runtime's request, with all its headers and its body.
    Long,
    /// A `GET` as text, with [`HOT_HEADERS`](crate::HOT_HEADERS) only: for the routes that are called most.
    Short,
}

/// Whether the cookies of a request prove anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cookies {
    /// They do.
    Count,
    /// Somebody else may have made the browser send them.
    Ignored,
}

/// What the router needs besides the request.
#[derive(Debug)]
pub struct Host<'a, P> {
    /// The outside.
    pub ports: &'a P,
    /// The deployment's configuration.
    pub config: &'a Config,
    /// The request's one instant.
    pub now: UnixSeconds,
}

/// What a handler gets.
#[derive(Debug)]
pub struct Call<'a, P> {
    /// For the flows.
    pub ctx: Ctx<'a, P>,
    /// For the wire.
    pub config: &'a Config,
    /// The request, its body read and within the route's cap.
    pub request: &'a Request<Vec<u8>>,
    /// How the client reached us.
    pub transport: Transport,
    /// Whether the request's cookies prove anything.
    pub cookies: Cookies,
    params: Params,
}

type Params = Vec<(String, String)>;

impl<P> Call<'_, P> {
    /// What the path has in the place of `{name}`; empty where the route has no such place.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(place, _)| place == name).map_or("", |(_, text)| text)
    }
}

/// The route table, indexed by path.
#[derive(Debug)]
pub struct Router<P> {
    routes: Vec<Route<P>>,
    paths: matchit::Router<Vec<usize>>,
}

impl<P: Ports> Router<P> {
    /// Builds the index; a host does this once.
    pub fn new() -> Self {
        let routes = routes();
        let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, route) in routes.iter().enumerate() {
            by_path.entry(route.path).or_default().push(index);
        }
        let mut paths = matchit::Router::new();
        for (path, rows) in by_path {
            paths.insert(path, rows).expect("the table has no conflicting paths; every test builds it");
        }
        Self { routes, paths }
    }

    /// Whether a bodiless `GET` of this path may come in the short way: see [`Way::Short`].
    pub fn is_hot(&self, path: &str) -> bool {
        let rows = self.paths.at(path).map_or(&[][..], |found| found.value.as_slice());
        let mut rows = rows.iter().filter_map(|index| self.routes.get(*index));
        rows.any(|route| route.method == Method::GET && route.way == Way::Short)
    }

    /// The table, for tests of its policies.
    pub fn routes(&self) -> &[Route<P>] {
        &self.routes
    }

    /// Answers a request.
    pub async fn respond(
        &self,
        host: &Host<'_, P>,
        request: Request<()>,
        mut body: impl BodyStream,
    ) -> Answer {
        let (parts, ()) = request.into_parts();
        let head = Head { method: parts.method.clone(), headers: parts.headers.clone() };
        let around = Around::of(&parts, host.ports);
        let (transport, request_id) = (around.transport, around.request_id.clone());
        let mut answer = match self.route(&parts.method, parts.uri.path(), &head.headers, host.config) {
            Ok((route, params)) => call(host, route, params, parts, &mut body, around).await,
            Err(refusal) => *refusal,
        };
        body.discard(body::DISCARDED_BYTES).await;
        if head.method == Method::HEAD {
            answer.body_mut().clear();
        }
        answer::secure(answer.headers_mut(), transport);
        cors::grant(&head.headers, &host.config.cors, answer.headers_mut());
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            answer.headers_mut().insert("x-request-id", value);
        }
        answer
    }

    /// Finds the row; paths are compared as they came, undecoded (IN-11).
    fn route(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        config: &Config,
    ) -> Result<(&Route<P>, Params), Box<Answer>> {
        let found = self.paths.at(path).ok();
        let rows = found.as_ref().map_or(&[][..], |found| found.value.as_slice());
        let on_path = || rows.iter().filter_map(|index| self.routes.get(*index));
        if rows.is_empty() {
            return Err(Box::new(open_webui::error::not_found()));
        }
        if method == Method::OPTIONS && cors::is_preflight(headers) {
            return Err(Box::new(cors::preflight(headers, &config.cors, &allowed_methods(on_path()))));
        }
        let params = found.iter().flat_map(|found| found.params.iter());
        let params = || params.map(|(name, text)| (name.to_string(), text.to_string())).collect();
        on_path()
            .find(|route| route.answers(method))
            .map(|route| (route, params()))
            .ok_or_else(|| Box::new(open_webui::error::method_not_allowed(allowed_methods(on_path()))))
    }
}

impl<P: Ports> Default for Router<P> {
    fn default() -> Self {
        Self::new()
    }
}

struct Head {
    method: Method,
    headers: HeaderMap,
}

/// What the connection tells about a request.
struct Around {
    own_origin: String,
    transport: Transport,
    request_id: String,
}

impl Around {
    fn of(parts: &http::request::Parts, ports: &impl Ports) -> Self {
        let scheme = parts.uri.scheme_str().unwrap_or("http");
        let authority = parts.uri.authority().map_or("", http::uri::Authority::as_str);
        Self {
            own_origin: format!("{scheme}://{authority}"),
            transport: Transport::of_url(&parts.uri.to_string()),
            request_id: request_id(ports, &parts.headers),
        }
    }
}

async fn call<P: Ports>(
    host: &Host<'_, P>,
    route: &Route<P>,
    params: Params,
    parts: http::request::Parts,
    body: &mut impl BodyStream,
    around: Around,
) -> Answer {
    let ctx = Ctx {
        ports: host.ports,
        policy: &host.config.policy,
        now: host.now,
        client: client::describe(&parts.headers, around.request_id),
    };
    let mut cookies = Cookies::Count;
    if route.origin != Origin::Any {
        // The public address may have been changed while the service runs.
        let own_origin = match ctx.settings().await {
            Ok(settings) => settings.text("WEBUI_URL").and_then(config::origin).unwrap_or(around.own_origin),
            Err(fault) => return open_webui::error::Error::from(fault).into(),
        };
        if !origin::is_welcome(&parts.headers, host.config, &own_origin) {
            return open_webui::error::foreign_origin();
        }
        if !origin::vouches_for_cookies(&parts.headers, host.config, &own_origin) {
            cookies = Cookies::Ignored;
        }
    }
    let body = match body::read(&parts.headers, body, route.body_cap).await {
        Ok(body) => body,
        Err(error) => return open_webui::error::body(error),
    };
    if let Some(admin) = host.config.initial_admin.as_ref().filter(|_| route.way == Way::Long) {
        // The port has reported its fault; the next request tries again.
        let _ = trusted_identity::ensure_admin(&ctx, admin).await;
    }
    let call = Call {
        ctx,
        config: host.config,
        request: &Request::from_parts(parts, body),
        transport: around.transport,
        cookies,
        params,
    };
    (route.handler)(&call).await
}

/// `GET, HEAD, POST` for the `Allow` header (SE-11).
fn allowed_methods<'r, P: 'r>(routes: impl Iterator<Item = &'r Route<P>>) -> HeaderValue {
    let mut methods = Vec::new();
    for route in routes {
        methods.push(route.method.as_str());
        if route.has_head() {
            methods.push("HEAD");
        }
    }
    HeaderValue::from_str(&methods.join(", ")).expect("method names are plain ASCII")
}

/// The platform's id of the request, else a random one; on the answer and in the audit log (ER-01).
fn request_id(ports: &impl Ports, headers: &HeaderMap) -> String {
    let ray = headers.get("cf-ray").and_then(|ray| ray.to_str().ok());
    match ray {
        Some(ray) if (1..=64).contains(&ray.len()) => ray.to_string(),
        // Without randomness no id; whatever needed the randomness for itself reports the fault.
        _ => TokenId::random(ports).map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// What answers a request that could not even be read.
pub fn unreadable(transport: Transport) -> Answer {
    let mut answer = open_webui::error::unreadable();
    answer::secure(answer.headers_mut(), transport);
    answer
}
