//! From flow errors to the dialect's answers, one exhaustive match for each flow.

use http::StatusCode;
use portico_core::{
    flow::{
        api_keys::{ApiKeyError, OwnKeyError},
        ban::BanError,
        configure::ConfigureError,
        current_session::AuthenticateError,
        directory::{DirectorySignInError, LinkDirectoryError, Misconfigured},
        groups::GroupError,
        invitations::InviteError,
        oauth::TokenExchangeError,
        own_account::OwnAccountError,
        reset_password::ResetError,
        second_factor::SecondFactorError,
        sign_in::SignInError,
        trusted_identity::TrustedSignInError,
        webhooks::WebhookError,
    },
    ldap::PersonError,
};

use super::{
    ACCESS_PROHIBITED, ACTION_PROHIBITED, API_KEY_MISSING, API_KEYS_OFF, BANNED, DOMAIN_REFUSED, EMAIL_TAKEN,
    EXISTING_USERS, Error, IDENTITY_TAKEN, INVALID_CREDENTIALS, INVALID_EMAIL, INVALID_REQUEST,
    INVALID_TOKEN, PASSWORD_TOO_LONG, RATE_LIMITED, TOO_MANY, UNAUTHORIZED, WEAK_PASSWORD,
};

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Banned { .. } => Self::forbidden(BANNED),
            SignInError::PasswordSignInOff => Self::forbidden(ACTION_PROHIBITED),
            // Only for sessions with short tokens, which this dialect has none of.
            SignInError::Pending | SignInError::Unverified => Self::forbidden(ACCESS_PROHIBITED),
            // One answer, so that nobody learns which of these it was (TH-09).
            SignInError::NoPassword | SignInError::UnknownAccount | SignInError::WrongPassword => {
                Self::bad_request(INVALID_CREDENTIALS)
            }
            SignInError::Throttled { retry_after } => Self::throttled(RATE_LIMITED, retry_after),
            SignInError::TooManyPasswords { retry_after } => Self::throttled(TOO_MANY, retry_after),
            SignInError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<DirectorySignInError> for Error {
    fn from(error: DirectorySignInError) -> Self {
        match error {
            DirectorySignInError::DomainRefused => Self::forbidden(ACCESS_PROHIBITED),
            DirectorySignInError::EmailTaken => Self::bad_request(EMAIL_TAKEN),
            DirectorySignInError::Misconfigured(Misconfigured { is_tls: true, .. }) => {
                Self::bad_request("Failed to configure TLS for LDAP connection.")
            }
            DirectorySignInError::Misconfigured(_) | DirectorySignInError::Unreachable => {
                Self::bad_request("LDAP authentication failed.")
            }
            DirectorySignInError::NoEmail => Self::bad_request("User does not have a valid email address."),
            DirectorySignInError::Off => Self::bad_request("LDAP authentication is not enabled"),
            // One answer, so that nobody learns which of these it was (LD-13, TH-09).
            DirectorySignInError::Refused => Self::bad_request("Authentication failed."),
            DirectorySignInError::ServiceAccountRefused => {
                Self::bad_request("Application account bind failed")
            }
            DirectorySignInError::SignIn(error) => error.into(),
        }
    }
}

