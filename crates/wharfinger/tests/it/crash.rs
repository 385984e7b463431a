//! The server ends without warning, again and again: what it acknowledged is there, and nothing else stays.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use wharf_wire::oci::Digest;

use crate::support::http::{Connection, Response};
use crate::support::images::Image;
use crate::support::note::note;
use crate::support::registry::Registry;
use crate::support::{Options, Server, admin, stored, tools};

/// Rounds that have to count.
const ROUNDS: usize = 100;
/// Requests that a kill has to catch without an answer, for its round to count.
const CAUGHT: usize = 4;
type Headers<'a> = &'a [(&'a str, &'a str)];

/// Clients that push at once.
const CLIENTS: u64 = 8;
const REPOSITORY: &str = "crash/app";
/// Where layers are mounted from.
const SOURCE: &str = "crash/from";

/// Layer sizes in turn: rows, single frames, several frames, and the edges between them.
const SIZES: &[&[usize]] = &[
    &[2_000, 150_000],
    &[65_536, 400_000],
    &[65_537],
    &[600_000, 10],
    &[262_144, 30_000],
    &[524_288, 524_289],
];

/// What was acknowledged of one image: so many of its blobs, in order, and what became of its manifest.
#[derive(Clone, Debug)]
struct Acknowledged {
    seed: u64,
    blobs: usize,
    manifest: Manifest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manifest {
    /// Not acknowledged: it may be there or not.
    Unknown,
    Stored,
    /// Acknowledged, and then asked to go, without an answer.
    Leaving,
    Removed,
}

impl Acknowledged {
    fn image(&self) -> Image {
        image(self.seed)
    }

    /// Pulls everything and compares each byte.
    fn expect(&self, registry: &Registry) {
        let image = self.image();
        let (tag, digest) = (tag(self.seed), image.digest());
        for reference in [tag.as_str(), digest.as_str()] {
            match self.manifest {
                Manifest::Stored => registry.expect_image(&image, REPOSITORY, reference),
                Manifest::Removed => {
                    let answer = registry.get_manifest(REPOSITORY, reference);
                    answer.expect_status(404);
                }
                Manifest::Unknown | Manifest::Leaving => {
                    let answer = registry.get_manifest(REPOSITORY, reference);
                    let whole = answer.status == 200 && answer.body == image.manifest;
                    assert!(whole || answer.status == 404, "{self:?}: {answer:?}");
                }
            }
        }
        for blob in image.blobs.iter().take(self.blobs) {
            let answer = registry.get_blob(REPOSITORY, &Digest::of(blob));
            assert!(
                answer.expect_status(200).body == *blob,
                "{self:?} came back changed"
            );
        }
    }
}

/// A day after: blobs that no image came to hold may have been collected, and are no claim any more.
fn forget_unheld(acknowledged: &mut [Acknowledged], registry: &Registry) {
    for one in acknowledged {
        let unsure = matches!(one.manifest, Manifest::Unknown | Manifest::Leaving);
        let digest = one.image().digest();
        if unsure && registry.get_manifest(REPOSITORY, digest.as_str()).status == 404 {
            one.blobs = 0;
        }
    }
}

fn image(seed: u64) -> Image {
    let kinds = u64::try_from(SIZES.len()).expect("a small number");
    let kind = usize::try_from(seed % kinds).expect("a small number");
    Image::with_layers(seed, SIZES[kind])
}

fn tag(seed: u64) -> String {
    format!("v{seed}")
}

/// Counts requests, so that the kill falls at a number of answers and not at a time.
#[derive(Default)]
struct Flight {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Begun and not answered.
    in_flight: usize,
    answered: usize,
    killed: bool,
    /// Begun before the kill, and never answered.
    caught: usize,
}

impl Flight {
    /// Sends a request, unless the server was killed.
    fn request(&self, send: impl FnOnce() -> io::Result<Response>) -> io::Result<Response> {
        let mut state = self.state.lock().expect("a lock");
        if state.killed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        state.in_flight += 1;
        self.changed.notify_all();
        drop(state);
        let answer = send();
        let mut state = self.state.lock().expect("a lock");
        state.in_flight -= 1;
        match &answer {
            Ok(_) => state.answered += 1,
            Err(error) => {
                assert!(state.killed, "no answer before the kill: {error}");
                state.caught += 1;
            }
        }
        drop(state);
        self.changed.notify_all();
        answer
    }

