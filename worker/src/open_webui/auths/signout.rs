use portico_core::{flow::sign_out, ports::Ports};

use crate::{
    http::{
        answer::Answer,
        credential::{self, Credential},
    },
    open_webui::{
        error::Error,
        view::{self, TOKEN_COOKIE},
    },
    router::Call,
};

/// `GET` or `POST /api/v1/auths/signout`: ends the session of the token that came along, if
/// one did, and forgets the cookies in any case.
///
/// # Errors
/// 503 when the session could not be ended; the cookies stay then, so that the client can try again.
pub async fn signout(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    if let Credential::Present(token) = credential::read(call.request.headers(), TOKEN_COOKIE) {
        sign_out::end(&call.ctx, token).await?;
    }
    Ok(view::signed_out(call))
}
