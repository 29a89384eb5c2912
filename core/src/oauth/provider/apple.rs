use super::{Preset, PresetEndpoints, ResponseMode, keep};

/// <https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple>
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Discovered("https://appleid.apple.com/.well-known/openid-configuration"),
    scope: "openid name email",
    // Apple refuses to put names and addresses into an address.
    response_mode: ResponseMode::FormPost,
    authorize: &[("response_mode", "form_post")],
    quotes_booleans: true,
    normalise: keep,
};
