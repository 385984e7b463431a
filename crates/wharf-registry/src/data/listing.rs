//! Lists of images under grants: pages of a repository's images with their tags, and of its tags.
use std::collections::BTreeMap;

use wharf_meta::listing::{self, ListedImage, Which};

use super::Tx;
use crate::action::{ListImages, ReadsImages};
use crate::page::{self, MAX_ROWS};
use crate::{Grant, Micros, Result};

/// Tags after which a page of images ends, so that an answer is at most two megabytes: one image has at most 1,000.
const PAGE_TAGS: usize = 10_000;

/// An image as DescribeImages tells it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) image: ListedImage,
    /// In byte order.
    pub(crate) tags: Vec<String>,
}

impl Described {
    /// When the image was last pulled, if it was since it was pushed: one that was deleted and pushed anew is new.
    pub(crate) fn last_pull(&self) -> Option<Micros> {
        let pushed = self.image.pushed_at;
        self.image.last_pull.filter(|last| *last >= pushed)
    }
}

/// One page.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// Whether more follow after the last row. It holds of an empty page too, of a page of no rows.
    pub(crate) more: bool,
}

/// Fetches a page of `size` rows, and looks whether more follow.
fn page_of<T>(
    size: i64,
    mut fetch: impl FnMut(Option<&T>, i64) -> Result<Vec<T>>,
) -> Result<Page<T>> {
    let mut rows = fetch(None, page::fetch(size))?;
    let fetched = i64::try_from(rows.len()).unwrap_or(MAX_ROWS);
    let mut more = fetched > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    if !more && fetched == MAX_ROWS {
        // The largest page leaves no room for one row more.
        more = !fetch(rows.last(), 1)?.is_empty();
    }
    Ok(Page { rows, more })
}

/// Up to `size` images after the digest `after`, in order of digest. Fewer when they have many tags: see [`PAGE_TAGS`].
pub(crate) fn images<A: ReadsImages>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    which: Which,
    after: &str,
    size: i64,
) -> Result<Page<Described>> {
    let repository = grant.repository()?.id;
    let Page { rows, mut more } = page_of(size, |last: Option<&ListedImage>, limit| {
        let after = last.map_or(after, |last| last.digest.as_str());
        Ok(listing::images(tx.meta, repository, which, after, limit)?)
    })?;
    let (mut tags, whole_before) = match which {
        Which::Untagged => (Tags::new(), None),
        Which::All | Which::Tagged => tags_of(tx, repository, &rows)?,
    };
    let mut page = Vec::with_capacity(rows.len());
    for image in rows {
        if whole_before
            .as_ref()
            .is_some_and(|end| image.digest >= *end)
        {
            more = true;
            break;
        }
        let tags = tags.remove(&image.digest).unwrap_or_default();
        page.push(Described { image, tags });
    }
    Ok(Page { rows: page, more })
}

/// Tags in byte order, by digest.
type Tags = BTreeMap<String, Vec<String>>;

/// The tags of images in order of digest; and, if they are too many, the digest from which on they are not all there.
fn tags_of(
    tx: &mut Tx<'_>,
    repository: i64,
    rows: &[ListedImage],
) -> Result<(Tags, Option<String>)> {
    let mut tags = Tags::new();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok((tags, None));
    };
    let (mut after, mut count) = ((first.digest.clone(), String::new()), 0);
    loop {
        let from = (after.0.as_str(), after.1.as_str());
        let some = listing::tags(tx.meta, repository, from, &last.digest, MAX_ROWS)?;
        let full = i64::try_from(some.len()).is_ok_and(|len| len >= MAX_ROWS);
        count += some.len();
        if let Some(pair) = some.last() {
            after.clone_from(pair);
        }
        for (digest, tag) in some {
            tags.entry(digest).or_default().push(tag);
        }
        if !full {
            return Ok((tags, None));
        }
        if count >= PAGE_TAGS {
            return Ok((tags, Some(after.0)));
        }
    }
}

/// The image of a digest with its tags: one that the caller found in this transaction.
pub(crate) fn image<A: ReadsImages>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    digest: &str,
) -> Result<Option<Described>> {
    let repository = grant.repository()?.id;
    let Some(image) = listing::image(tx.meta, repository, digest)? else {
        return Ok(None);
    };
    let tags = wharf_meta::tags::of_digest(tx.meta, repository, digest)?;
    Ok(Some(Described { image, tags }))
}

/// An image's digest with one of its tags; without, if it has none.
pub(crate) type Entry = (String, Option<String>);

/// Up to `size` pairs of digest and tag after a pair: what ListImages answers.
pub(crate) fn entries(
    tx: &mut Tx<'_>,
    grant: &Grant<ListImages>,
    which: Which,
    (digest, tag): (&str, &str),
    size: i64,
) -> Result<Page<Entry>> {
    let repository = grant.repository()?.id;
    page_of(size, |last: Option<&Entry>, limit| {
        let after = last.map_or((digest, tag), |(digest, tag)| {
            (digest.as_str(), tag.as_deref().unwrap_or_default())
        });
        Ok(listing::entries(tx.meta, repository, which, after, limit)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of that size of so many numbers, and whether each told that more follow.
    fn pages(count: i64, size: i64) -> Vec<(usize, bool)> {
        let (mut pages, mut after) = (Vec::new(), 0);
        loop {
            let page = page_of(size, |last: Option<&i64>, limit| {
                let after = last.copied().unwrap_or(after);
                Ok((after + 1..=count)
                    .take(usize::try_from(limit).unwrap())
                    .collect())
            })
            .unwrap();
            pages.push((page.rows.len(), page.more));
            match page.rows.last() {
                Some(last) if page.more => after = *last,
                _ => return pages,
            }
        }
    }

    #[test]
    fn a_page_tells_that_more_follow_exactly_when_they_do() {
        assert_eq!(pages(0, 100), [(0, false)]);
        assert_eq!(pages(100, 100), [(100, false)]);
        assert_eq!(pages(101, 100), [(100, true), (1, false)]);
        assert_eq!(pages(999, 1_000), [(999, false)]);
        assert_eq!(pages(1_000, 999), [(999, true), (1, false)]);
        assert_eq!(pages(1_000, 1_000), [(1_000, false)]);
        assert_eq!(
            pages(2_001, 1_000),
            [(1_000, true), (1_000, true), (1, false)]
        );
    }
}
