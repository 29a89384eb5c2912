//! From flow errors to the dialect's answers: the one place where its error texts stand.

use http::{HeaderValue, StatusCode, header};
use portico_core::{
    flow::{
        current_session::AuthenticateError, delete_account::DeleteAccountError,
        directory::DirectorySignInError, oauth::GraphTokenError, own_account::OwnAccountError,
        refresh::RefreshError, register::RegisterError, reset_password::ResetError,
        second_factor::SecondFactorError, sign_in::SignInError, verify_email::VerifyEmailError,
    },
    jwt::{ParseError, VerifyError},
    password::PasswordPolicyError,
    ports::PortError,
    time::Lifetime,
};
use serde_json::{Value, json};

use crate::http::{
    answer::{self, Answer},
    body::BodyError,
};

const BAD_CREDENTIALS: &str = "Incorrect email or password.";
const BANNED: &str = "Your account has been temporarily banned due to violations of our service.";
const FACTOR_NEEDED: &str =
    "Two-factor authentication is required here. Please set it up before you sign in.";
const INVALID_CODE: &str = "Invalid token or backup code";
const NOT_INITIATED: &str = "2FA not initiated";
const PENDING: &str = "Your account is awaiting approval by an administrator.";
const TOO_MANY_CODES: &str = "Too many verification attempts. Try again later.";
const UNAUTHORIZED: &str = "Unauthorized";
const UNAVAILABLE: &str = "The service is temporarily unavailable. Please try again.";

/// A refusal, ready to be sent.
#[derive(Debug)]
pub struct Error(Box<Answer>);

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        *error.0
    }
}

impl Error {
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self(Box::new(answer::json(status, body)))
    }

    /// Its status.
    pub(super) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// `{"message": …}`
    pub(super) fn message(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({"message": message}))
    }

    /// A text and nothing else, as some routes answer.
    pub(super) fn text(status: StatusCode, text: &'static str) -> Self {
        Self(Box::new(answer::bytes(status, "text/html; charset=utf-8", text.as_bytes().to_vec())))
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::message(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::message(StatusCode::FORBIDDEN, message)
    }

    /// What most of the contract's refusals of a form are.
    pub(super) fn not_found(message: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::message(StatusCode::UNAUTHORIZED, message)
    }

    /// 401 for a caller without any token.
    pub(super) fn no_token() -> Self {
        Self::unauthorized("No auth token")
    }

    /// 401 for a caller who may not be here.
    pub(super) fn unwelcome() -> Self {
        Self::unauthorized(UNAUTHORIZED)
    }

    /// 401 for what is no token.
    pub(super) fn malformed_token() -> Self {
        Self::unauthorized("jwt malformed")
    }

    /// 403 for somebody whose account has been shut out.
    pub(super) fn banned() -> Self {
        Self::forbidden(BANNED)
    }

    /// 403 for somebody who has to set up a factor first, which this dialect's pages can not.
    pub(super) fn factor_needed() -> Self {
        Self::forbidden(FACTOR_NEEDED)
    }

    /// 429 with when to come again.
    pub(super) fn throttled(message: &str, retry_after: Lifetime) -> Self {
        Self::message(StatusCode::TOO_MANY_REQUESTS, message).retry_after(retry_after)
    }

    /// 429 for codes of a second factor, one after another.
    pub(super) fn too_many_codes(retry_after: Lifetime) -> Self {
        let body = json!({"code": "TWO_FACTOR_RATE_LIMITED", "message": TOO_MANY_CODES});
        Self::json(StatusCode::TOO_MANY_REQUESTS, &body).retry_after(retry_after)
    }

    fn retry_after(mut self, retry_after: Lifetime) -> Self {
        self.0.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.seconds()));
        self
    }

    /// Makes browsers forget cookies.
    pub(super) fn with_cookies(mut self, cookies: impl IntoIterator<Item = String>) -> Self {
        super::view::add_cookies(&mut self.0, cookies);
        self
    }

    /// A password that breaks a rule, as the contract writes issues with fields.
    fn weak_password(rule: PasswordPolicyError) -> Self {
        Self::not_found(&weakness(rule))
    }

    /// A code that was wrong where the contract says 401, or something else about a factor.
    pub(super) fn factor(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::WrongCode => Self::unauthorized(INVALID_CODE),
            error => error.into(),
        }
    }
}

/// What is wrong with a new password.
fn weakness(rule: PasswordPolicyError) -> String {
    match rule {
        PasswordPolicyError::AboutYou => {
            "password: Password must not be your name, your email or the name of this site".to_string()
        }
        PasswordPolicyError::Breached => {
            "password: Password was found in a breach of another site".to_string()
        }
        PasswordPolicyError::Common => "password: Password is one of the most common ones".to_string(),
        PasswordPolicyError::Control => "password: Password must not contain control characters".to_string(),
        PasswordPolicyError::Pattern => "password: Password does not meet the requirements".to_string(),
        PasswordPolicyError::TooLong => too_long(),
        PasswordPolicyError::TooShort { min_code_points } => {
            format!("password: String must contain at least {min_code_points} character(s)")
        }
    }
}

