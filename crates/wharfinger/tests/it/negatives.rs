//! Faults seen in other registries and their tools, each kept away by a test that bears its number.
//!
//! `cargo xtask tidy --write` lists them, and those beside the code, in `docs/negatives.md`.

mod access;
mod bombs;
mod content;
mod floods;
mod folds;
mod input;
mod leaks;
mod permissions;
mod races;
mod revoked;
mod secrets;

use crate::support::registry::Registry;
use crate::support::sign::Credentials;
use crate::support::{Server, admin, http};

/// The routes of the registry protocol that read or change something: method and path.
///
/// `{d}` stands for a blob's digest, `{u}` for an upload's id.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/v2/"),
    ("GET", "/v2/_catalog"),
    ("HEAD", "/v2/_catalog"),
    ("GET", "/v2/private/app/tags/list"),
    ("GET", "/v2/private/app/manifests/v1"),
    ("HEAD", "/v2/private/app/manifests/v1"),
    ("PUT", "/v2/private/app/manifests/v1"),
    ("PUT", "/v2/private/app/manifests/v1?tag=v2&tag=v3"),
    ("DELETE", "/v2/private/app/manifests/v1"),
    ("GET", "/v2/private/app/referrers/{d}"),
    ("HEAD", "/v2/private/app/referrers/{d}"),
    ("GET", "/v2/private/app/blobs/{d}"),
    ("HEAD", "/v2/private/app/blobs/{d}"),
    ("DELETE", "/v2/private/app/blobs/{d}"),
    ("POST", "/v2/private/app/blobs/uploads/"),
    (
        "POST",
        "/v2/private/app/blobs/uploads/?mount={d}&from=private/app",
    ),
    ("GET", "/v2/private/app/blobs/uploads/{u}"),
    ("PATCH", "/v2/private/app/blobs/uploads/{u}"),
    ("PUT", "/v2/private/app/blobs/uploads/{u}?digest={d}"),
    ("DELETE", "/v2/private/app/blobs/uploads/{u}"),
];

/// A path of `ROUTES` with its words replaced.
fn path(route: &str, digest: &str, upload: &str) -> String {
    let id = upload.rsplit('/').next().unwrap_or_default();
    route.replace("{d}", digest).replace("{u}", id)
}

/// Another account: its root's access key.
pub(crate) fn stranger(server: &Server) -> Credentials {
    let request = serde_json::json!({"op": "account.create", "name": "stranger"});
    let made = admin::ask(server, &request);
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    Credentials {
        access_key_id: text("access_key_id"),
        secret: text("secret_access_key"),
        session_token: None,
    }
}

/// An ECR call by somebody else than the first account's root.
fn call_as(
    server: &Server,
    who: &Credentials,
    operation: &str,
    body: &serde_json::Value,
) -> http::Response {
    let body = body.to_string();
    let headers =
        crate::support::sign::sign_ecr(who, server.authority(), operation, body.as_bytes());
    http::request(server.authority(), "POST", "/", &headers, body.as_bytes())
}

/// The registry protocol as somebody else.
fn registry_of(server: &Server, who: &Credentials) -> Registry {
    use base64::Engine as _;
    let answer = call_as(server, who, "GetAuthorizationToken", &serde_json::json!({}));
    let answer = answer.expect_status(200).json();
    let token = answer["authorizationData"][0]["authorizationToken"].as_str();
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(token.expect("a token"))
        .expect("base64");
    let decoded = String::from_utf8(decoded).expect("text");
    let password = decoded.strip_prefix("AWS:").expect("user AWS");
    Registry::new(server.authority(), password)
}
