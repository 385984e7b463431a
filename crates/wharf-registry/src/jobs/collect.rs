//! Removes what nobody refers to any more, step by step: manifests, then links, then the extents of blobs given up.
use wharf_meta::jobs::JobRow;

use crate::collect::Collected;
use crate::data::collecting::{self, Step};
use crate::data::trash::Followers;
use crate::{Micros, Result, Service, data, sweep};

/// The longest time until it is looked at again when something becomes due.
const EVERY: Micros = 600_000_000;

/// Takes everything that is due; when the job is due again.
pub(crate) async fn run(service: &Service, job: &JobRow) -> Result<(Collected, Micros)> {
    let mut done = Collected::default();
    let trash_days = service.settings().trash_days;
    let followers = Followers::of(service.settings().compat);
    let now = service.now();
    loop {
        let step =
            move |tx: &mut data::Tx<'_>| collecting::manifests(tx, now, trash_days, followers);
        let did = one(service, job, "manifests", step).await?;
        done.images += did.gone;
        if did.looked_at == 0 {
            break;
        }
    }
    loop {
        let step = move |tx: &mut data::Tx<'_>| collecting::links(tx, now);
        let did = one(service, job, "links", step).await?;
        done.layers += did.gone;
        if did.looked_at == 0 {
            break;
        }
    }
    loop {
        let step = move |tx: &mut data::Tx<'_>| collecting::blobs(tx, now);
        let did = one(service, job, "blobs", step).await?;
        done.blobs += did.gone;
        done.bytes += did.bytes;
        if did.looked_at == 0 {
            break;
        }
    }
    if done.blobs > 0 {
        sweep::run_rows(service).await?;
    }
    if done != Collected::default() {
        let Collected {
            images,
            layers,
            blobs,
            bytes,
        } = done;
        tracing::info!(images, layers, blobs, bytes, "collected");
    }
    let next = service
        .read("next_collection", collecting::next_due)
        .await?;
    let soon = now.saturating_add(EVERY);
    let next = next.map_or(soon, |next| next.clamp(now.saturating_add(1), soon));
    Ok((done, next))
}

async fn one(
    service: &Service,
    job: &JobRow,
    of: &'static str,
    step: impl FnMut(&mut data::Tx<'_>) -> Result<Step> + Send + 'static,
) -> Result<Step> {
    service.failpoint("collect-before-commit");
    let did = super::step(service, job, "collect", of, step).await?;
    if did.looked_at > 0 {
        service.failpoint("collect-after-commit");
    }
    Ok(did)
}
