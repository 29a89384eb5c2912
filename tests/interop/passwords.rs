use portico_core::{
    memory::Memory,
    password::{Password, PasswordHash, Peppers, Verification, create, verify},
};
use serde_json::json;

use super::ask;

const PASSWORDS: [&str; 3] = ["correct horse", "päßword 🔑", "x"];

#[test]
fn argon2_cffi_verifies_our_hashes_and_we_verify_those_of_other_systems() {
    /* PW-01, PW-02, PW-05 */
    let (host, none) = (Memory::default(), Peppers::default());
    let ours: Vec<_> = PASSWORDS
        .iter()
        .map(|text| {
            let hash = pollster::block_on(create(&Password::new(text).unwrap(), &none, &host)).unwrap();
            json!({"password": text, "hash": hash.as_str()})
        })
        .collect();
    let answer = ask("PORTICO_PYTHON", "passwords.py", &json!({"ours": ours}));
    assert_eq!(answer["verified"], json!(PASSWORDS.len()));
    let theirs = answer["theirs"].as_array().unwrap();
    assert!(theirs.len() >= 5 * PASSWORDS.len());
    for each in theirs {
        let (text, hash) = (each["password"].as_str().unwrap(), each["hash"].as_str().unwrap());
        let stored = PasswordHash::from_stored(hash.to_string());
        let check = |text: &str| {
            pollster::block_on(verify(&Password::new(text).unwrap(), Some(&stored), &none, &host)).unwrap()
        };
        assert_eq!(check(text), Verification::Match { needs_rehash: true }, "{hash}");
        assert_eq!(check(&format!("{text}x")), Verification::Mismatch, "{hash}");
    }
}
