//! Images: the rules of pushing, reading and removing manifests that the API and the registry protocol share.
use std::sync::Arc;

use bytes::Bytes;
use wharf_keys::DataKey;
use wharf_meta::Changes;
use wharf_meta::manifests::{ManifestRow, SealedManifest};
use wharf_meta::repositories::RepositoryRow;
use wharf_wire::ids::{AccountId, ImageTag, RepositoryName};
use wharf_wire::oci::{Descriptor, Digest, Manifest, ManifestKind, Reference, convert};

use crate::action::{BatchDeleteImage, BatchGetImage, PutImage};
use crate::authorize::{Asked, Facts, Resource, decide_known};
use crate::data::following;
use crate::data::images::{self as data_images, ImageId, Miss, NewImage, RefersTo};
use crate::data::trash::Followers;
use crate::identity::Identity;
use crate::{Ctx, Error, Plane, Result, data, deviations, keyring, known};

/// The largest manifest: ECR's limit, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// A manifest to store.
#[derive(Clone, Debug)]
pub struct Put {
    /// Tags to point to it: all of them, or nothing is done.
    pub tags: Vec<ImageTag>,
    /// The digest the caller says the bytes have.
    pub digest: Option<Digest>,
    /// The exact bytes: the digest is over them.
    pub bytes: Bytes,
    /// The media type announced beside the bytes.
    pub media_type: Option<String>,
}

impl Put {
    /// As a registry client asks for it: by tag or by digest, with further tags, each named once.
    pub fn by_reference(
        reference: Reference,
        mut tags: Vec<ImageTag>,
        bytes: Bytes,
        media_type: Option<String>,
    ) -> Self {
        let digest = match reference {
            Reference::Tag(tag) => {
                tags.retain(|further| *further != tag);
                tags.insert(0, tag);
                None
            }
            Reference::Digest(digest) => Some(digest),
        };
        Self {
            tags,
            digest,
            bytes,
            media_type,
        }
    }
}

/// What was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub digest: Digest,
    pub media_type: String,
    /// The manifest that this one is about, if it names one.
    pub subject: Option<Digest>,
}

/// A manifest as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub bytes: Bytes,
    pub media_type: String,
    pub digest: Digest,
    pub subject: Option<String>,
}

/// Stores a manifest in a repository and points the tag to it.
///
/// # Errors
/// `InvalidManifest`, `ImageDigestDoesNotMatch`, `LayersNotFound`, `ReferencedImagesNotFound`, `ImageTagAlreadyExists`,
/// and through the API `ImageAlreadyExists`; see ecr PutImage.
pub async fn put(ctx: &Ctx, account: AccountId, name: &RepositoryName, put: Put) -> Result<Stored> {
    let resource = Resource::Repository {
        account,
        name: name.clone(),
    };
    let manifest = if put.bytes.len() > MAX_MANIFEST_BYTES {
        Err(Error::BodyTooLarge {
            limit: MAX_MANIFEST_BYTES as u64,
        })
    } else {
        Manifest::parse(&put.bytes, put.media_type.as_deref()).map_err(Error::from)
    };
    let asked = about_image(ctx, &resource, &put, manifest.as_ref().ok());
    let first = asked.first().cloned().unwrap_or_else(|| resource.into());
    // Decided before it is told what is wrong with the manifest: a stranger learns nothing from how it is refused.
    let repository = ctx
        .read::<PutImage, _, _>("put_image_check", first.clone(), |_tx, grant| {
            Ok(grant.repository()?.clone())
        })
        .await?;
    let manifest = manifest?;
    if let Some(given) = &put.digest {
        ctx.check_algorithm(given)?;
        let computed = Digest::with(given.algorithm(), &put.bytes);
        if *given != computed {
            return Err(Error::ImageDigestDoesNotMatch {
                given: given.to_string(),
                computed: computed.to_string(),
            });
        }
    }
    let new = seal(ctx, &repository, &put, &manifest).await?;
    let service = ctx.service().clone();
    service.failpoint("before-manifest-commit");
    ctx.write::<PutImage, _, _>("put_image", first, move |tx, grant| {
        // Each further tag is decided on as if it were pushed alone.
        for further in asked.iter().skip(1) {
            grant.again(further)?;
        }
        data_images::put(tx, grant, &new)
    })
    .await?;
    service.failpoint("after-manifest-commit");
    Ok(Stored {
        digest: manifest.digest,
        media_type: manifest.media_type,
        subject: manifest.subject.map(|subject| subject.digest),
    })
}

