//! The requests about the trash, and about what is kept and how much.
use serde_json::{Value, json};
use wharf_registry::Service;
use wharf_registry::trash::{self, Named, Wanted};
use wharf_wire::ids::{AccountId, ImageTag, Region, RepositoryName};
use wharf_wire::oci::Digest;

use super::text;

/// Account and region, if the request names them.
type Owner = (Option<String>, Option<String>);

fn owner(service: &Service, (account, region): Owner) -> Result<(AccountId, Region), String> {
    let settings = service.settings();
    let account = match account {
        Some(text) => {
            AccountId::parse(&text).map_err(|error| format!("account `{text}`: {error}"))?
        }
        None => settings.account.clone(),
    };
    let region = match region {
        Some(text) => Region::parse(&text).map_err(|error| format!("region `{text}`: {error}"))?,
        None => settings.region.clone(),
    };
    if !settings.regions.contains(&region) {
        return Err(format!("region `{region}` is not served here"));
    }
    Ok((account, region))
}

fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).map_err(|error| format!("digest `{text}`: {error}"))
}

/// Reads `NAME`, `NAME@DIGEST` or `NAME:TAG`.
fn named(service: &Service, whose: Owner, image: &str) -> Result<(Named, Wanted), String> {
    let (account, region) = owner(service, whose)?;
    let (name, wanted) = if let Some((name, rest)) = image.split_once('@') {
        (name, Wanted::Digest(digest(rest)?))
    } else if let Some((name, tag)) = image.split_once(':') {
        let tag = ImageTag::parse(tag).map_err(|error| format!("tag `{tag}`: {error}"))?;
        (name, Wanted::Tag(tag))
    } else {
        (image, Wanted::Repository)
    };
    let name =
        RepositoryName::parse(name).map_err(|error| format!("repository `{name}`: {error}"))?;
    let named = Named {
        account,
        region,
        name,
    };
    Ok((named, wanted))
}

pub(super) async fn undelete(
    service: &Service,
    whose: Owner,
    image: &str,
    without_tags: bool,
) -> Result<Value, String> {
    let (named, wanted) = named(service, whose, image)?;
    let done = trash::undelete(service, &named, &wanted, without_tags)
        .await
        .map_err(text)?;
    Ok(json!({ "ok": true, "undeleted": done }))
}

pub(super) async fn purge(
    service: &Service,
    whose: Owner,
    image: Option<&str>,
    dry_run: bool,
) -> Result<Value, String> {
    let (named, digest) = match image {
        None => {
            owner(service, whose)?;
            (None, None)
        }
        Some(image) => match named(service, whose, image)? {
            (named, Wanted::Repository) => (Some(named), None),
            (named, Wanted::Digest(digest)) => (Some(named), Some(digest)),
            (_, Wanted::Tag(_)) => return Err("name the digest of the image to purge".to_owned()),
        },
    };
    if dry_run {
        let plan = trash::would_purge(service, named.as_ref(), digest.as_ref())
            .await
            .map_err(text)?;
        return Ok(json!({ "ok": true, "would_purge": plan }));
    }
    let (purged, collected) = trash::purge(service, named.as_ref(), digest.as_ref())
        .await
        .map_err(text)?;
    Ok(json!({ "ok": true, "purged": purged, "collected": collected }))
}

pub(super) async fn list(service: &Service, whose: Owner) -> Result<Value, String> {
    let (account, region) = owner(service, whose)?;
    let trash = trash::list(service, &account, &region)
        .await
        .map_err(text)?;
    Ok(json!({ "ok": true, "trash": trash }))
}

pub(super) async fn why(service: &Service, asked: &str) -> Result<Value, String> {
    let why = wharf_registry::why::why(service, &digest(asked)?)
        .await
        .map_err(text)?;
    Ok(json!({ "ok": true, "why": why }))
}

pub(super) async fn stats(
    service: &Service,
    whose: Owner,
    repository: Option<&str>,
) -> Result<Value, String> {
    let (account, region) = owner(service, whose)?;
    let name = repository.map(|name| {
        RepositoryName::parse(name).map_err(|error| format!("repository `{name}`: {error}"))
    });
    let name = name.transpose()?;
    let stats = wharf_registry::stats::stats(service, &account, &region, name.as_ref())
        .await
        .map_err(text)?;
    Ok(json!({ "ok": true, "stats": stats }))
}
