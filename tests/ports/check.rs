//! Assertions that report instead of panicking: a panic ends the whole Worker.

use portico_core::{
    audit::{AuditAction, AuditEvent, AuditOutcome},
    display_name::DisplayName,
    email::Email,
    id::{AuditId, UserId},
    image_reference::ImageReference,
    password::PasswordHash,
    ports::{Created, Ports},
    time::UnixSeconds,
    user::{NewUser, Role, SignUpPolicy, User},
};

/// When every case begins.
pub(crate) const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

macro_rules! hold_eq {
    ($left:expr, $right:expr) => {
        match (&$left, &$right) {
            (left, right) if *left == *right => {}
            (left, right) => {
                return Err(format!(
                    "{}: line {}: {} is {left:?}, expected {right:?}",
                    file!(),
                    line!(),
                    stringify!($left)
                ));
            }
        }
    };
}

macro_rules! hold {
    ($condition:expr) => {
        hold_eq!($condition, true)
    };
}

/// Any fault of a port fails the case.
pub(crate) fn works<T, E: core::fmt::Debug>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("a port failed: {error:?}"))
}

/// An account about to be created with the default role `pending`.
pub(crate) fn new_user(ports: &impl Ports, email: &str) -> Result<NewUser, String> {
    Ok(NewUser {
        image: works(ImageReference::parse("/user.png"))?,
        password_hash: Some(PasswordHash::from_stored(format!("hash of {email}"))),
        ..NewUser::new(
            works(UserId::random(ports))?,
            works(Email::parse(email))?,
            works(DisplayName::parse("Ann Lee"))?,
            Role::Pending,
            NOW,
        )
    })
}

/// Everybody may sign up, whatever is stored, and nobody closes anything.
pub(crate) const OPEN: SignUpPolicy =
    SignUpPolicy { first: true, others: true, unless_stored: true, stored_counts: false, closes: false };

/// An account that exists.
pub(crate) async fn existing_user(ports: &impl Ports, email: &str) -> Result<User, String> {
    match works(ports.create_user(new_user(ports, email)?, OPEN, event(ports)?).await)? {
        Created::Account(account) => Ok(account.user),
        other => Err(format!("could not create {email}: {other:?}")),
    }
}

/// Something that happened.
///
/// # Errors
/// When there is no randomness.
pub fn event(ports: &impl Ports) -> Result<AuditEvent, String> {
    Ok(AuditEvent {
        id: works(AuditId::random(ports))?,
        at: NOW,
        actor: None,
        target: Some(works(UserId::random(ports))?.to_string()),
        action: AuditAction::UpdateUser,
        outcome: AuditOutcome::Success,
        network: "203.0.113.7/32".to_string(),
        user_agent: "curl/8".to_string(),
        request_id: "request".to_string(),
        detail: None,
    })
}