/// What is asked about: each tag by itself, with the condition keys that tell pushes apart (deviation `push-keys`).
fn about_image(
    ctx: &Ctx,
    resource: &Resource,
    put: &Put,
    manifest: Option<&Manifest>,
) -> Vec<Asked> {
    let about = Asked::from(resource.clone());
    if !ctx.deviates(deviations::PUSH_KEYS) {
        return vec![about];
    }
    let announced = put.media_type.as_deref();
    let media_type = manifest.map_or(announced, |it| Some(it.media_type.as_str()));
    let digest = manifest.map(|it| it.digest.to_string());
    let about = about
        .with_some("wharfinger:MediaType", media_type)
        .with_some("wharfinger:ImageDigest", digest);
    if put.tags.is_empty() {
        return vec![about];
    }
    let tags = put.tags.iter();
    tags.map(|tag| about.clone().with("wharfinger:ImageTag", tag.as_str()))
        .collect()
}

/// Hashes, seals and wraps before the transaction, so that a re-run stores the same bytes.
async fn seal(
    ctx: &Ctx,
    repository: &RepositoryRow,
    put: &Put,
    manifest: &Manifest,
) -> Result<NewImage> {
    // Its owner's key, whoever pushes.
    let owner = AccountId::parse(&repository.account).map_err(Error::internal)?;
    let registry = ctx.service().registry_key(&owner, &ctx.region).await?;
    let key = DataKey::generate().map_err(Error::internal)?;
    let context = data::bytes::key_context(repository);
    let sealed = SealedManifest {
        key_id: keyring::REGISTRY_KEY.to_owned(),
        material: registry.material,
        wrapped: registry.key.wrap(&key, &context).map_err(Error::internal)?,
        sealed: wharf_keys::seal_all(&key, &put.bytes).map_err(Error::internal)?,
    };
    let config_media_type = match &manifest.kind {
        ManifestKind::Image { config, .. } => Some(config.media_type.clone()),
        ManifestKind::Index { .. } => None,
    };
    let on_docker = ctx.plane == Plane::Docker;
    Ok(NewImage {
        repository: repository.id,
        row: ManifestRow {
            digest: manifest.digest.to_string(),
            media_type: manifest.media_type.clone(),
            size: i64::try_from(put.bytes.len()).map_err(Error::internal)?,
            image_size: 0,
            depth: 0,
            subject: manifest
                .subject
                .as_ref()
                .map(|subject| subject.digest.to_string()),
            artifact_type: manifest.artifact_type.clone(),
            config_media_type,
            annotations: manifest
                .annotations
                .as_ref()
                .map(|map| serde_json::Value::Object(map.clone()).to_string()),
            pushed_at: ctx.now,
            keep_until: None,
        },
        sealed,
        named: put.digest.as_ref().map(ToString::to_string),
        refers_to: refers_to(&manifest.kind),
        tags: put.tags.iter().map(ToString::to_string).collect(),
        repeat_succeeds: on_docker,
        immutable_repeat_succeeds: on_docker && ctx.deviates(deviations::SAME_DIGEST_REPUSH),
    })
}

fn refers_to(kind: &ManifestKind) -> RefersTo {
    let named = |blob: &Descriptor| (blob.digest.to_string(), blob.media_type.clone());
    match kind {
        ManifestKind::Image { config, layers } => {
            let layers = layers.iter().filter(|layer| !layer.is_foreign());
            RefersTo::Blobs([config].into_iter().chain(layers).map(named).collect())
        }
        ManifestKind::Index { manifests } => {
            let digests = manifests.iter().map(|member| member.digest.to_string());
            RefersTo::Members(digests.collect())
        }
    }
}

/// A manifest by tag or digest. A GET counts as a pull, a HEAD does not.
///
/// `accepts`: the media types that the client takes, which matter only where ECR's way is followed (deviation
/// `no-conversion`): by tag, an image of the other kind is converted. The digest stays that of the stored form.
///
/// # Errors
/// `RepositoryNotFound`, `ImageNotFound`.
pub async fn get(
    ctx: &Ctx,
    name: &RepositoryName,
    reference: &Reference,
    accepts: &[&str],
    counts: bool,
) -> Result<Arc<Content>> {
    let id = id_of(reference);
    let content = match read(ctx, ctx.repository(name), id.clone(), counts).await? {
        Ok(content) => content,
        Err(_miss) => return Err(not_found(id, name.to_string(), ctx.account.to_string())),
    };
    // What none of the accepted types fits is answered as it is stored.
    Ok(accepted(ctx, &id, &content, accepts).unwrap_or(content))
}

