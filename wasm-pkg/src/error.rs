//! Refusals as stable codes, which `index.mjs` turns into `PorticoError`.

use portico_core::{
    jwt::{ParseError, VerifyError},
    permission::MalformedTree,
};

/// Why a call was refused; crosses the border as its code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal(&'static str);

impl Refusal {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        self.0
    }
}

impl From<MalformedTree> for Refusal {
    fn from(_: MalformedTree) -> Self {
        Self("malformed_tree")
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self(match error {
            ParseError::Malformed | ParseError::TooLong => "malformed",
            ParseError::UnsupportedAlgorithm => "wrong_algorithm",
            ParseError::UnsupportedHeader => "unsupported_header",
        })
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        Self(match error {
            VerifyError::BadSignature => "bad_signature",
            VerifyError::Expired => "token_expired",
            VerifyError::MalformedClaim | VerifyError::WrongKind => "malformed_claim",
            VerifyError::NotYetValid => "token_not_yet_valid",
            VerifyError::UnknownKey => "unknown_kid",
            VerifyError::WrongAlgorithm => "wrong_algorithm",
            VerifyError::WrongAudience => "wrong_audience",
            VerifyError::WrongIssuer => "wrong_issuer",
        })
    }
}
