//! What is measured: the time of one request at a time on a kept connection, of which the median counts.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::fill::{LARGEST, Plan, Programs};
use super::server::{Caller, Server};
use crate::bench::memory::resident;

/// Pages of a list that is walked from its beginning.
const PAGES: u64 = 100;
/// Requests for single things.
const SINGLE: u64 = 400;
/// Images pushed.
const PUSHES: u64 = 60;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Medians, in milliseconds, in the order of measuring.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) rows: Vec<(&'static str, f64)>,
    /// How long filling took, if it was done now.
    pub(super) fill_seconds: Option<f64>,
    pub(super) stats_seconds: f64,
    pub(super) database_bytes: u64,
    pub(super) memory_mib: f64,
}

impl Figures {
    pub(super) fn add(&mut self, what: &'static str, milliseconds: f64) {
        self.rows.push((what, milliseconds));
    }

    pub(super) fn of(&self, what: &str) -> f64 {
        let row = self.rows.iter().find(|(name, _)| *name == what);
        row.map_or(f64::NAN, |(_, figure)| *figure)
    }
}

/// The middle one of several times, in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times
        .get(times.len() / 2)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// Median of the times from exec to 200 on /readyz.
pub(super) fn start_up(programs: &Programs, place: &Path, rounds: usize) -> Result<f64, String> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        times.push(Server::start(&programs.server, place)?.start_up);
    }
    Ok(median(times))
}

/// Every request of the table.
pub(super) fn all(server: &Server, plan: Plan) -> Result<Figures, String> {
    let mut client = server.caller()?;
    let client = &mut client;
    let mut figures = Figures::default();
    let images = plan.largest;
    let in_largest = json!({"repositoryName": LARGEST});
    let lists = [
        (
            "DescribeImages, a page of 1,000",
            "DescribeImages",
            &in_largest,
            "imageDetails",
        ),
        (
            "ListImages, a page of 1,000",
            "ListImages",
            &in_largest,
            "imageIds",
        ),
        (
            "DescribeRepositories, a page of 1,000",
            "DescribeRepositories",
            &json!({}),
            "repositories",
        ),
    ];
    for (what, operation, body, list) in lists {
        figures.add(what, pages(client, operation, body, list)?);
    }
    figures.add("tags/list, a page of 1,000", tags(client, images)?);
    let mut next = numbers(images);
    let mut tag = || loop {
        if let Some(tag) = Plan::tag(next()) {
            return tag;
        }
    };
    let get = |client: &mut Caller<'_>, tag: &str| {
        let path = format!("/v2/{LARGEST}/manifests/{tag}");
        client.request("GET", &path, &[("accept", MANIFEST)], b"", 200)
    };
    figures.add(
        "manifest GET by tag",
        each(SINGLE, || get(client, &tag()).map(drop))?,
    );
    let by_tag = "DescribeImages of one tag";
    figures.add(
        by_tag,
        each(SINGLE, || {
            let body = json!({"repositoryName": LARGEST, "imageIds": [{"imageTag": tag()}]});
            client.call("DescribeImages", &body).map(drop)
        })?,
    );
    figures.add(
        "pull of a small image (3 requests)",
        each(SINGLE, || {
            let manifest = get(client, &tag())?;
            pull(client, &manifest.body)
        })?,
    );
    let mut number = u64::from(std::process::id()) << 32;
    figures.add(
        "push of a small image (7 requests)",
        each(PUSHES, || {
            number += 1;
            push(client, number)
        })?,
    );
    figures.memory_mib = resident(server.process())?;
    Ok(figures)
}

/// Numbers below `count` in no order, the same each time.
fn numbers(count: u64) -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % count
    }
}

/// Times a thing so often.
fn each(count: u64, mut unit: impl FnMut() -> Result<(), String>) -> Result<f64, String> {
    let mut times = Vec::new();
    for _ in 0..count {
        let begin = Instant::now();
        unit()?;
        times.push(begin.elapsed());
    }
    Ok(median(times))
}