    /// Kills the process once so many requests were answered and as many clients wait as may.
    fn kill(&self, process: u32, answered: usize, in_flight: usize) {
        let state = self.state.lock().expect("a lock");
        let mut state = self
            .changed
            .wait_while(state, |s| s.answered < answered || s.in_flight < in_flight)
            .expect("a lock");
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        kill_process(process.expect("a process id"), Signal::KILL).expect("a kill");
        state.killed = true;
    }

    fn is_over(&self) -> bool {
        self.state.lock().expect("a lock").killed
    }

    fn caught(&self) -> usize {
        self.state.lock().expect("a lock").caught
    }
}

/// Pushes blob after blob, then the manifest, and notes each acknowledgement.
///
/// One seed in three sends chunks, so that a blob has several extents; one in four removes the image again.
fn push(
    registry: &Registry,
    seed: u64,
    mut request: impl FnMut(&str, &str, Headers<'_>, &[u8]) -> io::Result<Response>,
) -> Acknowledged {
    let mut done = Acknowledged {
        seed,
        blobs: 0,
        manifest: Manifest::Unknown,
    };
    let image = image(seed);
    let mut all = || -> io::Result<()> {
        for blob in &image.blobs {
            let begun = request(
                "POST",
                &format!("/v2/{REPOSITORY}/blobs/uploads/"),
                &[],
                b"",
            )?;
            let begun = begun.expect_status(202);
            let upload = registry.path_of(begun.header("location").expect("a location"));
            let cut = if seed.is_multiple_of(3) {
                blob.len() / 2
            } else {
                0
            };
            let (first, second) = blob.split_at(cut);
            for chunk in [first, second] {
                if !chunk.is_empty() {
                    request("PATCH", &upload, &[], chunk)?.expect_status(202);
                }
            }
            let path = format!("{upload}?digest={}", Digest::of(blob));
            request("PUT", &path, &[], b"")?.expect_status(201);
            done.blobs += 1;
        }
        let path = format!("/v2/{REPOSITORY}/manifests/{}", tag(seed));
        let kind = [("content-type", image.media_type)];
        request("PUT", &path, &kind, &image.manifest)?.expect_status(201);
        done.manifest = Manifest::Stored;
        if seed % 4 == 3 {
            done.manifest = Manifest::Leaving;
            let path = format!("/v2/{REPOSITORY}/manifests/{}", image.digest());
            request("DELETE", &path, &[], b"")?.expect_status(202);
            done.manifest = Manifest::Removed;
        }
        Ok(())
    };
    // An error is the kill: what was acknowledged before it counts.
    drop(all());
    done
}

/// Clients push until the kill; what they had acknowledged by then, and how many requests it caught.
fn round(server: &mut Server, number: u64, answers: usize) -> (Vec<Acknowledged>, usize) {
    let flight = Arc::new(Flight::default());
    let registry = server.registry();
    let authority = server.authority().to_owned();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (flight, registry) = (Arc::clone(&flight), registry.clone());
            let mut connection = Connection::open(&authority).expect("a connection");
            std::thread::spawn(move || {
                let mut seeds = (number * CLIENTS + client) * 1_000..;
                let mut all = Vec::new();
                loop {
                    let seed = seeds.next().expect("a number");
                    let done = push(&registry, seed, |method, path, headers, body| {
                        flight.request(|| {
                            registry.request_on(&mut connection, method, path, headers, body)
                        })
                    });
                    all.push(done);
                    if flight.is_over() {
                        return all;
                    }
                }
            })
        })
        .collect();
    let all_wait = usize::try_from(CLIENTS).expect("a small number") - 1;
    flight.kill(server.process().id(), answers, all_wait);
    let done = clients
        .into_iter()
        .flat_map(|c| c.join().expect("a client"))
        .collect();
    (done, flight.caught())
}

