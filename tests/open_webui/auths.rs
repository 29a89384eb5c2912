mod session;
mod signin;
mod signout;
mod signup;
