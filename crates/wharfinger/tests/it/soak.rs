//! Clients push, delete and bring back at random while the clock runs and the collector works; an oracle knows what must
//! be there and what must be gone. `SOAK_SECONDS` says how long, `SOAK_SEED` which one.

mod client;
mod model;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use self::client::{Client, Dice, LAYERS, layer};
use self::model::{DAY, HOUR, MINUTE, Model};
use crate::support::note::note;
use crate::support::{Options, Server, admin, stored};

/// Clients at once.
const CLIENTS: u64 = 4;
/// How long, unless said otherwise.
const SECONDS: u64 = 120;
/// What ends so near to now that the server may see it otherwise is moved out of the way.
const MARGIN: i64 = 10 * MINUTE;

/// The server, and what is common to all clients.
struct World<'a> {
    server: &'a Server,
    /// Held for reading by each step; the number of times the clock was moved.
    clock: RwLock<u64>,
    moved: AtomicI64,
    steps: AtomicU64,
    over: AtomicBool,
}

impl World<'_> {
    /// The server's time, microseconds since 1970.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server's clock is this one, moved"
    )]
    fn now(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond() + self.moved.load(Ordering::SeqCst)
    }

    /// Asks the server's owner's side; what it refuses is an error.
    fn ask(&self, request: &Value) -> Result<Value, String> {
        admin::try_ask(self.server, request)
    }

    fn advance(&self, by: i64) {
        let seconds = by / 1_000_000;
        admin::ask(
            self.server,
            &json!({ "op": "clock.advance", "seconds": seconds }),
        );
        self.moved.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Collects and sweeps everything that is due.
    fn collect(&self) {
        let answer = admin::ask(self.server, &json!({ "op": "sweep" }));
        assert_eq!(answer["removed"]["failed"], 0, "{answer}");
    }

    /// Until no job is left but the one that collects.
    fn wait_for_jobs(&self) {
        for _ in 0..200_000 {
            if admin::tables(self.server)["jobs"] == 1 {
                return;
            }
        }
        panic!("jobs do not end");
    }

    /// Moves the clock, and out of every doubt.
    fn move_clock(&self, by: i64, models: &[Arc<Mutex<Model>>]) {
        let mut epoch = self.clock.write().expect("a lock");
        *epoch += 1;
        self.advance(by);
        while models.iter().any(|model| {
            model
                .lock()
                .expect("a lock")
                .is_doubtful(self.now(), MARGIN)
        }) {
            self.advance(MARGIN);
        }
    }

    /// Lets everything become what it must, and compares every row.
    fn check(&self, models: &[Arc<Mutex<Model>>]) {
        let clock = self.clock.write().expect("a lock");
        self.wait_for_jobs();
        self.collect();
        let mut expected = Vec::new();
        for model in models {
            let mut model = model.lock().expect("a lock");
            model.settle(self.now());
            expected.extend(model.rows());
        }
        let mut found = rows(self.server);
        expected.sort();
        found.sort();
        let (must, is): (BTreeSet<_>, BTreeSet<_>) =
            (expected.iter().collect(), found.iter().collect());
        let lost: Vec<_> = must.difference(&is).take(5).collect();
        let left: Vec<_> = is.difference(&must).take(5).collect();
        assert!(
            lost.is_empty() && left.is_empty() && expected == found,
            "lost: {lost:#?}\nleft behind: {left:#?}"
        );
        drop(clock);
    }
}

/// What the tables hold: (table, repository, digest or tag).
fn rows(server: &Server) -> Vec<(String, String, String)> {
    let named = |table: &str, of: &str| {
        format!(
            "SELECT '{table}', COALESCE(repositories.name, trash_repositories.name, '?'), {of} FROM {table}
             LEFT JOIN repositories ON repositories.id = {table}.repository
             LEFT JOIN trash_repositories ON trash_repositories.id = {table}.repository"
        )
    };
    let sql = [
        named("links", "digest"),
        named("manifests", "digest"),
        named("tags", "tag || ' ' || digest"),
        named("untagged", "digest"),
    ];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    stored::query(server.data_dir(), &sql.join(" UNION ALL "))
        .iter()
        .map(|row| (text(&row[0]), text(&row[1]), text(&row[2])))
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long, and which run, is told to the test and not to the binary"
)]
fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

