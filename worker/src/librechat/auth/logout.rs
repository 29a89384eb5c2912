use portico_core::{flow::sign_out, ports::Ports};

use crate::{
    http::{
        answer::Answer,
        cookie::{self, Found, REFRESH_TOKEN, TOKEN},
        credential::{self, Credential},
    },
    librechat::{error::Error, view},
    router::{Call, Cookies},
};

/// `POST /api/auth/logout`: ends the session of the bearer, of the browser's refresh token, or of both; forgets the
/// cookies in any case.
///
/// # Errors
/// 401 when neither names a session, or 503 when one could not be ended: nobody is told that they are signed out while
/// they are not.
pub async fn logout(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let headers = call.request.headers();
    let bearer = match credential::bearer(headers) {
        Credential::Missing => Err(Error::no_token()),
        Credential::Unusable => Err(Error::malformed_token()),
        Credential::Present(token) => {
            sign_out::end_known(&call.ctx, token).await.map(|_| ()).map_err(Error::from)
        }
    };
    let counts = call.cookies == Cookies::Count;
    let by_cookie = match cookie::find(headers, REFRESH_TOKEN) {
        Found::One(token) if counts => sign_out::end_refreshable(&call.ctx, token).await?.is_some(),
        _ => false,
    };
    if let Err(error) = bearer
        && !by_cookie
    {
        return Err(error.with_cookies(view::forgotten_here(call)));
    }
    // The browser's session with the other pages of this service.
    if counts && let Found::One(token) = cookie::find(headers, TOKEN) {
        sign_out::end(&call.ctx, token).await?;
    }
    let mut answer = view::message("Logout successful");
    view::add_cookies(&mut answer, view::forgotten(call));
    Ok(answer)
}
