use portico_core::{
    display_name::DisplayName,
    flow::register::{self, Registration},
    ports::Ports,
    secret::Secret,
};

use crate::{
    http::answer::Answer,
    librechat::{body::Body, error::Error, view},
    router::Call,
};

/// Shortest and longest name, in code points.
const NAME_CHARS: (usize, usize) = (3, 80);
/// Shortest and longest user name.
const USERNAME_CHARS: (usize, usize) = (2, 80);
/// Longest password that this dialect's form takes.
const PASSWORD_CHARS: usize = 128;
/// What a user name must not contain, in lower case.
const SUSPICIOUS: [&str; 14] =
    ["'", "--", "$ne", "$gt", "$lt", "$or", "{", "}", "*", ";", "<", ">", "/", "="];

/// `POST /api/auth/register`: a new account, without a session. An address that has one gets the same answer.
///
/// # Errors
/// 400, 403, 404, 415, 429 or 503.
pub async fn register(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut body = Body::of(call.request)?;
    let invitation = body.optional("token").filter(|token| token != "undefined");
    if invitation.is_none() && !call.config.pages.registration {
        return Err(register::RegisterError::Closed.into());
    }
    let shown = body.optional("bootstrap_secret").unwrap_or_default();
    let may_be_first = call.config.admits_first(&shown);
    let admitted = register::admit(&call.ctx, invitation.as_deref(), may_be_first).await?;
    register::create(&call.ctx, admitted, form(call, body)?).await?;
    Ok(view::message("Please check your email to verify your email address."))
}

fn form<P>(call: &Call<'_, P>, mut body: Body) -> Result<Registration, Error> {
    let name = body.text("name", NAME_CHARS);
    let name = name.and_then(|name| match DisplayName::parse(&name) {
        Ok(name) => Some(name),
        Err(_) => body.refuse("name", "Invalid characters in name"),
    });
    let username = match body.optional("username") {
        Some(text) => username(&mut body, &text),
        None => None,
    };
    let email = body.email("email");
    let least = call.ctx.policy.password.min_code_points;
    let (first, again) =
        (password(&mut body, "password", least), password(&mut body, "confirm_password", least));
    match (name, email, first) {
        (Some(name), Some(email), Some(password)) if body.is_sound() => {
            if again.as_ref() != Some(&password) {
                return Err(Error::not_found(": The passwords did not match"));
            }
            Ok(Registration { name, username, email, password: Secret::new(password) })
        }
        _ => Err(Error::not_found(&body.issues())),
    }
}

fn password(body: &mut Body, field: &str, least: usize) -> Option<String> {
    let text = body.text(field, (least, PASSWORD_CHARS))?;
    if text.trim().is_empty() {
        return body.refuse(field, "Password cannot be only spaces");
    }
    Some(text)
}

fn username(body: &mut Body, text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let length = text.chars().count();
    let (least, most) = USERNAME_CHARS;
    if length < least {
        return body.refuse("username", &format!("String must contain at least {least} character(s)"));
    }
    if length > most {
        return body.refuse("username", &format!("String must contain at most {most} character(s)"));
    }
    if SUSPICIOUS.iter().any(|part| lower.contains(part)) {
        return body.refuse("username", "Potential injection attack detected");
    }
    // Nothing that would change the text around it (IN-08).
    match DisplayName::parse(&lower) {
        Ok(name) => Some(name.into_string()),
        Err(_) => body.refuse("username", "Invalid characters in username"),
    }
}
