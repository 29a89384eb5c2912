//! Whose words answer for what happens around a handler: those of the dialect that a path belongs to.

use http::HeaderValue;
use portico_core::{ports::PortError, time::Lifetime};

use crate::{
    http::{answer::Answer, body::BodyError},
    librechat, open_webui,
};

/// A dialect, by the paths that it owns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dialect {
    LibreChat,
    OpenWebUi,
}

/// Everything below these is LibreChat's.
const LIBRECHAT: [&str; 4] = ["/api/auth", "/api/banner", "/api/roles", "/api/user"];

impl Dialect {
    pub(super) fn of(path: &str) -> Self {
        let owns = |prefix: &&str| {
            path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if LIBRECHAT.iter().any(owns) { Self::LibreChat } else { Self::OpenWebUi }
    }

    pub(super) fn not_found(self) -> Answer {
        match self {
            Self::LibreChat => librechat::error::not_found(),
            Self::OpenWebUi => open_webui::error::not_found(),
        }
    }

    pub(super) fn method_not_allowed(self, allowed: HeaderValue) -> Answer {
        match self {
            Self::LibreChat => librechat::error::method_not_allowed(allowed),
            Self::OpenWebUi => open_webui::error::method_not_allowed(allowed),
        }
    }

    pub(super) fn foreign_origin(self) -> Answer {
        match self {
            Self::LibreChat => librechat::error::foreign_origin(),
            Self::OpenWebUi => open_webui::error::foreign_origin(),
        }
    }

    pub(super) fn too_many(self, retry_after: Lifetime) -> Answer {
        match self {
            Self::LibreChat => librechat::error::too_many(retry_after),
            Self::OpenWebUi => open_webui::error::Error::too_many(retry_after).into(),
        }
    }

    pub(super) fn unavailable(self, fault: PortError) -> Answer {
        match self {
            Self::LibreChat => librechat::error::Error::from(fault).into(),
            Self::OpenWebUi => open_webui::error::Error::from(fault).into(),
        }
    }

    pub(super) fn body(self, error: BodyError) -> Answer {
        match self {
            Self::LibreChat => librechat::error::body(error),
            Self::OpenWebUi => open_webui::error::body(error),
        }
    }
}