/// An image in a form that the caller takes: as it is stored, or, where ECR's way is followed (deviation `no-conversion`)
/// and it was asked for by tag, as its like of the other kind. `None`: no accepted type fits, which means something only
/// where ECR's way is followed.
///
/// The digest stays that of the stored form. Source: ecr.md 5.1.
pub(crate) fn accepted(
    ctx: &Ctx,
    id: &ImageId,
    content: &Arc<Content>,
    accepts: &[&str],
) -> Option<Arc<Content>> {
    let as_stored = ctx.deviates(deviations::NO_CONVERSION)
        || accepts.is_empty()
        || accepts.contains(&"*/*")
        || accepts.contains(&content.media_type.as_str());
    if as_stored {
        return Some(Arc::clone(content));
    }
    if id.digest.is_some() {
        return None;
    }
    let (bytes, media_type) = accepts
        .iter()
        .find_map(|wanted| convert::image(&content.bytes, &content.media_type, wanted))?;
    Some(Arc::new(Content {
        bytes: Bytes::from(bytes),
        media_type: media_type.to_owned(),
        digest: content.digest.clone(),
        subject: content.subject.clone(),
    }))
}

/// What the transaction found.
struct Found {
    repository: RepositoryRow,
    state: State,
    /// Nobody asks the collector to look at it: it stays until somebody changes something.
    lasting: bool,
    /// Who asked, and what was decided on beside their own policies.
    identity: Arc<Identity>,
    facts: Arc<Facts>,
}

/// Bytes already open, or still sealed.
enum State {
    Open(Arc<Content>),
    Sealed(Box<(ManifestRow, SealedManifest)>),
    /// The collector is about to look at it: the answer that it exists has to be noted first.
    Ending,
}

/// Keeps an image for a day that the collector is about to look at.
async fn keep(ctx: &Ctx, resource: Resource, id: ImageId) -> Result<Result<(), Miss>> {
    ctx.write_soft::<BatchGetImage, _, _>("keep_manifest", resource, move |tx, grant| {
        match data_images::find(tx, grant, &id)? {
            Ok(row) => following::keep(tx, grant, &row.digest).map(Ok),
            Err(miss) => Ok(Err(miss)),
        }
    })
    .await
}

/// Finds an image and opens its bytes; `counts`: it is a pull.
pub(crate) async fn read(
    ctx: &Ctx,
    resource: Resource,
    id: ImageId,
    counts: bool,
) -> Result<Result<Arc<Content>, Miss>> {
    let name = known::name_of(&resource, &ctx.region, &id);
    let image = match recall(ctx, &resource, name.as_deref())? {
        Some(image) => image,
        None => match Box::pin(look_up(ctx, resource, id, name)).await? {
            Ok(image) => image,
            Err(miss) => return Ok(Err(miss)),
        },
    };
    if counts {
        ctx.service().usage().add(
            &image.repository.account,
            image.repository.id,
            image.content.digest.as_str(),
            &ctx.principal.unique_id,
            ctx.now,
        );
    }
    Ok(Ok(image.content))
}

/// The image of that name without asking the store, if all that it rests on is known to be current.
fn recall(ctx: &Ctx, resource: &Resource, name: Option<&str>) -> Result<Option<known::Image>> {
    let (Some(changes), Some(name)) = (ctx.service().store().changes(), name) else {
        return Ok(None);
    };
    let known = ctx.service().known();
    let Some((image, identity)) = known.image(changes, &ctx.principal, name) else {
        return Ok(None);
    };
    decide_known::<BatchGetImage>(ctx, &identity, &image.facts, resource)?;
    Ok(Some(image))
}

/// Finds an image in the store, and keeps what was found while nothing changes it.
async fn look_up(
    ctx: &Ctx,
    resource: Resource,
    id: ImageId,
    name: Option<String>,
) -> Result<Result<known::Image, Miss>> {
    let since = ctx.service().store().changes().map(Changes::now);
    let mut found = look(ctx, &resource, &id).await?;
    if matches!(
        &found,
        Ok(Found {
            state: State::Ending,
            ..
        })
    ) {
        // Looked at anew after the transaction that keeps it: it may have been collected in between.
        found = match keep(ctx, resource.clone(), id.clone()).await? {
            Ok(()) => look(ctx, &resource, &id).await?,
            Err(miss) => Err(miss),
        };
    }
    let found = match found {
        Ok(found) => found,
        Err(miss) => return Ok(Err(miss)),
    };
    let content = match found.state {
        State::Open(content) => content,
        State::Sealed(sealed) => open(ctx, &found.repository, *sealed).await?,
        // Marked anew in the very moment between the two: the client may ask again.
        State::Ending => {
            let cause = "an image was marked for the collector while it was kept".to_owned();
            return Err(Error::Unavailable { cause });
        }
    };
    let image = known::Image {
        repository: Arc::new(found.repository),
        content,
        facts: found.facts,
    };
    // A digest of another algorithm is a name that may go without the image.
    let by_identity = id
        .digest
        .is_none_or(|digest| image.content.digest.as_str() == digest);
    if let (Some(since), Some(name), true) = (since, name, found.lasting && by_identity) {
        let known = ctx.service().known();
        known.keep(since, &found.identity, name, image.clone());
    }
    Ok(Ok(image))
}

