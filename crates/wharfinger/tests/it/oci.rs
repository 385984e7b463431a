//! OCI distribution 1.1 as a client meets it: one file for each part of the specification.

mod bounds;
mod deletes;
mod lists;
mod manifests;
mod mounts;
mod referrers;
mod uploads;

use serde_json::{Value, json};
use wharf_wire::oci::{Algorithm, Digest};

use crate::support::Server;
use crate::support::http::Response;
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, descriptor};
use crate::support::registry::Registry;
use crate::support::stored;

/// The content of OCI's empty descriptor.
const EMPTY: &[u8] = b"{}";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// A manifest without layers whose config is `{}`, with these members instead of or beside its own.
fn manifest(members: &Value) -> Vec<u8> {
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(EMPTY_TYPE, EMPTY), "layers": [],
    });
    put_members(&mut manifest, members);
    manifest.to_string().into_bytes()
}

/// An index of these descriptors, with these members beside its own.
fn index_of(descriptors: &[Value], members: &Value) -> Vec<u8> {
    let mut index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors});
    put_members(&mut index, members);
    index.to_string().into_bytes()
}

fn put_members(into: &mut Value, members: &Value) {
    for (name, value) in members.as_object().expect("an object") {
        into[name] = value.clone();
    }
}

/// The media type that a manifest of ours says it has.
fn type_of(bytes: &[u8]) -> String {
    let manifest: Value = serde_json::from_slice(bytes).expect("a manifest");
    manifest["mediaType"].as_str().expect("a type").to_owned()
}

/// Puts a manifest; the reference may have a query.
fn put(registry: &Registry, repository: &str, reference: &str, bytes: &[u8]) -> Response {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let kind = type_of(bytes);
    registry.request("PUT", &path, &[("content-type", &kind)], bytes)
}

/// Puts a manifest by its digest, which has to succeed.
#[track_caller]
fn stored(registry: &Registry, repository: &str, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    put(registry, repository, digest.as_str(), bytes).expect_status(201);
    digest
}

/// A repository with the blob `{}`.
fn repository(server: &Server, registry: &Registry, name: &str) {
    server.create_repository(name);
    registry.try_push_blob(name, EMPTY).expect("a blob");
}

fn sha512(bytes: &[u8]) -> Digest {
    Digest::with(Algorithm::Sha512, bytes)
}

/// Demands an error of this status and code, in OCI's form.
#[track_caller]
fn refused(answer: &Response, status: u16, code: &str) {
    let json = answer.json();
    let told = json["errors"][0]["code"].as_str();
    assert_eq!(
        (answer.status, told),
        (status, Some(code)),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// The path of the next page, if the answer names one.
fn next_page(answer: &Response) -> Option<String> {
    let link = answer.header("link")?;
    let (path, rest) = link.strip_prefix('<')?.split_once('>')?;
    assert_eq!(rest, "; rel=\"next\"", "{link}");
    Some(path.to_owned())
}

/// Every page from this path to the last one.
fn pages(registry: &Registry, path: &str) -> Vec<Response> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let answer = registry.request("GET", &path, &[], b"").expect_status(200);
        next = next_page(&answer);
        assert!(next.as_ref() != Some(&path), "a page that follows itself");
        pages.push(answer);
        assert!(pages.len() < 20_000, "the pages do not end");
    }
    pages
}

/// One member of every page's body, put together.
fn listed(registry: &Registry, path: &str, member: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    pages(registry, path)
        .iter()
        .flat_map(|page| page.json()[member].as_array().expect("a list").clone())
        .map(|value| text(&value))
        .collect()
}

/// The details of every event of this kind, in order.
fn events(server: &Server, kind: &str) -> Vec<Value> {
    let query = format!("SELECT details FROM events WHERE kind = '{kind}' ORDER BY seq, id");
    stored::column(server.data_dir(), &query)
        .iter()
        .map(|details| serde_json::from_str(details).expect("JSON"))
        .collect()
}
