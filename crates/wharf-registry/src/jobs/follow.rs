//! Marks what follows a removed image, when it is too much for the transaction that removed it.
use wharf_meta::jobs::JobRow;

use crate::data::following::{self, Rest};
use crate::{Error, Result, Service, data};

pub(super) async fn run(service: &Service, job: &JobRow) -> Result<()> {
    // Begun again from its payload after an interruption: marking twice does no harm.
    let mut rest: Rest = serde_json::from_str(&job.payload).map_err(Error::internal)?;
    loop {
        let (now, before) = (service.now(), rest);
        let mark = move |tx: &mut data::Tx<'_>| {
            let mut rest = before.clone();
            let done = following::mark_some(tx, now, &mut rest)?;
            Ok((done, rest))
        };
        let (done, after) = super::step(service, job, "follow", "marking", mark).await?;
        if done {
            return Ok(());
        }
        rest = after;
    }
}
