//! `UntagOpenIDConnectProvider`: removes tags of an identity provider.
use wharf_wire::iam::UntagOpenIDConnectProviderRequest as Request;

use super::shown;
use crate::action::iam::UntagOpenIDConnectProvider;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{entities, providers};
use crate::{Ctx, Result};

pub(super) async fn untag_open_id_connect_provider(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    let keys = request.tag_keys;
    let asked = Asked::from(Resource::Arn(arn)).with_list("aws:TagKeys", keys.clone());
    ctx.write::<UntagOpenIDConnectProvider, _, _>(
        "untag_open_id_connect_provider",
        asked,
        move |tx, grant| entities::delete_tags(tx, grant, providers::existing(grant)?, &keys),
    )
    .await
}