fn too_long() -> String {
    "password: String must contain at most 128 character(s)".to_string()
}

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Banned { .. } => Self::banned(),
            // One answer, so that nobody learns which of these it was (TH-09).
            SignInError::NoPassword | SignInError::UnknownAccount | SignInError::WrongPassword => {
                Self::not_found(BAD_CREDENTIALS)
            }
            SignInError::PasswordSignInOff => Self::forbidden("Email login is not allowed."),
            SignInError::Pending => Self::forbidden(PENDING),
            SignInError::Throttled { retry_after } | SignInError::TooManyPasswords { retry_after } => {
                Self::throttled("Too many login attempts, please try again later.", retry_after)
            }
            SignInError::Unavailable(fault) => fault.into(),
            SignInError::Unverified => Self::message(StatusCode::UNPROCESSABLE_ENTITY, "Email not verified."),
        }
    }
}

impl From<DirectorySignInError> for Error {
    fn from(error: DirectorySignInError) -> Self {
        match error {
            DirectorySignInError::DomainRefused => Self::not_found("Email domain not allowed"),
            DirectorySignInError::EmailTaken => Self::not_found("auth_failed"),
            // One answer, so that nobody learns which of these it was (LD-13, TH-09).
            DirectorySignInError::NoEmail
            | DirectorySignInError::Refused
            | DirectorySignInError::SignIn(SignInError::WrongPassword) => {
                Self::not_found("Invalid username/password")
            }
            DirectorySignInError::SignIn(error) => error.into(),
            // Nobody typed anything wrong, and the page says so for no other status.
            DirectorySignInError::Misconfigured(_)
            | DirectorySignInError::Off
            | DirectorySignInError::ServiceAccountRefused
            | DirectorySignInError::Unreachable => {
                Self::text(StatusCode::INTERNAL_SERVER_ERROR, "An unknown error occurred.")
            }
        }
    }
}

impl From<RegisterError> for Error {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::forbidden("Registration is not allowed."),
            RegisterError::DomainRefused => Self::forbidden(
                "The email address provided cannot be used. Please use a different email address.",
            ),
            RegisterError::PasswordTooLong => Self::not_found(&too_long()),
            RegisterError::Throttled { retry_after } => {
                Self::throttled("Too many accounts created, please try again later", retry_after)
            }
            RegisterError::Unavailable(fault) => fault.into(),
            RegisterError::WeakPassword(rule) => Self::weak_password(rule),
            RegisterError::WrongInvitation => Self::bad_request("Invalid invite token"),
        }
    }
}

impl From<ResetError> for Error {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::NoAccount
            | ResetError::NoPassword
            | ResetError::PrimaryAdmin
            | ResetError::WrongTicket => Self::bad_request("Invalid or expired password reset token"),
            ResetError::PasswordTooLong => Self::bad_request(&too_long()),
            ResetError::Throttled { retry_after } => {
                Self::throttled("Too many attempts, please try again later", retry_after)
            }
            ResetError::Unavailable(fault) => fault.into(),
            ResetError::WeakPassword(rule) => Self::bad_request(&weakness(rule)),
        }
    }
}

impl From<VerifyEmailError> for Error {
    fn from(error: VerifyEmailError) -> Self {
        match error {
            VerifyEmailError::Unavailable(fault) => fault.into(),
            VerifyEmailError::WrongTicket => Self::bad_request("Invalid or expired email verification token"),
        }
    }
}

impl From<SecondFactorError> for Error {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Banned { .. } => Self::banned(),
            SecondFactorError::Concurrent => Self::message(
                StatusCode::CONFLICT,
                "Two-factor authentication was changed. Please try again.",
            ),
            SecondFactorError::Expired => Self::bad_request(NOT_INITIATED),
            SecondFactorError::NoAccount => Self::not_found("User not found"),
            SecondFactorError::NothingShown => Self::bad_request("TOTP token or backup code is required"),
            SecondFactorError::Off => Self::bad_request("2FA is not setup for this user"),
            SecondFactorError::Pending => Self::forbidden(PENDING),
            SecondFactorError::PrimaryAdmin => Self::forbidden("This account is its owner's alone."),
            SecondFactorError::Reauthenticate => Self::forbidden(
                "Please sign in again, or enter your password, to change two-factor authentication.",
            ),
            SecondFactorError::Required => Self::forbidden(FACTOR_NEEDED),
            SecondFactorError::SignInAgain => Self::bad_request("2FA is not enabled for this user"),
            SecondFactorError::Throttled { retry_after }
            | SecondFactorError::TooManyCodes { retry_after } => Self::too_many_codes(retry_after),
            SecondFactorError::Unavailable(fault) => fault.into(),
            SecondFactorError::Unreadable => {
                Self::message(StatusCode::SERVICE_UNAVAILABLE, "2FA secret is missing or corrupted")
            }
            SecondFactorError::WrongCode => Self::bad_request("Invalid token or backup code."),
            SecondFactorError::WrongResetToken | SecondFactorError::WrongSetupCode => {
                Self::bad_request("Invalid token.")
            }
        }
    }
}

