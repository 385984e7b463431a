//! `CreateOpenIDConnectProvider`: an identity provider whose tokens roles may trust.
use wharf_wire::iam::{
    CreateOpenIDConnectProviderRequest as Request, CreateOpenIDConnectProviderResponse as Response,
};

use super::convert;
use crate::action::iam::CreateOpenIDConnectProvider;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, providers};
use crate::{Ctx, Result, deviations};

pub(super) async fn create_open_id_connect_provider(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let name = providers::name_of(&request.url, ctx.deviates(deviations::OIDC_PORT))?;
    let tags = convert::tags(request.tags.as_deref())?;
    let client_ids = request.client_id_list.unwrap_or_default();
    let thumbprints = request.thumbprint_list.unwrap_or_default();
    let asked = Asked::from(Resource::NewEntity {
        kind: EntityKind::OidcProvider,
        path: "/".to_owned(),
        name: name.clone(),
    })
    .with_tags(&tags);
    ctx.write::<CreateOpenIDConnectProvider, _, _>(
        "create_open_id_connect_provider",
        asked,
        move |tx, grant| {
            let arn = providers::create(tx, grant, &name, &client_ids, &thumbprints, &tags)?;
            Ok(Response {
                open_id_connect_provider_arn: Some(arn),
                tags: convert::shown_tags(tags.clone()),
            })
        },
    )
    .await
}
