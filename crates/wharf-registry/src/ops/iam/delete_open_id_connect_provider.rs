//! `DeleteOpenIDConnectProvider`: removes an identity provider. One that is gone already: nothing changes.
use wharf_wire::iam::DeleteOpenIDConnectProviderRequest as Request;

use super::shown;
use crate::action::iam::DeleteOpenIDConnectProvider;
use crate::authorize::Resource;
use crate::data::iam::providers;
use crate::{Ctx, Result};

pub(super) async fn delete_open_id_connect_provider(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    ctx.write::<DeleteOpenIDConnectProvider, _, _>(
        "delete_open_id_connect_provider",
        Resource::Arn(arn),
        providers::delete,
    )
    .await
}