impl From<DeleteAccountError> for Error {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            // Not 401: the client would ask for another token and try again.
            DeleteAccountError::Factor(SecondFactorError::WrongCode) => Self::forbidden(INVALID_CODE),
            DeleteAccountError::Factor(SecondFactorError::NothingShown) => {
                Self::bad_request("TOTP token or backup code is required to delete account with 2FA enabled")
            }
            DeleteAccountError::Factor(error) => error.into(),
            DeleteAccountError::LastAdmin => {
                Self::forbidden("You do not have permission to delete this account")
            }
            DeleteAccountError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<OwnAccountError> for Error {
    fn from(error: OwnAccountError) -> Self {
        match error {
            OwnAccountError::NoAccount | OwnAccountError::TooLarge => Self::not_found("User not found"),
            OwnAccountError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<GraphTokenError> for Error {
    fn from(error: GraphTokenError) -> Self {
        match error {
            GraphTokenError::NoToken => {
                Self::unauthorized("No federated access token available for token exchange")
            }
            GraphTokenError::Refused => {
                Self::message(StatusCode::INTERNAL_SERVER_ERROR, "Failed to obtain Microsoft Graph token")
            }
            GraphTokenError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<AuthenticateError> for Error {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::NoAccount | AuthenticateError::SessionEnded => Self::unwelcome(),
            AuthenticateError::NotAToken(ParseError::UnsupportedAlgorithm) => {
                Self::unauthorized("jwt signature is required")
            }
            AuthenticateError::NotAToken(
                ParseError::Malformed | ParseError::TooLong | ParseError::UnsupportedHeader,
            ) => Self::malformed_token(),
            AuthenticateError::Refused(VerifyError::Expired) => Self::unauthorized("jwt expired"),
            AuthenticateError::Refused(VerifyError::WrongKind) => Self::unwelcome(),
            AuthenticateError::Refused(VerifyError::NotYetValid) => Self::unauthorized("jwt not active"),
            AuthenticateError::Refused(
                VerifyError::BadSignature
                | VerifyError::MalformedClaim
                | VerifyError::UnknownKey
                | VerifyError::WrongAlgorithm
                | VerifyError::WrongAudience
                | VerifyError::WrongIssuer,
            ) => Self::unauthorized("invalid signature"),
            AuthenticateError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<RefreshError> for Error {
    /// As the client of the dialect understands it; `/refresh` itself has texts of its own.
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Banned { .. } => Self::banned(),
            RefreshError::NotAToken => Self::text(StatusCode::FORBIDDEN, "Invalid refresh token"),
            RefreshError::NotAdmitted => Self::forbidden(PENDING),
            RefreshError::NoAccount | RefreshError::Reused | RefreshError::SessionEnded => {
                Self::text(StatusCode::UNAUTHORIZED, "Refresh token expired or not found for this user")
            }
            RefreshError::Throttled { retry_after } => {
                Self::throttled("Too many attempts, please try again later", retry_after)
            }
            RefreshError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<PortError> for Error {
    /// The port has logged its fault; clients learn that trying again makes sense, and nothing else
    /// (FT-05, FT-10).
    fn from(_: PortError) -> Self {
        Self::message(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE).retry_after(Lifetime::from_seconds(5))
    }
}

/// 404 for a path nobody has.
pub fn not_found() -> Answer {
    Error::not_found("Endpoint not found").into()
}

/// 405 for a method a path does not have.
pub fn method_not_allowed(allowed: HeaderValue) -> Answer {
    let mut answer: Answer = Error::message(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed").into();
    answer.headers_mut().insert(header::ALLOW, allowed);
    answer
}

/// 429 for an address that asks for too much of everything.
pub fn too_many(retry_after: Lifetime) -> Answer {
    Error::throttled("Too many attempts, please try again later", retry_after).into()
}

/// 403 for a browser that another site's page sent here.
pub fn foreign_origin() -> Answer {
    let body = json!({"message": "Cross-site request rejected", "code": "auth_cross_origin"});
    Error::json(StatusCode::FORBIDDEN, &body).into()
}

/// 413 or 400 for a body that could not be read.
pub fn body(error: BodyError) -> Answer {
    match error {
        BodyError::Interrupted => Error::bad_request("The request body could not be read."),
        BodyError::TooLarge => Error::message(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."),
    }
    .into()
}
