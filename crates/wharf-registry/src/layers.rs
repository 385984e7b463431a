//! Layers: whether a repository has one, and its bytes.
pub(crate) mod extents;
pub mod url;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use wharf_blob::ObjectName;
use wharf_meta::Durability;
use wharf_meta::uploads::ExtentPlace;
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;
use wharf_wire::oci::range::Part;

use self::extents::{Extents, ReadError};
use crate::action::{BatchCheckLayerAvailability, BatchDeleteImage, GetDownloadUrlForLayer};
use crate::data::bytes::layers::{self as data_layers, Layer, OpenLayer};
use crate::data::events::ServiceGrant;
use crate::{Body, BodyError, Ctx, Error, Result, Service, data};

/// Files looked for before a download begins; those of the extents behind are looked for when their turn comes.
const LOOKED_FOR: usize = 100;

/// What HEAD tells of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// Bytes.
    pub size: u64,
    /// The media type that a manifest gave it; none before the first does.
    pub media_type: Option<String>,
}

/// A layer, or a part of it, on its way out.
pub struct Download {
    /// Bytes of the whole layer.
    pub size: u64,
    /// The first byte that `body` carries.
    pub start: u64,
    /// The last one, inclusive. Of an empty layer, `start` is 1 and `end` 0.
    pub end: u64,
    /// The media type that a manifest gave it; none before the first does.
    pub media_type: Option<String>,
    /// The bytes, each verified before it is handed out.
    pub body: Body,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("size", &self.size)
            .field("start", &self.start)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Tells whether the repository has a layer; if so, it is not collected for a day.
///
/// # Errors
/// `RepositoryNotFound`, `LayerNotFound`: also for one whose bytes were found missing, so that a push brings them.
/// Source: ECR `BatchCheckLayerAvailability`; OCI distribution, "Checking if content exists in the registry".
pub async fn stat(ctx: &Ctx, name: &RepositoryName, digest: &Digest) -> Result<LayerInfo> {
    let found = stat_all(ctx, name, vec![digest.clone()]).await?.pop();
    found.flatten().ok_or_else(|| Error::LayerNotFound {
        digest: digest.to_string(),
        name: name.to_string(),
        registry: ctx.account.to_string(),
    })
}

/// The same for up to a hundred layers, in their order.
pub(crate) async fn stat_all(
    ctx: &Ctx,
    name: &RepositoryName,
    digests: Vec<Digest>,
) -> Result<Vec<Option<LayerInfo>>> {
    let digests = Arc::new(digests);
    let asked = Arc::clone(&digests);
    let look = move |tx: &mut data::Tx<'_>, grant: &_| {
        let layers = asked
            .iter()
            .map(|digest| data_layers::stat(tx, grant, digest));
        layers.collect::<Result<Vec<_>>>()
    };
    let mut layers = ctx
        .read::<BatchCheckLayerAvailability, _, _>("stat_layer", ctx.repository(name), look)
        .await?;
    let unheld = |layer: &Option<Layer>| layer.as_ref().is_some_and(|layer| !layer.held);
    if layers.iter().any(unheld) {
        // Looked at anew in the transaction that keeps it: it may have been collected in between.
        let before = layers.clone();
        let keep = move |tx: &mut data::Tx<'_>, grant: &_| {
            let layers = before.iter().zip(digests.iter()).map(|(layer, digest)| {
                if unheld(layer) {
                    data_layers::stat_and_keep(tx, grant, digest)
                } else {
                    Ok(layer.clone())
                }
            });
            layers.collect::<Result<Vec<_>>>()
        };
        layers = ctx
            .write_soft::<BatchCheckLayerAvailability, _, _>(
                "keep_layer",
                ctx.repository(name),
                keep,
            )
            .await?;
    }
    let told = |layer: Layer| LayerInfo {
        size: layer.size,
        media_type: layer.media_type,
    };
    Ok(layers.into_iter().map(|layer| layer.map(told)).collect())
}

/// Takes a layer from a repository. Others that link it keep it, and so does the trash.
///
/// # Errors
/// `RepositoryNotFound`, `LayerNotFound`, `LayerInUse` while an image of the repository holds it.
/// Source: OCI distribution, "Deleting Blobs"; ECR has no such operation, so it is decided as `BatchDeleteImage`.
pub async fn delete(ctx: &Ctx, name: &RepositoryName, digest: &Digest) -> Result<()> {
    let asked = digest.clone();
    let service = ctx.service();
    service.failpoint("before-layer-delete-commit");
    let delete = move |tx: &mut data::Tx<'_>, grant: &_| data_layers::delete(tx, grant, &asked);
    ctx.write::<BatchDeleteImage, _, _>("delete_layer", ctx.repository(name), delete)
        .await?;
    service.failpoint("after-layer-delete-commit");
    Ok(())
}

