//! Between rows and shapes.
use wharf_meta::repositories::RepositoryRow;
use wharf_wire::awsjson::Timestamp;
use wharf_wire::ecr::{
    EncryptionConfiguration, EncryptionType, ImageFailure, ImageFailureCode, ImageIdentifier,
    ImageScanningConfiguration, Repository, Tag,
};
use wharf_wire::ids::{AccountId, ImageTag, Region, RepositoryName, UploadId, repository_arn};

use crate::data::images::{ImageId, Miss};
use crate::mutability::TagMutability;
use crate::{Ctx, Error, Micros, Result};

/// The pattern that digests of image ids must match whole.
const DIGEST_REASON: &str = "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";

/// The pattern of tags, in the words of [`DIGEST_REASON`].
const TAG_REASON: &str = "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'";

/// The repository's name, as a type. The walker has checked the pattern; this cannot fail for what it let through.
pub(super) fn name(text: &str) -> Result<RepositoryName> {
    RepositoryName::parse(text).map_err(|error| Error::invalid("repositoryName", error.to_string()))
}

/// An upload's id. The walker has checked the pattern, which allows capitals as well.
pub(super) fn upload_id(text: &str) -> Result<UploadId> {
    UploadId::parse(&text.to_ascii_lowercase())
        .map_err(|error| Error::invalid("uploadId", error.to_string()))
}

/// A repository as every operation answers it: `registryId`, scanning and encryption are always there.
pub(super) fn repository(ctx: &Ctx, row: &RepositoryRow) -> Result<Repository> {
    let account = AccountId::parse(&row.account).map_err(Error::internal)?;
    let region = Region::parse(&row.region).map_err(Error::internal)?;
    let name = RepositoryName::parse(&row.name).map_err(Error::internal)?;
    let mutability = TagMutability::of(row)?;
    Ok(Repository {
        repository_arn: Some(repository_arn(&region, &account, &name)),
        registry_id: Some(row.account.clone()),
        repository_name: Some(row.name.clone()),
        repository_uri: Some(format!(
            "{}/{name}",
            ctx.endpoint.registry_host(&account, &region)
        )),
        created_at: Some(timestamp(row.created_at)),
        image_tag_mutability: Some(mutability.mode()),
        image_tag_mutability_exclusion_filters: mutability.filters(),
        image_scanning_configuration: Some(ImageScanningConfiguration {
            scan_on_push: Some(row.scan_on_push),
        }),
        encryption_configuration: Some(EncryptionConfiguration {
            encryption_type: EncryptionType::Aes256,
            kms_key: row.kms_key.clone(),
        }),
    })
}

/// Seconds with milliseconds, as ECR writes times.
pub(super) fn timestamp(micros: Micros) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Checks one image id of a batch: what is wrong with it as such, before anything is looked up.
pub(super) fn image_id(id: &ImageIdentifier) -> Result<ImageId, ImageFailure> {
    match (&id.image_digest, &id.image_tag) {
        (None, None) => Err(failure(
            id,
            ImageFailureCode::MissingDigestAndTag,
            "Invalid request parameters: both tag and digest cannot be null",
        )),
        (Some(digest), _) if !digest_is_well_formed(digest) => Err(failure(
            id,
            ImageFailureCode::InvalidImageDigest,
            DIGEST_REASON,
        )),
        (digest, tag) => Ok(ImageId {
            digest: digest.clone(),
            tag: tag.clone(),
        }),
    }
}

/// Checks one image id of a batch further than [`image_id`]: a tag that cannot be one fails by name.
pub(super) fn batch_id(id: &ImageIdentifier) -> Result<ImageId, ImageFailure> {
    let checked = image_id(id)?;
    match &checked.tag {
        Some(tag) if ImageTag::parse(tag).is_err() => {
            Err(failure(id, ImageFailureCode::InvalidImageTag, TAG_REASON))
        }
        _ => Ok(checked),
    }
}

