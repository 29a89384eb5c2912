//! Who is asking, as far as the connection tells.

use http::HeaderMap;
use portico_core::{
    flow::{Client, MAX_USER_AGENT_BYTES},
    network::Network,
};

/// The address as the platform sets it; anything a client can write itself is ignored (TH-04).
const ADDRESS_HEADER: &str = "cf-connecting-ip";

/// Describes the client of a request.
pub fn describe(headers: &HeaderMap, request_id: String) -> Client {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Client {
        network: text(ADDRESS_HEADER).map_or_else(Network::unknown, Network::of_address),
        user_agent: bounded(text("user-agent").unwrap_or("")),
        request_id,
    }
}

fn bounded(text: &str) -> String {
    let mut end = text.len().min(MAX_USER_AGENT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("").chars().filter(|c| !c.is_control()).collect()
}
