//! Empties the trash of what has lain there for its time.
use wharf_meta::{Durability, trash};

use crate::{Result, Service};

/// Rows of each kind in one transaction.
const AT_ONCE: i64 = 400;

/// Removes everything due.
pub(super) async fn run(service: &Service) -> Result<()> {
    let now = service.now();
    // Looked at first: a write is a wait for the disk, and mostly nothing is due.
    while service
        .store()
        .read("due_trash", move |tx| trash::is_due(tx, now))
        .await?
    {
        let empty = move |tx: &mut wharf_meta::Tx| trash::empty(tx, now, AT_ONCE);
        service
            .store()
            .write("empty_trash", Durability::Hard, empty)
            .await?;
    }
    Ok(())
}
