//! Key sets that the server and the npm package have to judge alike: `keys.json`, which `wasm-pkg/test` reads as well.

use portico_core::jwt::{Algorithm, Jwks};
use serde_json::Value;

const VECTORS: &str = include_str!("keys.json");

/// Whether the set has a key of the algorithm.
fn has_key(vector: &Value) -> bool {
    let algorithm = Algorithm::parse(vector["alg"].as_str().unwrap()).unwrap();
    let keys = Jwks::parse(&vector["jwks"].to_string());
    keys.is_ok_and(|keys| keys.find("k").is_some_and(|key| key.is_for(algorithm)))
}

#[test]
fn every_key_counts_where_the_npm_package_counts_it() {
    /* TK-18, TK-23 */
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 150, "{} vectors", vectors.len());
    let wrong: Vec<_> = vectors.iter().filter(|vector| vector["is_key"] != has_key(vector)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
