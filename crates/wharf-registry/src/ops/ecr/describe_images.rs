//! `DescribeImages`: the named images, or a page of all, with size, tags and times.
use wharf_wire::ecr::{
    DescribeImagesRequest as Request, DescribeImagesResponse as Response, ImageDetail, ImageStatus,
};
use wharf_wire::ids::{AccountId, RepositoryName};

use super::convert;
use super::filter::Filter;
use crate::action::DescribeImages;
use crate::authorize::Resource;
use crate::data::images as rows;
use crate::images::{self, Described};
use crate::{Ctx, Error, Result, page};

/// How often one request looks for images that pass its filter before it answers a short page.
const ROUNDS: usize = 10;

pub(super) async fn describe_images(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let ids = request.image_ids.clone().unwrap_or_default();
    let size = convert::page_size(
        request.max_results,
        request.next_token.as_deref(),
        !ids.is_empty(),
        "imageIds",
    )?;
    if ids.is_empty() {
        return list(ctx, &request, account, name, size).await;
    }
    let asked = ids
        .iter()
        .map(|id| {
            convert::image_id(id).map_err(|failure| {
                Error::invalid("imageIds", failure.failure_reason.unwrap_or_default())
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let resource = Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    };
    let found = ctx
        .read::<DescribeImages, _, _>("describe_named_images", resource, move |tx, grant| {
            asked
                .iter()
                .map(|id| match rows::find(tx, grant, id)? {
                    Ok(row) => rows::describe(tx, grant, row),
                    Err(_miss) => Err(images::not_found_in(grant.repository()?, id)),
                })
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    let mut details: Vec<ImageDetail> = Vec::with_capacity(found.len());
    for described in found {
        // Two ids of one image are one element.
        let digest = described.row.digest.clone();
        if !details
            .iter()
            .any(|detail| detail.image_digest.as_deref() == Some(digest.as_str()))
        {
            details.push(detail(&account, &name, described));
        }
    }
    Ok(Response {
        image_details: Some(details),
        next_token: None,
    })
}

async fn list(
    ctx: &Ctx,
    request: &Request,
    account: AccountId,
    name: RepositoryName,
    size: i64,
) -> Result<Response> {
    let about = format!("{account}/{name}");
    let mut after = match request.next_token.as_deref() {
        Some(token) => page::read(token, "DescribeImages", &about)?
            .into_iter()
            .next()
            .unwrap_or_default(),
        None => String::new(),
    };
    let asked = request.filter.clone().unwrap_or_default();
    let filter = Filter::new(asked.tag_status, asked.image_status);
    if filter.passes_none() {
        let resource = Resource::Repository { account, name };
        ctx.read::<DescribeImages, _, _>("describe_no_images", resource, |_tx, _grant| Ok(()))
            .await?;
        return Ok(Response {
            image_details: Some(Vec::new()),
            next_token: None,
        });
    }
    let mut details: Vec<ImageDetail> = Vec::new();
    for _ in 0..ROUNDS {
        let from = after.clone();
        let resource = Resource::Repository {
            account: account.clone(),
            name: name.clone(),
        };
        let mut found = ctx
            .read::<DescribeImages, _, _>("describe_images", resource, move |tx, grant| {
                rows::page(tx, grant, &from, page::fetch(size))
            })
            .await?;
        let mut more = page::cut(&mut found, size);
        for described in found {
            if i64::try_from(details.len()).unwrap_or(size) == size {
                more = true;
                break;
            }
            after.clone_from(&described.row.digest);
            if filter.passes(!described.tags.is_empty()) {
                details.push(detail(&account, &name, described));
            }
        }
        if !more {
            return Ok(Response {
                image_details: Some(details),
                next_token: None,
            });
        }
        if i64::try_from(details.len()).unwrap_or(size) == size {
            break;
        }
    }
    let next_token = Some(page::token("DescribeImages", &about, &[&after]));
    Ok(Response {
        image_details: Some(details),
        next_token,
    })
}

fn detail(account: &AccountId, name: &RepositoryName, described: Described) -> ImageDetail {
    let row = described.row;
    ImageDetail {
        registry_id: Some(account.to_string()),
        repository_name: Some(name.to_string()),
        image_digest: Some(row.digest),
        image_tags: Some(described.tags).filter(|tags| !tags.is_empty()),
        image_size_in_bytes: Some(row.image_size),
        image_pushed_at: Some(convert::timestamp(row.pushed_at)),
        image_manifest_media_type: Some(row.media_type),
        artifact_media_type: row.artifact_type.or(row.config_media_type),
        last_recorded_pull_time: described.last_pull.map(convert::timestamp),
        subject_manifest_digest: row.subject,
        image_status: Some(ImageStatus::Active),
        ..ImageDetail::default()
    }
}
