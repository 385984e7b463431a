//! `ListPolicies`: managed policies: those of the account by name, then those of AWS.
use wharf_wire::iam::{
    ListPoliciesRequest as Request, ListPoliciesResponse as Response, PolicyScopeType,
    PolicyUsageType,
};

use super::shown;
use crate::action::iam::ListPolicies;
use crate::authorize::Resource;
use crate::data::iam::managed::{self, Wanted};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let usage = request.policy_usage_filter;
    let bounding = usage == Some(PolicyUsageType::PermissionsBoundary);
    let only_attached = request.only_attached.unwrap_or(false);
    let wanted = Wanted {
        aws: match request.scope {
            None | Some(PolicyScopeType::All) => None,
            Some(PolicyScopeType::Aws) => Some(true),
            Some(PolicyScopeType::Local) => Some(false),
        },
        prefix: request.path_prefix.unwrap_or_else(|| "/".to_owned()),
        attached: (only_attached && !bounding) || usage == Some(PolicyUsageType::PermissionsPolicy),
        boundaries: bounding,
    };
    let about = format!("{wanted:?}");
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListPolicies", &about, marker, limit)?;
    ctx.read::<ListPolicies, _, _>("list_policies", Resource::Registry, move |tx, grant| {
        let page = managed::list(tx, grant, &wanted, &page)?;
        let each = page.entries.iter();
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            policies: Some(
                each.map(|(policy, uses)| shown::listed_policy(policy, *uses))
                    .collect(),
            ),
            marker: page.marker,
        })
    })
    .await
}
