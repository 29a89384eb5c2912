//! Plain pages for deployments whose own pages do not have them: the one that people sign in on, and those behind the
//! links in mails. These only show what is to be done; the button does it, because programs that scan mails open links
//! (RS-14).

use http::{HeaderValue, StatusCode, header};
use portico_core::ports::Ports;

use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// The script of the pages behind links.
const SCRIPT: &str = include_str!("pages/pages.js");
const SIGN_IN: &str = include_str!("pages/sign-in.html");
const SIGN_IN_SCRIPT: &str = include_str!("pages/sign-in.js");
const VERIFY: &str = include_str!("pages/verify.html");
const RESET: &str = include_str!("pages/reset-password.html");
const REGISTER: &str = include_str!("pages/register.html");

/// `GET /verify?token=…&email=…`
///
/// # Errors
/// None.
pub async fn verify(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    Ok(answer::page(VERIFY.to_string()))
}

/// `GET /reset-password?token=…&userId=…`
///
/// # Errors
/// None.
pub async fn reset_password(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    Ok(answer::page(RESET.to_string()))
}

/// `GET /register?token=…`
///
/// # Errors
/// None.
pub async fn register(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    Ok(answer::page(REGISTER.to_string()))
}

/// `GET /auth`, where browsers come back from providers (Open WebUI contract §8.7), and `GET /login`, where they come when
/// that led nowhere (LibreChat contract §6.6).
///
/// # Errors
/// None.
pub async fn sign_in(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    Ok(answer::page(SIGN_IN.to_string()))
}

/// `GET /sign-in.js`
///
/// # Errors
/// None.
pub async fn sign_in_script(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    Ok(script_of(SIGN_IN_SCRIPT))
}

/// `GET /pages.js`
///
/// # Errors
/// None.
pub async fn script(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    Ok(script_of(SCRIPT))
}

fn script_of(text: &str) -> Answer {
    let mut answer =
        answer::bytes(StatusCode::OK, "text/javascript; charset=utf-8", text.as_bytes().to_vec());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
