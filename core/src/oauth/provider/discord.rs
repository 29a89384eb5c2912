use alloc::{borrow::ToOwned as _, format, string::String};

use serde_json::{Map, Value};

use super::{Preset, PresetEndpoints, ResponseMode, number, say, text};

/// <https://discord.com/developers/docs/topics/oauth2>
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Fixed {
        issuer: "https://discord.com",
        authorization: "https://discord.com/api/oauth2/authorize",
        token: "https://discord.com/api/oauth2/token",
        userinfo: "https://discord.com/api/users/@me",
    },
    scope: "identify email",
    response_mode: ResponseMode::Query,
    authorize: &[("prompt", "none")],
    quotes_booleans: false,
    normalise,
};

fn normalise(claims: &mut Map<String, Value>) {
    let is_verified = claims.get("verified").and_then(Value::as_bool) == Some(true);
    claims.insert("email_verified".to_owned(), Value::Bool(is_verified));
    let (id, username) = (text(claims, "id"), text(claims, "username"));
    let picture = id.as_deref().and_then(|id| picture(claims, id));
    let name = text(claims, "global_name").or_else(|| username.clone());
    number(claims, id);
    say(claims, "name", name);
    say(claims, "preferred_username", username);
    say(claims, "picture", picture);
}

/// Discord says the picture's name; those that move begin with `a_`.
fn picture(claims: &Map<String, Value>, id: &str) -> Option<String> {
    let hash = text(claims, "avatar")?;
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let ending = if hash.starts_with("a_") { "gif" } else { "png" };
    (is_plain(&hash) && is_plain(id))
        .then(|| format!("https://cdn.discordapp.com/avatars/{id}/{hash}.{ending}"))
}
