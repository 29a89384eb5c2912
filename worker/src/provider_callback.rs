//! `/oauth/{provider}/callback`, which both dialects have: what was stored when the browser left says whose page gets it
//! back.

use portico_core::{
    flow::oauth::{self, CallbackQuery, Came},
    oauth::{Provider, pending::Dialect, provider::ResponseMode},
    ports::Ports,
};

use crate::{
    http::{answer::Answer, round_trip},
    librechat, open_webui,
    router::Call,
};

/// `GET` or `POST /oauth/{provider}/callback`: back from a provider.
///
/// # Errors
/// None: every way ends in a redirect.
pub async fn callback(call: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    let Some(provider) = provider(call.param("provider")) else {
        return Err(open_webui::oauth::unknown());
    };
    let form = String::from_utf8_lossy(call.request.body());
    let (mode, text) = match call.request.method() {
        &http::Method::POST => (ResponseMode::FormPost, &*form),
        _ => (ResponseMode::Query, call.request.uri().query().unwrap_or_default()),
    };
    let query = CallbackQuery::parse(text);
    let held = round_trip::held(call.request.headers(), mode, call.is_secure());
    let came = Came {
        provider,
        mode,
        query,
        held: held.as_ref(),
        may_be_first: call.config.bootstrap_secret.is_none(),
        previous: open_webui::oauth::previous(call),
    };
    let returned = oauth::callback(&call.ctx, came).await;
    Ok(match returned.dialect {
        Some(Dialect::LibreChat) => librechat::oauth::returned(call, returned.result).await,
        None if call.param("provider") == OPENID => librechat::oauth::returned(call, returned.result).await,
        Some(Dialect::OpenWebui) | None => open_webui::oauth::returned(call, returned.result).await,
    })
}

/// What only LibreChat calls a provider of OpenID Connect.
const OPENID: &str = "openid";

/// The provider that a path names, in the words of either dialect.
pub fn provider(name: &str) -> Option<Provider> {
    if name == OPENID { Some(Provider::Openid) } else { Provider::parse(name) }
}
