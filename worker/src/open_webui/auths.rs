//! `/api/v1/auths/*`: one file per endpoint.

pub mod session;
pub mod sessions;
pub mod signin;
pub mod signout;
pub mod signup;
pub mod update_password;
