//! `AddClientIDToOpenIDConnectProvider`: adds a client id to an identity provider. Again: nothing changes.
use wharf_wire::iam::AddClientIDToOpenIDConnectProviderRequest as Request;

use super::shown;
use crate::action::iam::AddClientIDToOpenIDConnectProvider;
use crate::authorize::Resource;
use crate::data::iam::providers;
use crate::{Ctx, Result};

pub(super) async fn add_client_id_to_open_id_connect_provider(
    ctx: &Ctx,
    request: Request,
) -> Result<()> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    let client_id = request.client_id;
    ctx.write::<AddClientIDToOpenIDConnectProvider, _, _>(
        "add_client_id_to_open_id_connect_provider",
        Resource::Arn(arn),
        move |tx, grant| providers::add_client_id(tx, grant, &client_id),
    )
    .await
}
