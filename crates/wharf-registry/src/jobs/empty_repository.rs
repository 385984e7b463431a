//! Moves the images of a deleted repository to the trash, about 1,000 rows a transaction.
use serde::Deserialize;
use wharf_meta::Durability;
use wharf_meta::jobs::{self as rows, JobRow};

use crate::data::events::ServiceGrant;
use crate::{Error, Result, Service, data};

/// What DeleteRepository wrote.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    repository: i64,
    account: String,
    region: String,
    name: String,
    until: i64,
    request_id: String,
}

pub(super) async fn run(service: &Service, job: &JobRow) -> Result<()> {
    let payload: Payload = serde_json::from_str(&job.payload).map_err(Error::internal)?;
    loop {
        let (step, fence, id) = (payload.clone(), job.fence, job.id);
        let (now, until) = (service.now(), service.wall() + super::LEASE);
        let done = service
            .store()
            .write(
                "empty_repository",
                Durability::Hard,
                move |tx| -> Result<bool> {
                    // Each step holds the job for as long again.
                    rows::progress(tx, id, fence, "moving images to the trash", until)?;
                    let grant = ServiceGrant {
                        job: "empty-repository",
                        reason: step.request_id.clone(),
                        account: step.account.clone(),
                        region: step.region.clone(),
                        now,
                    };
                    let mut tx = data::Tx::new(tx);
                    data::images::empty_some(
                        &mut tx,
                        &grant,
                        step.repository,
                        &step.name,
                        step.until,
                        900,
                    )
                },
            )
            .await?;
        if done {
            return Ok(());
        }
    }
}
