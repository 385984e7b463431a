//! The faults: what goes wrong, and which tests are about it.

pub(crate) mod discovery;
pub(crate) mod others;
pub(crate) mod pull;
pub(crate) mod push;

use serde_json::Value;

use super::faults::Fault;
use super::wire::{Request, Response};

const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const NOTE: &str = "x-was";

/// Whether a read or a write of a manifest is asked for.
fn is_manifest(request: &Request) -> bool {
    request.path.contains("/manifests/")
}

fn is_upload(request: &Request) -> bool {
    request.path.contains("/blobs/uploads/")
}

/// Changes the JSON of a body.
fn edit(response: &mut Response, change: impl Fn(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice(&response.body) {
        change(&mut body);
        response.body = body.to_string().into_bytes();
    }
}

/// Changes each descriptor of a list of referrers.
fn edit_entries(request: &Request, response: &mut Response, change: fn(&mut Value)) {
    if request.path.contains("/referrers/") {
        edit(response, |body| {
            let list = body.get_mut("manifests").and_then(Value::as_array_mut);
            list.into_iter().flatten().for_each(change);
        });
    }
}

/// Changes a list of names.
fn edit_list(response: &mut Response, member: &str, change: fn(&mut Vec<Value>)) {
    edit(response, |body| {
        if let Some(list) = body.get_mut(member).and_then(Value::as_array_mut) {
            change(list);
        }
    });
}

/// Replaces text in a body.
fn replace(response: &mut Response, old: &str, new: &str) {
    if let Ok(text) = std::str::from_utf8(&response.body) {
        response.body = text.replace(old, new).into_bytes();
    }
}

/// What goes wrong, how, and which tests have to notice.
pub(crate) type Row = (&'static str, Fault, &'static [&'static str]);

/// All of them.
pub(crate) const ALL: [&[Row]; 4] = [pull::ROWS, push::ROWS, discovery::ROWS, others::ROWS];
