//! No key seals two things under one salt, whatever is retried, raced or cut off.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Barrier;

use wharf_wire::oci::Digest;

use crate::support::http::Connection;
use crate::support::images::{Image, noise};
use crate::support::note::note;
use crate::support::registry::Registry;
use crate::support::{Options, Server, http, stored};

const REPOSITORY: &str = "nonces/app";
/// `wharfobj`, version, algorithm and frame: before them nothing, behind them object id and salt.
const HEADER: usize = 96;
const SALT: std::ops::Range<usize> = 32..64;
const MAGIC: &[u8] = b"wharfobj";
/// Races of two chunks at one offset; each leaves a file or a row, and one that was given up.
const RACES: u64 = 60;

/// The salt of a sealed object.
#[track_caller]
fn salt(sealed: &[u8]) -> String {
    assert!(sealed.len() >= HEADER && sealed.starts_with(MAGIC));
    hex::encode(&sealed[SALT])
}

/// The salts of all headers that were ever written to files, those removed since included.
///
/// A header is the beginning of the first write to a file; `strace -xx` prints it as hex.
fn salts_written(trace: &str) -> Vec<String> {
    let magic: Vec<String> = MAGIC.iter().map(|b| format!("\\x{b:02x}")).collect();
    let magic = magic.concat();
    let sign = format!("\"{magic}");
    let headers = trace.lines().filter_map(|line| line.split_once(&sign));
    headers
        .map(|(_, rest)| {
            let (rest, _) = rest.split_once('"').expect("the end of a string");
            let digits = rest.replace("\\x", "");
            let rest = hex::decode(digits).expect("hex");
            salt(&[MAGIC, &rest].concat())
        })
        .collect()
}

/// The salts of all files that are there.
fn salts_of_files(data_dir: &Path) -> Vec<String> {
    let files = stored::object_files(data_dir);
    files
        .values()
        .map(|path| {
            let mut header = [0; HEADER];
            let mut file = std::fs::File::open(path).expect("a file");
            file.read_exact(&mut header).expect("a header");
            salt(&header)
        })
        .collect()
}

/// The salts of what is sealed in rows.
fn salts_of_rows(data_dir: &Path) -> Vec<String> {
    let sealed = "SELECT sealed FROM extents WHERE sealed IS NOT NULL \
                  UNION ALL SELECT sealed FROM manifests";
    let sealed = stored::column(data_dir, sealed);
    sealed
        .iter()
        .map(|digits| salt(&hex::decode(digits).expect("hex")))
        .collect()
}

/// The salts under which data keys are wrapped: version 1, key id 16, then the salt of 16 bytes.
fn salts_of_wraps(data_dir: &Path) -> Vec<String> {
    let wrapped = "SELECT wrapped FROM blob_keys UNION ALL SELECT wrapped FROM manifests \
                   UNION ALL SELECT wrapped FROM uploads UNION ALL SELECT wrapped FROM registry_keys";
    let wrapped = stored::column(data_dir, wrapped);
    wrapped
        .iter()
        .map(|digits| hex::encode(&hex::decode(digits).expect("hex")[17..33]))
        .collect()
}

/// Demands that none occurs twice.
#[track_caller]
fn expect_distinct(salts: &[String]) {
    let mut counts = BTreeMap::new();
    for salt in salts {
        *counts.entry(salt).or_insert(0) += 1;
    }
    let twice: Vec<_> = counts.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "used more than once: {twice:?}");
}

/// Chunks larger than this lie in files, smaller ones in rows.
const IN_ROWS: usize = 64 << 10;

/// A request to append a chunk whose second half is not sent yet.
fn send_half(
    server: &Server,
    registry: &Registry,
    upload: &str,
    first: usize,
    chunk: &[u8],
) -> Connection {
    let mut connection = Connection::open(server.authority()).expect("a connection");
    let length = chunk.len().to_string();
    let range = format!("{first}-{}", first + chunk.len() - 1);
    let headers = [
        ("authorization", registry.authorization()),
        ("content-length", &length),
        ("content-range", &range),
    ];
    let (half, _) = chunk.split_at(chunk.len() / 2);
    connection
        .send("PATCH", upload, &headers, half)
        .expect("half a chunk");
    connection
}

/// Waits until there are so many files: each answer to another request takes time.
fn wait_for_files(server: &Server, count: usize) {
    for _ in 0..10_000 {
        if stored::object_files(server.data_dir()).len() >= count {
            return;
        }
        let none: &[(&str, &str)] = &[];
        http::request(server.authority(), "GET", "/healthz", none, b"").expect_status(200);
    }
    panic!("there never were {count} files");
}