/// Opens a layer, or a part of it.
///
/// # Errors
/// `RepositoryNotFound`, `LayerNotFound`: also when its bytes are missing, which is noted; `RangeNotSatisfiable`.
/// Source: ECR `GetDownloadUrlForLayer`; OCI distribution, "Pulling blobs".
pub async fn open(
    ctx: &Ctx,
    name: &RepositoryName,
    digest: &Digest,
    part: Option<Part>,
) -> Result<Download> {
    let asked = digest.clone();
    let find = move |tx: &mut data::Tx<'_>, grant: &_| data_layers::open(tx, grant, &asked, part);
    let mut layer = ctx
        .read::<GetDownloadUrlForLayer, _, _>("open_layer", ctx.repository(name), find)
        .await?;
    let service = ctx.service();
    let registry = service
        .registry_key_generation(&ctx.account, &ctx.region, layer.key.material)
        .await?;
    let key = registry
        .key
        .unwrap(&layer.key.wrapped, &layer.context)
        .map_err(Error::internal)?;
    let places = all_places(service, &mut layer).await?;
    let objects = objects_of(&places);
    let mut extents = Extents::new(service.clone(), key, places, layer.range.clone())
        .on_behalf_of(&ctx.principal.unique_id);
    let begun = match extents.begin(layer.first.take()).await {
        Ok(()) => look_for(service, &objects).await,
        Err(error) => Err(error),
    };
    if let Err(error) = begun {
        return Err(unreadable(ctx, name, digest, error).await);
    }
    let (start, end) = match layer.range.end.checked_sub(1) {
        Some(last) => (layer.range.start, last),
        None => (1, 0),
    };
    let body = body_of(ctx, extents);
    Ok(Download {
        size: layer.size,
        start,
        end,
        media_type: layer.media_type,
        body,
    })
}

/// The extents that hold the asked bytes: the transaction that opened the layer has read the first thousand.
async fn all_places(service: &Service, layer: &mut OpenLayer) -> Result<Vec<ExtentPlace>> {
    let mut places = std::mem::take(&mut layer.places);
    let key = Arc::new(layer.key.clone());
    while let Some(last) = places.last() {
        let from = data::bytes::count(last.first_byte.saturating_add(last.size))?;
        if from >= layer.range.end {
            break;
        }
        let (key, rest) = (Arc::clone(&key), from..layer.range.end);
        let more = move |tx: &mut data::Tx<'_>| data_layers::extents(tx, &key, &rest);
        let more = service.read("more_extents", more).await?;
        if more.is_empty() {
            break;
        }
        places.extend(more);
    }
    Ok(places)
}

fn objects_of(places: &[ExtentPlace]) -> Vec<ObjectName> {
    // The first is opened, so it need not be looked for.
    let behind = places
        .iter()
        .skip(1)
        .filter_map(|place| place.object.as_deref());
    behind
        .filter_map(|name| ObjectName::parse(name).ok())
        .take(LOOKED_FOR)
        .collect()
}

async fn look_for(service: &Service, objects: &[ObjectName]) -> Result<(), ReadError> {
    for object in objects {
        if !service
            .objects()
            .exists(*object)
            .await
            .map_err(ReadError::from)?
        {
            return Err(ReadError::Missing {
                object: *object,
                why: "its file is missing".to_owned(),
            });
        }
    }
    Ok(())
}

/// What the client is told of a layer that cannot be read: that it is not there, so that a push brings it back.
async fn unreadable(ctx: &Ctx, name: &RepositoryName, digest: &Digest, error: ReadError) -> Error {
    let ReadError::Missing { object, why } = error else {
        return error.into();
    };
    mark_missing(ctx, object, &why).await;
    Error::LayerNotFound {
        digest: digest.to_string(),
        name: name.to_string(),
        registry: ctx.account.to_string(),
    }
}

async fn mark_missing(ctx: &Ctx, object: ObjectName, why: &str) {
    tracing::error!(%object, reason = why, request_id = ctx.request_id, "a layer's object cannot be read");
    let grant = ServiceGrant {
        job: "open-layer",
        reason: ctx.request_id.clone(),
        account: ctx.account.to_string(),
        region: ctx.region.to_string(),
        now: ctx.now,
    };
    let (object, why) = (object.to_string(), why.to_owned());
    let mark = move |tx: &mut data::Tx<'_>| data_layers::mark_missing(tx, &grant, &object, &why);
    if let Err(error) = ctx
        .service()
        .write("mark_missing", Durability::Soft, mark)
        .await
    {
        tracing::warn!(%error, "an object that cannot be read was not marked");
    }
}

/// The extents as a body; a fault on the way ends it, and is noted like one at its beginning.
fn body_of(ctx: &Ctx, extents: Extents) -> Body {
    let ctx = ctx.clone();
    Box::pin(stream::unfold(Some((ctx, extents)), async |reading| {
        let (ctx, mut extents) = reading?;
        match extents.next().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some((ctx, extents)))),
            Ok(None) => None,
            Err(error) => {
                let text = error.to_string();
                if let ReadError::Missing { object, why } = error {
                    mark_missing(&ctx, object, &why).await;
                }
                Some((Err::<Bytes, _>(BodyError::Storage(text)), None))
            }
        }
    }))
}

#[cfg(test)]
mod tests;
