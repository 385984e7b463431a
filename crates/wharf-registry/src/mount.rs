//! Mounting: a layer of one repository, given to another without its bytes travelling.
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;

use crate::action::{CompleteLayerUpload, GetDownloadUrlForLayer, InitiateLayerUpload};
use crate::authorize::Resource;
use crate::data::bytes::mounting::{self, Mounted};
use crate::registry_settings::BLOB_MOUNTING;
use crate::{Ctx, Error, Grant, Result, data, deviations};

/// Gives the repository a layer of another one of the same registry. False when it cannot be had from there, for whatever
/// reason: the caller goes on with an upload, and learns nothing of what it may not see.
///
/// The caller needs `InitiateLayerUpload` and `CompleteLayerUpload` here, and `GetDownloadUrlForLayer` there; both
/// repositories must be encrypted alike. The layer is on disk already: what is durable when this returns is its link.
///
/// # Errors
/// `AccessDenied` when no upload may be begun here, `RepositoryNotFound`.
/// Source: OCI distribution, "Mounting a blob from another repository"; ecr.md 5.16.
pub async fn mount(
    ctx: &Ctx,
    name: &RepositoryName,
    digest: &Digest,
    from: &RepositoryName,
) -> Result<bool> {
    // Looked at first: a write is a wait for the disk, and clients ask at a venture.
    let (caller, layer, source) = (ctx.clone(), digest.clone(), ctx.repository(from));
    let look = move |tx: &mut data::Tx<'_>, grant: &_| {
        if !enabled(&caller, tx, grant)? {
            return Ok(false);
        }
        match both(&caller, tx, grant, &source)? {
            Some((_, source)) => mounting::has(tx, &source, &layer),
            None => Ok(false),
        }
    };
    if !ctx
        .read::<InitiateLayerUpload, _, _>("look_to_mount", ctx.repository(name), look)
        .await?
    {
        return Ok(false);
    }
    let service = ctx.service();
    let mut registry = vec![service.registry_key(&ctx.account, &ctx.region).await?];
    service.failpoint("before-mount-commit");
    let mounted = loop {
        let (caller, layer, source) = (ctx.clone(), digest.clone(), ctx.repository(from));
        let keys = registry.clone();
        let link = move |tx: &mut data::Tx<'_>, grant: &_| {
            let Some((target, source)) = both(&caller, tx, grant, &source)? else {
                return Ok(Mounted::No);
            };
            mounting::mount(tx, &target, &source, &layer, &keys)
        };
        match ctx
            .write::<InitiateLayerUpload, _, _>("mount_layer", ctx.repository(name), link)
            .await?
        {
            Mounted::Yes => break true,
            Mounted::No => break false,
            Mounted::NeedsGeneration(material) => registry.push(
                service
                    .registry_key_generation(&ctx.account, &ctx.region, material)
                    .await?,
            ),
        }
    };
    service.failpoint("after-mount-commit");
    Ok(mounted)
}

/// Whether layers are mounted here at all: in ECR's way, where the account setting says so.
fn enabled(ctx: &Ctx, tx: &mut data::Tx<'_>, grant: &Grant<InitiateLayerUpload>) -> Result<bool> {
    let setting = data::policies::setting(tx, grant, BLOB_MOUNTING)?;
    Ok(ctx.deviates(deviations::MOUNT) || setting.as_deref() == Some("ENABLED"))
}

/// The grants for the target and for the source, or none if one of them is refused.
fn both(
    ctx: &Ctx,
    tx: &mut data::Tx<'_>,
    grant: &Grant<InitiateLayerUpload>,
    source: &Resource,
) -> Result<Option<(Grant<CompleteLayerUpload>, Grant<GetDownloadUrlForLayer>)>> {
    let policies = ctx.service().policies();
    let target = allowed(grant.also::<CompleteLayerUpload>())?;
    let source = allowed(grant.elsewhere::<GetDownloadUrlForLayer>(tx, policies, source.clone()))?;
    Ok(target.zip(source))
}

fn allowed<A>(granted: Result<Grant<A>>) -> Result<Option<Grant<A>>> {
    match granted {
        Ok(grant) => Ok(Some(grant)),
        Err(Error::AccessDenied { .. } | Error::RepositoryNotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}
