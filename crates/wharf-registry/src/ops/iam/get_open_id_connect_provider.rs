//! `GetOpenIDConnectProvider`: an identity provider with its lists. Its URL is told without the scheme.
use wharf_wire::iam::{
    GetOpenIDConnectProviderRequest as Request, GetOpenIDConnectProviderResponse as Response,
};
use wharf_wire::query::Timestamp;

use super::{convert, shown};
use crate::action::iam::GetOpenIDConnectProvider;
use crate::authorize::Resource;
use crate::data::iam::{entities, providers};
use crate::{Ctx, Result};

pub(super) async fn get_open_id_connect_provider(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    ctx.read::<GetOpenIDConnectProvider, _, _>(
        "get_open_id_connect_provider",
        Resource::Arn(arn),
        |tx, grant| {
            let row = providers::existing(grant)?;
            let (client_ids, thumbprints) = providers::lists_of(tx, row)?;
            Ok(Response {
                url: Some(row.name.clone()),
                client_id_list: Some(client_ids),
                thumbprint_list: Some(thumbprints),
                create_date: Some(Timestamp::from_micros(row.created_at)),
                tags: convert::shown_tags(entities::tags_of(tx, row)?),
            })
        },
    )
    .await
}
