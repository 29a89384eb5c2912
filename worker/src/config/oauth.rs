//! Providers of accounts, as the environment names them (open-webui.md §8.1, librechat.md §6.1).

use alloc::rc::Rc;

use portico_core::{
    jwt::PrivateKey,
    oauth::{
        Client, ClientAuth, Endpoints, OAuthPolicy, Provider, ProviderClient,
        client::{AppleKey, PATIENCE},
        provider::{Preset, PresetEndpoints},
        role_gate::{RoleGate, RoleGates, TokenKind},
    },
    outbound_url::{OutboundUrl, Reach},
    secret::Secret,
};
use serde_json::{Map, Value};

use super::variables::Variables;

/// Longest address of a sign-out unless the deployment says otherwise (librechat.md §6.6).
const MAX_LOGOUT_URL_BYTES: usize = 2_000;
/// How many of a provider's tokens an account has unless the deployment says otherwise (open-webui.md §8.8).
const KEPT_SESSIONS: u32 = 10;
/// Providers whose word about an address counts unless the deployment says otherwise: those that say one (OA-10).
const TRUSTED_FOR_EMAIL: [Provider; 6] = [
    Provider::Apple,
    Provider::Discord,
    Provider::Github,
    Provider::Google,
    Provider::Microsoft,
    Provider::Openid,
];

const REQUIRED_ROLE: &str = "OPENID_REQUIRED_ROLE";
const ADMIN_ROLE: &str = "OPENID_ADMIN_ROLE";

/// What pages of the other dialects have to know besides.
#[derive(Clone, Debug)]
pub struct OAuthPages {
    /// Whether scripts of the pages may read the session's cookie after a sign-in, as stock pages of Open WebUI do.
    pub readable_token: bool,
    /// Whether the ID token is kept in a cookie for integrations.
    pub id_token_cookie: bool,
    /// Whether providers may say that somebody has signed out there.
    pub backchannel: bool,
    /// Where LibreChat's pages lead after signing out at the provider; `None` where they do not sign out there.
    pub end_session: Option<EndSession>,
    /// Whether LibreChat's pages get tokens for other services of a provider.
    pub reuses_tokens: bool,
    /// Whether LibreChat's pages offer providers.
    pub social_login: bool,
    /// What the button of the provider says there that administrators configure.
    pub button_label: String,
    /// The picture on it.
    pub button_image: Option<String>,
    /// Whether people let the application use services of others for them.
    pub tool_servers: bool,
    /// Paths that LibreChat's deployments have registered with providers, instead of the usual ones.
    pub callback_paths: Vec<(Provider, String)>,
}

/// How LibreChat's pages sign out at a provider (librechat.md §6.6).
#[derive(Clone, Debug)]
pub struct EndSession {
    /// Where the browser goes after that; `None` for the page that people sign in on.
    pub return_to: Option<String>,
    /// Longest address.
    pub max_bytes: usize,
}

/// The variables of one provider.
struct Names {
    provider: Provider,
    name: &'static str,
    id: &'static str,
    secret: &'static str,
    scope: &'static str,
    redirect_uri: &'static str,
    callback_path: &'static str,
}

