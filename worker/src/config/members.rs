//! What holds for people who come by LibreChat's dialect (contract §8, §10).

use portico_core::{
    arithmetic,
    flow::MemberPolicy,
    jwt::{HmacKey, KeyRing},
    secret::RootSecret,
    throttle::{BanPolicy, Limit},
    time::Lifetime,
};

use super::{values, variables::Variables};

/// How long access tokens live unless the deployment says otherwise.
const ACCESS_LIFETIME: Lifetime = Lifetime::from_minutes(15);
/// How long sessions go on by refreshing them.
const REFRESH_LIFETIME: Lifetime = Lifetime::from_days(7);
/// Longest length of time that a variable may give.
const MAX_SECONDS: f64 = 10.0 * 366.0 * 86_400.0;

/// What one address may ask of the routes (contract §8).
#[derive(Clone, Copy, Debug)]
pub struct RouteLimits {
    /// Signing in.
    pub login: Limit,
    /// Registering.
    pub register: Limit,
    /// Asking for a new password.
    pub reset: Limit,
    /// Choosing one.
    pub reset_submission: Limit,
    /// Asking for a mail that verifies an address.
    pub verify: Limit,
    /// Showing what it said.
    pub verify_submission: Limit,
    /// Showing a second factor.
    pub second_factor: Limit,
    /// Points of one code too many for an account; nothing else that goes on too long is anybody's in particular.
    pub code_points: u32,
}

/// What the routes say about themselves.
#[derive(Clone, Debug)]
pub struct MemberPages {
    /// What the pages call the deployment.
    pub title: String,
    /// Where the API is, when the deployment says so.
    pub server: Option<String>,
    /// What links begin with, and where browsers are sent, when the deployment says so.
    pub client: Option<String>,
    /// Whether people sign in with a password.
    pub email_login: bool,
    /// Whether the route works while the form is hidden.
    pub email_login_override: bool,
    /// Whether people register; the switch for all dialects comes on top.
    pub registration: bool,
    /// Whether people get new passwords by mail.
    pub password_reset: bool,
    /// Whether people delete their accounts.
    pub account_deletion: bool,
    /// The terms of the service.
    pub terms_of_service: Option<String>,
    /// Whether pages ask people to accept them.
    pub terms_acceptance: bool,
    /// What the service does with data.
    pub privacy_policy: Option<String>,
    /// Where people find help.
    pub help: Option<String>,
}

impl<L: Fn(&str) -> Option<String>> Variables<L> {
    pub(super) fn members(&mut self, root: &RootSecret) -> MemberPolicy {
        let shared = self.secret("JWT_SECRET");
        MemberPolicy {
            access_keys: match shared {
                Some(secret) => KeyRing::shared(HmacKey::new(secret.as_bytes())),
                None => KeyRing::derived(root),
            },
            access_lifetime: self.milliseconds("SESSION_EXPIRY").unwrap_or(ACCESS_LIFETIME),
            refresh_lifetime: self.milliseconds("REFRESH_TOKEN_EXPIRY").unwrap_or(REFRESH_LIFETIME),
            unverified_sign_in: self.flag("ALLOW_UNVERIFIED_EMAIL_LOGIN", false),
            email_domains: self.parsed("ALLOWED_EMAIL_DOMAINS", values::domains).unwrap_or_default(),
            bans: self.flag("BAN_VIOLATIONS", false),
        }
    }

    pub(super) fn ban_policy(&mut self) -> BanPolicy {
        let default = BanPolicy::DEFAULT;
        BanPolicy {
            interval: self.count("BAN_INTERVAL").unwrap_or(default.interval).max(1),
            duration: self.milliseconds("BAN_DURATION").unwrap_or(default.duration),
            decay: self.milliseconds("VIOLATION_SCORE_TTL").unwrap_or(default.decay),
        }
    }

