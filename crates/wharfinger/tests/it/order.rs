//! What is acknowledged is on disk: the order of system calls, as `strace` saw them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wharf_wire::oci::Digest;

use crate::support::images::Image;
use crate::support::{Options, Server, admin, http, stored};

const TRACED: &str = "trace=openat,write,pwrite64,fdatasync,fsync,sendto,writev";
const REPOSITORY: &str = "order/app";

/// A system call: its name, its arguments, and the lines of the trace in which it began and ended.
#[derive(Debug)]
struct Call {
    name: String,
    arguments: String,
    began: usize,
    ended: usize,
}

impl Call {
    /// Whether it is this call on a file whose path ends so.
    fn is(&self, names: &[&str], path: &str) -> bool {
        let on = self
            .arguments
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'))
            .map(|(path, _)| path);
        names.contains(&self.name.as_str()) && on.is_some_and(|on| on.ends_with(path))
    }

    fn begins_answer(&self, status: u16) -> bool {
        let sign = format!("\"HTTP/1.1 {status} ");
        matches!(self.name.as_str(), "write" | "writev" | "sendto")
            && self.arguments.contains(&sign)
    }
}

/// The calls of a trace, in the order in which they ended. Those that go on are left out.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut all = Vec::new();
    for (number, line) in trace.lines().enumerate() {
        let Some((process, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(first) = rest.strip_suffix("<unfinished ...>") {
            open.insert(process, (number, first));
            continue;
        }
        let (began, text) = if rest.starts_with("<... ") {
            let Some((began, first)) = open.remove(process) else {
                continue;
            };
            let (_, last) = rest.split_once("resumed>").expect("a resumed call");
            (began, format!("{first}{last}"))
        } else {
            (number, rest.to_owned())
        };
        if let Some((name, arguments)) = text.split_once('(') {
            all.push(Call {
                name: name.to_owned(),
                arguments: arguments.to_owned(),
                began,
                ended: number,
            });
        }
    }
    all
}

/// A server whose system calls are written down.
fn traced(trace: &Path) -> Server {
    let trace = trace.display().to_string();
    let line = ["strace", "-f", "-y", "-s", "64", "-e", TRACED, "-o", &trace];
    Server::start(Options {
        under: line.map(str::to_owned).to_vec(),
        ..Options::default()
    })
}

/// The trace, read once it holds so many answers with status 201.
fn trace_with(server: &Server, trace: &Path, answers: usize) -> Vec<Call> {
    let none: &[(&str, &str)] = &[];
    // What the client has read may not be written down yet: each further request takes time.
    for _ in 0..1_000 {
        let text = std::fs::read_to_string(trace).expect("a trace");
        // The last line may be cut off.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let all = calls(whole);
        if all.iter().filter(|c| c.begins_answer(201)).count() >= answers {
            return all;
        }
        http::request(server.authority(), "GET", "/healthz", none, b"").expect_status(200);
    }
    panic!("no {answers} answers with 201 in the trace");
}

const FLUSH: &[&str] = &["fdatasync", "fsync"];
const WRITE: &[&str] = &["write", "pwrite64", "writev"];
const LOG: &str = "/metadata.db-wal";

/// The last of these calls on that file that ended before a line, if it succeeded.
fn last_before<'a>(
    all: &'a [Call],
    line: usize,
    names: &[&str],
    path: &str,
) -> Result<&'a Call, String> {
    let found = all
        .iter()
        .filter(|c| c.ended < line && c.is(names, path))
        .max_by_key(|c| c.began);
    let found = found.ok_or_else(|| format!("no {names:?} of {path} before line {line}"))?;
    if found.arguments.contains("= -1") {
        return Err(format!("{found:?} failed"));
    }
    Ok(found)
}

/// Whether something was written to the log between two lines, and all that was written to it then was flushed.
fn check_log(all: &[Call], after: usize, before: usize) -> Result<(), String> {
    let flush = last_before(all, before, FLUSH, LOG)?;
    let write = last_before(all, flush.began, WRITE, LOG)?;
    if after < write.began {
        return Ok(());
    }
    Err(format!(
        "no commit was flushed after line {after}: {write:?} {flush:?}"
    ))
}

/// write(extent) < fdatasync(extent) < fsync(its directory) < flush of the log < the answer.
fn check_blob(all: &[Call], name: &str, group: &str, answer: &Call) -> Result<(), String> {
    let writes = all.iter().filter(|c| c.is(WRITE, name));
    let write = writes
        .max_by_key(|c| c.ended)
        .ok_or("no write of the file")?;
    let flush = last_before(all, answer.began, FLUSH, name)?;
    let names = last_before(all, answer.began, &["fsync"], group)?;
    for (first, second) in [(write, flush), (flush, names)] {
        if first.ended >= second.began {
            return Err(format!("{second:?} did not wait for {first:?}"));
        }
    }
    check_log(all, names.ended, answer.began)
}