const PROVIDERS: [Names; 6] = [
    Names {
        provider: Provider::Discord,
        name: "discord",
        id: "DISCORD_CLIENT_ID",
        secret: "DISCORD_CLIENT_SECRET",
        scope: "DISCORD_OAUTH_SCOPE",
        redirect_uri: "DISCORD_REDIRECT_URI",
        callback_path: "DISCORD_CALLBACK_URL",
    },
    Names {
        provider: Provider::Facebook,
        name: "facebook",
        id: "FACEBOOK_CLIENT_ID",
        secret: "FACEBOOK_CLIENT_SECRET",
        scope: "FACEBOOK_OAUTH_SCOPE",
        redirect_uri: "FACEBOOK_REDIRECT_URI",
        callback_path: "FACEBOOK_CALLBACK_URL",
    },
    Names {
        provider: Provider::Feishu,
        name: "feishu",
        id: "FEISHU_CLIENT_ID",
        secret: "FEISHU_CLIENT_SECRET",
        scope: "FEISHU_OAUTH_SCOPE",
        redirect_uri: "FEISHU_REDIRECT_URI",
        callback_path: "",
    },
    Names {
        provider: Provider::Github,
        name: "github",
        id: "GITHUB_CLIENT_ID",
        secret: "GITHUB_CLIENT_SECRET",
        scope: "GITHUB_CLIENT_SCOPE",
        redirect_uri: "GITHUB_CLIENT_REDIRECT_URI",
        callback_path: "GITHUB_CALLBACK_URL",
    },
    Names {
        provider: Provider::Google,
        name: "google",
        id: "GOOGLE_CLIENT_ID",
        secret: "GOOGLE_CLIENT_SECRET",
        scope: "GOOGLE_OAUTH_SCOPE",
        redirect_uri: "GOOGLE_REDIRECT_URI",
        callback_path: "GOOGLE_CALLBACK_URL",
    },
    Names {
        provider: Provider::Microsoft,
        name: "microsoft",
        id: "MICROSOFT_CLIENT_ID",
        secret: "MICROSOFT_CLIENT_SECRET",
        scope: "MICROSOFT_OAUTH_SCOPE",
        redirect_uri: "MICROSOFT_REDIRECT_URI",
        callback_path: "",
    },
];

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    /// What is said about accounts elsewhere.
    pub(super) fn oauth(&mut self) -> OAuthPolicy {
        let reach = self.reach("OAUTH_ALLOW_LOOPBACK");
        let authorize = self.parsed("OAUTH_AUTHORIZE_PARAMS", parameters).unwrap_or_default();
        let mut clients: Vec<_> =
            PROVIDERS.iter().filter_map(|names| self.client(names, reach, &authorize)).collect();
        clients.extend(self.apple(reach));
        OAuthPolicy {
            clients,
            reach,
            kept_sessions: self
                .parsed("OAUTH_MAX_SESSIONS_PER_USER", super::values::attempts)
                .unwrap_or(KEPT_SESSIONS),
            email_fallback: self.flag("ENABLE_OAUTH_EMAIL_FALLBACK", false),
            trusted_for_email: self
                .parsed("OAUTH_TRUSTED_EMAIL_PROVIDERS", providers)
                .unwrap_or_else(|| TRUSTED_FOR_EMAIL.into()),
            roles_separator: self.text("OAUTH_ROLES_SEPARATOR").unwrap_or_else(|| ",".to_string()),
            groups_separator: self.text("OAUTH_GROUPS_SEPARATOR").unwrap_or_else(|| ";".to_string()),
            gates: RoleGates { required: self.gate(REQUIRED_ROLE), admin: self.gate(ADMIN_ROLE) },
            username_claim: self.text("OPENID_USERNAME_CLAIM").unwrap_or_default(),
            client_id_in_body: self.flag("OAUTH_ACCESS_TOKEN_REQUEST_INCLUDE_CLIENT_ID", false),
            member_sign_up: self.flag("ALLOW_SOCIAL_REGISTRATION", false),
            authorize,
        }
    }

    /// What pages have to know about them.
    pub(super) fn oauth_pages(&mut self) -> OAuthPages {
        let openid = self.text("OPENID_CALLBACK_URL").map(|path| (Provider::Openid, path));
        let apple = self.text("APPLE_CALLBACK_URL").map(|path| (Provider::Apple, path));
        let others =
            PROVIDERS.iter().filter_map(|names| Some((names.provider, self.text(names.callback_path)?)));
        OAuthPages {
            callback_paths: others.chain(openid).chain(apple).collect(),
            readable_token: self.flag("OAUTH_TOKEN_COOKIE_READABLE", false),
            end_session: self.flag("OPENID_USE_END_SESSION_ENDPOINT", false).then(|| EndSession {
                return_to: self.text("OPENID_POST_LOGOUT_REDIRECT_URI"),
                max_bytes: self
                    .parsed("OPENID_MAX_LOGOUT_URL_LENGTH", super::values::bytes)
                    .unwrap_or(MAX_LOGOUT_URL_BYTES),
            }),
            backchannel: self.flag("ENABLE_OAUTH_BACKCHANNEL_LOGOUT", false),
            id_token_cookie: self.flag("ENABLE_OAUTH_ID_TOKEN_COOKIE", true),
            reuses_tokens: self.flag("OPENID_REUSE_TOKENS", false),
            social_login: self.flag("ALLOW_SOCIAL_LOGIN", false),
            button_label: self
                .text("OPENID_BUTTON_LABEL")
                .unwrap_or_else(|| "Continue with OpenID".to_string()),
            button_image: self.parsed("OPENID_IMAGE_URL", super::values::absolute_url),
            tool_servers: self.flag("ENABLE_TOOL_SERVERS", true),
        }
    }

    /// A role that decides something, if the deployment says where it stands.
    fn gate(&mut self, name: &'static str) -> Option<RoleGate> {
        let (kind, path) = match name {
            ADMIN_ROLE => ("OPENID_ADMIN_ROLE_TOKEN_KIND", "OPENID_ADMIN_ROLE_PARAMETER_PATH"),
            _ => ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "OPENID_REQUIRED_ROLE_PARAMETER_PATH"),
        };
        let roles = self.text(name)?;
        let wanted = "must be `access`, `id` or `userinfo`";
        let kind = self.parsed(kind, |text| TokenKind::parse(text).ok_or_else(|| wanted.to_string()));
        let (Some(kind), Some(path)) = (kind, self.text(path)) else {
            // A gate that nobody can pass is a mistake; an administrator whom nobody makes is none (OA-26).
            if name != ADMIN_ROLE {
                self.refuse(name, "needs `OPENID_REQUIRED_ROLE_TOKEN_KIND` and `…_PARAMETER_PATH`");
            }
            return None;
        };
        let roles = roles.split(',').map(|role| role.trim().to_string()).filter(|role| !role.is_empty());
        Some(RoleGate { roles: roles.collect(), path, kind })
    }

    fn client(
        &mut self,
        names: &Names,
        reach: Reach,
        authorize: &[(String, String)],
    ) -> Option<ProviderClient> {
        let (client_id, secret) = self.text(names.id).zip(self.text(names.secret))?;
        let preset = names.provider.preset();
        let endpoints = match names.provider {
            Provider::Microsoft => Endpoints::Discovered(self.tenant(&client_id, reach)?),
            Provider::Github => self.github(reach)?,
            _ => endpoints(&preset.endpoints)?,
        };
        let mut authorize = [own_parameters(preset), authorize.to_vec()].concat();
        if names.provider == Provider::Google {
            authorize.extend(self.parsed("GOOGLE_OAUTH_AUTHORIZE_PARAMS", parameters).unwrap_or_default());
        }
        let secret = Secret::new(secret);
        let client = Client {
            client_id,
            auth: match names.provider {
                // They know no other way (their own documents say).
                Provider::Discord | Provider::Facebook | Provider::Feishu | Provider::Github => {
                    ClientAuth::Post(secret)
                }
                _ => ClientAuth::Basic(secret),
            },
            endpoints,
            scope: self.text(names.scope).unwrap_or_else(|| preset.scope.to_string()),
            redirect_uri: self.text(names.redirect_uri),
            authorize,
            audience: None,
            resource: None,
            client_id_in_body: false,
            patience: PATIENCE,
            reach,
        };
        Some(ProviderClient { provider: names.provider, name: names.name.to_string(), client })
    }

    /// The discovery document of a tenant.
    fn tenant(&mut self, client_id: &str, reach: Reach) -> Option<OutboundUrl> {
        const VARIABLE: &str = "MICROSOFT_CLIENT_TENANT_ID";
        let tenant = self.text(VARIABLE)?;
        let base = self.text("MICROSOFT_CLIENT_LOGIN_BASE_URL");
        let base = base.unwrap_or_else(|| "https://login.microsoftonline.com".to_string());
        let base = base.trim_end_matches('/');
        let document = format!("{base}/{tenant}/v2.0/.well-known/openid-configuration?appid={client_id}");
        self.address("MICROSOFT_CLIENT_LOGIN_BASE_URL", &document, reach)
    }

    /// GitHub, or a server of one's own.
    fn github(&mut self, reach: Reach) -> Option<Endpoints> {
        const VARIABLE: &str = "GITHUB_ENTERPRISE_BASE_URL";
        let Some(base) = self.text(VARIABLE) else { return endpoints(&Provider::Github.preset().endpoints) };
        let base = base.trim_end_matches('/').to_string();
        let mut at = |path: &str| self.address(VARIABLE, &format!("{base}{path}"), reach);
        Some(Endpoints::Fixed {
            authorization: at("/login/oauth/authorize")?,
            token: at("/login/oauth/access_token")?,
            userinfo: Some(at("/api/v3/user")?),
            issuer: base,
        })
    }

    fn apple(&mut self, reach: Reach) -> Option<ProviderClient> {
        // A Worker has no files: the variable that names one elsewhere has the key itself.
        let key =
            self.parsed("APPLE_PRIVATE_KEY", key).or_else(|| self.parsed("APPLE_PRIVATE_KEY_PATH", key));
        let (client_id, key) = self.text("APPLE_CLIENT_ID").zip(key)?;
        let (team_id, key_id) = self.text("APPLE_TEAM_ID").zip(self.text("APPLE_KEY_ID"))?;
        let preset = Provider::Apple.preset();
        let client = Client {
            client_id,
            auth: ClientAuth::Signed(Rc::new(AppleKey { team_id, key_id, key })),
            endpoints: endpoints(&preset.endpoints)?,
            scope: preset.scope.to_string(),
            redirect_uri: self.text("APPLE_REDIRECT_URI"),
            authorize: own_parameters(preset),
            audience: None,
            resource: None,
            client_id_in_body: false,
            patience: PATIENCE,
            reach,
        };
        Some(ProviderClient { provider: Provider::Apple, name: "apple".to_string(), client })
    }

    fn address(&mut self, variable: &'static str, text: &str, reach: Reach) -> Option<OutboundUrl> {
        reach.check(text).map_err(|error| self.refuse(variable, error.to_string())).ok()
    }
}

