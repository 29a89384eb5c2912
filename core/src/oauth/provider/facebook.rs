use alloc::string::{String, ToString};

use serde_json::{Map, Value};

use super::{Preset, PresetEndpoints, ResponseMode, number, say, text};

/// <https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow>
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Fixed {
        issuer: "https://www.facebook.com",
        authorization: "https://www.facebook.com/v21.0/dialog/oauth",
        token: "https://graph.facebook.com/v21.0/oauth/access_token",
        userinfo: "https://graph.facebook.com/v21.0/me?fields=id,email,name,first_name,last_name,picture",
    },
    scope: "public_profile email",
    response_mode: ResponseMode::Query,
    authorize: &[],
    quotes_booleans: false,
    normalise,
};

fn normalise(claims: &mut Map<String, Value>) {
    // Facebook does not say whether anybody reads the address.
    claims.remove("email_verified");
    let id = text(claims, "id");
    let picture = claims
        .get("picture")
        .and_then(|picture| picture.pointer("/data/url"))
        .and_then(Value::as_str)
        .map(ToString::to_string);
    claims.remove("picture");
    number(claims, id);
    say(claims, "picture", picture);
    let parts = [text(claims, "first_name"), text(claims, "last_name")];
    let name = parts.into_iter().flatten().collect::<alloc::vec::Vec<String>>().join(" ");
    say(claims, "name", Some(name).filter(|name| !name.is_empty()));
}
