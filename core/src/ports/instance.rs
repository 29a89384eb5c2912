use super::PortError;

/// What the deployment as a whole has come to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InstanceState {
    /// Whether any account exists.
    pub has_users: bool,
    /// The stored registration switch; `None` while nobody has set it.
    pub sign_up_enabled: Option<bool>,
}

/// The deployment's stored state, for showing. Decisions that depend on it are made in the step that
/// acts, such as [`Users::create_user`](super::Users::create_user).
#[expect(async_fn_in_trait, reason = "hosts are single-threaded; no Send bound is wanted")]
pub trait Instance {
    /// The state, at most a minute old where it was changed elsewhere (AD-08).
    ///
    /// # Errors
    /// When the state could not be read.
    async fn instance_state(&self) -> Result<InstanceState, PortError>;
}