/// Moves the clock while clients work, until the time is over.
fn tick(world: &World<'_>, seed: u64, models: &[Arc<Mutex<Model>>], until: Instant) -> u64 {
    let mut dice = Dice::new(seed);
    let mut moves = 0;
    while Instant::now() < until && !world.over.load(Ordering::SeqCst) {
        // Mostly shorter than a day, so that promises are used and not only broken off.
        let longest = if dice.below(3) == 0 { 40 } else { 12 };
        let hours = 1 + i64::try_from(dice.below(longest)).expect("a small number");
        world.move_clock(hours * HOUR, models);
        moves += 1;
        // Clients work beside the collector for a while.
        let begun = world.steps.load(Ordering::SeqCst);
        let enough = begun + 20 + dice.below(60);
        while world.steps.load(Ordering::SeqCst) < enough && Instant::now() < until {
            std::thread::yield_now();
        }
        if moves % 4 == 0 {
            world.check(models);
        }
    }
    world.over.store(true, Ordering::SeqCst);
    moves
}

#[test]
fn p2_whatever_clients_do_beside_the_collector_what_must_stay_stays_and_the_rest_goes() {
    let (seed, seconds) = (number("SOAK_SEED", 1), number("SOAK_SECONDS", SECONDS));
    note(&format!("SOAK_SEED={seed} SOAK_SECONDS={seconds}"));
    let server = Server::start(Options::testing());
    let world = World {
        server: &server,
        clock: RwLock::new(0),
        moved: AtomicI64::new(0),
        steps: AtomicU64::new(0),
        over: AtomicBool::new(false),
    };
    let models: Vec<_> = (0..CLIENTS).map(|_| Arc::default()).collect();
    let until = Instant::now() + Duration::from_secs(seconds);
    let moves = std::thread::scope(|scope| {
        for (number, model) in (0..).zip(&models) {
            let mut client = Client::new(&world, number, seed, Arc::clone(model));
            let world = &world;
            scope.spawn(move || {
                let end = Over(&world.over);
                while !world.over.load(Ordering::SeqCst) {
                    client.step();
                    world.steps.fetch_add(1, Ordering::SeqCst);
                }
                drop(end);
            });
        }
        let end = Over(&world.over);
        let moves = tick(&world, seed, &models, until);
        drop(end);
        moves
    });
    let steps = world.steps.load(Ordering::SeqCst);
    note(&format!("{steps} steps, {moves} moves of the clock"));
    assert!(steps > seconds, "only {steps} steps");
    end(&world, &models);
}

/// Ends the others when one has failed.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::SeqCst);
        }
    }
}

/// Long after the last client: what is held is there to the last byte, and nothing else is. Then nothing at all.
fn end(world: &World<'_>, models: &[Arc<Mutex<Model>>]) {
    for _ in 0..14 {
        world.move_clock(DAY + 2 * HOUR, models);
        world.check(models);
    }
    world.advance(3 * HOUR);
    world.collect();
    stored::expect_files_equal_live_objects(world.server.data_dir());
    let registry = world.server.registry();
    let (mut names, mut held) = (Vec::new(), BTreeSet::new());
    for model in models {
        for (name, repository) in model.lock().expect("a lock").all_live() {
            names.push(name.clone());
            for (digest, image) in &repository.images {
                let answer = registry.get_manifest(name, digest).expect_status(200);
                assert_eq!(answer.body, image.bytes, "{name}@{digest}");
                for link in &image.links {
                    let layer = Digest::parse(link).expect("a digest");
                    let answer = registry.get_blob(name, &layer).expect_status(200);
                    assert!(Digest::of(&answer.body) == layer, "{name}@{link}");
                    held.insert(link.clone());
                }
            }
        }
    }
    let in_objects = (0..LAYERS).map(layer).filter(|bytes| bytes.len() > 65_536);
    let in_objects = in_objects.filter(|bytes| held.contains(Digest::of(bytes).as_str()));
    let tables = admin::tables(world.server);
    let count = |number: usize| u64::try_from(number).expect("a small number");
    assert_eq!(tables["blobs"], count(held.len()));
    assert_eq!(tables["objects"], count(in_objects.count()));
    assert_eq!(tables["extents"], tables["blobs"]);
    assert_eq!(tables["blob_keys"], tables["links"]);
    note(&format!("{} layers were held in the end", held.len()));
    for name in names {
        let force = json!({ "repositoryName": name, "force": true });
        world.server.call("DeleteRepository", &force);
    }
    for _ in 0..9 {
        world.wait_for_jobs();
        world.advance(DAY + 2 * HOUR);
        world.collect();
    }
    let tables = admin::tables(world.server);
    let kept = [
        "blobs",
        "blob_extents",
        "blob_keys",
        "digest_aliases",
        "extents",
        "links",
        "manifests",
        "objects",
        "repositories",
        "tags",
        "untagged",
        "uploads",
    ];
    for table in kept {
        assert_eq!(tables[table], 0, "rows of {table}");
    }
    assert!(stored::object_files(world.server.data_dir()).is_empty());
}
