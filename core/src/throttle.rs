//! Throttles as pure functions of state and time (TH-01, TH-02, TH-14), and what to do when their state
//! can not be reached.

mod account;
mod ban;
mod fallback;
mod lockout;
mod window;

pub use account::AccountThrottle;
pub use ban::{BanPolicy, Standing, Violation};
pub use fallback::{FALLBACK_LIMIT, Fallback};
pub use lockout::Lockout;
pub use window::{Limit, Metered, Spent, Window};

use crate::time::Lifetime;

/// Requests of one network that show steps of signing in; and to all routes that authenticate, while the deployment asks
/// for second factors (open-webui.md §6).
pub const AUTHENTICATION_LIMIT: Limit = Limit { attempts: 100, window: Lifetime::from_minutes(15) };

/// Sign-in attempts for one account from one network (Open WebUI contract §6; R-14).
pub const SIGN_IN_LIMIT: Limit = Limit { attempts: 15, window: Lifetime::from_minutes(3) };

/// Failures from one network, whatever accounts they are for (TH-02).
pub const NETWORK_LIMIT: Limit = Limit { attempts: 100, window: Lifetime::from_minutes(15) };

/// Addresses that one network may ask to sign up, because the answer tells whether they are taken (TH-11).
pub const SIGN_UP_LIMIT: Limit = Limit { attempts: 5, window: Lifetime::from_minutes(60) };

/// The same on the developer's own machine, where somebody tries things out.
pub const LOOPBACK_SIGN_UPS: u32 = 100;

/// Addresses that all networks together may ask to sign up (TH-11).
pub const SITE_SIGN_UP_LIMIT: Limit = Limit { attempts: 1_000, window: Lifetime::from_minutes(60) };

/// Checks of the current password by somebody who is signed in: changing it, confirming an act (TH-06).
pub const REAUTHENTICATION_LIMIT: Limit = Limit { attempts: 10, window: Lifetime::from_minutes(15) };

/// Uses of one session's refresh tokens (TH-06).
pub const REFRESH_LIMIT: Limit = Limit { attempts: 30, window: Lifetime::from_minutes(5) };

/// Making, showing and dropping one's own API key (AK-04).
pub const API_KEY_LIMIT: Limit = Limit { attempts: 30, window: Lifetime::from_minutes(15) };

/// Codes of a second factor for one account (MF-04).
pub const SECOND_FACTOR_LIMIT: Limit = Limit { attempts: 10, window: Lifetime::from_minutes(60) };

/// Wrong passwords for one account while the deployment asks for second factors (open-webui.md §6).
pub const FIRST_FACTOR_LIMIT: Limit = Limit { attempts: 10, window: Lifetime::from_minutes(15) };

/// Browsers of one network that are sent to a provider of accounts.
pub const ROUND_TRIP_LIMIT: Limit = Limit { attempts: 60, window: Lifetime::from_minutes(5) };

/// Mails that somebody may ask for to one address (RS-09).
pub const MAIL_TO_LIMIT: Limit = Limit { attempts: 3, window: Lifetime::from_minutes(60) };

/// Mails that one network may ask for (RS-09).
pub const MAIL_FROM_LIMIT: Limit = Limit { attempts: 10, window: Lifetime::from_minutes(60) };
