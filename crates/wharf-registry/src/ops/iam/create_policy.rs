//! `CreatePolicy`: a managed policy of the account, with its first version.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{CreatePolicyRequest as Request, CreatePolicyResponse as Response, Policy};

use super::{convert, shown};
use crate::action::iam::CreatePolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::managed::{self, Managed, Uses};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn create_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let (path, name) = (convert::path(request.path.as_deref())?, request.policy_name);
    let tags = convert::tags(request.tags.as_deref())?;
    let description = shown::description(request.description);
    let text = request.policy_document;
    let asked = Asked::from(Resource::NewEntity {
        kind: EntityKind::Policy,
        path: path.clone(),
        name: name.clone(),
    })
    .with_tags(&tags);
    ctx.write::<CreatePolicy, _, _>("create_policy", asked, move |tx, grant| {
        let row = EntityRow {
            description: description.clone(),
            ..entities::new_row(grant, EntityKind::Policy, &path, &name)?
        };
        let row = managed::create(tx, grant, &row, &text, &tags).map_err(convert::unsaved)?;
        Ok(Response {
            policy: Some(Policy {
                tags: convert::shown_tags(tags.clone()),
                ..shown::listed_policy(&Managed::Own(Box::new(row)), Uses::default())
            }),
        })
    })
    .await
}
