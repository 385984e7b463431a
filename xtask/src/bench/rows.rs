//! The rows of the bench: one row, one line of the table, one function that measures a server.

mod bytes;
pub(in crate::bench) mod memory;
mod policy;
mod small;
pub(in crate::bench) mod start;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::content::Layer;
use super::measure::Point;
use super::server::{Kind, Server};
use super::work::Limit;

/// What one unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// One request, one image.
    One,
    /// 10⁹ bytes.
    Gigabyte,
    /// There is no unit: the figures are times, or memory.
    None,
}

impl Unit {
    /// Its name in results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Gigabyte => "gigabyte",
            Self::None => "none",
        }
    }
}

/// Something that is measured.
pub(super) struct Row {
    /// Its name on the command line and in results: never changed, old results are read.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    /// What is measured, in the order of the table.
    pub(super) kinds: &'static [Kind],
    /// Whether one round is enough: a peak does not become a better peak.
    pub(super) once: bool,
    pub(super) measure: fn(&Bench, Kind) -> Result<Vec<Point>, String>,
}

/// All of them, in the order in which they are measured.
pub(super) const ROWS: &[Row] = &[
    Row {
        id: "manifest-get",
        title: "Manifest GET by tag",
        unit: Unit::One,
        kinds: Kind::SERVERS,
        once: false,
        measure: small::manifest_get,
    },
    Row {
        id: "blob-get",
        title: "Blob GET of 100 MB",
        unit: Unit::Gigabyte,
        kinds: Kind::SERVERS,
        once: false,
        measure: bytes::blob_get,
    },
    Row {
        id: "small-blob-get",
        title: "Blob GET of 10 KB",
        unit: Unit::One,
        kinds: Kind::SERVERS,
        once: false,
        measure: small::small_blob_get,
    },
    Row {
        id: "large-push",
        title: "Push of layers of 64 MiB",
        unit: Unit::Gigabyte,
        kinds: Kind::REGISTRIES,
        once: false,
        measure: bytes::large_push,
    },
    Row {
        id: "large-push-api",
        title: "Push of layers of 64 MiB by UploadLayerPart",
        unit: Unit::Gigabyte,
        kinds: &[Kind::Wharfinger],
        once: false,
        measure: bytes::large_push_api,
    },
    Row {
        id: "limit",
        title: "Hash, seal, write, fdatasync of layers of 64 MiB",
        unit: Unit::Gigabyte,
        kinds: &[Kind::Pipeline],
        once: false,
        measure: bytes::limit,
    },
    Row {
        id: "small-push",
        title: "Push of an image of 10 KB",
        unit: Unit::One,
        kinds: Kind::REGISTRIES,
        once: false,
        measure: small::small_push,
    },
    Row {
        id: "policy",
        title: "Policy decision, 10 policies of 10 statements",
        unit: Unit::One,
        kinds: &[Kind::Evaluator],
        once: false,
        measure: policy::measure,
    },
    Row {
        id: "start",
        title: "Start, empty",
        unit: Unit::None,
        kinds: Kind::REGISTRIES,
        once: false,
        measure: start::measure,
    },
    Row {
        id: "memory",
        title: "Memory",
        unit: Unit::None,
        kinds: &[Kind::Wharfinger],
        once: true,
        measure: memory::measure,
    },
];

/// The row of that name.
pub(super) fn find(id: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.id == id)
}

/// How much is measured.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) rounds: usize,
    pub(super) warm_up: u64,
    /// Clients at once, and for how long; the first is the one of the budget.
    pub(super) get: Vec<(usize, Limit)>,
    pub(super) push: Vec<(usize, Limit)>,
    pub(super) blob: Limit,
    pub(super) small_blob: Limit,
    /// Bytes of the blob that is pulled, and of a layer that is pushed.
    pub(super) blob_size: u64,
    pub(super) layer_size: u64,
    pub(super) layers: usize,
    /// Parallel transfers whose memory is measured, and bytes of each.
    pub(super) streams: usize,
    pub(super) stream_size: u64,
    pub(super) connections: usize,
    /// How long a server that was started is left alone before its memory is read.
    pub(super) idle: Duration,
}

impl Plan {
    /// For figures.
    pub(super) fn full() -> Self {
        let seconds = |n| Limit::Time(Duration::from_secs(n));
        Self {
            rounds: 3,
            warm_up: 200,
            get: vec![
                (16, seconds(5)),
                (1, seconds(2)),
                (4, seconds(2)),
                (64, seconds(2)),
            ],
            push: vec![
                (16, seconds(6)),
                (1, seconds(2)),
                (4, seconds(2)),
                (64, seconds(3)),
            ],
            blob: seconds(4),
            small_blob: seconds(2),
            blob_size: 100_000_000,
            layer_size: 64 << 20,
            layers: 24,
            streams: 64,
            stream_size: 256 << 20,
            connections: 10_000,
            idle: Duration::from_secs(1),
        }
    }

    /// Tells only whether the bench works.
    pub(super) fn smoke() -> Self {
        Self {
            rounds: 1,
            warm_up: 16,
            get: vec![(16, Limit::Units(96)), (1, Limit::Units(8))],
            push: vec![(16, Limit::Units(48)), (1, Limit::Units(4))],
            blob: Limit::Units(4),
            small_blob: Limit::Units(50),
            blob_size: 10_000_000,
            layer_size: 8 << 20,
            layers: 4,
            streams: 8,
            stream_size: 8 << 20,
            connections: 200,
            idle: Duration::from_millis(100),
        }
    }

    /// So many times as long.
    pub(super) fn stretch(&mut self, times: u32) {
        let stretched = |limit: Limit| match limit {
            Limit::Units(units) => Limit::Units(units * u64::from(times)),
            Limit::Time(time) => Limit::Time(time * times),
        };
        for (_, limit) in self.get.iter_mut().chain(&mut self.push) {
            *limit = stretched(*limit);
        }
        self.blob = stretched(self.blob);
        self.small_blob = stretched(self.small_blob);
        self.layers *= times as usize;
    }
}

/// What all rows share.
pub(super) struct Bench {
    pub(super) plan: Plan,
    program: PathBuf,
    folder: TempDir,
    layers: OnceCell<&'static [Layer]>,
}

impl Bench {
    /// `program`: the wharfinger that is measured. `folder`: on the disk that is measured.
    pub(super) fn new(plan: Plan, program: PathBuf, folder: TempDir) -> Self {
        Self {
            plan,
            program,
            folder,
            layers: OnceCell::new(),
        }
    }

    /// Starts a server that holds nothing.
    fn start(&self, kind: Kind) -> Result<Server, String> {
        self.start_with(kind, &[])
    }

    fn start_with(&self, kind: Kind, settings: &[(&str, String)]) -> Result<Server, String> {
        let server = Server::start(kind, &self.program, self.folder.path(), settings)?;
        super::say_process(&server)?;
        Ok(server)
    }

    /// The layers that are pushed: to each server once, and each server is a new one.
    fn layers(&self) -> &'static [Layer] {
        self.layers
            .get_or_init(|| Layer::many(self.plan.layers, self.plan.layer_size).leak())
    }
}