/// After a restart: everything acknowledged is there, and one sweep leaves only what is live.
fn check(server: Server, acknowledged: &mut [Acknowledged]) -> Server {
    let registry = server.registry();
    for one in &*acknowledged {
        one.expect(&registry);
    }
    admin::sweep_when_all_is_over(&server);
    stored::expect_files_equal_live_objects(server.data_dir());
    // The sweep took nothing that was acknowledged, and the clock goes back with the restart.
    let registry = server.registry();
    forget_unheld(acknowledged, &registry);
    for one in &*acknowledged {
        one.expect(&registry);
    }
    server.restart()
}

#[test]
fn what_was_acknowledged_survives_kills_amid_requests_and_a_sweep_leaves_only_what_is_live() {
    let mut server = Server::start(Options::testing());
    server.create_repository(REPOSITORY);
    let mut acknowledged = Vec::new();
    let (mut counted, mut caught, mut checked) = (0, 0, 0);
    for number in 0.. {
        assert!(
            number < 2 * ROUNDS,
            "only {counted} of {number} kills caught {CAUGHT} requests"
        );
        let answers = 3 + number * 37 % 250;
        let seed = u64::try_from(number).expect("a small number");
        let (done, unanswered) = round(&mut server, seed, answers);
        acknowledged.extend(done);
        server = server.restart();
        if unanswered < CAUGHT {
            continue;
        }
        counted += 1;
        caught += unanswered;
        if counted % 10 == 0 {
            server = check(server, &mut acknowledged[checked..]);
            checked = acknowledged.len();
        }
        if counted == ROUNDS {
            break;
        }
    }
    check(server, &mut acknowledged);
    let blobs: usize = acknowledged.iter().map(|a| a.blobs).sum();
    let images = acknowledged
        .iter()
        .filter(|a| a.manifest != Manifest::Unknown)
        .count();
    note(&format!(
        "{counted} kills caught {caught} requests; {blobs} blobs and {images} images acknowledged"
    ));
    assert!(images >= ROUNDS, "only {images} images were acknowledged");
}

/// Sends each request on a connection of its own.
fn plain(registry: &Registry) -> impl Fn(&str, &str, Headers<'_>, &[u8]) -> io::Result<Response> {
    |method, path, headers, body| registry.try_request(method, path, headers, body)
}

