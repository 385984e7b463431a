//! What the sweep does to rows, a bounded number in each transaction, each with an event that says why.
use std::collections::BTreeSet;

use serde_json::json;
use wharf_meta::objects::{self, After, ObjectRow};
use wharf_meta::uploads as rows;

use super::uploads::take_apart;
use crate::data::Tx;
use crate::data::events::{self, ServiceGrant};
use crate::{Micros, Result};

/// Objects looked at in one transaction; their names stand in one event.
pub(crate) const AT_ONCE: i64 = 200;

/// Takes the first upload whose time is over apart, or a part of it. None: there is none.
pub(crate) fn expire_one(tx: &mut Tx<'_>, grant: &ServiceGrant) -> Result<Option<bool>> {
    let Some(upload) = rows::expired(tx.meta, grant.now, 1)?.pop() else {
        return Ok(None);
    };
    let taken = take_apart(tx, &upload.id, grant.now)?;
    if taken.done {
        let (account, region) = upload
            .place
            .unwrap_or_else(|| (grant.account.clone(), grant.region.clone()));
        let author = ServiceGrant {
            account,
            region,
            ..grant.clone()
        };
        let details = json!({ "received": upload.received, "reason": grant.reason });
        events::record(
            tx,
            &author,
            "upload-removed",
            Some(upload.repository),
            &upload.id,
            &details,
        )?;
    }
    Ok(Some(taken.done))
}

/// Pending objects that no extent uses, after a place in their order: some are being written.
pub(crate) fn strays(tx: &mut Tx<'_>, after: &After) -> Result<Vec<ObjectRow>> {
    Ok(objects::strays(tx.meta, after, AT_ONCE)?)
}

/// Dooms pending objects, except those that an extent uses by now; how many.
pub(crate) fn doom_strays(tx: &mut Tx<'_>, grant: &ServiceGrant, names: &[String]) -> Result<u64> {
    let mut doomed = Vec::new();
    for name in names {
        // Nobody reads what no extent uses, so the file may go at once.
        if objects::doom_stray(tx.meta, name, grant.now)? {
            doomed.push(name);
        }
    }
    if !doomed.is_empty() {
        let details = json!({ "objects": doomed, "reason": grant.reason });
        events::record(tx, grant, "objects-doomed", None, "objects", &details)?;
    }
    Ok(doomed.len() as u64)
}

/// Doomed objects whose files may go, after a place in their order.
pub(crate) fn due(tx: &mut Tx<'_>, now: Micros, after: &After) -> Result<Vec<ObjectRow>> {
    Ok(objects::due(tx.meta, now, after, AT_ONCE)?)
}

/// Removes the rows of doomed objects whose files are gone; how many.
pub(crate) fn forget(tx: &mut Tx<'_>, grant: &ServiceGrant, names: &[String]) -> Result<u64> {
    let gone = objects::delete_doomed(tx.meta, names)?;
    removed(tx, grant, names)?;
    Ok(gone)
}

/// Notes that files were removed.
pub(crate) fn removed(tx: &mut Tx<'_>, grant: &ServiceGrant, names: &[String]) -> Result<()> {
    let details = json!({ "objects": names, "reason": grant.reason });
    events::record(tx, grant, "objects-removed", None, "objects", &details)
}

/// Those of these names that have no row.
pub(crate) fn without_row(tx: &mut Tx<'_>, names: &[String]) -> Result<Vec<String>> {
    let known: BTreeSet<String> = objects::known(tx.meta, names)?.into_iter().collect();
    Ok(names
        .iter()
        .filter(|name| !known.contains(*name))
        .cloned()
        .collect())
}

/// Ends an upload whose bytes cannot be trusted; the sweep takes it apart.
pub(crate) fn abandon(tx: &mut Tx<'_>, grant: &ServiceGrant, upload: &str) -> Result<()> {
    if rows::abandon(tx.meta, upload)? {
        events::record(
            tx,
            grant,
            "upload-abandoned",
            None,
            upload,
            &json!({ "reason": grant.reason }),
        )?;
    }
    Ok(())
}
