//! `DescribeImages`: the named images, or a page of all in order of digest, with size, tags and times.
use wharf_wire::ecr::{
    DescribeImagesRequest as Request, DescribeImagesResponse as Response, ImageDetail,
    ImageIdentifier, ImageStatus,
};
use wharf_wire::ids::{AccountId, RepositoryName};

use super::convert;
use super::filter::Filter;
use crate::action::DescribeImages;
use crate::authorize::Resource;
use crate::data::images as rows;
use crate::data::listing::{self, Described, Page};
use crate::{Ctx, Error, Result, images, page};

/// The operation's name in tokens.
const OPERATION: &str = "DescribeImages";

pub(super) async fn describe_images(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let ids = request.image_ids.unwrap_or_default();
    let token = request.next_token.as_deref();
    let size = convert::page_size(request.max_results, token, !ids.is_empty(), "imageIds")?;
    let asked = request.filter.unwrap_or_default();
    let filter = Filter::new(asked.tag_status, asked.image_status);
    let (found, next_token) = if ids.is_empty() {
        list(ctx, (&account, &name), filter, size, token).await?
    } else {
        (named(ctx, (&account, &name), filter, &ids).await?, None)
    };
    let detail = |described| detail(&account, &name, described);
    Ok(Response {
        image_details: Some(found.into_iter().map(detail).collect()),
        next_token,
    })
}

fn resource(account: &AccountId, name: &RepositoryName) -> Resource {
    Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    }
}

/// The images of these ids, in their order: all of them must be there, and those that pass the filter are told.
async fn named(
    ctx: &Ctx,
    (account, name): (&AccountId, &RepositoryName),
    filter: Filter,
    ids: &[ImageIdentifier],
) -> Result<Vec<Described>> {
    let asked = ids
        .iter()
        .map(|id| {
            convert::image_id(id).map_err(|failure| {
                Error::invalid("imageIds", failure.failure_reason.unwrap_or_default())
            })
        })
        .collect::<Result<Vec<_>>>()?;
    ctx.read::<DescribeImages, _, _>(
        "describe_named_images",
        resource(account, name),
        move |tx, grant| {
            let mut digests: Vec<String> = Vec::with_capacity(asked.len());
            for id in &asked {
                let found = rows::find(tx, grant, id)?;
                let row = found.map_err(|_miss| {
                    grant.repository().map_or_else(
                        |error| error,
                        |repository| images::not_found_in(repository, id),
                    )
                })?;
                // Two ids of one image are one element.
                if !digests.contains(&row.digest) {
                    digests.push(row.digest);
                }
            }
            let mut all = Vec::with_capacity(digests.len());
            for digest in &digests {
                all.extend(listing::image(tx, grant, digest)?);
            }
            all.retain(|described| filter.passes(!described.tags.is_empty()));
            Ok(all)
        },
    )
    .await
}

/// A page of images, and the token of the next.
async fn list(
    ctx: &Ctx,
    (account, name): (&AccountId, &RepositoryName),
    filter: Filter,
    size: i64,
    token: Option<&str>,
) -> Result<(Vec<Described>, Option<String>)> {
    let about = filter.about(account.as_str(), name.as_str());
    let after = match token {
        Some(token) => page::read(token, OPERATION, &about)?
            .into_iter()
            .next()
            .unwrap_or_default(),
        None => String::new(),
    };
    let Page { rows, more } = ctx
        .read::<DescribeImages, _, _>(
            "describe_images",
            resource(account, name),
            move |tx, grant| match filter.which() {
                Some(which) => listing::images(tx, grant, which, &after, size),
                None => Ok(Page {
                    rows: Vec::new(),
                    more: false,
                }),
            },
        )
        .await?;
    let last = rows.last().filter(|_| more);
    let next = last.map(|last| page::token(OPERATION, &about, &[last.image.digest.as_str()]));
    Ok((rows, next))
}

fn detail(account: &AccountId, name: &RepositoryName, described: Described) -> ImageDetail {
    let last_pull = described.last_pull();
    let Described { image, tags } = described;
    ImageDetail {
        registry_id: Some(account.to_string()),
        repository_name: Some(name.to_string()),
        image_digest: Some(image.digest),
        image_tags: Some(tags).filter(|tags| !tags.is_empty()),
        image_size_in_bytes: Some(image.image_size),
        image_pushed_at: Some(convert::timestamp(image.pushed_at)),
        image_manifest_media_type: Some(image.media_type),
        artifact_media_type: image.artifact_type.or(image.config_media_type),
        last_recorded_pull_time: last_pull.map(convert::timestamp),
        subject_manifest_digest: image.subject,
        image_status: Some(ImageStatus::Active),
        ..ImageDetail::default()
    }
}