/// Sends two different chunks for one offset at once; the one that was taken. The other hears 416.
///
/// Both are half sent, and have their files if they are large, before either is sent whole.
fn race(
    server: &Server,
    registry: &Registry,
    upload: &str,
    first: usize,
    chunks: &[Vec<u8>; 2],
) -> usize {
    let files = stored::object_files(server.data_dir()).len();
    let large = chunks.iter().filter(|c| c.len() > IN_ROWS).count();
    let connections = [0, 1].map(|i| send_half(server, registry, upload, first, &chunks[i]));
    wait_for_files(server, files + large);
    let ready = Barrier::new(2);
    let finish = |mut connection: Connection, chunk: &[u8]| {
        ready.wait();
        let (_, half) = chunk.split_at(chunk.len() / 2);
        connection.send_raw(half).expect("the other half");
        connection.receive(false).expect("an answer")
    };
    let [one, other] = connections;
    let answers = std::thread::scope(|scope| {
        let other = scope.spawn(|| finish(other, &chunks[1]));
        [finish(one, &chunks[0]), other.join().expect("an answer")]
    });
    let taken = answers.iter().position(|a| a.status == 202);
    let taken = taken.unwrap_or_else(|| panic!("none was taken: {answers:?}"));
    let other = &answers[1 - taken];
    assert_eq!(other.status, 416, "{other:?}");
    assert_eq!(
        other.json()["errors"][0]["code"],
        "RANGE_INVALID",
        "{other:?}"
    );
    let range = format!("0-{}", first + chunks[taken].len() - 1);
    assert_eq!(other.header("range"), Some(range.as_str()), "{other:?}");
    taken
}

/// Sends half of a chunk and goes away.
fn cut_off(server: &Server, registry: &Registry, upload: &str, chunk: &[u8]) {
    let mut connection = send_half(server, registry, upload, 0, chunk);
    connection.finish().expect("an end");
    // An answer, or none: but then the server has noticed.
    if let Ok(answer) = connection.receive(false) {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

fn complete(registry: &Registry, upload: &str, content: &[u8]) {
    let digest = Digest::of(content);
    let path = format!("{upload}?digest={digest}");
    registry.request("PUT", &path, &[], b"").expect_status(201);
    let blob = registry.get_blob(REPOSITORY, &digest).expect_status(200);
    assert!(blob.body == content, "{digest} came back changed");
}

/// A blob whose chunks are raced for, cut off and sent again.
fn push_with_trouble(server: &Server, registry: &Registry, seed: u64) {
    // Of two, both in files, both in rows, or one each.
    let sizes = match seed % 3 {
        0 => [300_000, 280_000],
        1 => [20_000, 30_000],
        _ => [300_000, 40_000],
    };
    let upload = registry.try_begin(REPOSITORY).expect("an upload");
    let chunks = [0, 1].map(|i| noise(seed * 10 + i, sizes[usize::from(i > 0)]));
    if seed.is_multiple_of(4) {
        cut_off(server, registry, &upload, &chunks[0]);
    }
    let taken = race(server, registry, &upload, 0, &chunks);
    let mut content = chunks[taken].clone();
    // The same bytes again at the same place, as a client that missed the answer sends them.
    let range = format!("0-{}", content.len() - 1);
    let headers = [("content-range", range.as_str())];
    let again = registry.request("PATCH", &upload, &headers, &content);
    again.expect_status(416);
    // The loser goes on where the upload stands.
    let other = &chunks[1 - taken];
    let range = format!("{}-{}", content.len(), content.len() + other.len() - 1);
    let headers = [("content-range", range.as_str())];
    let next = registry.request("PATCH", &upload, &headers, other);
    next.expect_status(202);
    content.extend_from_slice(other);
    complete(registry, &upload, &content);
    if seed.is_multiple_of(5) {
        // The same blob a second time: sealed anew, then found to be useless.
        registry
            .try_push_blob(REPOSITORY, &content)
            .expect("a blob");
    }
}

#[test]
fn no_key_and_salt_occur_twice_with_retries_and_concurrent_chunks_included() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let path = trace.display().to_string();
    let length = HEADER.to_string();
    let line = [
        "strace",
        "-f",
        "-xx",
        "-s",
        &length,
        "-e",
        "trace=write,pwrite64",
        "-o",
        &path,
    ];
    let server = Server::start(Options {
        under: line.map(str::to_owned).to_vec(),
        ..Options::default()
    });
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    for seed in 1..=RACES {
        push_with_trouble(&server, &registry, seed);
    }
    for seed in 1..=5 {
        let image = Image::with_layers(seed, &[100_000, 1_000]);
        let tag = format!("v{seed}");
        registry.push(&image, REPOSITORY, &tag);
        registry.push(&image, REPOSITORY, &tag);
        registry.expect_image(&image, REPOSITORY, &tag);
    }
    // Left open: begun with chunks, never completed.
    let open = registry.try_begin(REPOSITORY).expect("an upload");
    let answer = registry.request("PATCH", &open, &[], &noise(1, 200_000));
    answer.expect_status(202);
    let none: &[(&str, &str)] = &[];
    http::request(server.authority(), "GET", "/readyz", none, b"").expect_status(200);

    let data_dir = server.data_dir();
    let written = salts_written(&std::fs::read_to_string(&trace).expect("a trace"));
    let (files, rows) = (salts_of_files(data_dir), salts_of_rows(data_dir));
    let unseen: Vec<_> = files.iter().filter(|s| !written.contains(s)).collect();
    assert!(unseen.is_empty(), "not in the trace: {unseen:?}");
    note(&format!(
        "{} files written, {} there, {} sealed rows",
        written.len(),
        files.len(),
        rows.len()
    ));
    // One race in three is between two files, one of which is given up.
    let races = usize::try_from(RACES / 3).expect("a small number");
    assert!(
        written.len() >= files.len() + races,
        "too few files were written in vain"
    );
    expect_distinct(&[written, rows].concat());
    expect_distinct(&files);
    expect_distinct(&salts_of_wraps(data_dir));
}
