//! What holds for every input, tried on many. The seed is fixed, so that a run repeats; the fuzz
//! targets in `tests/fuzz` look for new inputs.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use pollster::block_on;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    email::Email,
    group::Hierarchy,
    json::{self, Members, TOKEN_LIMITS},
    jwt::{Expected, HmacKey, KeyRing, RustSignatures, Session, UntrustedToken},
    memory::Memory,
    permission::{Feature, Permission as _, PermissionSet},
    seal::{Place, SealingKeys},
    secret::RootSecret,
    time::UnixSeconds,
};

const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
const EXPECTED: Expected<'_> = Expected { issuer: "portico", audience: None, leeway_seconds: 0 };

/// Runs a property on 256 inputs.
fn holds<S: Strategy>(inputs: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config =
        ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(2_026), ..Default::default() };
    if let Err(broken) = TestRunner::new(config).run(&inputs, property) {
        panic!("{broken}");
    }
}

/// JSON of any shape within the limits of a token.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn ring(byte: u8) -> KeyRing<Session> {
    KeyRing::shared(HmacKey::new(&[byte; 32]))
}

fn signed(extra: &Value) -> String {
    let claims = json!({"iss": "portico", "exp": NOW.get() + 60, "extra": extra});
    block_on(ring(1).sign(&claims, NOW, &RustSignatures)).unwrap()
}

fn verified(token: &str) -> Option<Members> {
    let token = UntrustedToken::parse(token).ok()?;
    let claims = block_on(ring(1).verify(token, &EXPECTED, NOW, &RustSignatures)).ok()?;
    Some(claims.members().clone())
}

#[test]
fn whatever_is_signed_comes_back() {
    holds(any_json(), |extra| {
        let claims = verified(&signed(&extra)).expect("our own token");
        let back: Value = serde_json::from_str(claims.as_text()).expect("JSON");
        prop_assert_eq!(&back["extra"], &extra);
        Ok(())
    });
}

#[test]
fn a_token_with_one_changed_bit_is_refused() {
    holds((any_json(), any::<prop::sample::Index>(), 0..8_u8), |(extra, at, bit)| {
        let mut bytes = signed(&extra).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // A changed byte that is no UTF-8 any more never reaches the parser.
        if let Ok(token) = String::from_utf8(bytes) {
            prop_assert!(verified(&token).is_none(), "byte {at}, bit {bit}");
        }
        Ok(())
    });
}

#[test]
fn both_json_readers_take_and_refuse_the_same_objects() {
    // Well-formed objects with a few bytes changed: near enough to the border to find both sides.
    let noise = vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    holds((any_json(), noise), |(value, noise)| {
        let mut bytes = json!({"a": value, "b": 1}).to_string().into_bytes();
        for (at, byte) in noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        let ours = Members::parse(text.clone(), TOKEN_LIMITS).is_ok();
        let theirs = json::parse(text.as_bytes(), TOKEN_LIMITS).is_ok_and(|value| value.is_object());
        // Theirs also refuses numbers beyond the range of a double, which ours leaves as text.
        prop_assert!(ours == theirs || text.contains(['e', 'E']), "{text}");
        Ok(())
    });
}

#[test]
fn a_sealed_value_opens_in_its_place_only() {
    let keys = SealingKeys::new(&RootSecret::parse("a root secret of thirty-two bytes").unwrap(), None);
    let names = || ("[a-z]{0,6}", "[a-z]{0,6}", "[a-z0-9-]{0,8}");
    holds((vec(any::<u8>(), 0..64), names(), names()), |(value, home, elsewhere)| {
        let (table, column, row) = &home;
        let place = Place { table, column, row };
        let envelope = keys.seal(&value, &place, &Memory::default()).expect("entropy");
        let opened = keys.open(&envelope, &place).expect("its place");
        prop_assert_eq!(opened.expose_secret(), &value);
        let (table, column, row) = &elsewhere;
        let moved = keys.open(&envelope, &Place { table, column, row });
        prop_assert_eq!(moved.is_ok(), home == elsewhere);
        Ok(())
    });
}

#[test]
fn a_canonical_address_is_its_own_canonical_form() {
    let letters = "[a-zA-Z0-9.+_-]{1,12}@[a-zA-Z0-9äéßñçžøü.-]{1,16}\\.[a-zé]{2,6}";
    holds(prop_oneof![letters.prop_map(String::from), any::<String>(), "\\PC{1,20}@\\PC{1,20}"], |text| {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            prop_assert!(email.as_str().is_ascii() && email.as_str().len() <= 254);
            prop_assert_eq!(email.as_str(), email.as_str().to_ascii_lowercase());
        }
        Ok(())
    });
}

/// A group, the one above it, and what it grants.
type AnyGroup = (u8, Option<u8>, PermissionSet<Feature>);

/// Groups with random grants and parents, circles and missing parents among them, and memberships.
fn any_groups() -> impl Strategy<Value = (Vec<AnyGroup>, Vec<u8>)> {
    let grants = vec(0..Feature::ALL.len(), 0..6)
        .prop_map(|picked| picked.into_iter().filter_map(|at| Feature::ALL.get(at).copied()).collect());
    let group = (grants, proptest::option::of(0..12_u8));
    let groups = vec(group, 0..10).prop_map(|groups| {
        groups.into_iter().zip(0..).map(|((grants, parent), number)| (number, parent, grants)).collect()
    });
    (groups, vec(0..12_u8, 0..5))
}

#[test]
fn resolving_only_adds_does_not_care_for_order_and_is_done_after_once() {
    holds((any_groups(), any::<u8>()), |((groups, direct), shuffle)| {
        let defaults = PermissionSet::defaults(|_| None);
        let resolve = |groups: &[_], defaults: PermissionSet<Feature>, direct: &[u8]| {
            let hierarchy: Hierarchy<_, _> = groups.iter().copied().collect();
            hierarchy.with_ancestors(direct).into_iter().fold(defaults, |all, grants| all.union(*grants))
        };
        let effective = resolve(&groups, defaults, &direct);
        prop_assert!(defaults.is_subset(effective), "groups only grant");
        prop_assert_eq!(resolve(&groups, effective, &direct), effective, "idempotent");
        let (mut other_groups, mut other_direct) = (groups.clone(), direct.clone());
        other_groups.rotate_left(usize::from(shuffle) % groups.len().max(1));
        other_direct.reverse();
        prop_assert_eq!(resolve(&other_groups, defaults, &other_direct), effective, "order-free");
        for fewer in 0..direct.len() {
            let part = resolve(&groups, defaults, &direct[..fewer]);
            prop_assert!(part.is_subset(effective), "monotone");
        }
        Ok(())
    });
}
