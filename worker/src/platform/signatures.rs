use core::cell::RefCell;

use js_sys::{JSON, Uint8Array};
use portico_core::{
    jwt::{Algorithm, PrivateKey, PublicKey},
    ports::{PortError, Signatures},
    secret::Secret,
};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    async fn import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &JsValue,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    async fn sign(algorithm: &JsValue, key: &JsValue, data: &[u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    async fn verify(
        algorithm: &JsValue,
        key: &JsValue,
        signature: &[u8],
        data: &[u8],
    ) -> Result<JsValue, JsValue>;
}

/// Keys that are kept once they are imported, at most. An identity provider has a handful.
const KEPT_KEYS: usize = 64;

/// An imported key. Importing one costs as much as using it; keys are not bound to a request.
struct Imported {
    public: PublicKey,
    algorithm: Algorithm,
    usage: Usage,
    key: JsValue,
    /// How WebCrypto calls the operation.
    operation: JsValue,
}

#[derive(Clone, Copy, PartialEq)]
enum Usage {
    Sign,
    Verify,
}

impl Usage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }
}

thread_local! {
    static IMPORTED: RefCell<Vec<Imported>> = const { RefCell::new(Vec::new()) };
}

/// Signatures by the runtime's WebCrypto. A key or signature that it does not take verifies nothing.
#[derive(Clone, Copy, Debug)]
pub struct WebCrypto;

impl Signatures for WebCrypto {
    async fn verify_signature(
        &self,
        key: &PublicKey,
        algorithm: Algorithm,
        input: &[u8],
        signature: &[u8],
    ) -> Result<bool, PortError> {
        let imported = imported(key, algorithm, Usage::Verify, || Secret::new(key.to_jwk())).await;
        let Ok((key, operation)) = imported else { return Ok(false) };
        let valid = verify(&operation, &key, signature, input).await;
        Ok(valid.is_ok_and(|valid| valid.is_truthy()))
    }

    async fn sign(&self, key: &PrivateKey, input: &[u8]) -> Result<Vec<u8>, PortError> {
        let (public, algorithm) = (key.public(), key.algorithm());
        let (key, operation) = imported(public, algorithm, Usage::Sign, || key.expose_jwk()).await?;
        let signature = sign(&operation, &key, input).await.map_err(|error| fault(&error))?;
        Ok(Uint8Array::new(&signature).to_vec())
    }
}

/// How WebCrypto calls an algorithm when it imports a key and when it uses it, as JSON.
fn names(algorithm: Algorithm) -> Result<(&'static str, &'static str), PortError> {
    Ok(match algorithm {
        Algorithm::EdDsa => (r#"{"name":"Ed25519"}"#, r#"{"name":"Ed25519"}"#),
        Algorithm::Es256 => {
            (r#"{"name":"ECDSA","namedCurve":"P-256"}"#, r#"{"name":"ECDSA","hash":"SHA-256"}"#)
        }
        Algorithm::Ps256 => {
            (r#"{"name":"RSA-PSS","hash":"SHA-256"}"#, r#"{"name":"RSA-PSS","saltLength":32}"#)
        }
        Algorithm::Rs256 => {
            (r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#, r#"{"name":"RSASSA-PKCS1-v1_5"}"#)
        }
        Algorithm::Hs256 => {
            return Err(PortError { port: "signatures", detail: "HS256 has no public key".into() });
        }
    })
}

/// A key as WebCrypto wants it, and the name of what is done with it.
async fn imported(
    public: &PublicKey,
    algorithm: Algorithm,
    usage: Usage,
    jwk: impl FnOnce() -> Secret<String>,
) -> Result<(JsValue, JsValue), PortError> {
    let known = IMPORTED.with_borrow(|kept| {
        let is_it =
            |kept: &&Imported| kept.usage == usage && kept.algorithm == algorithm && kept.public == *public;
        kept.iter().find(is_it).map(|kept| (kept.key.clone(), kept.operation.clone()))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let (key_name, operation) = names(algorithm)?;
    // `use` and `alg` were checked when the key was read; WebCrypto would check them again, its own way.
    let material = json(jwk().expose_secret())?;
    for member in ["alg", "use", "kid"] {
        let object: &js_sys::Object = material.unchecked_ref();
        js_sys::Reflect::delete_property(object, &member.into()).map_err(|error| fault(&error))?;
    }
    let usages = js_sys::Array::of1(&usage.as_str().into());
    let key = import_key("jwk", &material, &json(key_name)?, false, &usages).await;
    let (key, operation) = (key.map_err(|error| fault(&error))?, json(operation)?);
    IMPORTED.with_borrow_mut(|kept| {
        if kept.len() >= KEPT_KEYS {
            kept.clear();
        }
        let (public, key, operation) = (public.clone(), key.clone(), operation.clone());
        kept.push(Imported { public, algorithm, usage, key, operation });
    });
    Ok((key, operation))
}

fn json(text: &str) -> Result<JsValue, PortError> {
    JSON::parse(text).map_err(|error| fault(&error))
}

/// The error's name only: its message may hold parts of the key.
fn fault(error: &JsValue) -> PortError {
    let name = js_sys::Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string());
    PortError { port: "signatures", detail: name.unwrap_or_else(|| "WebCrypto failed".into()) }
}
