mod mfa;
mod modes;
mod session;
mod sessions;
mod signin;
mod signout;
mod signup;
mod update_password;
