use super::{Preset, PresetEndpoints, ResponseMode, keep};

/// OpenID Connect Core 1.0.
pub(super) const PRESET: Preset = Preset {
    endpoints: PresetEndpoints::Configured,
    scope: "openid email profile",
    response_mode: ResponseMode::Query,
    authorize: &[],
    quotes_booleans: false,
    normalise: keep,
};
