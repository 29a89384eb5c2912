//! What is particular about each provider of accounts (open-webui.md §8.1, librechat.md §6.2): where it is, how it calls
//! what everybody has, and what its word about an address is worth.

mod apple;
mod discord;
mod facebook;
mod feishu;
pub(crate) mod github;
mod google;
pub(super) mod microsoft;
mod openid;

use alloc::string::{String, ToString as _};

use serde_json::{Map, Value};

/// A provider of accounts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Provider {
    /// Sign in with Apple.
    Apple,
    /// Discord.
    Discord,
    /// Facebook.
    Facebook,
    /// Feishu.
    Feishu,
    /// GitHub, or a GitHub Enterprise Server.
    Github,
    /// Google.
    Google,
    /// Microsoft Entra ID.
    Microsoft,
    /// Any provider of OpenID Connect; the one that administrators configure.
    Openid,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Apple,
        Self::Discord,
        Self::Facebook,
        Self::Feishu,
        Self::Github,
        Self::Google,
        Self::Microsoft,
        Self::Openid,
    ];

    /// The stored spelling, which Open WebUI's paths have as well.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apple => "apple",
            Self::Discord => "discord",
            Self::Facebook => "facebook",
            Self::Feishu => "feishu",
            Self::Github => "github",
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Openid => "oidc",
        }
    }

    /// Reads the stored spelling; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }

    /// What is particular about it.
    pub const fn preset(self) -> &'static Preset {
        match self {
            Self::Apple => &apple::PRESET,
            Self::Discord => &discord::PRESET,
            Self::Facebook => &facebook::PRESET,
            Self::Feishu => &feishu::PRESET,
            Self::Github => &github::PRESET,
            Self::Google => &google::PRESET,
            Self::Microsoft => &microsoft::PRESET,
            Self::Openid => &openid::PRESET,
        }
    }
}

/// What is particular about a provider.
#[derive(Debug)]
pub struct Preset {
    /// Where it is, as far as that is the same for everybody.
    pub endpoints: PresetEndpoints,
    /// What is asked for unless the deployment says otherwise, with spaces between.
    pub scope: &'static str,
    /// How the browser brings the answer back.
    pub response_mode: ResponseMode,
    /// What the authorization request has besides.
    pub authorize: &'static [(&'static str, &'static str)],
    /// Whether `"true"` in quotes counts where `true` is meant (OA-10).
    pub quotes_booleans: bool,
    /// Turns what it says about somebody into the claims of OpenID Connect Core §5.1, beside its own.
    pub normalise: fn(&mut Map<String, Value>),
}

/// Where a provider is.
#[derive(Clone, Copy, Debug)]
pub enum PresetEndpoints {
    /// Its discovery document says it.
    Discovered(&'static str),
    /// The deployment says where its discovery document is.
    Configured,
    /// Always there.
    Fixed {
        /// What stands for the issuer of accounts that no ID token names.
        issuer: &'static str,
        /// Where browsers are sent.
        authorization: &'static str,
        /// Where codes become tokens.
        token: &'static str,
        /// What says who somebody is.
        userinfo: &'static str,
    },
}

/// How the browser brings the answer of an authorization back (OA-16).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ResponseMode {
    /// In a form that it posts.
    FormPost,
    /// In the address.
    Query,
}

fn keep(_: &mut Map<String, Value>) {}

/// The text of a claim, or the digits of a number: some providers number their accounts.
pub(super) fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    match claims.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// Says a claim in its usual place, unless something stands there.
fn say(claims: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value
        && !claims.contains_key(name)
    {
        claims.insert(name.to_string(), Value::String(value));
    }
}

/// Says what the provider calls the account, and nothing else does: what it may one day say in `sub` is another thing.
fn number(claims: &mut Map<String, Value>, id: Option<String>) {
    claims.remove("sub");
    say(claims, "sub", id);
}
