//! Portico's decisions, without I/O: tokens, passwords, permissions and the use cases over ports.
//!
//! Everything here is a pure function of its arguments, or an async flow over the traits in
//! [`ports`]. No clock, no random source, no socket: the host passes time in [`flow::Ctx`] and
//! implements the ports. The crate is `no_std` and builds for a bare-metal target.

#![no_std]
#![warn(missing_docs)]

extern crate alloc;

pub mod api_key;
pub mod arithmetic;
pub mod audit;
pub mod date;
pub mod display_name;
pub mod duration;
pub mod email;
pub mod event;
pub mod flow;
pub mod group;
pub mod id;
pub mod identity;
pub mod image_reference;
pub mod json;
pub mod jwt;
pub mod ldap;
pub mod mail;
#[cfg(any(feature = "memory", test))]
pub mod memory;
pub mod network;
pub mod oauth;
pub mod outbound_url;
pub mod password;
pub mod permission;
pub mod ports;
#[cfg(test)]
mod properties;
pub mod redirect;
pub mod seal;
pub mod secret;
pub mod session;
pub mod settings;
pub mod smtp;
pub mod throttle;
pub mod ticket;
pub mod time;
pub mod timezone;
pub mod totp;
pub mod user;
pub mod webhook;
