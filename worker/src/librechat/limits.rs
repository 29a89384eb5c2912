//! What one address may ask of the routes, and what the answers say about it (contract §8).

use http::HeaderValue;
use portico_core::{
    flow::{Ctx, route_limit, second_factor::SecondFactorError},
    id::UserId,
    ports::{PortError, Ports},
    throttle::{Limit, Metered, Spent},
    time::Lifetime,
};

use super::error::Error;
use crate::{
    config::{Config, members::RouteLimits},
    http::answer::Answer,
    router::Call,
};

/// The limits by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limiter {
    /// Signing in.
    Login,
    /// Registering.
    Register,
    /// Asking for a new password.
    Reset,
    /// Choosing one.
    ResetSubmission,
    /// Showing a second factor.
    SecondFactor,
    /// Asking for a mail that verifies an address.
    Verify,
    /// Showing what it said.
    VerifySubmission,
}

impl Limiter {
    const fn of(self, limits: &RouteLimits) -> Limit {
        match self {
            Self::Login => limits.login,
            Self::Register => limits.register,
            Self::Reset => limits.reset,
            Self::ResetSubmission => limits.reset_submission,
            Self::SecondFactor => limits.second_factor,
            Self::Verify => limits.verify,
            Self::VerifySubmission => limits.verify_submission,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Login => "member-login",
            Self::Register => "member-register",
            Self::Reset => "member-reset",
            Self::ResetSubmission => "member-reset-submission",
            Self::SecondFactor => "member-second-factor",
            Self::Verify => "member-verify",
            Self::VerifySubmission => "member-verify-submission",
        }
    }

    /// What is said to somebody who asks too often; the number is the whole window's.
    fn message(self, window: Lifetime) -> String {
        let minutes = window.seconds().div_ceil(60);
        match self {
            Self::Login => format!("Too many login attempts, please try again after {minutes} minutes."),
            Self::Register => {
                format!("Too many accounts created, please try again after {minutes} minutes")
            }
            Self::SecondFactor => {
                format!("Too many verification attempts, please try again after {minutes} minutes.")
            }
            Self::Reset | Self::ResetSubmission | Self::Verify | Self::VerifySubmission => {
                format!("Too many attempts, please try again after {minutes} minute(s)")
            }
        }
    }
}

/// A request, and what is left of its limit.
#[derive(Clone, Copy, Debug)]
pub struct Spending {
    limiter: Limiter,
    limit: Limit,
    metered: Metered,
}

/// Spends a request of an address.
///
/// # Errors
/// When the throttles can not count it.
pub async fn spend(
    ctx: &Ctx<'_, impl Ports>,
    config: &Config,
    limiter: Limiter,
) -> Result<Spending, PortError> {
    let limit = limiter.of(&config.route_limits);
    let metered = route_limit::spend(ctx, limiter.name(), limit).await?;
    Ok(Spending { limiter, limit, metered })
}

impl Spending {
    /// The refusal, if it is one too many.
    pub fn refusal(&self) -> Option<Answer> {
        match self.metered.spent {
            Spent::Granted => None,
            Spent::Refused { retry_after } => {
                let message = self.limiter.message(self.limit.window);
                Some(self.shown(Error::throttled(&message, retry_after).into()))
            }
        }
    }

    /// The answer with what is left.
    pub fn shown(&self, mut answer: Answer) -> Answer {
        let headers = answer.headers_mut();
        headers.insert("x-ratelimit-limit", HeaderValue::from(self.limit.attempts));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(self.metered.left));
        headers.insert("x-ratelimit-reset", HeaderValue::from(self.metered.resets_at.get()));
        answer
    }
}

/// Spends a code that somebody shows for an account, by the deployment's limit.
///
/// # Errors
/// [`SecondFactorError::Throttled`] or [`SecondFactorError::Unavailable`].
pub(super) async fn spend_code(call: &Call<'_, impl Ports>, user: UserId) -> Result<(), SecondFactorError> {
    let RouteLimits { second_factor: limit, code_points: points, .. } = call.config.route_limits;
    route_limit::spend_code(&call.ctx, user, limit, points).await
}

/// 429 in the words of the limit for showing a factor.
pub(super) fn too_many_codes<P>(call: &Call<'_, P>, retry_after: Lifetime) -> Error {
    let window = call.config.route_limits.second_factor.window;
    Error::throttled(&Limiter::SecondFactor.message(window), retry_after)
}
