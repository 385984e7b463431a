//! Accounts and their access keys.
use wharf_meta::access_keys;

use super::Tx;
use crate::{Principal, Result};

/// Whether the principal's access key exists, is active and is still theirs.
pub(crate) fn key_is_active(tx: &mut Tx<'_>, principal: &Principal) -> Result<bool> {
    let row = access_keys::by_id(tx.meta, &principal.access_key_id)?;
    Ok(row.is_some_and(|row| {
        row.status == "Active"
            && row.principal == principal.unique_id
            && row.account == principal.account.as_str()
    }))
}
