use http::StatusCode;
use portico_core::{
    flow::{
        manage_user::{self, UserForm},
        user_list,
    },
    id::UserId,
    ports::Ports,
    secret::Secret,
    user::Role,
};

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error, validate::Fields, view},
    router::Call,
};

/// `POST /api/v1/users/{id}/update`: an account's role, name, address, picture, password. What is absent,
/// null or, for the password, empty stays as it is.
///
/// # Errors
/// 400, 403, 422 or 503.
pub async fn update(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let form = form(call)?;
    let target = UserId::parse(call.param("id")).map_err(|_| Error::not_found_here())?;
    manage_user::update(&call.ctx, (admin.id(), admin.presence()), target, form)
        .await
        .map_err(|error| Error::manage_user(error, call.config))?;
    let record = user_list::find(&call.ctx, target).await?.ok_or_else(Error::not_found_here)?;
    Ok(answer::json(StatusCode::OK, &view::user_model(&record)))
}

fn form<P>(call: &Call<'_, P>) -> Result<UserForm, Error> {
    let mut fields = Fields::of(call.request)?;
    let role = fields.optional_string("role");
    let name = fields.optional_string("name").and_then(|text| fields.display_name("name", &text));
    let email = fields.optional_string("email");
    let image = fields.optional_string("profile_image_url");
    let image =
        image.and_then(|text| fields.image_reference("profile_image_url", &text, &call.config.images));
    let password = fields.optional_string("password").filter(|text| !text.is_empty()).map(Secret::new);
    if fields.has_issues() {
        return Err(fields.into_error());
    }
    let role = role.map(|text| Role::parse(&text).ok_or_else(Error::unknown_role)).transpose()?;
    Ok(UserForm { role, name, email, image, password })
}
