//! `/openapi.json`: what every route takes and gives, put together from the route table, the catalogues of settings and
//! permissions, and one line for each route.

mod operations;

use alloc::collections::BTreeMap;

use http::{Method, StatusCode};
use portico_core::{
    permission::{Feature, Permission as _},
    ports::Ports,
    settings::{self, Kind, Omitted, Spec},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::operations::Operation;
use crate::{
    http::answer::{self, Answer},
    open_webui::version::API_VERSION,
    router::{self, Call, Level, Origin, Route, Throttle},
};

/// Shapes of bodies and answers that are in no catalogue.
const SCHEMAS: &str = include_str!("openapi/schemas.json");

/// `GET /openapi.json`
///
/// # Errors
/// None.
pub async fn openapi<P: Ports>(_: &Call<'_, P>) -> Result<Answer, Answer> {
    Ok(answer::json(StatusCode::OK, &document::<P>()))
}

/// The document (OpenAPI 3.1).
fn document<P: Ports>() -> Value {
    let mut paths: BTreeMap<String, BTreeMap<String, Described>> = BTreeMap::new();
    for route in router::routes::<P>() {
        if let Some(operation) = operations::find(&route.method, route.path) {
            let methods = paths.entry(shown_path(route.path)).or_default();
            methods.insert(route.method.as_str().to_ascii_lowercase(), described(&route, operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Portico", "version": API_VERSION, "description": "Accounts, sessions and permissions."},
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "token"},
            },
        },
    })
}

/// `/a/{*rest}` as the document writes it.
fn shown_path(path: &str) -> String {
    path.replace("{*", "{")
}

/// An operation object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    operation_id: String,
    summary: &'static str,
    parameters: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Value>,
    responses: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    security: Option<Value>,
}

fn described<P>(route: &Route<P>, operation: &Operation) -> Described {
    let mut parameters: Vec<_> =
        path_parameters(route.path).map(|name| parameter("path", name, true)).collect();
    parameters.extend(operation.query.iter().map(|name| parameter("query", name, false)));
    let mut answers = Map::new();
    answers.insert(
        "200".to_string(),
        match operation.gives {
            "" => json!({"description": "Done."}),
            gives => json!({"description": "Done.", "content": content(gives)}),
        },
    );
    let refusal = content(if route.is_of_librechat() { "MemberRefusal" } else { "Refusal" });
    for (status, meaning) in refusals(route, operation) {
        answers.insert(status.to_string(), json!({"description": meaning, "content": refusal}));
    }
    for status in operation.refusals.iter().filter(|status| **status < 400) {
        answers.insert(status.to_string(), json!({"description": "It is elsewhere, or as it was."}));
    }
    Described {
        operation_id: operation_id(route),
        summary: operation.summary,
        parameters,
        request_body: (!operation.takes.is_empty()).then(|| {
            let schema = operation.takes.trim_start_matches('?');
            json!({"required": schema == operation.takes, "content": content(schema)})
        }),
        responses: answers,
        security: (route.level != Level::Anonymous).then(|| json!([{"bearer": []}, {"cookie": []}])),
    }
}

fn operation_id<P>(route: &Route<P>) -> String {
    let words = route.path.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("{}{words}", route.method.as_str().to_ascii_lowercase())
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.trim_start_matches('*')))
}

fn parameter(place: &str, name: &str, required: bool) -> Value {
    let schema = match name {
        "page" | "limit" | "days" | "start_date" | "end_date" => json!({"type": "integer"}),
        "share" | "include_inherited" => json!({"type": "boolean"}),
        _ => json!({"type": "string"}),
    };
    json!({"in": place, "name": name, "required": required, "schema": schema})
}

fn content(schema: &str) -> Value {
    match schema {
        "Image" => json!({"image/*": {"schema": {}}}),
        // A few of LibreChat's refusals are a text, as is what it says to whoever has no session to go on with.
        "MemberRefusal" | "ResumedSession" => {
            let schema = if schema == "ResumedSession" { "MemberSession" } else { schema };
            let json = json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
            json!({"application/json": json, "text/html": {"schema": {"type": "string"}}})
        }
        schema => json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}}),
    }
}