/// What a provider's authorization requests always have.
fn own_parameters(preset: &Preset) -> Vec<(String, String)> {
    preset.authorize.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// Where a provider is that is always there.
fn endpoints(preset: &PresetEndpoints) -> Option<Endpoints> {
    let url = |text: &str| OutboundUrl::parse(text).ok();
    match *preset {
        PresetEndpoints::Configured => None,
        PresetEndpoints::Discovered(document) => url(document).map(Endpoints::Discovered),
        PresetEndpoints::Fixed { issuer, authorization, token, userinfo } => Some(Endpoints::Fixed {
            issuer: issuer.to_string(),
            authorization: url(authorization)?,
            token: url(token)?,
            userinfo: Some(url(userinfo)?),
        }),
    }
}

fn key(text: &str) -> Result<PrivateKey, String> {
    // Variables have no line breaks everywhere.
    PrivateKey::parse(&text.replace("\\n", "\n")).map_err(|error| error.to_string())
}

/// A JSON object of texts.
fn parameters(text: &str) -> Result<Vec<(String, String)>, String> {
    let object: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| "must be a JSON object".to_string())?;
    object
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Bool(_) | Value::Number(_) => Ok((name, value.to_string())),
            _ => Err("must have texts for values".to_string()),
        })
        .collect()
}

/// A list of providers with commas between.
fn providers(text: &str) -> Result<Vec<Provider>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| Provider::parse(word).ok_or_else(|| format!("has no provider `{word}`"))).collect()
}
