mod login;
mod logout;
mod password;
mod refresh;
mod register;
mod two_factor;
