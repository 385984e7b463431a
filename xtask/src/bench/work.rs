//! The units of work: a push of a small image, and a pull of a manifest by its tag.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf_wire::oci::Digest;

use super::client::Client;
use super::server::Server;

pub(super) const REPOSITORY: &str = "bench/app";
pub(super) const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// Size of an image's layer in bytes; with config and manifest it has about 10 KB.
const LAYER: usize = 8 * 1024;
/// Size of the text that fills the config.
const FILL: usize = 1024;

/// Images have numbers, and no number is used twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    Units(u64),
    Time(Duration),
}

/// An image: one layer and a config of its own.
pub(super) struct Image {
    pub(super) manifest: Vec<u8>,
    config: Vec<u8>,
    layer: Vec<u8>,
}

impl Image {
    /// The same number, the same image.
    pub(super) fn new(number: u64) -> Self {
        let layer = noise(number, LAYER);
        let fill = "x".repeat(FILL);
        let config = json!({"architecture": "amd64", "os": "linux", "author": number.to_string(), "comment": fill});
        let config = config.to_string().into_bytes();
        let part = |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "digest": Digest::of(bytes).as_str(), "size": bytes.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MEDIA_TYPE,
            "config": part("application/vnd.oci.image.config.v1+json", &config),
            "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip", &layer)],
        });
        Self {
            manifest: manifest.to_string().into_bytes(),
            config,
            layer,
        }
    }
}

/// Bytes that do not compress.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Pushes images that nobody has pushed before, each under a tag of its own; how many.
pub(super) fn push(server: &Server, clients: usize, limit: Limit) -> Result<u64, String> {
    run(server, clients, limit, |client| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        push_image(client, &Image::new(number), &format!("t{number}"))
    })
}

/// Pushes one image.
pub(super) fn push_one(server: &Server, image: &Image, tag: &str) -> Result<(), String> {
    let mut client = Client::connect(&server.authority, server.authorization.as_deref())?;
    push_image(&mut client, image, tag)
}

/// As docker pushes: POST, PATCH and PUT for each blob, then the manifest.
fn push_image(client: &mut Client, image: &Image, tag: &str) -> Result<(), String> {
    for blob in [&image.layer, &image.config] {
        let digest = Digest::of(blob);
        let uploads = format!("/v2/{REPOSITORY}/blobs/uploads/");
        let begun = client.request("POST", &uploads, &[], b"")?.expect(202)?;
        let location = begun.location.ok_or("POST: no Location")?;
        let kind = [("content-type", "application/octet-stream")];
        let path = client.path_of(&location);
        let patched = client.request("PATCH", &path, &kind, blob)?.expect(202)?;
        let location = patched.location.ok_or("PATCH: no Location")?;
        let path = client.path_of(&location);
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}digest={digest}");
        client.request("PUT", &path, &[], b"")?.expect(201)?;
    }
    let path = format!("/v2/{REPOSITORY}/manifests/{tag}");
    let kind = [("content-type", MEDIA_TYPE)];
    client
        .request("PUT", &path, &kind, &image.manifest)?
        .expect(201)?;
    Ok(())
}

/// The path that is pulled.
fn manifest_path() -> String {
    format!("/v2/{REPOSITORY}/manifests/v1")
}

/// Pulls the manifest once and compares its bytes.
pub(super) fn check_manifest(server: &Server, image: &Image) -> Result<(), String> {
    let mut client = Client::connect(&server.authority, server.authorization.as_deref())?;
    let accept = [("accept", MEDIA_TYPE)];
    let reply = client
        .request("GET", &manifest_path(), &accept, b"")?
        .expect(200)?;
    if reply.body == image.manifest {
        Ok(())
    } else {
        Err("the manifest came back changed".to_owned())
    }
}

/// Pulls the manifest by its tag on kept connections; how often. With a time, `wrk` pulls if it is installed: it leaves
/// more of the machine to the server.
pub(super) fn get(server: &Server, clients: usize, limit: Limit) -> Result<u64, String> {
    if let Limit::Time(time) = limit
        && let Some(requests) = wrk(server, clients, time)?
    {
        return Ok(requests);
    }
    let path = manifest_path();
    run(server, clients, limit, |client| {
        let accept = [("accept", MEDIA_TYPE)];
        client.request("GET", &path, &accept, b"")?.expect(200)?;
        Ok(())
    })
}

fn wrk(server: &Server, clients: usize, time: Duration) -> Result<Option<u64>, String> {
    let mut command = Command::new("wrk");
    command
        .args(["-t", "1", "-c", &clients.to_string()])
        .args(["-d", &format!("{}s", time.as_secs())])
        .args(["-H", &format!("Accept: {MEDIA_TYPE}")]);
    if let Some(authorization) = &server.authorization {
        command.args(["-H", &format!("Authorization: {authorization}")]);
    }
    command.arg(format!("http://{}{}", server.authority, manifest_path()));
    let done = match command.output() {
        Ok(done) => done,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("wrk: {error}")),
    };
    let text = String::from_utf8_lossy(&done.stdout);
    if text.contains("Non-2xx") || text.contains("Socket errors") || !done.status.success() {
        return Err(format!("wrk: {text}"));
    }
    let requests = text
        .split_once(" requests in ")
        .and_then(|(before, _)| before.split_whitespace().last()?.parse().ok());
    requests
        .map(Some)
        .ok_or_else(|| format!("wrk says no number of requests: {text}"))
}

/// Lets clients work until the limit; how many units they did together.
fn run(
    server: &Server,
    clients: usize,
    limit: Limit,
    unit: impl Fn(&mut Client) -> Result<(), String> + Sync,
) -> Result<u64, String> {
    let begun = AtomicU64::new(0);
    let end = match limit {
        Limit::Units(_) => None,
        Limit::Time(time) => Some(Instant::now() + time),
    };
    let go_on = || match (limit, end) {
        (Limit::Units(most), _) => begun.fetch_add(1, Ordering::Relaxed) < most,
        (Limit::Time(_), Some(end)) => Instant::now() < end,
        (Limit::Time(_), None) => false,
    };
    let client = || -> Result<u64, String> {
        let mut client = Client::connect(&server.authority, server.authorization.as_deref())?;
        let mut done = 0;
        while go_on() {
            unit(&mut client)?;
            done += 1;
        }
        Ok(done)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        let mut sum = 0;
        for worker in workers {
            sum += worker.join().map_err(|_panic| "a client panicked")??;
        }
        Ok(sum)
    })
}