#[test]
fn p35_a_blob_and_a_manifest_are_on_disk_before_they_are_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace: PathBuf = folder.path().join("trace");
    let server = traced(&trace);
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    // The config lies in a row, the layer in a file of three writes.
    let image = Image::with_layers(1, &[1_200_000]);
    let (config, layer) = (&image.blobs[0], &image.blobs[1]);
    registry.try_push_blob(REPOSITORY, config).expect("a blob");
    registry.try_push_blob(REPOSITORY, layer).expect("a blob");
    let put = registry.try_put_manifest(&image, REPOSITORY, "v1");
    put.expect("an answer").expect_status(201);
    let all = trace_with(&server, &trace, 3);

    let answers: Vec<&Call> = all.iter().filter(|c| c.begins_answer(201)).collect();
    let [_, blob, manifest] = answers[..] else {
        panic!("{answers:?}")
    };
    let files = stored::object_files(server.data_dir());
    assert_eq!(files.len(), 1, "{files:?}");
    let (name, path) = files.first_key_value().expect("a file");
    let group = path.parent().expect("a directory").display().to_string();

    assert_eq!(check_blob(&all, name, &group, blob), Ok(()));
    assert_eq!(check_log(&all, blob.began, manifest.began), Ok(()));
    registry.expect_image(&image, REPOSITORY, "v1");
}

#[test]
fn a_small_blob_is_on_disk_before_it_is_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace: PathBuf = folder.path().join("trace");
    let server = traced(&trace);
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    let upload = registry.try_begin(REPOSITORY).expect("an upload");
    let content = [7; 5_000];
    let answer = registry.request("PATCH", &upload, &[], &content);
    answer.expect_status(202);
    let path = format!("{upload}?digest={}", Digest::of(&content));
    registry.request("PUT", &path, &[], b"").expect_status(201);
    let all = trace_with(&server, &trace, 1);
    let answer = |status| all.iter().find(|c| c.begins_answer(status));
    let end = answer(201).expect("an answer to PUT");
    let begun = answer(202).expect("an answer to POST").ended;
    let patched = all.iter().find(|c| c.begins_answer(202) && c.ended > begun);
    let patched = patched.expect("an answer to PATCH");
    assert_eq!(check_log(&all, patched.ended, end.began), Ok(()));
    assert!(stored::object_files(server.data_dir()).is_empty());
}

#[test]
fn an_image_of_n_blobs_makes_n_plus_1_durable_transactions() {
    let server = Server::start(Options::default());
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    for (seed, sizes) in [
        (1, &[][..]),
        (2, &[2_000]),
        (3, &[100_000, 2_000]),
        (4, &[100_000, 700_000, 10, 65_536]),
    ] {
        let image = Image::with_layers(seed, sizes);
        let blobs = u64::try_from(image.blobs.len()).expect("a small number");
        let before = admin::hard_closures(&server);
        registry.push(&image, REPOSITORY, &format!("v{seed}"));
        let made = admin::hard_closures(&server) - before;
        assert_eq!(made, blobs + 1, "{sizes:?}");
    }
}

#[test]
fn calls_that_are_interrupted_in_the_trace_are_put_together() {
    let trace = "1 write(3</a/b>, \"HTTP/1.1 201 Created\", 20 <unfinished ...>\n\
                 2 fdatasync(4</a/wal>) = 0\n\
                 1 <... write resumed>) = 20\n\
                 3 fsync(5</a> <unfinished ...>\n";
    let all = calls(trace);
    assert_eq!(all.len(), 2);
    assert!(all[0].is(&["fdatasync"], "/wal"));
    assert!(all[1].begins_answer(201));
    assert_eq!((all[1].began, all[1].ended), (0, 2));
}

/// What a trace of one blob has to look like, in short.
const GOOD: &[&str] = &[
    "1 write(9</d/objects/ab/abcd>, \"x\", 1) = 1",
    "2 fdatasync(9</d/objects/ab/abcd>) = 0",
    "2 fsync(10</d/objects/ab>) = 0",
    "3 pwrite64(5</d/metadata.db-wal>, \"x\", 1, 0) = 1",
    "3 fdatasync(5</d/metadata.db-wal>) = 0",
    "1 writev(11<socket:[7]>, [{iov_base=\"HTTP/1.1 201 Created\"}], 1) = 20",
];

fn check(lines: &[&str]) -> Result<(), String> {
    let all = calls(&lines.join("\n"));
    let answer = all.iter().find(|c| c.begins_answer(201));
    check_blob(&all, "/abcd", "/objects/ab", answer.ok_or("no answer")?)
}

#[test]
fn the_check_of_the_order_refuses_each_step_that_is_missing_early_or_late() {
    assert_eq!(check(GOOD), Ok(()));
    for (step, line) in GOOD.iter().enumerate() {
        let mut lines = GOOD.to_vec();
        lines.remove(step);
        assert!(check(&lines).is_err(), "without {line}");
    }
    for (step, line) in GOOD.iter().enumerate().skip(1) {
        let mut lines = GOOD.to_vec();
        lines.swap(step - 1, step);
        assert!(check(&lines).is_err(), "{line} too early");
    }
    // Begun in time, but not over in time.
    for (step, line) in GOOD.iter().enumerate().take(GOOD.len() - 1) {
        let (process, call) = line.split_once(' ').expect("a process");
        let (head, tail) = call.split_once(')').expect("an end");
        let begun = format!("8 {head} <unfinished ...>");
        let ended = format!("8 <... {process} resumed>){tail}");
        let mut lines = GOOD.to_vec();
        lines[step] = &begun;
        lines.insert(step + 2, &ended);
        assert!(check(&lines).is_err(), "{line} too late");
    }
}
