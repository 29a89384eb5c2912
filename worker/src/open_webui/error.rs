//! The dialect's refusals: the one place where its error texts stand. Which of them a flow's error is: `error/refusals.rs`.

mod refusals;

use http::{HeaderValue, StatusCode, header};
use portico_core::{
    flow::{
        change_password::ChangePasswordError, manage_user::ManageUserError, oauth::OAuthError,
        sign_up::SignUpError,
    },
    password::PasswordPolicyError,
    ports::PortError,
    time::Lifetime,
};
use serde::Serialize;
use serde_json::json;

use super::validate::Issue;
use crate::{
    config::Config,
    http::{
        answer::{self, Answer},
        body::BodyError,
    },
};

const ACCESS_PROHIBITED: &str =
    "You do not have permission to access this resource. Please contact your administrator for assistance.";
const ACTION_PROHIBITED: &str = "The requested action has been restricted as a security measure.";
const API_KEY_MISSING: &str = "Oops! It looks like there's a hiccup. The API key is missing. Please make sure to provide a valid API key to access this feature.";
const API_KEYS_OFF: &str = "Use of API key is not enabled in the environment.";
const AUTHENTICATION_CHANGED: &str = "Authentication changed. Please sign in again.";
const BANNED: &str = "Your account has been temporarily banned due to violations of our service.";
const DOMAIN_REFUSED: &str = "Accounts here have addresses of other domains (ALLOWED_EMAIL_DOMAINS).";
const EMAIL_TAKEN: &str = "Uh-oh! This email is already registered. Sign in with your existing account or choose another email to start anew.";
const EXISTING_USERS: &str = "You can't turn off authentication because there are existing users. If you want to disable WEBUI_AUTH, make sure your web interface doesn't have any existing users and is a fresh installation.";
const INCORRECT_PASSWORD: &str = "The password provided is incorrect. Please check for typos and try again.";
const INVALID_CREDENTIALS: &str =
    "The email or password provided is incorrect. Please check for typos and try logging in again.";
const INVALID_EMAIL: &str = "The email format you entered is invalid. Please double-check and make sure you're using a valid email address (e.g., yourname@example.com).";
const INVALID_REQUEST: &str = "Invalid authentication request.";
const INVALID_TOKEN: &str = "Invalid token";
const NOT_AUTHENTICATED: &str = "Not authenticated";
const NOT_FOUND: &str = "We could not find what you're looking for :/";
const PASSWORD_TOO_LONG: &str =
    "Uh-oh! The password you entered is too long. Please make sure your password is less than 72 bytes long.";
const IDENTITY_TAKEN: &str =
    "That account belongs to somebody else here, or you have linked another one of that provider.";
const PROVIDER_FAILED: &str =
    "Sign-in with your identity provider failed. Please contact your administrator for assistance.";
const RATE_LIMITED: &str = "API rate limit exceeded";
const SESSION_EXPIRED: &str = "Your session has expired or the token is invalid. Please sign in again.";
const TOO_MANY: &str = "Too many attempts. Please try again later.";
const UNAUTHORIZED: &str = "401 Unauthorized";
const UNAVAILABLE: &str = "Authentication is temporarily unavailable.";
const WEAK_PASSWORD: &str = "The password does not meet the required validation criteria.";

/// A refusal in the dialect's shape: `{"detail": …}`.
#[derive(Debug)]
pub struct Error(Box<Answer>);

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        *error.0
    }
}

impl Error {
    pub(super) fn new(status: StatusCode, detail: impl Serialize) -> Self {
        Self(Box::new(answer::json(status, &json!({"detail": detail}))))
    }

    fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().append(name, value);
        self
    }

    /// Tells a browser to drop the cookie that did not work.
    pub(super) fn with_cookie(self, cookie: &str) -> Self {
        match HeaderValue::from_str(cookie) {
            Ok(value) => self.with_header(header::SET_COOKIE, value),
            Err(_) => self,
        }
    }

    /// 422 with one entry for each field that is wrong.
    pub(super) fn validation(issues: &[Issue]) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, issues)
    }

    /// No credential, or not exactly one.
    pub(super) fn not_authenticated() -> Self {
        Self::unauthorized(NOT_AUTHENTICATED)
    }

    /// An API key that is nobody's, or in a place where keys do not count.
    pub(super) fn unknown_api_key() -> Self {
        Self::unauthorized(SESSION_EXPIRED)
    }

    /// A program with a key, where a person has to be there.
    pub(super) fn human_needed() -> Self {
        Self::forbidden("A human session is required.")
    }

    /// The proxy said nothing, or there was none.
    pub(super) fn no_trusted_header() -> Self {
        Self::bad_request(
            "Your provider has not provided a trusted header. Please contact your administrator for assistance.",
        )
    }

    /// The proxy says that it is somebody else.
    pub(super) fn user_mismatch() -> Self {
        Self::unauthorized("User mismatch. Please sign in again.")
    }

    /// Something behind the Worker can not be reached.
    pub(super) fn not_ready(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// A form field that is empty.
    pub(super) fn empty_field(field: &str) -> Self {
        Self::bad_request(format!("Required field {field} is empty"))
    }

    /// A group that is not there, in the words of the routes that read.
    pub(super) fn no_group_here() -> Self {
        Self::new(StatusCode::NOT_FOUND, NOT_FOUND)
    }

    /// Something that the deployment does not let anybody do, in words of its own.
    pub(super) fn switched_off(detail: &str) -> Self {
        Self::forbidden(detail)
    }

    /// A refusal with 400, in words of its own.
    pub(super) fn refused(detail: &str) -> Self {
        Self::bad_request(detail)
    }

    /// Something that is not there, in words of its own.
    pub(super) fn missing(detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// An action that the deployment restricts.
    pub(super) fn action_prohibited_400() -> Self {
        Self::bad_request(ACTION_PROHIBITED)
    }

    /// Somebody, but not an administrator.
    pub(super) fn role_too_low() -> Self {
        Self::unauthorized(ACCESS_PROHIBITED)
    }

    /// No session of the caller's has that id.
    pub(super) fn unknown_session() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Session not found.")
    }

    /// No account has that id; in the words of the route that revokes sessions.
    pub(super) fn unknown_user() -> Self {
        Self::new(StatusCode::NOT_FOUND, "User not found.")
    }

    /// No account has that id; in the words of the other routes.
    pub(super) fn not_found_here() -> Self {
        Self::bad_request(NOT_FOUND)
    }

    /// A role outside the closed set (AD-06).
    pub(super) fn unknown_role() -> Self {
        Self::bad_request("The role must be `admin`, `pending` or `user`.")
    }

    /// What a page shows of a provider that led nowhere: nothing that the provider has said (contract §8.7; OA-15).
    pub(super) const fn of_provider(error: &OAuthError) -> &'static str {
        match error {
            OAuthError::Banned { .. } => BANNED,
            OAuthError::Closed | OAuthError::RoleRefused => ACCESS_PROHIBITED,
            OAuthError::EmailTaken => EMAIL_TAKEN,
            OAuthError::IdentityTaken => IDENTITY_TAKEN,
            OAuthError::Pending | OAuthError::Unverified => ACCESS_PROHIBITED,
            OAuthError::Reauthenticate => SESSION_EXPIRED,
            OAuthError::Throttled { .. } => RATE_LIMITED,
            OAuthError::DomainRefused
            | OAuthError::Misconfigured
            | OAuthError::Refused(_)
            | OAuthError::UnknownProvider => PROVIDER_FAILED,
            OAuthError::Unavailable(_) => UNAVAILABLE,
        }
    }

    /// A link to an account elsewhere that was not made, or not taken away.
    pub(super) fn linking(error: OAuthError) -> Self {
        match error {
            OAuthError::Reauthenticate => Self::forbidden("reauthentication_required"),
            OAuthError::UnknownProvider => Self::unknown_path(),
            OAuthError::Throttled { retry_after } => Self::throttled(RATE_LIMITED, retry_after),
            OAuthError::Unavailable(fault) => fault.into(),
            error => Self::new(StatusCode::BAD_GATEWAY, Self::of_provider(&error)),
        }
    }

    /// The only way in that is left.
    pub(super) fn last_way_in() -> Self {
        Self::conflict("This is the only way to sign in to the account. Set a password first.")
    }

    /// A provider that does not answer.
    pub(super) fn provider_down() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "The provider does not answer.")
    }

    /// Something of ours that can not be used now.
    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// A path that nobody has.
    pub(super) fn unknown_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// Too many requests of one network.
    pub fn too_many(retry_after: Lifetime) -> Self {
        Self::throttled(TOO_MANY, retry_after)
    }

    fn throttled(detail: &str, retry_after: Lifetime) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after.seconds()))
    }

    fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    fn bad_request(detail: impl Serialize) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    fn conflict(detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// A page of another site's.
    pub(super) fn foreign() -> Self {
        Self::forbidden("Invalid request origin.")
    }

    fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// What a refused weak password is told: the deployment's own hint, or the contract's sentence
    /// followed by the rule (PW-07).
    /// A deployment with a pattern of its own answers all weak passwords alike, as the contract does.
    pub(super) fn weak_password(error: PasswordPolicyError, config: &Config) -> Self {
        let plain = config.policy.password.pattern.is_some().then_some(WEAK_PASSWORD);
        Self::bad_request(match (config.password_hint.as_deref().or(plain), error) {
            (_, PasswordPolicyError::TooLong) => PASSWORD_TOO_LONG.to_string(),
            (Some(hint), _) => hint.to_string(),
            (None, PasswordPolicyError::Pattern) => WEAK_PASSWORD.to_string(),
            (None, PasswordPolicyError::AboutYou) => {
                format!("{WEAK_PASSWORD} It must not be your name, your address or the name of this site.")
            }
            (None, PasswordPolicyError::Breached) => {
                format!("{WEAK_PASSWORD} It was found in a breach of another site.")
            }
            (None, PasswordPolicyError::Common) => {
                format!("{WEAK_PASSWORD} It is one of the most common passwords.")
            }
            (None, PasswordPolicyError::Control) => {
                format!("{WEAK_PASSWORD} It must not contain control characters.")
            }
            (None, PasswordPolicyError::TooShort { min_code_points }) => {
                format!("{WEAK_PASSWORD} It must be at least {min_code_points} characters long.")
            }
        })
    }

    /// A sign-up's refusal, with the deployment's hint for weak passwords.
    pub(super) fn sign_up(error: SignUpError, config: &Config) -> Self {
        match error {
            SignUpError::Closed | SignUpError::DomainRefused => Self::forbidden(ACCESS_PROHIBITED),
            SignUpError::EmailTaken => Self::bad_request(EMAIL_TAKEN),
            SignUpError::InvalidEmail(_) => Self::bad_request(INVALID_EMAIL),
            SignUpError::PasswordTooLong => Self::bad_request(PASSWORD_TOO_LONG),
            SignUpError::Throttled { retry_after } => Self::throttled(RATE_LIMITED, retry_after),
            SignUpError::Unavailable(fault) => fault.into(),
            SignUpError::WeakPassword(rule) => Self::weak_password(rule, config),
        }
    }

    /// A refused change of the own password, with the deployment's hint for weak ones.
    pub(super) fn change_password(error: ChangePasswordError, config: &Config) -> Self {
        match error {
            ChangePasswordError::Concurrent => Self::new(StatusCode::CONFLICT, AUTHENTICATION_CHANGED),
            ChangePasswordError::PasswordTooLong => Self::bad_request(PASSWORD_TOO_LONG),
            ChangePasswordError::Throttled { retry_after } => Self::throttled(TOO_MANY, retry_after),
            ChangePasswordError::Unavailable(fault) => fault.into(),
            ChangePasswordError::WeakPassword(rule) => Self::weak_password(rule, config),
            ChangePasswordError::WrongPassword => Self::bad_request(INCORRECT_PASSWORD),
        }
    }

    /// An account that an administrator could not change, with the deployment's hint for weak passwords.
    pub(super) fn manage_user(error: ManageUserError, config: &Config) -> Self {
        match error {
            ManageUserError::DomainRefused => Self::bad_request(DOMAIN_REFUSED),
            ManageUserError::EmailTaken => Self::bad_request(EMAIL_TAKEN),
            ManageUserError::InvalidEmail(_) => Self::bad_request(INVALID_EMAIL),
            ManageUserError::LastAdmin | ManageUserError::PrimaryAdmin => Self::forbidden(ACTION_PROHIBITED),
            ManageUserError::NeedsPerson => Self::human_needed(),
            ManageUserError::NoAccount => Self::not_found_here(),
            ManageUserError::PasswordTooLong => Self::bad_request(PASSWORD_TOO_LONG),
            ManageUserError::Unavailable(fault) => fault.into(),
            ManageUserError::WeakPassword(rule) => Self::weak_password(rule, config),
        }
    }
}

impl From<PortError> for Error {
    /// The port has logged its fault; clients learn that trying again makes sense, and nothing else
    /// (FT-05, FT-10).
    fn from(_: PortError) -> Self {
        Self::unavailable()
    }
}

/// 404 for a path nobody has.
pub fn not_found() -> Answer {
    Error::unknown_path().into()
}

/// 405 for a method a path does not have.
pub fn method_not_allowed(allowed: HeaderValue) -> Answer {
    Error::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        .with_header(header::ALLOW, allowed)
        .into()
}

/// 403 for a browser that another site's page sent here.
pub fn foreign_origin() -> Answer {
    Error::foreign().into()
}

/// 413 or 400 for a body that could not be read.
pub fn body(error: BodyError) -> Answer {
    match error {
        BodyError::Interrupted => Error::bad_request("The request body could not be read."),
        BodyError::TooLarge => Error::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."),
    }
    .into()
}

/// 400 for a request whose line or headers make no sense.
pub fn unreadable() -> Answer {
    Error::bad_request("The request could not be read.").into()
}
