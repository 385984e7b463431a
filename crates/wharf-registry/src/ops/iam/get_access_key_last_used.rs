//! `GetAccessKeyLastUsed`: whose a key is, and when and where it signed a request last.
use wharf_wire::iam::{
    AccessKeyLastUsed, GetAccessKeyLastUsedRequest as Request,
    GetAccessKeyLastUsedResponse as Response,
};
use wharf_wire::query::Timestamp;

use crate::action::iam::GetAccessKeyLastUsed;
use crate::authorize::Resource;
use crate::data::iam::users;
use crate::{Ctx, Result};

pub(super) async fn get_access_key_last_used(ctx: &Ctx, request: Request) -> Result<Response> {
    let service = ctx.service();
    // What was counted up to now is to be seen.
    service.usage().flush(service.store()).await?;
    let (account, id) = (ctx.account.clone(), request.access_key_id);
    let asked = id.clone();
    let find = move |tx: &mut crate::data::Tx<'_>| users::resource_of_key(tx, &account, &asked);
    let found = service.read("owner_of_key", find).await?;
    let Some(resource) = found else {
        // Whether it exists is told only to those who may ask about every key.
        let name = "get_access_key_last_used";
        return ctx
            .read::<GetAccessKeyLastUsed, _, _>(name, Resource::Registry, move |_tx, _grant| {
                Err(users::missing_key(&id))
            })
            .await;
    };
    let name = "get_access_key_last_used";
    ctx.read::<GetAccessKeyLastUsed, _, _>(name, resource, move |tx, grant| {
        let (user_name, last) = users::last_use(tx, grant, &id)?;
        Ok(Response {
            user_name,
            access_key_last_used: Some(last_used(last)),
        })
    })
    .await
}

/// The place is the service and region of the signature.
fn last_used(last: Option<(String, i64)>) -> AccessKeyLastUsed {
    let (place, at) = last.unzip();
    let place = place.unwrap_or_default();
    let (service, region) = place.split_once(' ').unwrap_or(("N/A", "N/A"));
    AccessKeyLastUsed {
        last_used_date: at.map(Timestamp::from_micros),
        service_name: service.to_owned(),
        region: region.to_owned(),
    }
}
