use http::Method;
use portico_core::{
    flow::sign_out::{self, Ended},
    ports::Ports,
};

use crate::{
    http::{
        answer::Answer,
        cookie::{self, Found},
        credential::{self, Credential},
    },
    open_webui::{
        error::Error,
        validate::Fields,
        view::{self, TOKEN_COOKIE},
    },
    router::{Call, Cookies},
};

/// `GET` or `POST /api/v1/auths/signout`: ends the session of the token that came along, if
/// one did, and forgets the cookies in any case. Needs no body; one that comes must make sense.
///
/// # Errors
/// 401 when it can not be told which session is meant, 422, or 503 when the session could not be
/// ended: nobody is told that they are signed out while they are not.
pub async fn signout(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    if call.request.method() == Method::POST && !call.request.body().is_empty() {
        Fields::of(call.request)?;
    }
    let ended = match credential::read(call.request.headers(), TOKEN_COOKIE) {
        Credential::Missing => Ended::default(),
        Credential::Present(token) => sign_out::end(&call.ctx, token).await?,
        Credential::Unusable => return Err(Error::not_authenticated()),
    };
    // The browser's session with the other pages of this service.
    if call.cookies == Cookies::Count
        && let Found::One(token) = cookie::find(call.request.headers(), cookie::REFRESH_TOKEN)
    {
        sign_out::end_refreshable(&call.ctx, token).await?;
    }
    Ok(view::signed_out(call, &ended).await)
}
