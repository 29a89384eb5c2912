//! Plain pages behind the links in mails, for deployments whose own pages do not have them. A page only shows what is to
//! be done; the button does it, because programs that scan mails open links (RS-14).

use http::{HeaderValue, StatusCode, header};
use portico_core::ports::Ports;

use crate::{
    http::answer::{self, Answer},
    router::Call,
};

/// The script of all pages.
const SCRIPT: &str = include_str!("pages/pages.js");
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

/// `GET /pages.js`
///
/// # Errors
/// None.
pub async fn script(_: &Call<'_, impl Ports>) -> Result<Answer, Answer> {
    let mut answer =
        answer::bytes(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT.as_bytes().to_vec());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(answer)
}
