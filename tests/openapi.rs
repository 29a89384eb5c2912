//! What `/openapi.json` says. Whether it is true, schemathesis finds out (`tests/clients`).

use alloc::collections::BTreeSet;

use portico_core::memory::Memory;
use portico_worker::router::Router;
use serde_json::Value;

use crate::harness::TestApp;

fn document() -> Value {
    TestApp::new().anonymous().get("/openapi.json").json()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = document();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    let routes: BTreeSet<_> = Router::<Memory>::new()
        .routes()
        .iter()
        .map(|route| {
            format!("{} {}", route.method.as_str().to_ascii_lowercase(), route.path.replace("{*", "{"))
        })
        .collect();
    assert_eq!(described, routes);
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").map(|name| name.as_str().unwrap().to_string()));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(array) => array.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut referred = BTreeSet::new();
    references(&document, &mut referred);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let there = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(referred, there);
}

#[test]
fn settings_are_described_as_their_catalogue_has_them() {
    let document = document();
    let form = &document["components"]["schemas"]["AdminConfigForm"];
    let required = form["required"].as_array().unwrap();
    assert!(required.contains(&"ENABLE_SIGNUP".into()) && !required.contains(&"ENABLE_MFA".into()));
    assert_eq!(
        document["components"]["schemas"]["AdminConfig"]["properties"]["ENABLE_MFA"]["type"],
        "boolean"
    );
}
