use http::StatusCode;
use portico_core::{
    flow::{
        configure::Presence,
        manage_user::{self, NewUserForm},
    },
    image_reference::ImageReference,
    ports::Ports,
    secret::Secret,
    user::Role,
};
use serde::Serialize;

use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Admin, error::Error, validate::Fields, view},
    router::Call,
};

#[derive(Debug, Serialize)]
struct AddedView<'a> {
    id: String,
    name: &'a str,
    role: Role,
    email: &'a str,
    profile_image_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
}

/// `POST /api/v1/auths/add`: an account for somebody else, and a short session to set it up with.
///
/// # Errors
/// 400, 403 for a key that asks for an administrator, 422 or 503.
pub async fn add(call: &Call<'_, impl Ports>, admin: Admin<'_>) -> Result<Answer, Error> {
    let added = manage_user::add(&call.ctx, (admin.id(), admin.presence()), form(call)?)
        .await
        .map_err(|error| Error::manage_user(error, call.config))?;
    let token = match (&added.session, admin.presence()) {
        (Some(session), Presence::InPerson) => Some(session.token.as_str()),
        // Clients expect a text.
        (_, Presence::ByKey) => Some(""),
        (None, Presence::InPerson) => None,
    };
    let view = AddedView {
        id: added.user.id.to_string(),
        name: &added.user.name,
        role: added.user.role,
        email: added.user.email.as_str(),
        profile_image_url: view::profile_image_path(&added.user),
        token: token.map(|token| if call.config.token_for_added_users { token } else { "" }),
        token_type: token.map(|_| "Bearer"),
    };
    Ok(answer::json(StatusCode::OK, &view))
}

fn form<P>(call: &Call<'_, P>) -> Result<NewUserForm, Error> {
    let mut fields = Fields::of(call.request)?;
    let name = fields.string("name").and_then(|text| fields.display_name("name", &text));
    let email = fields.string("email");
    let password = fields.string("password").map(Secret::new);
    let image = fields.optional_string("profile_image_url");
    let image = image.as_deref().unwrap_or(ImageReference::DEFAULT);
    let image = fields.image_reference("profile_image_url", image, &call.config.images);
    let role = fields.optional_string("role");
    match (name, email, password, image) {
        (Some(name), Some(email), Some(password), Some(image)) if !fields.has_issues() => {
            let role = Role::parse(role.as_deref().unwrap_or("pending")).ok_or_else(Error::unknown_role)?;
            Ok(NewUserForm { name, email, password, image, role })
        }
        _ => Err(fields.into_error()),
    }
}
