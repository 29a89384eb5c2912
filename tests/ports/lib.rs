//! One suite for everything that implements the ports, so that the in-memory double cannot drift from
//! the real store. A case starts on empty storage and says what did not hold.

extern crate alloc;

#[macro_use]
mod check;
mod hashing;
mod instance;
mod sessions;
mod signatures;
mod throttles;
mod users;

use portico_core::ports::Ports;

pub use signatures::verify_lines;

/// What did not hold, in words for a developer.
pub type Outcome = Result<(), String>;

macro_rules! cases {
    ($($module:ident::$case:ident),* $(,)?) => {
        /// The names of all cases.
        pub const CASES: &[&str] = &[$(concat!(stringify!($module), "::", stringify!($case))),*];

        /// Runs one case on empty storage.
        ///
        /// # Errors
        /// What did not hold.
        pub async fn run(name: &str, ports: &impl Ports) -> Outcome {
            match name {
                $(concat!(stringify!($module), "::", stringify!($case)) => $module::$case(ports).await,)*
                _ => Err(format!("no case `{name}`")),
            }
        }
    };
}

cases![
    hashing::a_password_matches_its_hash_and_no_other,
    hashing::every_cost_gives_the_hash_of_the_reference_implementation,
    instance::random_identifiers_differ,
    instance::the_audit_log_takes_events,
    instance::the_state_follows_the_first_sign_up,
    sessions::a_session_ends_at_its_expiry,
    sessions::a_session_without_expiry_ends_when_idle,
    sessions::an_account_that_is_gone_has_no_session,
    sessions::an_open_session_shows_its_account,
    sessions::ending_one_session_leaves_the_others,
    sessions::nobody_ends_or_uses_the_session_of_another,
    signatures::a_private_key_signs_what_its_public_half_verifies,
    signatures::examples_of_the_rfcs_verify_and_changed_ones_do_not,
    throttles::a_bucket_grants_its_limit_and_no_more,
    throttles::buckets_do_not_share_and_a_reset_empties_one,
    users::a_closed_policy_lets_nobody_in,
    users::a_hash_is_replaced_only_while_it_is_the_one_that_was_read,
    users::an_address_is_taken_once_and_keeps_its_owner,
    users::an_explicitly_open_policy_stays_open,
    users::only_the_first_user_when_closed_explicitly,
    users::the_first_account_is_administrator_and_closes_registration,
    users::the_stored_account_is_the_one_that_was_created,
];
