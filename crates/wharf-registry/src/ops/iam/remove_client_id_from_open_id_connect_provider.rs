//! `RemoveClientIDFromOpenIDConnectProvider`: removes a client id of an identity provider. Again: nothing changes.
use wharf_wire::iam::RemoveClientIDFromOpenIDConnectProviderRequest as Request;

use super::shown;
use crate::action::iam::RemoveClientIDFromOpenIDConnectProvider;
use crate::authorize::Resource;
use crate::data::iam::providers;
use crate::{Ctx, Result};

pub(super) async fn remove_client_id_from_open_id_connect_provider(
    ctx: &Ctx,
    request: Request,
) -> Result<()> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    let client_id = request.client_id;
    ctx.write::<RemoveClientIDFromOpenIDConnectProvider, _, _>(
        "remove_client_id_from_open_id_connect_provider",
        Resource::Arn(arn),
        move |tx, grant| providers::remove_client_id(tx, grant, &client_id),
    )
    .await
}
