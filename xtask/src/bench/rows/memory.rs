//! The row of memory: peaks under many parallel transfers, and with many connections that are idle.

use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::bench::client::Client;
use crate::bench::content::Layer;
use crate::bench::measure::{Figures, Point, precise};
use crate::bench::memory::{forget_peak, peak, resident};
use crate::bench::rows::Bench;
use crate::bench::server::{Kind, Server};
use crate::bench::work;

/// MiB at the peak, by what was done.
pub(in crate::bench) const PUSH: &str = "push_peak_mib";
pub(in crate::bench) const PULL: &str = "pull_peak_mib";
pub(in crate::bench) const API_PUSH: &str = "api_push_peak_mib";
pub(in crate::bench) const API_PULL: &str = "api_pull_peak_mib";
/// MiB with the connections open, and how many those were.
pub(in crate::bench) const CONNECTED: &str = "connections_mib";
pub(in crate::bench) const CONNECTIONS: &str = "connections";

/// Bytes of the disk that are left alone.
const RESERVE: u64 = 8 << 30;
/// Sizes of a stream are multiples of this.
const STEP: u64 = 1 << 20;
/// How long connections rest before what they hold is looked at.
const REST: Duration = Duration::from_secs(2);
/// Threads that open connections.
const OPENERS: usize = 8;

pub(super) fn measure(bench: &Bench, kind: Kind) -> Result<Vec<Point>, String> {
    let streams = bench.plan.streams;
    let size = affordable(bench)?;
    let layers = Layer::many(streams, size);
    let mut figures = Figures::new();
    let mut notes = vec![format!(
        "{streams} transfers at once, of {} MiB each",
        size >> 20
    )];
    let mut add = |name: &str, mib| figures.insert(name.to_owned(), mib);

    let server = bench.start(kind)?;
    add(
        PUSH,
        peak_of(&server, || work::push_layers(&server, streams, &layers))?,
    );
    add(
        PULL,
        peak_of(&server, || work::pull_layers(&server, streams, &layers))?,
    );
    // The API gives out only what an image refers to.
    work::push_manifest_of(&mut server.client()?, &layers, "large")?;
    if work::can_download(&server, layers.first().ok_or("no layers")?)? {
        add(
            API_PULL,
            peak_of(&server, || work::download_layers(&server, streams, &layers))?,
        );
    } else {
        notes.push("GetDownloadUrlForLayer: not built".to_owned());
    }
    drop(server);

    // Another one, which does not have the layers.
    let server = bench.start(kind)?;
    let probe = Layer::many(1, 10_000).remove(0);
    if work::can_upload(&server, &probe)? {
        add(
            API_PUSH,
            peak_of(&server, || work::upload_layers(&server, streams, &layers))?,
        );
    } else {
        notes.push("UploadLayerPart: not built".to_owned());
    }
    drop(server);

    let (opened, held) = connections(bench, kind)?;
    add(CONNECTED, held);
    add(CONNECTIONS, opened);
    if opened < precise(bench.plan.connections as u64) {
        notes.push("fewer connections than wanted: the bound on open files".to_owned());
    }
    let mut point = Point::new(streams, figures);
    point.note = Some(notes.join("; "));
    Ok(vec![point])
}

/// The peak while some work is done.
fn peak_of(server: &Server, work: impl FnOnce() -> Result<f64, String>) -> Result<f64, String> {
    forget_peak(server.process())?;
    work()?;
    peak(server.process())
}

/// The size of a stream that is wanted, or what the disk has room for.
fn affordable(bench: &Bench) -> Result<u64, String> {
    let disk = rustix::fs::statvfs(bench.folder.path()).map_err(|e| format!("statvfs: {e}"))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let each = free.saturating_sub(RESERVE) / bench.plan.streams as u64;
    let size = bench.plan.stream_size.min(each) / STEP * STEP;
    if size == 0 {
        return Err("the disk has no room for the streams".to_owned());
    }
    Ok(size)
}

/// Opens connections, has one request answered on each, and keeps them; how many, and the MiB that the server then
/// holds.
fn connections(bench: &Bench, kind: Kind) -> Result<(f64, f64), String> {
    let wanted = bench.plan.connections;
    let allowed = usize::try_from(allow_open_files()).unwrap_or(usize::MAX);
    // This process has a few files of its own, and so has the server.
    let count = wanted.min(allowed.saturating_sub(200));
    let bound = ("WHARFINGER_LIMITS_CONNECTIONS", (count + 100).to_string());
    let server = bench.start_with(kind, &[bound])?;
    let open = Mutex::new(Vec::<TcpStream>::with_capacity(count));
    let share = count.div_ceil(OPENERS);
    work::together(OPENERS, || {
        for _ in 0..share {
            let mut client = Client::connect(&server.authority, None)?;
            client.request("GET", "/healthz", &[], b"")?.expect(200)?;
            let mut open = open.lock().map_err(|_poisoned| "another client panicked")?;
            open.push(client.into_stream());
        }
        Ok(())
    })?;
    // Idle is what has rested, not what was answered a moment ago.
    std::thread::sleep(REST);
    let held = resident(server.process())?;
    let open = open.into_inner().map_err(|_poisoned| "a client panicked")?;
    let opened = precise(open.len() as u64);
    Ok((opened, held))
}

/// Lifts the soft bound on open files to the hard one; what it then is.
fn allow_open_files() -> u64 {
    let bound = getrlimit(Resource::Nofile);
    let lifted = Rlimit {
        current: bound.maximum,
        maximum: bound.maximum,
    };
    let lifted = setrlimit(Resource::Nofile, lifted).is_ok();
    let now = if lifted { bound.maximum } else { bound.current };
    now.unwrap_or(u64::MAX)
}
