//! `cargo xtask bench`: Wharfinger beside Debian's docker-registry and nginx, one after another in one run.
//!
//! Judged is the server's own CPU time for one unit of work, which is steady; rates stand beside it.

mod client;
mod cpu;
mod machine;
mod report;
mod server;
mod work;

use std::path::Path;
use std::time::Duration;

use self::report::{Measured, Table};
use self::server::{Kind, Server};
use self::work::Limit;
use crate::ci::{root, say};

/// Clients at once, each with a connection of its own.
const CLIENTS: usize = 16;

/// Each server is measured so often; the median counts.
const ROUNDS: usize = 3;

/// How much is measured.
#[derive(Clone, Copy)]
struct Plan {
    rounds: usize,
    warm_up: Limit,
    push: Limit,
    get: Limit,
}

impl Plan {
    const FULL: Self = Self {
        rounds: ROUNDS,
        warm_up: Limit::Units(200),
        push: Limit::Time(Duration::from_secs(8)),
        get: Limit::Time(Duration::from_secs(6)),
    };
    /// Tells only whether the bench works.
    const SMOKE: Self = Self {
        rounds: 1,
        warm_up: Limit::Units(16),
        push: Limit::Units(48),
        get: Limit::Units(96),
    };
}

/// Runs the bench; `--write` puts the table into docs/performance.md, `--smoke` does a few dozen operations of each.
///
/// # Errors
/// A server that cannot be started, or an answer other than success. No figure is an error.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let has = |flag: &str| arguments.iter().any(|a| a == flag);
    if let Some(unknown) = arguments
        .iter()
        .find(|a| !matches!(a.as_str(), "--smoke" | "--write"))
    {
        return Err(format!(
            "bench: unknown argument `{unknown}`; usage: cargo xtask bench [--smoke] [--write]"
        ));
    }
    let plan = if has("--smoke") {
        Plan::SMOKE
    } else {
        Plan::FULL
    };
    let root = root()?;
    let load_before = machine::load();
    let mut table = Table::default();
    // On the disk of the source tree: a temporary directory may lie in memory, where waiting for the disk is free.
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(root.join("target"))
        .map_err(|e| format!("a directory below target: {e}"))?;
    let program = server::build(&root, folder.path())?;
    for round in 0..plan.rounds {
        for kind in Kind::ALL {
            let place = folder.path().join(format!("{round}-{}", kind.name()));
            measure(*kind, &program, &place, plan, &mut table)?;
        }
    }
    let mut text = report::render(&table, &machine::describe(folder.path(), load_before)?);
    if !has("--smoke") {
        text.push_str(&report::budgets(&table));
    }
    say(&text)?;
    if has("--write") {
        report::write(&root, &text)?;
    }
    Ok(())
}

/// Starts a server, measures it, and ends it.
fn measure(
    kind: Kind,
    program: &Path,
    place: &Path,
    plan: Plan,
    table: &mut Table,
) -> Result<(), String> {
    say(&format!("measuring {} …", kind.name()))?;
    let image = work::Image::new(0);
    let server = Server::start(kind, program, place, &image.manifest)?;
    if kind.takes_pushes() {
        work::push(&server, 1, Limit::Units(1))?;
        work::push(&server, CLIENTS, plan.warm_up)?;
        let waits_before = server.durable_waits()?;
        let pushed = Measured::of(&server, || work::push(&server, CLIENTS, plan.push))?;
        if let (Some(before), Some(after)) = (waits_before, server.durable_waits()?) {
            table.add_waits(after.saturating_sub(before), pushed.units());
        }
        table.add_push(kind, pushed);
        work::push_one(&server, &image, "v1")?;
    }
    work::check_manifest(&server, &image)?;
    work::get(&server, CLIENTS, plan.warm_up)?;
    let got = Measured::of(&server, || work::get(&server, CLIENTS, plan.get))?;
    table.add_get(kind, got);
    Ok(())
}
