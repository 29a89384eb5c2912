//! Bindings over `portico-core` for forms: what may be a password, and QR codes for authenticator apps.

#![warn(missing_docs)]

use portico_core::{
    password::{Password, PasswordPolicy, PasswordPolicyError, PublicKnowledge},
    totp,
};
use wasm_bindgen::prelude::wasm_bindgen;

/// A third of the size of the standard one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Why a password is refused, as a stable code; empty for one that may be set. `normalized` is the password in NFC,
/// which JavaScript makes by itself; `least` is in code points, `most` in bytes.
#[wasm_bindgen(js_name = refusal)]
#[expect(clippy::too_many_arguments, reason = "plain values cross the border, objects would cost more")]
pub fn refusal(
    typed: &str,
    normalized: String,
    least: usize,
    most: usize,
    refuses_guessable: bool,
    email: &str,
    name: &str,
    site: &str,
) -> String {
    let policy = PasswordPolicy {
        min_code_points: least,
        max_bytes: most,
        refuses_guessable,
        // Patterns are JavaScript's own.
        pattern: None,
    };
    let known = PublicKnowledge { email, name, site };
    match Password::of_composed(typed, normalized) {
        Err(_) => "too_long",
        Ok(password) => policy.check(&password, &known).err().map_or("", code),
    }
    .into()
}

const fn code(error: PasswordPolicyError) -> &'static str {
    match error {
        PasswordPolicyError::AboutYou => "about_you",
        PasswordPolicyError::Breached => "breached",
        PasswordPolicyError::Common => "common",
        PasswordPolicyError::Control => "control_character",
        PasswordPolicyError::Pattern => "pattern",
        PasswordPolicyError::TooLong => "too_long",
        PasswordPolicyError::TooShort { .. } => "too_short",
    }
}

/// A text as a QR code, as SVG; empty for one that is too long.
#[wasm_bindgen(js_name = qrSvg)]
pub fn qr_svg(text: &str) -> String {
    totp::qr_svg(text).unwrap_or_default()
}
