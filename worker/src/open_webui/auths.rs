//! `/api/v1/auths/*`: one file per endpoint.

pub mod add;
pub mod admin_config;
pub mod admin_details;
pub mod api_key;
pub mod ldap;
pub mod mfa;
pub mod oauth;
pub mod password_policy;
pub mod session;
pub mod sessions;
pub mod signin;
pub mod signout;
pub mod signup;
pub mod update_password;
pub mod update_profile;
