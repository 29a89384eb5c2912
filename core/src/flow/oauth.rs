//! Accounts that people have elsewhere: signing in with one, linking one, what its provider gave (open-webui.md §8,
//! librechat.md §6, security.md §7).

mod callback;
mod clients;
mod documents;
mod error;
mod identify;
mod link;
mod settings;
mod start;

pub use callback::{Back, CallbackQuery, Returned, callback};
pub use clients::configured;
pub use error::{OAuthError, Refusal};
pub use link::{identities, unlink};
pub use start::{Away, start};
