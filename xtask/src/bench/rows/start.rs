//! The row of starts: from exec to the first good answer, and the memory of a server that nobody asks anything.

use std::thread;
use std::time::Instant;

use crate::bench::measure::{Figures, Point};
use crate::bench::memory;
use crate::bench::rows::Bench;
use crate::bench::server::{Kind, Server};

/// Seconds of the first start: in an empty directory.
pub(in crate::bench) const FIRST: &str = "first_start_s";
/// Seconds of the second start: with what the first one made.
pub(in crate::bench) const AGAIN: &str = "second_start_s";
/// MiB held once it has started.
pub(in crate::bench) const IDLE: &str = "idle_mib";

pub(super) fn measure(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    // docker-registry knows no other path that says it is ready.
    let path = match kind {
        Kind::Wharfinger => "/readyz",
        _ => "/v2/",
    };
    let mut figures = Figures::new();
    let begin = Instant::now();
    let mut server = Server::spawn(kind, &bench.program, bench.folder.path(), &[])?;
    server.wait_for(path)?;
    figures.insert(FIRST.to_owned(), begin.elapsed().as_secs_f64());
    server.end();
    let begin = Instant::now();
    server.restart()?;
    server.wait_for(path)?;
    figures.insert(AGAIN.to_owned(), begin.elapsed().as_secs_f64());
    thread::sleep(bench.plan.idle);
    figures.insert(IDLE.to_owned(), memory::resident(server.process())?);
    Ok(vec![Point::new(1, figures)])
}
