//! The Open WebUI dialect, one file for each endpoint.

mod audit;
mod auths;
mod config;
mod events;
mod groups;
mod stock_pages;
mod users;
mod version;

use http::Method;
use serde_json::Value;

use crate::harness::{Answer, Client, TestApp};

const SESSION: &str = "/api/v1/auths/";
const ADMIN_CONFIG: &str = "/api/v1/auths/admin/config";
const ACCESS: &str =
    "You do not have permission to access this resource. Please contact your administrator for assistance.";

/// A deployment where everybody may sign up and is a member at once.
fn open_app(vars: &[(&str, &str)]) -> TestApp {
    let open = [("ENABLE_SIGNUP", "true"), ("DEFAULT_USER_ROLE", "user")];
    TestApp::with_vars(&open.iter().chain(vars).copied().collect::<Vec<_>>())
}

fn id_of(client: &Client<'_>) -> String {
    client.get(SESSION).json()["id"].as_str().unwrap().to_string()
}

fn delete(client: &Client<'_>, path: &str) -> Answer {
    client.send(Method::DELETE, path, None, Vec::new())
}

/// Writes the configuration back with some of its members changed.
fn configure(admin: &Client<'_>, changes: &Value) -> Answer {
    let mut config = admin.get(ADMIN_CONFIG).json();
    for (name, value) in changes.as_object().unwrap() {
        config[name] = value.clone();
    }
    admin.post(ADMIN_CONFIG, &config)
}
