//! `UpdateOpenIDConnectProviderThumbprint`: replaces the thumbprints of an identity provider.
use wharf_wire::iam::UpdateOpenIDConnectProviderThumbprintRequest as Request;

use super::shown;
use crate::action::iam::UpdateOpenIDConnectProviderThumbprint;
use crate::authorize::Resource;
use crate::data::iam::providers;
use crate::{Ctx, Result};

pub(super) async fn update_open_id_connect_provider_thumbprint(
    ctx: &Ctx,
    request: Request,
) -> Result<()> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    let thumbprints = request.thumbprint_list;
    ctx.write::<UpdateOpenIDConnectProviderThumbprint, _, _>(
        "update_open_id_connect_provider_thumbprint",
        Resource::Arn(arn),
        move |tx, grant| providers::set_thumbprints(tx, grant, &thumbprints),
    )
    .await
}