/// One look into the store.
async fn look(ctx: &Ctx, resource: &Resource, id: &ImageId) -> Result<Result<Found, Miss>> {
    let (cached, id) = (ctx.service().manifests().clone(), id.clone());
    ctx.read::<BatchGetImage, _, _>("get_manifest", resource.clone(), move |tx, grant| {
        let row = match data_images::find(tx, grant, &id)? {
            Ok(row) => row,
            Err(miss) => return Ok(Err(miss)),
        };
        let repository = grant.repository()?;
        let lasting = row.keep_until.is_none();
        let state = if following::is_ending(&row, grant.now()) {
            State::Ending
        } else if let Some(content) = cached.get(&(repository.id, row.digest.clone())) {
            State::Open(content)
        } else {
            let sealed = data_images::sealed(tx, grant, &row.digest)?;
            let sealed = sealed.ok_or_else(|| Error::internal("a manifest's row has no bytes"))?;
            State::Sealed(Box::new((row, sealed)))
        };
        Ok(Ok(Found {
            repository: repository.clone(),
            state,
            lasting,
            identity: Arc::clone(grant.identity()),
            facts: Arc::clone(grant.facts()),
        }))
    })
    .await
}

/// Opens a sealed manifest and keeps it: a digest's bytes never change.
async fn open(
    ctx: &Ctx,
    repository: &RepositoryRow,
    (row, sealed): (ManifestRow, SealedManifest),
) -> Result<Arc<Content>> {
    let owner = AccountId::parse(&repository.account).map_err(Error::internal)?;
    let registry = ctx
        .service()
        .registry_key_generation(&owner, &ctx.region, sealed.material)
        .await?;
    let bound_to = data::bytes::key_context(repository);
    let key = registry
        .key
        .unwrap(&sealed.wrapped, &bound_to)
        .map_err(Error::internal)?;
    let bytes = wharf_keys::open_all(&key, &sealed.sealed).map_err(Error::internal)?;
    let content = Arc::new(Content {
        bytes: Bytes::from(bytes),
        media_type: row.media_type,
        digest: Digest::parse(&row.digest).map_err(Error::internal)?,
        subject: row.subject,
    });
    ctx.service()
        .manifests()
        .insert((repository.id, row.digest), Arc::clone(&content));
    Ok(content)
}

/// Removes a tag, or an image by its digest.
///
/// # Errors
/// `RepositoryNotFound`, `ImageNotFound`, `ImageReferencedByManifestList`.
pub async fn delete(ctx: &Ctx, name: &RepositoryName, reference: &Reference) -> Result<()> {
    let id = id_of(reference);
    let trash_days = ctx.service().settings().trash_days;
    let last_tag = !ctx.deviates(deviations::DELETE_TAG);
    let followers = Followers::of(ctx.service().settings().compat);
    let service = ctx.service().clone();
    service.failpoint("before-delete-commit");
    ctx.write::<BatchDeleteImage, _, _>(
        "delete_manifest",
        ctx.repository(name),
        move |tx, grant| match data_images::delete(tx, grant, &id, last_tag, trash_days, followers)?
        {
            Ok(_removed) => Ok(()),
            Err(Miss::Referenced(parents)) => Err(Error::ImageReferencedByManifestList { parents }),
            Err(Miss::NotFound | Miss::Mismatch) => Err(not_found_in(grant.repository()?, &id)),
        },
    )
    .await?;
    service.failpoint("after-delete-commit");
    Ok(())
}

fn id_of(reference: &Reference) -> ImageId {
    match reference {
        Reference::Tag(tag) => ImageId {
            digest: None,
            tag: Some(tag.to_string()),
        },
        Reference::Digest(digest) => ImageId {
            digest: Some(digest.to_string()),
            tag: None,
        },
    }
}

/// The refusal of an image that a repository does not hold.
pub(crate) fn not_found_in(repository: &RepositoryRow, id: &ImageId) -> Error {
    not_found(
        id.clone(),
        repository.name.clone(),
        repository.account.clone(),
    )
}

fn not_found(id: ImageId, name: String, registry: String) -> Error {
    Error::ImageNotFound {
        digest: id.digest,
        tag: id.tag,
        name,
        registry,
    }
}

/// Re-exported for the operations that walk images themselves.
pub(crate) use data::images::Removed;

#[cfg(test)]
mod tests;
