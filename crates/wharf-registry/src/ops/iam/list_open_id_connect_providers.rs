//! `ListOpenIDConnectProviders`: the account's identity providers, all at once.
use wharf_wire::iam::{
    ListOpenIDConnectProvidersRequest as Request, ListOpenIDConnectProvidersResponse as Response,
    OpenIDConnectProviderListEntry,
};

use crate::action::iam::ListOpenIDConnectProviders;
use crate::authorize::Resource;
use crate::data::iam::{self, providers};
use crate::{Ctx, Result};

pub(super) async fn list_open_id_connect_providers(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let Request {} = request;
    ctx.read::<ListOpenIDConnectProviders, _, _>(
        "list_open_id_connect_providers",
        Resource::Registry,
        |tx, grant| {
            let rows = providers::list(tx, grant)?;
            let each = rows.iter().map(|row| OpenIDConnectProviderListEntry {
                arn: Some(iam::arn(row)),
            });
            Ok(Response {
                open_id_connect_provider_list: Some(each.collect()),
            })
        },
    )
    .await
}
