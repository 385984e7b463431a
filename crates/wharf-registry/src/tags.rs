//! Tags of a repository, as the registry protocol lists them.
use wharf_wire::ids::{ImageTag, RepositoryName};

use crate::action::ListImages;
use crate::{Ctx, Result, data, page};

/// One page of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPage {
    pub tags: Vec<String>,
    /// The tag after which the next page begins, if there is one; an opaque token where ECR's way is followed.
    pub next: Option<String>,
}

/// Lists tags in byte order, after `last`, at most `n` (a thousand when absent or more).
///
/// # Errors
/// `RepositoryNotFound`, `InvalidParameter` for a `last` that cannot be one.
pub async fn list(
    ctx: &Ctx,
    name: &RepositoryName,
    n: Option<i64>,
    last: Option<&str>,
) -> Result<TagPage> {
    let limit = page::size(n);
    let which = ("tags/list", name.as_str());
    let after = page::after_name(ctx, which, last, |tag| ImageTag::parse(tag).is_ok())?;
    let fetch = page::fetch(limit);
    let mut tags = ctx
        .read::<ListImages, _, _>("list_tags", ctx.repository(name), move |tx, grant| {
            data::images::tag_page(tx, grant, &after, fetch)
        })
        .await?;
    let more = page::cut(&mut tags, limit);
    let next = tags.last().filter(|_| more);
    let next = next.map(|last| page::next_name(ctx, which, last));
    Ok(TagPage { tags, next })
}
