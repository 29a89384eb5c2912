//! `/api/v1/auths/mfa/*`: the second factor.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use portico_core::{
    flow::{
        Grant,
        second_factor::{self, Issued, Shown},
    },
    ports::Ports,
    secret::Secret,
    session::ChallengeKind,
};
use serde_json::json;

use crate::{
    http::{
        answer::{self, Answer},
        cookie::{self, Found},
    },
    open_webui::{
        caller::HumanSession,
        error::Error,
        validate::Fields,
        view::{self, CHALLENGE_COOKIE},
    },
    router::{Call, Cookies},
};

/// Shortest and longest token of a step, and of an operator, in code points.
const TOKEN_CHARS: (usize, usize) = (20, 160);
/// Shortest and longest code, in code points.
const CODE_CHARS: (usize, usize) = (1, 128);

/// `GET …/status`: whether the caller has a factor, and has to.
///
/// # Errors
/// 503.
pub async fn status(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let status = second_factor::status(&call.ctx, &caller.session).await?;
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "enabled": status.enabled,
            "required": status.required,
            "recovery_codes_remaining": status.backup_codes_left,
        }),
    ))
}

/// `POST …/challenge`: the step that the browser's cookie opens, for a page that came back from a provider.
///
/// # Errors
/// 401, 403 for a page of somebody else's, or 503.
pub async fn challenge(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    if call.cookies == Cookies::Ignored {
        return Err(Error::foreign());
    }
    let token = match cookie::find(call.request.headers(), CHALLENGE_COOKIE) {
        Found::One(token) => token,
        Found::Nothing | Found::Unusable => "",
    };
    Ok(challenge_view(&second_factor::look_up(&call.ctx, token).await?))
}

/// `POST …/enroll/start`: what an authenticator app needs.
///
/// # Errors
/// 401, 422 or 503.
pub async fn start(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut form = Form::of(call)?;
    let token = form.token("challenge_token");
    let token = form.finish(token)?;
    let setup = second_factor::start_enrolment(&call.ctx, &token).await?;
    let picture = STANDARD.encode(setup.qr_code.expose_secret());
    Ok(answer::json(
        StatusCode::OK,
        &json!({
            "manual_key": setup.manual_key.expose_secret(),
            "qr_code": format!("data:image/svg+xml;base64,{picture}"),
        }),
    ))
}

/// `POST …/enroll/confirm`: the new factor's first code.
///
/// # Errors
/// 401, 409, 422, 429 or 503.
pub async fn confirm(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut form = Form::of(call)?;
    let fields = form.token("challenge_token").zip(form.text("code", CODE_CHARS));
    let (token, code) = form.finish(fields)?;
    let enrolled = second_factor::confirm_enrolment(&call.ctx, &token, &code).await?;
    let codes: Vec<_> = enrolled.backup_codes.iter().map(|code| code.expose_secret().as_str()).collect();
    Ok(match &enrolled.signed_in {
        Some(signed_in) => view::enrolled(call, signed_in, &codes),
        None => answer::json(StatusCode::OK, &json!({"recovery_codes": codes})),
    })
}

/// `POST …/verify`: the factor, for a session.
///
/// # Errors
/// 401, 409, 422, 429 or 503.
pub async fn verify(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut form = Form::of(call)?;
    let fields = form.token("challenge_token").zip(form.shown());
    let (token, shown) = form.finish(fields)?;
    let signed_in = second_factor::verify(&call.ctx, &token, &shown, Grant::Token).await?;
    Ok(view::signed_in(call, &signed_in))
}

/// `POST …/replace`: shows the present factor, to set up another.
///
/// # Errors
/// 401, 403, 422, 429 or 503.
pub async fn replace(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let shown = shown(call)?;
    Ok(challenge_view(&second_factor::replace(&call.ctx, &caller.session, &shown).await?))
}

/// `POST …/recovery/codes`: new recovery codes. All sessions end.
///
/// # Errors
/// 401, 403, 422, 429 or 503.
pub async fn recovery_codes(call: &Call<'_, impl Ports>, caller: HumanSession<'_>) -> Result<Answer, Error> {
    let shown = shown(call)?;
    let codes = second_factor::regenerate(&call.ctx, &caller.session, &shown).await?;
    let codes: Vec<_> = codes.iter().map(|code| code.expose_secret().as_str()).collect();
    Ok(answer::json(StatusCode::OK, &json!({"recovery_codes": codes})))
}

/// `POST …/recover`: what an operator gave out, to set up a new factor.
///
/// # Errors
/// 401, 409, 422, 429 or 503.
pub async fn recover(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let mut form = Form::of(call)?;
    let fields = form.token("challenge_token").zip(form.token("reset_token"));
    let (token, reset_token) = form.finish(fields)?;
    Ok(challenge_view(&second_factor::recover(&call.ctx, &token, &reset_token).await?))
}

/// `{"next_step": …, "challenge_token": …, "expires_in": …}`
pub(super) fn challenge_view(issued: &Issued) -> Answer {
    answer::json(
        StatusCode::OK,
        &json!({
            "next_step": match issued.kind {
                ChallengeKind::Enroll | ChallengeKind::Replace | ChallengeKind::Stage => "enroll",
                ChallengeKind::Recover => "recover",
                ChallengeKind::Verify => "verify",
            },
            "challenge_token": issued.token.expose_secret(),
            "expires_in": issued.expires_in.seconds(),
        }),
    )
}

fn shown<P>(call: &Call<'_, P>) -> Result<Shown, Error> {
    let mut form = Form::of(call)?;
    let shown = form.shown();
    form.finish(shown)
}

/// A body of these routes: unlike elsewhere, a field that nobody knows is an error (contract §1.5).
struct Form(Fields);

impl Form {
    fn of<P>(call: &Call<'_, P>) -> Result<Self, Error> {
        Ok(Self(Fields::of(call.request)?))
    }

    fn token(&mut self, field: &str) -> Option<String> {
        self.text(field, TOKEN_CHARS)
    }

    fn text(&mut self, field: &str, (least, most): (usize, usize)) -> Option<String> {
        let text = self.0.string(field)?;
        let length = text.chars().count();
        if length < least {
            return self.0.refuse_length(field, "string_too_short", "at least", least);
        }
        if length > most {
            return self.0.refuse_length(field, "string_too_long", "at most", most);
        }
        Some(text)
    }

    fn shown(&mut self) -> Option<Shown> {
        let code = self.text("code", CODE_CHARS);
        let is_backup = self.0.optional_flag("recovery").unwrap_or(false);
        Some(Shown { code: Secret::new(code?), is_backup })
    }

    fn finish<T>(mut self, fields: Option<T>) -> Result<T, Error> {
        self.0.refuse_rest();
        match fields {
            Some(fields) if !self.0.has_issues() => Ok(fields),
            _ => Err(self.0.into_error()),
        }
    }
}
