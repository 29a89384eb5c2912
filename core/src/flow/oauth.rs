//! Accounts that people have elsewhere: signing in with one, linking one, what its provider gave (open-webui.md §8,
//! librechat.md §6, security.md §7).

mod arrival;
mod callback;
mod clients;
mod documents;
mod error;
mod graph;
mod identify;
mod integrations;
mod link;
mod provider_tokens;
mod registration;
mod settings;
mod sign_out;
mod start;
mod token_exchange;
mod trial;

pub use callback::{Back, CallbackQuery, Came, Previous, Returned, callback};
pub use clients::configured;
pub use error::{OAuthError, Refusal};
pub use graph::{GraphTokenError, directory_of, graph_token};
pub use integrations::{IntegrationError, authorize, returned};
pub use link::{identities, start_link, unlink};
pub use provider_tokens::{ProviderTokenError, forget, fresh, list};
pub use registration::{Credentials, RegistrationError, integrations, register, withdraw};
pub use sign_out::{BackchannelError, end_session_url, hear};
pub use start::{Away, expire, start};
pub use token_exchange::{TokenExchangeError, exchange};
pub use trial::{Fails, Trial, Works, try_out};
