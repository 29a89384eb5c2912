//! What people change about themselves.

use http::StatusCode;
use portico_core::{
    date,
    flow::own_account,
    ports::{About, Ports, UserChange},
    timezone,
    user::User,
};
use serde_json::json;

use crate::{
    http::answer::{self, Answer},
    open_webui::{
        caller::{Current, Verified},
        error::Error,
        validate::Fields,
        view,
    },
    router::Call,
};

/// Longest text about oneself, in bytes (IN-10).
const MAX_BIO_BYTES: usize = 4_096;
/// Longest gender, in bytes (IN-10).
const MAX_GENDER_BYTES: usize = 128;

/// `POST /api/v1/auths/update/profile`: all of it; what is not there is taken away.
///
/// # Errors
/// 422 or 503.
pub async fn update_profile(call: &Call<'_, impl Ports>, caller: Verified<'_>) -> Result<Answer, Error> {
    let user = own_account::update(&call.ctx, caller.id(), form(call)?).await?;
    Ok(image_view(&user))
}

/// `POST /api/v1/auths/update/timezone`
///
/// # Errors
/// 422 or 503.
pub async fn update_timezone(call: &Call<'_, impl Ports>, caller: Current<'_>) -> Result<Answer, Error> {
    let mut fields = Fields::of(call.request)?;
    let zone = fields.string("timezone");
    let zone = zone.and_then(|zone| match timezone::is_timezone(&zone) {
        true => Some(zone),
        false => fields.refuse_value("timezone", "must be the name of a time zone, such as Europe/Berlin."),
    });
    let Some(zone) = zone else { return Err(fields.into_error()) };
    let change = UserChange { timezone: Some(zone), ..UserChange::default() };
    own_account::update(&call.ctx, caller.id(), change).await?;
    Ok(answer::json(StatusCode::OK, &json!({"status": true})))
}

fn form<P>(call: &Call<'_, P>) -> Result<UserChange, Error> {
    let mut fields = Fields::of(call.request)?;
    let name = fields.string("name").and_then(|text| fields.display_name("name", &text));
    let image = fields.string("profile_image_url");
    let image =
        image.and_then(|text| fields.image_reference("profile_image_url", &text, &call.config.images));
    let bio = fields.short_string("bio", MAX_BIO_BYTES);
    let gender = fields.short_string("gender", MAX_GENDER_BYTES);
    let date_of_birth =
        fields.optional_string("date_of_birth").and_then(|day| match date::is_birthday(&day, call.ctx.now) {
            true => Some(day),
            false => fields.refuse_value("date_of_birth", "must be a day since 1900, as YYYY-MM-DD."),
        });
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let about = Some(About { bio, gender, date_of_birth });
    Ok(UserChange { name, image, about, ..UserChange::default() })
}

/// `UserProfileImageResponse`
fn image_view(user: &User) -> Answer {
    answer::json(
        StatusCode::OK,
        &json!({
            "id": user.id,
            "name": user.name,
            "role": user.role,
            "email": user.email.as_str(),
            "profile_image_url": view::shown_image(user),
        }),
    )
}
