//! The units of work: pushes and pulls of small images, of manifests and of large layers.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wharf_wire::oci::Digest;

use super::api::{Api, Called};
use super::client::{Client, Reply};
use super::content::{Image, Layer, MEDIA_TYPE, Turns, next_number};
use super::measure::precise;
use super::server::{Kind, REPOSITORY, Server};

const OCTETS: [(&str, &str); 1] = [("content-type", "application/octet-stream")];

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    Units(u64),
    Time(Duration),
}

/// Pushes images that nobody has pushed before, each under a tag of its own; how many.
pub(super) fn push_small(server: &Server, clients: usize, limit: Limit) -> Result<f64, String> {
    run(server, clients, limit, |client| {
        let number = next_number();
        push_image(client, &Image::new(number), &format!("t{number}"))
    })
}

/// Lets the server have an image as `v1`: pushed, or as a file.
pub(super) fn give_image(server: &Server, image: &Image) -> Result<(), String> {
    if server.kind() == Kind::Nginx {
        return server.put_file(&manifest_path(), |file| {
            use std::io::Write as _;
            file.write_all(&image.manifest)?;
            file.flush()
        });
    }
    push_image(&mut server.client()?, image, "v1")
}

/// Lets the server have a layer: pushed, or as a file.
pub(super) fn give_layer(server: &Server, layer: &Layer) -> Result<(), String> {
    if server.kind() == Kind::Nginx {
        return server.put_layer_file(layer);
    }
    push_layer(&mut server.client()?, layer)
}

/// As docker pushes: POST, PATCH and PUT for each blob, then the manifest.
fn push_image(client: &mut Client, image: &Image, tag: &str) -> Result<(), String> {
    for blob in [&image.layer, &image.config] {
        push_blob(client, Digest::of(blob).as_str(), |client, path| {
            client.request("PATCH", path, &OCTETS, blob)
        })?;
    }
    put_manifest(client, tag, &image.manifest)
}

/// As docker pushes a layer whose length it does not know before.
pub(super) fn push_layer(client: &mut Client, layer: &Layer) -> Result<(), String> {
    push_blob(client, &layer.digest, |client, path| {
        client.send("PATCH", path, &OCTETS, layer)
    })
}

/// Pushes an image of large layers that are there: its config and its manifest.
pub(super) fn push_manifest_of(
    client: &mut Client,
    layers: &[Layer],
    tag: &str,
) -> Result<(), String> {
    let (config, manifest) = super::content::image_of(layers);
    push_blob(client, Digest::of(&config).as_str(), |client, path| {
        client.request("PATCH", path, &OCTETS, &config)
    })?;
    put_manifest(client, tag, &manifest)
}

fn push_blob(
    client: &mut Client,
    digest: &str,
    send: impl FnOnce(&mut Client, &str) -> Result<Reply, String>,
) -> Result<(), String> {
    let uploads = format!("/v2/{REPOSITORY}/blobs/uploads/");
    let begun = client.request("POST", &uploads, &[], b"")?;
    let path = client.path_of(&begun.location(202)?);
    let patched = send(client, &path)?;
    let path = client.path_of(&patched.location(202)?);
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{mark}digest={digest}");
    client.request("PUT", &path, &[], b"")?.expect(201)?;
    Ok(())
}

fn put_manifest(client: &mut Client, tag: &str, manifest: &[u8]) -> Result<(), String> {
    let path = format!("/v2/{REPOSITORY}/manifests/{tag}");
    let kind = [("content-type", MEDIA_TYPE)];
    client.request("PUT", &path, &kind, manifest)?.expect(201)?;
    Ok(())
}

/// The path that is pulled.
fn manifest_path() -> String {
    format!("/v2/{REPOSITORY}/manifests/v1")
}

fn blob_path(layer: &Layer) -> String {
    format!("/v2/{REPOSITORY}/blobs/{}", layer.digest)
}

/// Pulls the manifest once and compares its bytes.
pub(super) fn check_manifest(server: &Server, image: &Image) -> Result<(), String> {
    let accept = [("accept", MEDIA_TYPE)];
    let reply = server
        .client()?
        .request("GET", &manifest_path(), &accept, b"")?
        .expect(200)?;
    if reply.body == image.manifest {
        Ok(())
    } else {
        Err("the manifest came back changed".to_owned())
    }
}

/// Pulls a layer once and compares its digest.
pub(super) fn check_layer(server: &Server, layer: &Layer) -> Result<(), String> {
    let reply = server
        .client()?
        .request("GET", &blob_path(layer), &[], b"")?
        .expect(200)?;
    if Digest::of(&reply.body).as_str() == layer.digest {
        Ok(())
    } else {
        Err("the layer came back changed".to_owned())
    }
}

