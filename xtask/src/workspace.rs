//! Where things are.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo builds; everything that tools write goes below it.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Local state of `cargo xtask dev`: D1, KV and Durable Objects, kept between starts.
pub(crate) fn dev_state() -> PathBuf {
    root().join(".wrangler/state")
}

/// The crate that becomes the Worker.
pub(crate) fn entry() -> PathBuf {
    root().join("worker/entry")
}

/// The Worker that runs the port suite.
pub(crate) fn port_suite() -> PathBuf {
    root().join("tests/workerd/port-suite")
}
