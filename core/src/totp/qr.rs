//! QR codes as SVG (ISO/IEC 18004), so that no image of a secret has to be fetched from anywhere.

use alloc::{format, string::String, vec};

use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};

/// Light modules around the code, which readers need.
const QUIET_ZONE: i32 = 4;

/// A text as a QR code: black on white, one unit a module, any size on the page. `None` for more than
/// a code can hold, which is about two kilobytes.
pub fn qr_svg(text: &str) -> Option<String> {
    let mut buffers = [vec![0; Version::MAX.buffer_len()], vec![0; Version::MAX.buffer_len()]];
    let [scratch, out] = &mut buffers;
    let code =
        QrCode::encode_text(text, scratch, out, QrCodeEcc::Medium, Version::MIN, Version::MAX, None, true)
            .ok()?;
    let size = code.size() + 2 * QUIET_ZONE;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE));
        }
    }
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges"><path fill="#fff" d="M0,0h{size}v{size}h-{size}z"/><path d="{path}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_code_has_its_finder_patterns_and_a_quiet_zone() {
        let svg = qr_svg("otpauth://totp/x").unwrap();
        // Version 2 has 25 modules a side.
        assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33""#), "{svg}");
        for corner in ["M4,4h1", "M28,4h1", "M4,28h1"] {
            assert!(svg.contains(corner), "{corner}");
        }
        for ring in ["M5,5h1", "M27,5h1", "M5,27h1"] {
            assert!(!svg.contains(ring), "{ring}: the ring inside a finder pattern is light");
        }
        assert!(!svg.contains("M3,"), "nothing stands in the quiet zone");
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(qr_svg(&"x".repeat(2_300)).is_some());
        assert!(qr_svg(&"x".repeat(3_000)).is_none());
    }
}
