//! What happens around every handler: limits, origins, headers. The router knows paths and policies; what a route says
//! is its dialect's business.

mod dialect;
mod route;
mod table;

pub use route::{Level, Origin, Route, Throttle, Way};
pub use table::routes;

use dialect::Dialect;

use alloc::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, Request};
use portico_core::{
    flow::{
        Ctx, authentication_limit,
        denial::{self, Denial},
        trusted_identity,
    },
    id::TokenId,
    ports::{PortError, Ports},
    throttle::Spent,
    time::UnixSeconds,
};

use crate::{
    config::{self, Config},
    http::{
        answer::{self, Answer, Transport},
        body::{self, BodyStream},
        client, cors, origin,
    },
    librechat::limits,
    open_webui,
};

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

    /// Whether cookies are `Secure`: always on https, and where the deployment says so or is reached by https from
    /// outside (SE-01).
    pub fn is_secure(&self) -> bool {
        let public = [&self.config.public_origin, &self.config.pages.client];
        let is_https = public.into_iter().flatten().any(|url| url.starts_with("https:"));
        self.config.cookie_secure || is_https || self.transport == Transport::Tls
    }

    /// Where the request came in: scheme, host and port.
    pub fn own_origin(&self) -> String {
        config::origin_of(self.request.uri())
    }

    /// What links for others begin with; without a word from the deployment they have no host (RS-03).
    pub fn link_base(&self) -> String {
        self.config.pages.client.clone().unwrap_or_default()
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
            return Err(Box::new(Dialect::of(path).not_found()));
        }
        if method == Method::OPTIONS && cors::is_preflight(headers) {
            return Err(Box::new(cors::preflight(headers, config, &allowed_methods(on_path()))));
        }
        let params = found.iter().flat_map(|found| found.params.iter());
        let params = || params.map(|(name, text)| (name.to_string(), text.to_string())).collect();
        on_path()
            .find(|route| route.answers(method))
            .map(|route| (route, params()))
            .ok_or_else(|| Box::new(Dialect::of(path).method_not_allowed(allowed_methods(on_path()))))
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
    let dialect = Dialect::of(route.path);
    let mut cookies = Cookies::Count;
    if route.origin != Origin::Any {
        // The public address may have been changed while the service runs.
        let own_origin = match ctx.settings().await {
            Ok(settings) => settings.text("WEBUI_URL").and_then(config::origin).unwrap_or(around.own_origin),
            Err(fault) => return dialect.unavailable(fault),
        };
        if !origin::is_welcome(&parts.headers, host.config, &own_origin) {
            denial::record(&ctx, Denial::NotTaken, parts.uri.path()).await;
            return dialect.foreign_origin();
        }
        if !origin::vouches_for_cookies(&parts.headers, host.config, &own_origin) {
            cookies = Cookies::Ignored;
        }
    }
    match counted(&ctx, route).await {
        Ok(Spent::Granted) => {}
        Ok(Spent::Refused { retry_after }) => return dialect.too_many(retry_after),
        Err(fault) => return dialect.unavailable(fault),
    }
    let spending = match route.throttle {
        Throttle::Member(limiter) => match limits::spend(&ctx, host.config, limiter).await {
            Ok(spending) => Some(spending),
            Err(fault) => return dialect.unavailable(fault),
        },
        _ => None,
    };
    if let Some(refusal) = spending.and_then(|spending| spending.refusal()) {
        return refusal;
    }
    let body = match body::read(&parts.headers, body, route.body_cap).await {
        Ok(body) => body,
        Err(error) => return shown(spending, dialect.body(error)),
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
    shown(spending, (route.handler)(&call).await)
}

/// The answer with what is left of the route's limit, where it has one.
fn shown(spending: Option<limits::Spending>, answer: Answer) -> Answer {
    match spending {
        Some(spending) => spending.shown(answer),
        None => answer,
    }
}

/// Counts what one network asks of the routes that authenticate: always where a made-up token would reach a session
/// authority, elsewhere while the deployment asks for second factors (open-webui.md §6).
async fn counted<P: Ports>(ctx: &Ctx<'_, P>, route: &Route<P>) -> Result<Spent, PortError> {
    let authenticates = route.method == Method::POST && route.path.starts_with("/api/v1/auths/");
    let counts =
        route.throttle == Throttle::Challenge || (authenticates && ctx.settings().await?.is_on("ENABLE_MFA"));
    if counts { authentication_limit::spend(ctx).await } else { Ok(Spent::Granted) }
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