/// Pulls the manifest by its tag on kept connections; how often. With a time, `wrk` pulls if it is installed: it leaves
/// more of the machine to the server.
pub(super) fn get_manifest(server: &Server, clients: usize, limit: Limit) -> Result<f64, String> {
    if let Limit::Time(time) = limit
        && let Some(requests) = wrk(server, clients, time)?
    {
        return Ok(precise(requests));
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
        .args(["-d", &format!("{}s", time.as_secs().max(1))])
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

/// Pulls a layer again and again; how often.
pub(super) fn get_layer(
    server: &Server,
    clients: usize,
    limit: Limit,
    layer: &Layer,
) -> Result<f64, String> {
    let path = blob_path(layer);
    run(server, clients, limit, |client| fetch(client, &path, layer))
}

/// Pulls a layer again and again on one kept connection; how long each took.
pub(super) fn time_layer(
    server: &Server,
    limit: Limit,
    layer: &Layer,
) -> Result<Vec<Duration>, String> {
    let path = blob_path(layer);
    let times = std::sync::Mutex::new(Vec::new());
    run(server, 1, limit, |client| {
        let begin = Instant::now();
        fetch(client, &path, layer)?;
        let mut times = times
            .lock()
            .map_err(|_poisoned| "another client panicked")?;
        times.push(begin.elapsed());
        Ok(())
    })?;
    times
        .into_inner()
        .map_err(|_poisoned| "a client panicked".to_owned())
}

fn fetch(client: &mut Client, path: &str, layer: &Layer) -> Result<(), String> {
    match client.fetch(path, &[])? {
        (200, size) if size == layer.size => Ok(()),
        (status, size) => Err(format!("GET {path}: answered {status} with {size} bytes")),
    }
}

/// Pushes each layer once; how many gigabytes that were.
pub(super) fn push_layers(
    server: &Server,
    clients: usize,
    layers: &[Layer],
) -> Result<f64, String> {
    each(layers, clients, || server.client(), push_layer)?;
    Ok(gigabytes(layers))
}

/// Pulls each layer once; how many gigabytes that were.
pub(super) fn pull_layers(
    server: &Server,
    clients: usize,
    layers: &[Layer],
) -> Result<f64, String> {
    let pull = |client: &mut Client, layer: &Layer| fetch(client, &blob_path(layer), layer);
    each(layers, clients, || server.client(), pull)?;
    Ok(gigabytes(layers))
}

/// Uploads a layer through the API; false: the server has no such operations.
pub(super) fn can_upload(server: &Server, layer: &Layer) -> Result<bool, String> {
    Ok(matches!(server.api()?.upload(layer)?, Called::Done(_)))
}

/// Uploads each layer once through the API; how many gigabytes that were.
pub(super) fn upload_layers(
    server: &Server,
    clients: usize,
    layers: &[Layer],
) -> Result<f64, String> {
    let upload = |api: &mut Api<'_>, layer: &Layer| api.upload(layer)?.done().map(drop);
    each(layers, clients, || server.api(), upload)?;
    Ok(gigabytes(layers))
}

/// Asks the API where a layer is; false: the server has no such operation.
pub(super) fn can_download(server: &Server, layer: &Layer) -> Result<bool, String> {
    Ok(server.api()?.download_path(layer)?.is_some())
}

/// Pulls each layer once from where the API says it is; how many gigabytes that were.
pub(super) fn download_layers(
    server: &Server,
    clients: usize,
    layers: &[Layer],
) -> Result<f64, String> {
    let connect = || Ok((server.api()?, Client::connect(&server.authority, None)?));
    let pull = |(api, client): &mut (Api<'_>, Client), layer: &Layer| {
        let path = api.download_path(layer)?.ok_or("no such operation")?;
        fetch(client, &path, layer)
    };
    each(layers, clients, connect, pull)?;
    Ok(gigabytes(layers))
}

pub(super) fn gigabytes(layers: &[Layer]) -> f64 {
    precise(layers.iter().map(|layer| layer.size).sum()) / 1e9
}

/// Lets clients take the layers in turn, each on a connection of its own.
fn each<C>(
    layers: &[Layer],
    clients: usize,
    connect: impl Fn() -> Result<C, String> + Sync,
    unit: impl Fn(&mut C, &Layer) -> Result<(), String> + Sync,
) -> Result<(), String> {
    let turns = Turns::new(layers);
    together(clients, || {
        let mut connection = connect()?;
        while let Some(layer) = turns.next() {
            unit(&mut connection, layer)?;
        }
        Ok(())
    })
    .map(drop)
}

/// Lets clients work until the limit; how many units they did together.
fn run(
    server: &Server,
    clients: usize,
    limit: Limit,
    unit: impl Fn(&mut Client) -> Result<(), String> + Sync,
) -> Result<f64, String> {
    let taken = AtomicU64::new(0);
    let begin = Instant::now();
    let go_on = || match limit {
        Limit::Units(most) => taken.fetch_add(1, Ordering::Relaxed) < most,
        Limit::Time(time) => begin.elapsed() < time,
    };
    let done = together(clients, || {
        let mut client = server.client()?;
        let mut done = 0;
        while go_on() {
            unit(&mut client)?;
            done += 1;
        }
        Ok(done)
    })?;
    Ok(precise(done.into_iter().sum()))
}

/// Runs something on so many threads at once; what each of them came to.
pub(super) fn together<T: Send>(
    threads: usize,
    work: impl Fn() -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    let work = &work;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.push(worker.join().map_err(|_panic| "a client panicked")??);
        }
        Ok(all)
    })
}
