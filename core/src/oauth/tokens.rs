//! What a provider gives us for somebody, and how it is kept (open-webui.md §8.8).

use alloc::string::{String, ToString};

use serde_json::{Value, json};

use crate::{
    secret::Secret,
    time::{Lifetime, UnixSeconds},
};

/// Tokens are asked for anew this long before they end.
const REFRESH_AHEAD: Lifetime = Lifetime::from_minutes(5);
/// How long an access token is taken to be good that can be refreshed and does not say it.
const UNSAID: Lifetime = Lifetime::from_minutes(60);
/// The last second of the year 9999: an access token that ends nobody knows when.
pub const NEVER: UnixSeconds = UnixSeconds::new(253_402_300_799);

/// A provider's tokens for somebody.
#[derive(Clone, Debug)]
pub struct ProviderTokens {
    /// What the provider's services take.
    pub access_token: Secret<String>,
    /// What the next access token is to be had with.
    pub refresh_token: Option<Secret<String>>,
    /// What says who somebody is.
    pub id_token: Option<Secret<String>>,
    /// What it may be used for, as the provider says it.
    pub scope: Option<String>,
    /// When it came.
    pub issued_at: UnixSeconds,
    /// When the access token ends.
    pub expires_at: UnixSeconds,
}

impl ProviderTokens {
    /// When an access token ends of which its provider says this.
    pub fn end(
        expires_at: Option<i64>,
        expires_in: Option<u64>,
        is_refreshable: bool,
        now: UnixSeconds,
    ) -> UnixSeconds {
        match (expires_at, expires_in) {
            (Some(at), _) => UnixSeconds::new(at),
            (None, Some(seconds)) => now.plus(Lifetime::from_seconds(seconds)).min(NEVER),
            (None, None) if is_refreshable => now.plus(UNSAID),
            (None, None) => NEVER,
        }
    }

    /// Whether they should be asked for anew.
    pub fn is_due(&self, now: UnixSeconds) -> bool {
        now.plus(REFRESH_AHEAD) >= self.expires_at
    }

    /// As JSON, to be sealed: the members that the contract has.
    pub fn to_json(&self) -> Secret<String> {
        let text = |token: &Option<Secret<String>>| token.as_ref().map(|token| token.expose_secret().clone());
        let json = json!({
            "access_token": self.access_token.expose_secret(),
            "refresh_token": text(&self.refresh_token),
            "id_token": text(&self.id_token),
            "scope": self.scope,
            "token_type": "Bearer",
            "issued_at": self.issued_at,
            "expires_at": self.expires_at,
        });
        Secret::new(json.to_string())
    }

    /// Reads what was sealed; `None` for anything else.
    pub fn from_json(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        let text = |name: &str| json.get(name).and_then(Value::as_str).map(ToString::to_string);
        let date = |name: &str| json.get(name).and_then(Value::as_i64).map(UnixSeconds::new);
        Some(Self {
            access_token: text("access_token").map(Secret::new)?,
            refresh_token: text("refresh_token").map(Secret::new),
            id_token: text("id_token").map(Secret::new),
            scope: text("scope"),
            issued_at: date("issued_at")?,
            expires_at: date("expires_at")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_000);

    #[test]
    fn an_access_token_ends_when_its_provider_says_or_not_before_it_is_known() {
        let end = |at, within, refreshable| ProviderTokens::end(at, within, refreshable, NOW).get();
        assert_eq!(end(Some(7), Some(9), true), 7);
        assert_eq!(end(None, Some(9), true), 1_009);
        assert_eq!(end(None, None, true), 4_600);
        assert_eq!(end(None, None, false), NEVER.get());
        assert_eq!(end(None, Some(u64::MAX), false), NEVER.get());
    }

    #[test]
    fn what_is_sealed_reads_back_and_tells_nothing_when_it_is_printed() {
        /* OA-22 */
        let tokens = ProviderTokens {
            access_token: Secret::new("at-1".into()),
            refresh_token: None,
            id_token: Some(Secret::new("it-1".into())),
            scope: Some("a b".into()),
            issued_at: NOW,
            expires_at: UnixSeconds::new(1_301),
        };
        let read = ProviderTokens::from_json(tokens.to_json().expose_secret()).unwrap();
        assert_eq!(read.to_json().expose_secret(), tokens.to_json().expose_secret());
        assert!(read.refresh_token.is_none() && !alloc::format!("{read:?}").contains("-1"));
        assert!(!read.is_due(NOW) && read.is_due(UnixSeconds::new(1_001)), "five minutes ahead");
        assert!(ProviderTokens::from_json("{}").is_none());
    }
}
