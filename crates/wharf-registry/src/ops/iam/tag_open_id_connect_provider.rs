//! `TagOpenIDConnectProvider`: adds or overwrites tags of an identity provider.
use wharf_wire::iam::TagOpenIDConnectProviderRequest as Request;

use super::{convert, shown};
use crate::action::iam::TagOpenIDConnectProvider;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{entities, providers};
use crate::{Ctx, Result};

pub(super) async fn tag_open_id_connect_provider(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    let tags = convert::tags(Some(&request.tags))?;
    let asked = Asked::from(Resource::Arn(arn)).with_tags(&tags);
    ctx.write::<TagOpenIDConnectProvider, _, _>(
        "tag_open_id_connect_provider",
        asked,
        move |tx, grant| entities::put_tags(tx, grant, providers::existing(grant)?, &tags),
    )
    .await
}