/// The failpoints as the product's source lists them.
fn failpoints() -> Vec<String> {
    let source = tools::workspace().join("crates/wharf-registry/src/failpoint.rs");
    let source = std::fs::read_to_string(source).expect("the source");
    let (_, list) = source.split_once("const NAMES").expect("the list");
    let (list, _) = list.split_once("];").expect("its end");
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// A mount or the deletion of a layer, cut off at a failpoint: all of it was done, or nothing.
struct Single {
    blob: Vec<u8>,
    method: &'static str,
    path: String,
    /// Whether the repository has the layer once it is done.
    then_there: bool,
    /// The status when it is done again after it was cut off before, or behind, its commit.
    again: [u16; 2],
}

impl Single {
    /// Pushes what the failpoint's request needs; none for those that a push or a deletion of an image passes.
    fn prepare(registry: &Registry, name: &str, seed: u64) -> Option<Self> {
        let blob = image(seed).blobs.swap_remove(1);
        let digest = Digest::of(&blob);
        if name.ends_with("-mount-commit") {
            registry.try_push_blob(SOURCE, &blob).expect("a blob");
            let from = format!("?mount={digest}&from={SOURCE}");
            return Some(Self {
                blob,
                method: "POST",
                path: format!("/v2/{REPOSITORY}/blobs/uploads/{from}"),
                then_there: true,
                again: [201, 201],
            });
        }
        if name.ends_with("-layer-delete-commit") {
            registry.try_push_blob(REPOSITORY, &blob).expect("a blob");
            return Some(Self {
                blob,
                method: "DELETE",
                path: format!("/v2/{REPOSITORY}/blobs/{digest}"),
                then_there: false,
                again: [202, 404],
            });
        }
        None
    }

    fn request(&self, registry: &Registry) -> io::Result<Response> {
        registry.try_request(self.method, &self.path, &[], b"")
    }

    /// After the restart: what the point says was done was done, and doing it again ends well.
    fn expect(&self, registry: &Registry, done: bool) {
        self.look(registry, done == self.then_there);
        let again = self.request(registry).expect("an answer");
        again.expect_status(self.again[usize::from(done)]);
        self.look(registry, self.then_there);
    }

    fn look(&self, registry: &Registry, there: bool) {
        let answer = registry.get_blob(REPOSITORY, &Digest::of(&self.blob));
        let answer = answer.expect_status(if there { 200 } else { 404 });
        assert!(!there || answer.body == self.blob, "it came back changed");
    }
}

/// Pushes, or deletes the image of `before`, until the armed point ends the server; the push that was cut off.
fn pass(registry: &Registry, name: &str, before: &Acknowledged) -> Option<Acknowledged> {
    if name.ends_with("-delete-commit") {
        let digest = before.image().digest();
        let path = format!("/v2/{REPOSITORY}/manifests/{digest}");
        let answer = registry.try_request("DELETE", &path, &[], b"");
        assert!(answer.is_err(), "{name} was passed: {answer:?}");
        return None;
    }
    // Sizes of every kind, so that each point is passed.
    let cut_off = (4..28).step_by(4).find_map(|next| {
        let done = push(registry, before.seed + next, plain(registry));
        (done.manifest == Manifest::Unknown).then_some(done)
    });
    Some(cut_off.unwrap_or_else(|| panic!("{name} was never passed")))
}

#[test]
fn what_was_acknowledged_survives_an_abort_at_each_failpoint() {
    let mut names = failpoints();
    // Those of the operator's side are passed in the test below.
    names.retain(|name| !operators(name));
    assert!(names.len() >= 16, "{names:?}");
    let mut server = Server::start(Options::testing());
    for name in [REPOSITORY, SOURCE] {
        server.create_repository(name);
    }
    let mut acknowledged = Vec::new();
    for (seed, name) in (0..).step_by(100).zip(&names) {
        let registry = server.registry();
        let before = push(&registry, seed, plain(&registry));
        assert_eq!(before.manifest, Manifest::Stored, "{name}: {before:?}");
        let single = Single::prepare(&registry, name, seed + 50);
        admin::arm(&server, name);
        let during = match &single {
            Some(single) => {
                let answer = single.request(&registry);
                assert!(answer.is_err(), "{name} was passed: {answer:?}");
                None
            }
            None => pass(&registry, name, &before),
        };
        let status = server.process().wait();
        assert_eq!(status.signal(), Some(6), "{name}: {status}");

        server = server.restart();
        let registry = server.registry();
        if name == "after-delete-commit" {
            let gone = registry.get_manifest(REPOSITORY, &tag(seed));
            gone.expect_status(404);
        } else {
            before.expect(&registry);
            acknowledged.push(before);
        }
        if let Some(single) = single {
            single.expect(&registry, name.starts_with("after-"));
        }
        if let Some(during) = during {
            during.expect(&registry);
            // What was cut off succeeds when it is done again.
            let again = push(&registry, during.seed, plain(&registry));
            assert_eq!(again.manifest, Manifest::Stored, "{name}: {again:?}");
            acknowledged.push(again);
        }
        server = check(server, &mut acknowledged);
    }
}

/// Whether a failpoint lies on the way of the collector or of an undelete.
fn operators(name: &str) -> bool {
    name.starts_with("collect-") || name.starts_with("undelete-")
}

#[test]
fn the_collector_and_undelete_survive_an_abort_at_each_of_their_failpoints() {
    let names: Vec<String> = failpoints().into_iter().filter(|n| operators(n)).collect();
    assert!(names.len() >= 4, "{names:?}");
    for name in &names {
        let mut server = Server::start(Options::testing());
        server.create_repository(REPOSITORY);
        let registry = server.registry();
        let (gone, back) = (image(1), image(2));
        for (seed, image) in [(1, &gone), (2, &back)] {
            registry.push(image, REPOSITORY, &tag(seed));
            let path = format!("/v2/{REPOSITORY}/manifests/{}", image.digest());
            let deleted = registry.request("DELETE", &path, &[], b"");
            deleted.expect_status(202);
        }
        let undelete = serde_json::json!({
            "op": "undelete", "image": format!("{REPOSITORY}@{}", back.digest()),
        });
        let collect = serde_json::json!({ "op": "sweep" });
        if name.starts_with("collect-") {
            admin::ask(&server, &undelete);
            admin::arm(&server, name);
            let days = serde_json::json!({ "op": "clock.advance", "seconds": 8 * 86_400 });
            // The background may be there first: it ends either way.
            drop(admin::converse(&server, &days));
            drop(admin::converse(&server, &collect));
        } else {
            admin::arm(&server, name);
            let ended = admin::converse(&server, &undelete);
            assert!(ended.is_err(), "{name} was passed: {ended:?}");
        }
        let status = server.process().wait();
        assert_eq!(status.signal(), Some(6), "{name}: {status}");

        server = server.restart();
        let registry = server.registry();
        if name == "undelete-before-commit" {
            admin::ask(&server, &undelete);
        }
        registry.expect_image(&back, REPOSITORY, &tag(2));
        // The clock has gone back with the restart: once more, to the end.
        for _ in 0..10 {
            admin::sweep_when_all_is_over(&server);
        }
        let registry = server.registry();
        registry.expect_image(&back, REPOSITORY, &tag(2));
        for blob in &gone.blobs {
            let answer = registry.get_blob(REPOSITORY, &Digest::of(blob));
            answer.expect_status(404);
        }
        stored::expect_files_equal_live_objects(server.data_dir());
        let blobs = u64::try_from(back.blobs.len()).expect("a small number");
        assert_eq!(admin::tables(&server)["blobs"], blobs, "{name}");
    }
}

#[test]
fn several_tags_cut_off_by_an_abort_are_all_moved_or_none_is() {
    let mut server = Server::start(Options::testing());
    server.create_repository(REPOSITORY);
    let (old, new) = (image(1), image(2));
    let registry = server.registry();
    registry.push(&old, REPOSITORY, "old");
    registry.push(&new, REPOSITORY, "new");
    let tags: Vec<String> = (0..8).map(|number| format!("tag=t{number}")).collect();
    let move_to = |registry: &Registry, image: &Image| {
        let reference = format!("{}?{}", image.digest(), tags.join("&"));
        registry.try_put_manifest(image, REPOSITORY, &reference)
    };
    for (name, moved) in [
        ("before-manifest-commit", false),
        ("after-manifest-commit", true),
    ] {
        let registry = server.registry();
        let moves = move_to(&registry, &old).expect("an answer");
        moves.expect_status(201);
        admin::arm(&server, name);
        let cut_off = move_to(&registry, &new);
        assert!(cut_off.is_err(), "{name} was passed: {cut_off:?}");
        assert_eq!(server.process().wait().signal(), Some(6), "{name}");

        server = server.restart();
        let registry = server.registry();
        let there = if moved { &new } else { &old };
        for number in 0..8 {
            registry.expect_image(there, REPOSITORY, &format!("t{number}"));
        }
        // What was cut off succeeds when it is done again.
        let again = move_to(&registry, &new).expect("an answer");
        again.expect_status(201);
        registry.expect_image(&new, REPOSITORY, "t7");
    }
}
