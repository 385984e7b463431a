//! What storing a layer costs at least: hash, seal, write and fdatasync in the pipeline that the server uses, fed from
//! memory; no network, no rows.

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio::task::JoinSet;
use wharf_blob::{Directory, ObjectName, RunningHash};
use wharf_keys::DataKey;
use wharf_wire::oci::Digest;

use super::content::{Layer, Turns};
use super::measure::{Figures, of_self};
use super::work::gigabytes;

/// Bytes of bodies in flight: the server's default.
const BUDGET: usize = 128 << 20;

/// Stores layers, `streams` at once; seconds of CPU for a gigabyte, and gigabytes a second.
///
/// # Errors
/// What the disk says; a hash that is not the layer's.
pub(super) fn measure(
    folder: &Path,
    streams: usize,
    layers: &'static [Layer],
) -> Result<Figures, String> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("a runtime: {e}"))?;
    let directory = Directory::open(folder, BUDGET).map_err(|e| e.to_string())?;
    let turns = Arc::new(Turns::new(layers));
    let store_all = async {
        let mut tasks = JoinSet::new();
        for _ in 0..streams {
            let (directory, turns) = (directory.clone(), Arc::clone(&turns));
            tasks.spawn(async move {
                while let Some(layer) = turns.next() {
                    store(&directory, layer).await?;
                }
                Ok::<(), String>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.map_err(|e| e.to_string())??;
        }
        Ok(gigabytes(layers))
    };
    of_self(|| runtime.block_on(store_all))
}

/// As an upload does: one object, flushed, then its name.
async fn store(directory: &Directory, layer: &Layer) -> Result<(), String> {
    let failed = |e: wharf_blob::Error| e.to_string();
    let name = ObjectName::random(0).map_err(failed)?;
    let key = DataKey::generate().map_err(|e| e.to_string())?;
    let hash = Some(RunningHash::new());
    let mut writer = directory.writer(name, &key, hash).await.map_err(failed)?;
    for chunk in layer.chunks() {
        for piece in chunk.pieces() {
            writer.write(piece).await.map_err(failed)?;
        }
    }
    let mut written = writer.finish().await.map_err(failed)?;
    let hash = written.hash.take().ok_or("no hash")?;
    if Digest::from_sha256(hash.finish()).as_str() != layer.digest {
        return Err("the hash is not the layer's".to_owned());
    }
    written.flush().wait().await.map_err(failed)?;
    directory.sync_group(name.group()).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::{SERVER_CPU, UNITS};

    #[test]
    fn layers_are_stored_whole_and_counted_in_gigabytes() {
        let folder = tempfile::tempdir().unwrap();
        let layers: &'static [Layer] = Layer::many(3, 1 << 20).leak();
        let figures = measure(&folder.path().join("objects"), 2, layers).unwrap();
        assert!((figures[UNITS] - 3.0 * 1.048_576e-3).abs() < 1e-9);
        assert!(figures[SERVER_CPU] >= 0.0);
        let directory = Directory::open(&folder.path().join("objects"), 0).unwrap();
        drop(directory);
        let stored = std::fs::read_dir(folder.path().join("objects/00")).unwrap();
        let sizes: Vec<u64> = stored
            .map(|e| e.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(sizes.len(), 3);
        assert!(
            sizes.iter().all(|size| *size > 1 << 20),
            "sealed: {sizes:?}"
        );
    }
}