impl From<LinkDirectoryError> for Error {
    fn from(error: LinkDirectoryError) -> Self {
        match error {
            LinkDirectoryError::Misconfigured(Misconfigured { setting, problem, .. }) => {
                Self::bad_request(format!("{setting} {problem}."))
            }
            LinkDirectoryError::NoAccount => Self::not_found_here(),
            LinkDirectoryError::NotFound(why) => Self::bad_request(why),
            LinkDirectoryError::Person(PersonError::Disabled) => {
                Self::bad_request("They are switched off in the directory.")
            }
            LinkDirectoryError::Person(PersonError::NoEmail) => {
                Self::bad_request("User does not have a valid email address.")
            }
            LinkDirectoryError::Person(PersonError::NoId) => {
                Self::bad_request("The directory has nothing that names them for good; set attribute_for_id.")
            }
            LinkDirectoryError::PrimaryAdmin => Self::forbidden(ACTION_PROHIBITED),
            LinkDirectoryError::Taken => Self::conflict(IDENTITY_TAKEN),
            LinkDirectoryError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<ApiKeyError> for Error {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::Forbidden => Self::forbidden(API_KEYS_OFF),
            ApiKeyError::NotHere => Self::forbidden(ACCESS_PROHIBITED),
            ApiKeyError::Throttled { retry_after } => Self::throttled(TOO_MANY, retry_after),
            ApiKeyError::Unknown => Self::unknown_api_key(),
            ApiKeyError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<OwnKeyError> for Error {
    fn from(error: OwnKeyError) -> Self {
        match error {
            OwnKeyError::Forbidden => Self::forbidden("API key creation is not allowed in the environment."),
            OwnKeyError::Missing => Self::new(StatusCode::NOT_FOUND, API_KEY_MISSING),
            OwnKeyError::Throttled { retry_after } => Self::throttled(TOO_MANY, retry_after),
            OwnKeyError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<TokenExchangeError> for Error {
    fn from(error: TokenExchangeError) -> Self {
        match error {
            TokenExchangeError::NotValidated => {
                Self::bad_request("Invalid token or unable to validate with provider")
            }
            TokenExchangeError::Banned => Self::forbidden(BANNED),
            TokenExchangeError::DomainRefused
            | TokenExchangeError::ForeignClient
            | TokenExchangeError::RoleRefused => Self::forbidden(ACCESS_PROHIBITED),
            TokenExchangeError::NoAccount => {
                Self::forbidden("User not found. Please sign in via the web interface first.")
            }
            TokenExchangeError::NoEmail => Self::bad_request("Token missing required email claim"),
            TokenExchangeError::NoSubject => Self::bad_request("Token missing required 'sub' claim"),
            TokenExchangeError::Off => Self::switched_off("Token exchange is disabled"),
            TokenExchangeError::Throttled { retry_after } => Self::throttled(RATE_LIMITED, retry_after),
            TokenExchangeError::Unavailable(fault) => fault.into(),
            TokenExchangeError::UnknownClient => {
                Self::bad_request("Unable to determine which client the token was issued to")
            }
            TokenExchangeError::UnknownProvider(provider) => {
                Self::missing(&format!("Provider '{provider}' is not configured"))
            }
        }
    }
}

impl From<ConfigureError> for Error {
    fn from(error: ConfigureError) -> Self {
        match error {
            ConfigureError::Unavailable(fault) => fault.into(),
            ConfigureError::Concurrent | ConfigureError::NoSecondFactor => {
                Self::new(StatusCode::CONFLICT, error.to_string())
            }
            ConfigureError::Fixed | ConfigureError::NeedsPerson | ConfigureError::PrimaryAdmin => {
                Self::forbidden(&error.to_string())
            }
            ConfigureError::Refused { .. } | ConfigureError::SecretNeeded => {
                Self::bad_request(error.to_string())
            }
        }
    }
}

impl From<WebhookError> for Error {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Event(name) => Self::bad_request(format!("No event is called `{name}`.")),
            WebhookError::Name => Self::bad_request("A webhook needs a name of at most 200 characters."),
            WebhookError::TooMany => Self::bad_request("There are as many webhooks as there may be."),
            WebhookError::Unavailable(fault) => fault.into(),
            WebhookError::Unknown => Self::missing("Webhook not found"),
            WebhookError::Url(error) => Self::bad_request(format!("The address {error}.")),
        }
    }
}

impl From<GroupError> for Error {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::Circle => {
                Self::bad_request("A group cannot be its own parent or a descendant of itself.")
            }
            GroupError::Concurrent => Self::new(
                StatusCode::CONFLICT,
                "Others changed the group at the same time. Please try again.",
            ),
            GroupError::NoGroup => Self::new(StatusCode::NOT_FOUND, "Group not found."),
            GroupError::NoParent => Self::new(StatusCode::NOT_FOUND, "Parent group not found."),
            GroupError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<BanError> for Error {
    fn from(error: BanError) -> Self {
        match error {
            BanError::NoAccount => Self::unknown_user(),
            BanError::PrimaryAdmin => Self::forbidden(ACTION_PROHIBITED),
            BanError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<InviteError> for Error {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::DomainRefused => Self::bad_request(DOMAIN_REFUSED),
            InviteError::EmailTaken => Self::bad_request(EMAIL_TAKEN),
            InviteError::InvalidEmail(_) => Self::bad_request(INVALID_EMAIL),
            InviteError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<ResetError> for Error {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::NoAccount => Self::unknown_user(),
            ResetError::NoPassword => Self::bad_request("The account has no password here."),
            ResetError::PasswordTooLong => Self::bad_request(PASSWORD_TOO_LONG),
            ResetError::PrimaryAdmin => Self::forbidden(ACTION_PROHIBITED),
            ResetError::Throttled { retry_after } => Self::throttled(TOO_MANY, retry_after),
            ResetError::Unavailable(fault) => fault.into(),
            ResetError::WeakPassword(_) => Self::bad_request(WEAK_PASSWORD),
            ResetError::WrongTicket => Self::bad_request(INVALID_REQUEST),
        }
    }
}

impl From<OwnAccountError> for Error {
    fn from(error: OwnAccountError) -> Self {
        match error {
            OwnAccountError::NoAccount => Self::bad_request("Something went wrong :/"),
            OwnAccountError::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "There is no room for that much.")
            }
            OwnAccountError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<SecondFactorError> for Error {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::Banned { .. } => Self::forbidden(BANNED),
            SecondFactorError::Concurrent => {
                Self::conflict("Authentication changed in another request. Please start again.")
            }
            SecondFactorError::Expired => {
                Self::unauthorized("This authentication step expired. Please start again.")
            }
            SecondFactorError::NoAccount => Self::unknown_user(),
            SecondFactorError::NothingShown => Self::unauthorized("Invalid or already used code."),
            SecondFactorError::Required => Self::forbidden(ACTION_PROHIBITED),
            SecondFactorError::Off => Self::forbidden("MFA is disabled."),
            SecondFactorError::Pending => Self::forbidden("Account is awaiting approval."),
            SecondFactorError::PrimaryAdmin => Self::forbidden(ACTION_PROHIBITED),
            SecondFactorError::Reauthenticate => Self::forbidden("reauthentication_required"),
            SecondFactorError::SignInAgain => Self::forbidden("MFA is disabled. Please sign in again."),
            SecondFactorError::Throttled { retry_after } => Self::throttled(TOO_MANY, retry_after),
            SecondFactorError::TooManyCodes { retry_after } => {
                Self::throttled("Too many codes. Please sign in again.", retry_after)
            }
            SecondFactorError::Unavailable(fault) => fault.into(),
            SecondFactorError::Unreadable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Authenticator configuration is unavailable. Contact the operator.",
            ),
            SecondFactorError::WrongCode => Self::unauthorized("Invalid or already used code."),
            SecondFactorError::WrongResetToken => {
                Self::unauthorized("Invalid or expired operator recovery token.")
            }
            SecondFactorError::WrongSetupCode => {
                Self::unauthorized("Invalid code. Check your authenticator and try again.")
            }
        }
    }
}

impl From<TrustedSignInError> for Error {
    fn from(error: TrustedSignInError) -> Self {
        match error {
            TrustedSignInError::Banned { .. } => Self::forbidden(BANNED),
            TrustedSignInError::DomainRefused => Self::forbidden(ACCESS_PROHIBITED),
            TrustedSignInError::Gone => Self::unauthorized(INVALID_REQUEST),
            TrustedSignInError::InvalidEmail(_) => Self::bad_request(INVALID_EMAIL),
            TrustedSignInError::OthersExist => Self::bad_request(EXISTING_USERS),
            TrustedSignInError::OwnPassword => Self::bad_request(INVALID_CREDENTIALS),
            TrustedSignInError::Unavailable(fault) => fault.into(),
        }
    }
}

impl From<AuthenticateError> for Error {
    fn from(error: AuthenticateError) -> Self {
        use portico_core::jwt::VerifyError;
        match error {
            AuthenticateError::NoAccount => Self::unauthorized(INVALID_REQUEST),
            AuthenticateError::NotAToken(_) => Self::unauthorized(UNAUTHORIZED),
            AuthenticateError::Refused(VerifyError::WrongKind) | AuthenticateError::SessionEnded => {
                Self::unauthorized(INVALID_TOKEN)
            }
            AuthenticateError::Refused(
                VerifyError::BadSignature
                | VerifyError::Expired
                | VerifyError::MalformedClaim
                | VerifyError::NotYetValid
                | VerifyError::UnknownKey
                | VerifyError::WrongAlgorithm
                | VerifyError::WrongAudience
                | VerifyError::WrongIssuer,
            ) => Self::unauthorized(UNAUTHORIZED),
            AuthenticateError::Unavailable(fault) => fault.into(),
        }
    }
}
