use alloc::string::String;

use serde_json::{Map, Value};

use super::{Preset, PresetEndpoints, ResponseMode, number, say, text};

/// <https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Fixed {
        issuer: "https://github.com",
        authorization: "https://github.com/login/oauth/authorize",
        token: "https://github.com/login/oauth/access_token",
        userinfo: "https://api.github.com/user",
    },
    scope: "user:email",
    response_mode: ResponseMode::Query,
    authorize: &[],
    quotes_booleans: false,
    normalise,
};

fn normalise(claims: &mut Map<String, Value>) {
    // Whatever GitHub may say there one day, it is not OpenID Connect's.
    claims.remove("email_verified");
    let (id, login, picture) = (text(claims, "id"), text(claims, "login"), text(claims, "avatar_url"));
    if claims.get("name").is_some_and(Value::is_null) {
        claims.remove("name");
    }
    say(claims, "name", login.clone());
    number(claims, id);
    say(claims, "preferred_username", login);
    say(claims, "picture", picture);
}

/// The address that somebody gets GitHub's mail at, and whether they have shown that they read it: from the list of
/// their addresses.
pub(crate) fn primary_address(list: &Value) -> Option<(String, bool)> {
    let is = |entry: &Value, member: &str| entry.get(member).and_then(Value::as_bool) == Some(true);
    let primary = list.as_array()?.iter().find(|entry| is(entry, "primary"))?;
    Some((primary.get("email")?.as_str()?.into(), is(primary, "verified")))
}
