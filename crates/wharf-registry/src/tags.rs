//! Tags of a repository, as the registry protocol lists them.
use wharf_wire::ids::{ImageTag, RepositoryName};

use crate::action::ListImages;
use crate::{Ctx, Error, Result, data, page};

/// The most tags of one page: ECR's limit of `maxResults`.
pub const MAX_PAGE: i64 = 1_000;

/// One page of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPage {
    pub tags: Vec<String>,
    /// The tag after which the next page begins, if there is one.
    pub next: Option<String>,
}

/// Lists tags in byte order, after `last`, at most `n` (all of a repository's first thousand when absent).
///
/// # Errors
/// `RepositoryNotFound`, `InvalidParameter` for an `n` beyond 1,000 or a `last` that cannot be a tag.
pub async fn list(
    ctx: &Ctx,
    name: &RepositoryName,
    n: Option<i64>,
    last: Option<&str>,
) -> Result<TagPage> {
    let limit = match n {
        Some(n) if n > MAX_PAGE => {
            return Err(Error::invalid(
                "maxResults",
                "Member must have value less than or equal to 1000",
            ));
        }
        Some(n) => n.max(0),
        None => MAX_PAGE,
    };
    let after = match last {
        None | Some("") => String::new(),
        Some(last) => ImageTag::parse(last)
            .map_err(|_invalid| Error::invalid("nextToken", "Invalid nextToken"))?
            .to_string(),
    };
    let fetch = page::fetch(limit);
    let mut tags = ctx
        .read::<ListImages, _, _>("list_tags", ctx.repository(name), move |tx, grant| {
            data::images::tag_page(tx, grant, &after, fetch)
        })
        .await?;
    let more = page::cut(&mut tags, limit);
    let next = tags.last().filter(|_| more).cloned();
    Ok(TagPage { tags, next })
}
