//! One suite for everything that implements the ports, so that the in-memory double cannot drift from
//! the real store. A case starts on empty storage and says what did not hold.

extern crate alloc;

#[macro_use]
mod check;
mod directories;
mod faulty;
mod groups;
mod hashing;
mod identities;
mod integrations;
mod mail;
mod records;
mod second_factors;
mod sessions;
mod settings;
mod signatures;
mod throttles;
mod tickets;
mod users;
mod webhooks;

use portico_core::ports::Ports;

pub use check::event;
pub use faulty::{Fault, Faulty};
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
    directories::servers_that_failed_are_remembered_for_a_while,
    groups::a_change_of_a_group_touches_what_it_names,
    groups::a_groups_data_is_replaced_only_while_it_is_what_was_read,
    groups::a_group_is_stored_as_it_was_made,
    groups::a_list_of_names_takes_back_only_what_such_a_list_gave,
    groups::a_new_account_joins_its_default_group_if_there_is_one,
    groups::grants_come_down_to_the_members_of_groups_below,
    groups::members_join_once_and_leave,
    hashing::a_password_matches_its_hash_and_no_other,
    hashing::every_cost_gives_the_hash_of_the_reference_implementation,
    identities::a_browser_comes_back_once_and_in_time,
    identities::a_providers_word_is_heard_once,
    identities::an_address_leads_to_an_account_only_if_both_sides_have_shown_it,
    identities::an_arrival_brings_the_account_up_to_date,
    identities::an_identity_belongs_to_one_account_and_the_last_way_in_stays,
    identities::groups_elsewhere_decide_about_what_they_brought,
    identities::of_many_that_come_at_once_one_makes_the_account,
    identities::people_are_looked_for_in_turn,
    identities::the_first_of_all_administrates_and_closes_registration,
    identities::what_a_provider_gave_is_kept_for_a_while_and_replaced_once,
    identities::who_comes_first_gets_an_account_and_finds_it_again,
    integrations::a_registration_replaces_the_one_before_and_what_that_brought,
    integrations::one_registers_at_a_time,
    mail::a_mail_is_ordered_once_and_stays_until_it_is_settled,
    mail::mail_begins_with_what_has_just_happened,
    records::a_document_is_replaced_only_while_it_is_the_one_that_was_read,
    records::a_profile_is_replaced_as_a_whole_and_nothing_beside_it,
    records::accounts_are_sorted_searched_and_paged,
    records::an_account_has_one_key_and_a_new_one_ends_the_old,
    records::of_ten_new_keys_at_once_one_works,
    second_factors::a_factor_is_replaced_only_while_it_is_the_one_that_was_read,
    second_factors::of_ten_new_factors_at_once_one_is_stored,
    sessions::a_ban_ends_all_sessions_and_opens_none,
    sessions::a_change_of_the_account_shows_in_the_next_check,
    sessions::a_changed_password_ends_what_was_opened_with_the_old_one,
    sessions::a_refresh_token_rotates_and_its_reuse_ends_the_session,
    sessions::a_revoked_token_is_dead_and_its_session_is_not,
    sessions::a_session_ends_at_its_end_and_when_idle,
    sessions::an_account_that_is_gone_has_no_session,
    sessions::an_open_session_shows_its_account,
    sessions::ending_all_sessions_starts_a_new_generation,
    sessions::ending_one_session_leaves_the_others,
    sessions::nobody_ends_or_uses_the_session_of_another,
    sessions::of_fifty_equal_codes_at_once_one_counts,
    sessions::of_fifty_refreshes_at_once_none_makes_a_second_branch,
    sessions::of_fifty_uses_at_once_one_counts,
    sessions::who_sets_up_a_factor_keeps_their_session_and_nobody_else,
    settings::of_two_changes_at_once_one_is_outdated,
    settings::random_identifiers_differ,
    settings::settings_change_together_and_only_from_the_version_that_was_read,
    settings::the_audit_log_is_read_backwards_and_by_account,
    settings::the_first_sign_up_shows_at_once,
    signatures::a_private_key_signs_what_its_public_half_verifies,
    signatures::examples_of_the_rfcs_verify_and_changed_ones_do_not,
    throttles::a_bucket_grants_its_limit_and_no_more,
    throttles::a_closed_account_stays_open_where_its_owner_was,
    throttles::a_network_has_a_hundred_failures_for_all_accounts,
    throttles::repeating_a_subject_is_free,
    throttles::what_is_left_is_told,
    throttles::success_forgets_one_account_from_one_network,
    throttles::two_hundred_attempts_at_once_spend_fifteen,
    tickets::a_new_ticket_takes_the_place_of_others_of_its_purpose,
    tickets::a_ticket_is_worth_nothing_once_the_account_has_changed,
    tickets::an_invitation_lets_one_address_in_and_is_used_up,
    tickets::of_ten_new_passwords_at_once_one_is_stored,
    tickets::showing_an_address_is_noted_once,
    users::a_change_touches_what_it_names_and_nothing_else,
    users::a_closed_policy_lets_nobody_in,
    users::a_deleted_account_leaves_its_address_free,
    users::a_hash_is_replaced_only_while_it_is_the_one_that_was_read,
    users::an_address_is_taken_once_and_keeps_its_owner,
    users::an_explicitly_open_policy_stays_open,
    users::only_the_first_user_when_closed_explicitly,
    users::the_first_account_is_administrator_and_closes_registration,
    users::the_last_administrator_stays,
    users::the_stored_account_is_the_one_that_was_created,
    users::whoever_is_admitted_comes_in_through_a_closed_door,
    webhooks::a_new_webhook_may_hear_of_what_has_just_happened,
    webhooks::a_webhook_is_stored_changed_and_gone_for_good,
    webhooks::every_row_of_the_log_has_the_next_place_and_only_old_ones_leave,
    webhooks::the_environments_webhook_is_known_even_when_it_is_gone,
    webhooks::there_are_no_more_webhooks_than_there_may_be,
];