/// Walks a list of the API from its beginning, as far as [`PAGES`]; full pages count, or the one that is not.
fn pages(
    client: &mut Caller<'_>,
    operation: &str,
    body: &Value,
    list: &str,
) -> Result<f64, String> {
    let mut times = Vec::new();
    let mut token = Value::Null;
    for page in 0..PAGES {
        let mut asked = body.as_object().cloned().unwrap_or_default();
        asked.insert("maxResults".to_owned(), json!(1_000));
        if !token.is_null() {
            asked.insert("nextToken".to_owned(), token);
        }
        let begin = Instant::now();
        let answer = client.call(operation, &Value::Object(asked))?;
        let took = begin.elapsed();
        let rows = answer
            .get(list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        if rows == 1_000 || page == 0 {
            times.push(took);
        }
        token = answer.get("nextToken").cloned().unwrap_or_default();
        if token.is_null() {
            break;
        }
    }
    Ok(median(times))
}

/// Pages of tags from places all over the list.
fn tags(client: &mut Caller<'_>, images: u64) -> Result<f64, String> {
    // A page needs 1,000 tags behind it, of which one in ten is missing.
    let mut next = numbers(images.saturating_sub(1_200).max(1));
    each(PAGES, || {
        let path = format!("/v2/{LARGEST}/tags/list?n=1000&last=v{:07}", next());
        let reply = client.request("GET", &path, &[], b"", 200)?;
        let told: Value =
            serde_json::from_slice(&reply.body).map_err(|e| format!("{path}: {e}"))?;
        let told = told
            .get("tags")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        if told == 1_000 || images < 1_200 {
            Ok(())
        } else {
            Err(format!("{path}: {told} tags"))
        }
    })
}

/// Fetches what a manifest names, and checks that it is what its digest says.
fn pull(client: &mut Caller<'_>, manifest: &[u8]) -> Result<(), String> {
    let manifest: Value = serde_json::from_slice(manifest).map_err(|e| e.to_string())?;
    for part in ["/config/digest", "/layers/0/digest"] {
        let digest = manifest.pointer(part).and_then(Value::as_str);
        let digest = digest.ok_or_else(|| format!("no {part} in {manifest}"))?;
        let path = format!("/v2/{LARGEST}/blobs/{digest}");
        let bytes = client.request("GET", &path, &[], b"", 200)?.body;
        if Digest::of(&bytes).as_str() != digest {
            return Err(format!("{path} came back changed"));
        }
    }
    Ok(())
}

/// Pushes an image that nobody has pushed before, as docker does.
fn push(client: &mut Caller<'_>, number: u64) -> Result<(), String> {
    let layer = format!("layer {number} ").repeat(100).into_bytes();
    let config = json!({"architecture": "amd64", "os": "linux", "author": number.to_string()});
    let config = config.to_string().into_bytes();
    for blob in [&layer, &config] {
        let digest = Digest::of(blob);
        let uploads = format!("/v2/{LARGEST}/blobs/uploads/");
        let kind = [("content-type", "application/octet-stream")];
        let begun = client.request("POST", &uploads, &[], b"", 202)?;
        let path = begun.location.ok_or("POST: no Location")?;
        let patched = client.request("PATCH", &path, &kind, blob, 202)?;
        let path = patched.location.ok_or("PATCH: no Location")?;
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}digest={digest}");
        client.request("PUT", &path, &[], b"", 201)?;
    }
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": Digest::of(bytes).as_str(), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part(CONFIG, &config),
        "layers": [part(LAYER, &layer)],
    });
    let path = format!("/v2/{LARGEST}/manifests/pushed-{number}");
    let kind = [("content-type", MANIFEST)];
    client
        .request("PUT", &path, &kind, manifest.to_string().as_bytes(), 201)
        .map(drop)
}

/// Demands of `wharfinger stats` the figures of what was made. A directory that was measured before has more, pushed then.
pub(super) fn check_stats(
    server: &Server,
    program: &Path,
    plan: Plan,
    figures: &mut Figures,
) -> Result<(), String> {
    let begin = Instant::now();
    let done = Command::new(program)
        .args(["stats", "--json", "--data-dir"])
        .arg(&server.data_dir)
        .output()
        .map_err(|e| format!("wharfinger stats: {e}"))?;
    figures.stats_seconds = begin.elapsed().as_secs_f64();
    let told: Value = serde_json::from_slice(&done.stdout).map_err(|e| {
        format!(
            "wharfinger stats: {e}: {}",
            String::from_utf8_lossy(&done.stderr)
        )
    })?;
    let number = |pointer: &str| {
        let found = told.pointer(pointer).and_then(Value::as_u64);
        found.ok_or_else(|| format!("wharfinger stats: no {pointer}"))
    };
    let pushed = number("/registry/images")?.saturating_sub(plan.images);
    let expected = [
        ("/registry/images", plan.images + pushed),
        ("/registry/untagged", plan.images - plan.tags()),
        ("/registry/tags", plan.tags() + pushed),
        // A config each; a layer for each repository, and for each image that was pushed one by one.
        (
            "/registry/layers",
            plan.images + plan.repositories + 2 * pushed,
        ),
    ];
    for (what, wanted) in expected {
        let found = number(what)?;
        if found != wanted {
            return Err(format!("wharfinger stats: {what} is {found}, not {wanted}"));
        }
    }
    let repositories = told.pointer("/repositories").and_then(Value::as_array);
    let count = repositories.map_or(0, Vec::len) as u64;
    if count != plan.repositories || pushed % PUSHES != 0 || pushed == 0 {
        return Err(format!(
            "wharfinger stats: {count} repositories, {pushed} images more"
        ));
    }
    Ok(())
}