/// Whether a digest matches ECR's pattern, `[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+`.
pub(super) fn digest_is_well_formed(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return false;
    };
    !algorithm.is_empty()
        && !hex.is_empty()
        && algorithm
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_+.".contains(&byte))
        && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An entry of `failures`: it repeats the id that was asked.
pub(super) fn failure(id: &ImageIdentifier, code: ImageFailureCode, reason: &str) -> ImageFailure {
    ImageFailure {
        image_id: Some(id.clone()),
        failure_code: Some(code),
        failure_reason: Some(reason.to_owned()),
    }
}

/// The entry of `failures` for an image that could not be had or removed.
pub(super) fn miss(id: &ImageIdentifier, miss: &Miss) -> ImageFailure {
    match miss {
        Miss::NotFound => failure(
            id,
            ImageFailureCode::ImageNotFound,
            "Requested image not found",
        ),
        Miss::Mismatch => failure(
            id,
            ImageFailureCode::ImageTagDoesNotMatchDigest,
            "Requested tag does not match the requested digest",
        ),
        Miss::Referenced(parents) => failure(
            id,
            ImageFailureCode::ImageReferencedByManifestList,
            &format!(
                "Requested image referenced by manifest list: [{}]",
                parents.join(", ")
            ),
        ),
    }
}

/// Resource tags in a request, checked by ECR's rules: unique keys, no `aws:`, lengths, characters.
pub(super) fn tags(tags: &[Tag]) -> Result<Vec<(String, String)>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut checked = Vec::with_capacity(tags.len());
    for tag in tags {
        tag_key(&tag.key)?;
        check_tag_text("value", &tag.value, 256)?;
        if !seen.insert(tag.key.as_str()) {
            return Err(invalid_tag(&format!("Duplicate tag key '{}'", tag.key)));
        }
        checked.push((tag.key.clone(), tag.value.clone()));
    }
    Ok(checked)
}

/// A resource tag's key: 1 to 128 characters, and none of AWS's own.
pub(super) fn tag_key(key: &str) -> Result<()> {
    check_tag_text("key", key, 128)?;
    if key.is_empty() {
        return Err(invalid_tag(
            "Tag keys must have length greater than or equal to 1",
        ));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid_tag("Tag keys must not start with 'aws:'"));
    }
    Ok(())
}

fn check_tag_text(what: &str, text: &str, max: usize) -> Result<()> {
    if text.chars().count() > max {
        return Err(invalid_tag(&format!(
            "Tag {what}s must have length less than or equal to {max}"
        )));
    }
    if text.chars().all(|c| {
        c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
    }) {
        return Ok(());
    }
    Err(invalid_tag(&format!(
        "Tag {what}s may hold letters, digits, spaces and the characters _.:/=+-@"
    )))
}

fn invalid_tag(reason: &str) -> Error {
    Error::InvalidTagParameter {
        reason: reason.to_owned(),
    }
}

/// The repository that a resource ARN names.
///
/// # Errors
/// `InvalidParameter` with ECR's `Invalid ARN`; another region's repository cannot be reached from here.
pub(super) fn resource(ctx: &Ctx, arn: &str) -> Result<crate::authorize::Resource> {
    let invalid = || Error::invalid("resourceArn", "Invalid ARN");
    let arn = wharf_wire::ids::parse_repository_arn(arn).map_err(|_invalid| invalid())?;
    if arn.region != ctx.region {
        return Err(invalid());
    }
    Ok(crate::authorize::Resource::Repository {
        account: arn.account,
        name: arn.name,
    })
}

/// A page's size and the refusal of paging beside a list of names.
pub(super) fn page_size(
    max_results: Option<i64>,
    next_token: Option<&str>,
    named: bool,
    what: &str,
) -> Result<i64> {
    if named && (max_results.is_some() || next_token.is_some()) {
        return Err(Error::InvalidParameters {
            reason: format!(
                "Invalid parameter: maxResults and nextToken cannot be used with {what}"
            ),
        });
    }
    Ok(max_results.unwrap_or(crate::page::DEFAULT_PAGE))
}
