use alloc::string::String;

use serde_json::{Map, Value};

use super::{Preset, PresetEndpoints, ResponseMode, number, say, text};

/// <https://open.feishu.cn/document/common-capabilities/sso/web-application-sso>
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Fixed {
        issuer: "https://open.feishu.cn",
        authorization: "https://accounts.feishu.cn/open-apis/authen/v1/authorize",
        token: "https://open.feishu.cn/open-apis/authen/v2/oauth/token",
        userinfo: "https://open.feishu.cn/open-apis/authen/v1/user_info",
    },
    scope: "contact:user.base:readonly",
    response_mode: ResponseMode::Query,
    authorize: &[],
    quotes_booleans: false,
    normalise,
};

/// The account stands in `data`, beside a code and a message.
fn normalise(claims: &mut Map<String, Value>) {
    if let Some(Value::Object(data)) = claims.remove("data") {
        *claims = data;
    }
    claims.remove("email_verified");
    let (id, picture) = (text(claims, "user_id"), text(claims, "avatar_url"));
    if text(claims, "email").is_none() {
        claims.remove("email");
        let address = text(claims, "enterprise_email");
        say(claims, "email", address);
    }
    number(claims, id);
    say(claims, "picture", picture);
}
