//! `GetAccessKeyLastUsed`: whose a key is, and when and where it signed a request last.
use wharf_wire::iam::{
    AccessKeyLastUsed, GetAccessKeyLastUsedRequest as Request,
    GetAccessKeyLastUsedResponse as Response,
};
use wharf_wire::query::Timestamp;

use crate::action::iam::GetAccessKeyLastUsed;
use crate::authorize::Resource;
use crate::data::iam::users;
use crate::{Ctx, Error, Result};

const NAME: &str = "get_access_key_last_used";

pub(super) async fn get_access_key_last_used(ctx: &Ctx, request: Request) -> Result<Response> {
    let service = ctx.service();
    // What was counted up to now is to be seen.
    service.usage().flush(service.store()).await?;
    let (account, id) = (ctx.account.clone(), request.access_key_id);
    let asked = id.clone();
    let find = move |tx: &mut crate::data::Tx<'_>| users::resource_of_key(tx, &account, &asked);
    let found = service.read("owner_of_key", find).await?;
    let Some(resource) = found else {
        return unknown(ctx, id).await;
    };
    let asked = id.clone();
    let answer = ctx
        .read::<GetAccessKeyLastUsed, _, _>(NAME, resource, move |tx, grant| {
            let last = users::last_use(tx, grant, &asked)?;
            let place = last.place.unwrap_or_default();
            let (service, region) = place.split_once(' ').unwrap_or(("N/A", "N/A"));
            Ok(Response {
                user_name: last.user,
                access_key_last_used: Some(AccessKeyLastUsed {
                    last_used_date: last.at.map(Timestamp::from_micros),
                    service_name: service.to_owned(),
                    region: region.to_owned(),
                }),
            })
        })
        .await;
    match answer {
        // A refusal that names the owner would tell whose the key is.
        Err(Error::AccessDenied { .. }) => unknown(ctx, id).await,
        answer => answer,
    }
}

/// Whether a key exists is told only to those who may ask about every key.
async fn unknown(ctx: &Ctx, id: String) -> Result<Response> {
    ctx.read::<GetAccessKeyLastUsed, _, _>(NAME, Resource::Registry, move |_tx, _grant| {
        Err(users::missing_key(&id))
    })
    .await
}
