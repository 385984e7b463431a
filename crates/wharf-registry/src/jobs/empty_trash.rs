//! Empties the trash of what has lain there for its time.
use wharf_meta::{Durability, trash};

use crate::{Result, Service};

/// Rows of each kind in one transaction.
const AT_ONCE: i64 = 400;

/// Removes everything due; how much went.
pub(crate) async fn run(service: &Service) -> Result<u64> {
    let mut gone = 0;
    loop {
        let now = service.now();
        let some = service
            .store()
            .write("empty_trash", Durability::Hard, move |tx| {
                trash::empty(tx, now, AT_ONCE)
            })
            .await?;
        gone += some;
        if some == 0 {
            return Ok(gone);
        }
    }
}