/// What the route may answer besides 200: what its row in the route table says, and what its line adds.
fn refusals<P>(route: &Route<P>, operation: &Operation) -> Vec<(u16, &'static str)> {
    let guarded = route.level != Level::Anonymous;
    let changes = route.method != Method::GET;
    let own = |status: u16| operation.refusals.contains(&status);
    let all = [
        (400, true, "The request is malformed, or refused for the reason that it names."),
        (401, guarded || own(401), "Nobody is signed in, or not with what this takes."),
        (403, guarded || route.origin != Origin::Any || own(403), "Not allowed."),
        (404, own(404) || path_parameters(route.path).next().is_some(), "There is nothing."),
        (409, own(409), "Something else changed in between."),
        (413, true, "The body is too large."),
        (415, own(415), "The body is no JSON."),
        (422, changes || !operation.query.is_empty(), "The form is not valid."),
        // While the deployment asks for second factors, everything that authenticates is counted.
        (429, guarded || changes || route.throttle != Throttle::Unlimited || own(429), "Too many attempts."),
        (503, true, "Something behind this service does not answer."),
    ];
    all.into_iter().filter(|(_, may, _)| *may).map(|(status, _, meaning)| (status, meaning)).collect()
}

fn schemas() -> Map<String, Value> {
    let mut schemas: Map<String, Value> =
        serde_json::from_str(SCHEMAS).expect("the tests read the same text");
    schemas.insert("Permissions".to_string(), permissions());
    for (name, specs) in
        [("AdminConfig", settings::ADMIN), ("LdapServer", settings::LDAP), ("OAuthConfig", settings::OAUTH)]
    {
        schemas.insert(format!("{name}Form"), form(specs));
        schemas.insert(name.to_string(), shown(specs));
    }
    schemas
}

/// A whole tree, as answers have it.
fn permissions() -> Value {
    let mut sections: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for leaf in Feature::ALL {
        let section = sections.entry(leaf.section()).or_default();
        section.insert(leaf.name().to_string(), json!({"type": "boolean"}));
    }
    let names: Vec<_> = sections.keys().copied().collect();
    let section = |(name, leaves): (&str, Map<_, _>)| {
        (name.to_string(), json!({"type": "object", "properties": leaves}))
    };
    let sections: Map<_, _> = sections.into_iter().map(section).collect();
    json!({"type": "object", "required": names, "properties": sections})
}

fn form(specs: &[Spec]) -> Value {
    let required: Vec<_> =
        specs.iter().filter(|spec| spec.omitted == Omitted::Refused).map(|spec| spec.field).collect();
    let accepted = |spec: &Spec| match spec.omitted {
        Omitted::KeptAsNull => json!({"anyOf": [accepted(spec.kind), {"type": "null"}]}),
        Omitted::Kept | Omitted::Refused => accepted(spec.kind),
    };
    json!({"type": "object", "required": required, "properties": properties(specs, accepted)})
}

fn shown(specs: &[Spec]) -> Value {
    let fields: Vec<_> = specs.iter().map(|spec| spec.field).collect();
    json!({"type": "object", "required": fields, "properties": properties(specs, |spec| kept(spec.kind))})
}

fn properties(specs: &[Spec], schema: impl Fn(&Spec) -> Value) -> Map<String, Value> {
    specs.iter().map(|spec| (spec.field.to_string(), schema(spec))).collect()
}

/// What a form may say.
fn accepted(kind: Kind) -> Value {
    match kind {
        Kind::Flag => json!({"type": ["boolean", "string", "integer"]}),
        kind => kept(kind),
    }
}

/// What is stored and shown.
fn kept(kind: Kind) -> Value {
    match kind {
        Kind::Flag | Kind::StrictFlag => json!({"type": "boolean"}),
        Kind::Text
        | Kind::Secret
        | Kind::Lifetime
        | Kind::Group
        | Kind::CommaList
        | Kind::JsonList
        | Kind::Url => {
            json!({"type": "string"})
        }
        Kind::OptionalText => json!({"type": ["string", "null"]}),
        Kind::OneOf(words) if words.contains(&"") => {
            let words: Vec<_> = words.iter().map(|word| json!(word)).chain([Value::Null]).collect();
            json!({ "enum": words })
        }
        Kind::OneOf(words) => json!({"enum": words}),
        Kind::Role => json!({"enum": ["pending", "user"]}),
        Kind::Object | Kind::Permissions => json!({"type": ["object", "null"]}),
        Kind::Translations => json!({"type": "object"}),
        Kind::Count => json!({"type": ["integer", "string", "null"]}),
        Kind::PositiveCount => json!({"type": ["integer", "null"], "exclusiveMinimum": 0}),
        Kind::Port => json!({"type": ["integer", "null"], "minimum": 1, "maximum": 65_535}),
        Kind::Share => json!({"enum": [true, false, "members", "true", "false", null]}),
    }
}
