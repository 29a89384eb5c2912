use portico_core::{
    flow::sign_up::{self, SignUp},
    image_reference::ImageReference,
    ports::Ports,
    secret::Secret,
};

use crate::{
    http::answer::Answer,
    open_webui::{auths::signin, error::Error, validate::Fields},
    router::Call,
};

/// `POST /api/v1/auths/signup`: a new account and its first session.
///
/// # Errors
/// 400, 403, 422, 429 or 503.
pub async fn signup(call: &Call<'_, impl Ports>) -> Result<Answer, Error> {
    let next = sign_up::with_password(&call.ctx, form(call)?)
        .await
        .map_err(|error| Error::sign_up(error, call.config))?;
    Ok(signin::next(call, &next))
}

fn form<P>(call: &Call<'_, P>) -> Result<SignUp, Error> {
    let mut fields = Fields::of(call.request)?;
    let name = fields.string("name").and_then(|text| fields.display_name("name", &text));
    let email = fields.string("email");
    let password = fields.string("password").map(Secret::new);
    let image = fields.optional_string("profile_image_url");
    let image = image.as_deref().unwrap_or(ImageReference::DEFAULT);
    let image = fields.image_reference("profile_image_url", image, &call.config.images);
    let shown = fields.optional_string("bootstrap_secret").unwrap_or_default();
    let may_be_first = call.config.admits_first(&shown);
    match (name, email, password, image) {
        (Some(name), Some(email), Some(password), Some(image)) if !fields.has_issues() => {
            let previous_token = signin::previous_token(call);
            Ok(SignUp { name, email, password, image, may_be_first, previous_token })
        }
        _ => Err(fields.into_error()),
    }
}
