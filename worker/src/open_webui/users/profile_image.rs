use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use portico_core::{image_reference::ImageReference, ports::Ports};

use super::find;
use crate::{
    http::answer::{self, Answer},
    open_webui::{caller::Verified, error::Error},
    router::Call,
};

/// Somebody without a picture: a head and shoulders in grey.
const DEFAULT_IMAGE: &[u8] = include_bytes!("default_image.png");

/// `GET /api/v1/users/{id}/profile/image`: the bytes of a picture that is stored with the account, or where it is.
///
/// # Errors
/// 400 when there is no such account, or 503.
pub async fn profile_image(call: &Call<'_, impl Ports>, _: Verified<'_>) -> Result<Answer, Error> {
    let record = find::record(call).await?.ok_or_else(Error::not_found_here)?;
    let image = record.user.profile.image.as_str();
    let location = HeaderValue::from_str(image).ok().filter(|_| image.starts_with("https://"));
    if let Some(location) = location.filter(|_| call.config.forward_profile_images) {
        let mut answer = answer::bytes(StatusCode::FOUND, "text/plain; charset=utf-8", Vec::new());
        answer.headers_mut().insert(header::LOCATION, location);
        return Ok(answer);
    }
    Ok(match data(image) {
        Some((media_type, bytes)) => answer::bytes(StatusCode::OK, media_type, bytes),
        None => answer::bytes(StatusCode::OK, "image/png", DEFAULT_IMAGE.to_vec()),
    })
}

/// The picture in a `data:` reference; which media types there are, [`ImageReference`] has decided.
fn data(image: &str) -> Option<(&'static str, Vec<u8>)> {
    let (head, encoded) = image.split_once(',')?;
    let head = head.to_ascii_lowercase();
    let media_type =
        ImageReference::MEDIA_TYPES.into_iter().find(|known| head == format!("data:{known};base64"))?;
    Some((media_type, STANDARD.decode(encoded).ok()?))
}
