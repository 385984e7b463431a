//! Moves the images of a deleted repository to the trash, about 1,000 rows a transaction.
use serde::Deserialize;
use wharf_meta::jobs::JobRow;

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
        let (step, now) = (payload.clone(), service.now());
        let empty = move |tx: &mut data::Tx<'_>| {
            let grant = ServiceGrant {
                job: "empty-repository",
                reason: step.request_id.clone(),
                account: step.account.clone(),
                region: step.region.clone(),
                now,
            };
            let (id, name) = (step.repository, step.name.as_str());
            data::trash::empty_some(tx, &grant, id, name, step.until, 900)
        };
        let of = "moving images to the trash";
        let done = super::step(service, job, "empty_repository", of, empty).await?;
        if done {
            return Ok(());
        }
    }
}
