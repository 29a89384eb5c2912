use super::{Preset, PresetEndpoints, ResponseMode, keep};

/// <https://developers.google.com/identity/openid-connect/openid-connect>
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Discovered("https://accounts.google.com/.well-known/openid-configuration"),
    scope: "openid email profile",
    response_mode: ResponseMode::Query,
    authorize: &[],
    quotes_booleans: false,
    normalise: keep,
};