    pub(super) fn route_limits(&mut self) -> RouteLimits {
        let limit = |attempts, minutes| Limit { attempts, window: Lifetime::from_minutes(minutes) };
        let login = self.route_limit(["LOGIN_WINDOW", "LOGIN_MAX"], limit(7, 5));
        let reset = self.route_limit(["RESET_PASSWORD_WINDOW", "RESET_PASSWORD_MAX"], limit(2, 2));
        let verify = self.route_limit(["VERIFY_EMAIL_WINDOW", "VERIFY_EMAIL_MAX"], limit(2, 2));
        let points = self.count("LOGIN_VIOLATION_SCORE").unwrap_or(1);
        RouteLimits {
            login,
            register: self.route_limit(["REGISTER_WINDOW", "REGISTER_MAX"], limit(5, 60)),
            reset,
            reset_submission: self
                .route_limit(["RESET_PASSWORD_SUBMISSION_WINDOW", "RESET_PASSWORD_SUBMISSION_MAX"], reset),
            verify,
            verify_submission: self
                .route_limit(["VERIFY_EMAIL_SUBMISSION_WINDOW", "VERIFY_EMAIL_SUBMISSION_MAX"], verify),
            second_factor: self.route_limit(["TWO_FACTOR_TEMP_WINDOW", "TWO_FACTOR_TEMP_MAX"], login),
            code_points: self.count("TWO_FACTOR_TEMP_VIOLATION_SCORE").unwrap_or(points),
        }
    }

    /// Window in minutes, attempts.
    fn route_limit(&mut self, [window, attempts]: [&'static str; 2], default: Limit) -> Limit {
        let window = self.parsed(window, |text| match arithmetic::value(text) {
            Some(minutes) if (1.0..=1_440.0).contains(&minutes) => {
                Ok(Lifetime::from_seconds(whole(minutes * 60.0)))
            }
            _ => Err("must be a number of minutes from 1 to 1440".to_string()),
        });
        Limit {
            attempts: self.count(attempts).unwrap_or(default.attempts).max(1),
            window: window.unwrap_or(default.window),
        }
    }

    pub(super) fn member_pages(&mut self, client: Option<String>) -> MemberPages {
        MemberPages {
            title: self
                .text("APP_TITLE")
                .or_else(|| self.text("WEBUI_NAME"))
                .unwrap_or_else(|| "LibreChat".to_string()),
            server: self.parsed("DOMAIN_SERVER", values::base),
            client,
            email_login: self.flag("ALLOW_EMAIL_LOGIN", true),
            email_login_override: self.flag("ALLOW_EMAIL_LOGIN_OVERRIDE", false),
            registration: self.flag("ALLOW_REGISTRATION", true),
            password_reset: self.flag("ALLOW_PASSWORD_RESET", false),
            account_deletion: self.flag("ALLOW_ACCOUNT_DELETION", true),
            terms_of_service: self.parsed("TERMS_OF_SERVICE_URL", values::absolute_url),
            terms_acceptance: self.flag("TERMS_MODAL_ACCEPTANCE", false),
            privacy_policy: self.parsed("PRIVACY_POLICY_URL", values::absolute_url),
            help: self.parsed("HELP_AND_FAQ_URL", values::absolute_url),
        }
    }

    /// What links in mails begin with, when the deployment says so: one address, whatever requests say (RS-03).
    pub(super) fn link_base(&mut self) -> Option<String> {
        self.parsed("DOMAIN_CLIENT", values::base).or_else(|| {
            // A bad one has been named among the defaults.
            self.text("WEBUI_URL").and_then(|text| values::base(&text).ok())
        })
    }

    fn milliseconds(&mut self, name: &'static str) -> Option<Lifetime> {
        self.parsed(name, |text| match arithmetic::value(text) {
            Some(value) if (1.0..=MAX_SECONDS).contains(&(value / 1_000.0)) => {
                Ok(Lifetime::from_seconds(whole(value / 1_000.0)))
            }
            _ => Err("must be a number of milliseconds, such as `1000 * 60 * 15`".to_string()),
        })
    }

    fn count(&mut self, name: &'static str) -> Option<u32> {
        self.parsed(name, |text| match arithmetic::value(text) {
            Some(value) if (0.0..=1_000_000.0).contains(&value) => {
                u32::try_from(whole(value)).map_err(|_| "is too large".to_string())
            }
            _ => Err("must be a number".to_string()),
        })
    }
}

/// What is left without the fraction, of a number that was found to be positive and small.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
const fn whole(value: f64) -> u64 {
    value as u64
}
