//! Who is asking: a bearer token and nothing else, whatever cookies a browser sends along (contract §1.2).

use portico_core::{
    api_key,
    flow::current_session::{self, Authenticated},
    ports::Ports,
    session::ChallengeToken,
    user::Role,
};

use super::error::Error;
use crate::{
    http::credential::{self, Credential},
    router::Call,
};

/// A member with a live session, in person.
#[derive(Debug)]
pub struct Member {
    /// The session and its account.
    pub session: Authenticated,
}

/// Authenticates a member. Somebody who waits for approval is nobody here: the next sign-in tells them.
///
/// # Errors
/// 401 or 503.
pub async fn member(call: &Call<'_, impl Ports>) -> Result<Member, Error> {
    let token = match credential::bearer(call.request.headers()) {
        Credential::Missing => return Err(Error::no_token()),
        Credential::Unusable => return Err(Error::malformed_token()),
        Credential::Present(token) => token,
    };
    // Keys are the other dialect's (AK-09).
    if token.starts_with(api_key::PREFIX) {
        return Err(Error::malformed_token());
    }
    // A step on the way in is no session.
    if ChallengeToken::parse(token).is_some() {
        return Err(Error::unwelcome());
    }
    let session = current_session::authenticate(&call.ctx, token).await?;
    match session.user.role {
        Role::Admin | Role::User => Ok(Member { session }),
        Role::Pending => Err(Error::unwelcome()),
    }
}
