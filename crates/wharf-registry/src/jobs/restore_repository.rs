//! Brings the images of an undeleted repository back from the trash, about 1,000 rows a transaction.
use serde::Deserialize;
use wharf_meta::jobs::JobRow;

use crate::data::undeleting;
use crate::{Error, Result, Service, data};

/// What undelete wrote.
#[derive(Clone, Debug, Deserialize)]
struct Payload {
    repository: i64,
    reason: String,
}

pub(super) async fn run(service: &Service, job: &JobRow) -> Result<()> {
    let payload: Payload = serde_json::from_str(&job.payload).map_err(Error::internal)?;
    loop {
        let (step, now) = (payload.clone(), service.now());
        let restore = move |tx: &mut data::Tx<'_>| {
            undeleting::restore_some(tx, &step.reason, now, step.repository, 900)
        };
        let of = "bringing images back";
        if super::step(service, job, "restore_repository", of, restore).await? {
            return Ok(());
        }
    }
}
