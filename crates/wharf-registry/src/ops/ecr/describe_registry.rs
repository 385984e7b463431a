//! `DescribeRegistry`: the caller's registry and its replication rules, of which there are none yet.
use wharf_wire::ecr::{
    DescribeRegistryRequest as Request, DescribeRegistryResponse as Response,
    ReplicationConfiguration,
};

use crate::action::DescribeRegistry;
use crate::authorize::Resource;
use crate::{Ctx, Result};

pub(super) async fn describe_registry(ctx: &Ctx, _request: Request) -> Result<Response> {
    let registry = ctx
        .read::<DescribeRegistry, _, _>("describe_registry", Resource::Registry, |_tx, grant| {
            Ok(grant.account().to_string())
        })
        .await?;
    Ok(Response {
        registry_id: Some(registry),
        replication_configuration: Some(ReplicationConfiguration { rules: Vec::new() }),
    })
}
