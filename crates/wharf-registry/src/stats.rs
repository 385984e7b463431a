//! What a registry stores, and what of it will be free when.
//!
//! Everything is walked, in many short reads: the figures are exact for a registry that rests, and of one that is used
//! each part is of the moment when it was read. What it needs is in proportion to what is stored.
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use wharf_meta::trash::After;
use wharf_wire::ids::{AccountId, Region, RepositoryName};

use crate::data::bytes::LINGER;
use crate::data::measuring;
use crate::{Error, Micros, Result, Service, data};

/// Moments told of in one list of what becomes free: of more, neighbours are put together at the later one.
const MOMENTS: usize = 100;

/// Figures of a repository, or of a registry. Bytes are plain ones, as clients count them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Images, indexes and artifacts: everything with a manifest.
    pub images: u64,
    /// Those of them without a tag.
    pub untagged: u64,
    /// Tags.
    pub tags: u64,
    /// Layers and configs, each once.
    pub layers: u64,
    /// Their bytes.
    pub layer_bytes: u64,
    /// Bytes of manifests, those in the trash included.
    pub manifest_bytes: u64,
    /// `layer_bytes` and `manifest_bytes`.
    pub stored_bytes: u64,
    /// Of a repository: bytes of layers that another repository has, too. Of a registry: what it would store beside
    /// `layer_bytes` if each repository kept copies of its own.
    pub shared_bytes: u64,
    /// Bytes that become free if nothing is pushed, asked for or brought back: those of layers that no image holds and of
    /// manifests in the trash. Of a repository, only what no other repository has.
    pub reclaimable_bytes: u64,
    /// When: each moment, in order, with the bytes that become free then.
    pub reclaimable: Vec<Due>,
    /// Images in the trash.
    pub trashed: u64,
    /// Unfinished uploads.
    pub uploads: u64,
    /// Bytes they have received, which are neither stored nor reclaimable yet.
    pub upload_bytes: u64,
}

/// Bytes that become free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Due {
    /// Microseconds since 1970.
    pub by: Micros,
    pub bytes: u64,
}

/// A repository's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfRepository {
    pub name: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// A registry's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stats {
    pub account: String,
    pub region: String,
    /// When the walk began, microseconds since 1970.
    pub at: Micros,
    /// Of the whole registry; none when one repository was asked about.
    pub registry: Option<Figures>,
    /// Of each repository, in order of name.
    pub repositories: Vec<OfRepository>,
}

/// Figures on their way.
#[derive(Clone, Debug, Default)]
struct Sum {
    figures: Figures,
    due: BTreeMap<Micros, u64>,
}

impl Sum {
    fn layer(&mut self, size: i64) {
        self.figures.layers += 1;
        self.figures.layer_bytes += bytes(size);
    }

    fn free(&mut self, by: Micros, size: i64) {
        self.figures.reclaimable_bytes += bytes(size);
        *self.due.entry(by).or_default() += bytes(size);
        if self.due.len() > MOMENTS {
            let moments = self.due.keys().zip(self.due.keys().skip(1));
            let closest = moments.min_by_key(|(one, next)| next.saturating_sub(**one));
            if let Some((one, next)) = closest.map(|(one, next)| (*one, *next)) {
                let earlier = self.due.remove(&one).unwrap_or_default();
                *self.due.entry(next).or_default() += earlier;
            }
        }
    }

    fn trash(&mut self, image: &measuring::Trashed) {
        self.figures.trashed += 1;
        self.figures.manifest_bytes += bytes(image.bytes);
        self.free(image.until, image.bytes);
    }

    fn upload(&mut self, received: i64) {
        self.figures.uploads += 1;
        self.figures.upload_bytes += bytes(received);
    }

    fn end(self) -> Figures {
        Figures {
            stored_bytes: self.figures.layer_bytes + self.figures.manifest_bytes,
            reclaimable: self
                .due
                .into_iter()
                .map(|(by, bytes)| Due { by, bytes })
                .collect(),
            ..self.figures
        }
    }
}

fn bytes(size: i64) -> u64 {
    u64::try_from(size).unwrap_or(0)
}

/// The figures of a repository, or of a registry and of each of its repositories.
///
/// # Errors
/// `InvalidParameters` when there is no such account or repository; `Unavailable` when the store refuses.
pub async fn stats(
    service: &Service,
    account: &AccountId,
    region: &Region,
    name: Option<&RepositoryName>,
) -> Result<Stats> {
    let accounts = service.accounts().await?;
    if accounts.iter().all(|known| known.account != *account) {
        let reason = format!("there is no account {account}");
        return Err(Error::InvalidParameters { reason });
    }
    let at = service.now();
    let walk = Walk {
        service,
        registry: (account.clone(), region.clone()),
    };
    let wanted = walk.repositories(name).await?;
    let mut sums: HashMap<i64, Sum> = wanted.iter().map(|(id, _)| (*id, Sum::default())).collect();
    let mut whole = Sum::default();
    walk.uploads(&mut whole, &mut sums).await?;
    let only = wanted.first().filter(|_| name.is_some()).map(|(id, _)| *id);
    walk.trash(only, &mut whole, &mut sums).await?;
    let mut repositories = Vec::with_capacity(wanted.len());
    for (id, name) in wanted {
        let mut sum = sums.remove(&id).unwrap_or_default();
        walk.images(id, &mut sum).await?;
        walk.links(id, &mut sum).await?;
        let figures = sum.end();
        whole.figures.images += figures.images;
        whole.figures.untagged += figures.untagged;
        whole.figures.tags += figures.tags;
        repositories.push((figures, name));
    }
    let mut registry = None;
    if name.is_none() {
        // Those of the trash are counted; the others are what the repositories have.
        for (figures, _) in &repositories {
            whole.figures.manifest_bytes += figures.manifest_bytes;
        }
        walk.blobs(&mut whole).await?;
        registry = Some(whole.end());
    }
    Ok(Stats {
        account: account.to_string(),
        region: region.to_string(),
        at,
        registry,
        repositories: repositories
            .into_iter()
            .map(|(figures, name)| OfRepository { name, figures })
            .collect(),
    })
}

/// A blob with its links, as far as they are read.
struct Group {
    blob: i64,
    size: i64,
    links: u64,
    held: bool,
    until: Micros,
}

impl Group {
    fn add_to(&self, sum: &mut Sum) {
        sum.layer(self.size);
        sum.figures.shared_bytes += bytes(self.size) * self.links.saturating_sub(1);
        if !self.held {
            sum.free(self.until.saturating_add(LINGER), self.size);
        }
    }
}

struct Walk<'a> {
    service: &'a Service,
    registry: (AccountId, Region),
}

impl Walk<'_> {
    async fn repositories(&self, name: Option<&RepositoryName>) -> Result<Vec<(i64, String)>> {
        if let Some(name) = name.cloned() {
            let (registry, asked) = (self.registry.clone(), name.clone());
            let find = move |tx: &mut data::Tx<'_>| measuring::repository(tx, &registry, &asked);
            let id = self.service.read("stats_repository", find).await?;
            return Ok(vec![(id, name.to_string())]);
        }
        let mut all: Vec<(i64, String)> = Vec::new();
        loop {
            let after = all.last().map(|(_, name)| name.clone()).unwrap_or_default();
            let registry = self.registry.clone();
            let page = move |tx: &mut data::Tx<'_>| measuring::repositories(tx, &registry, &after);
            let page = self.service.read("stats_repositories", page).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    async fn images(&self, id: i64, sum: &mut Sum) -> Result<()> {
        let mut after = Some(String::new());
        while let Some(from) = after {
            let page = move |tx: &mut data::Tx<'_>| measuring::images(tx, id, &from);
            let page = self.service.read("stats_images", page).await?;
            sum.figures.images += bytes(page.count);
            sum.figures.untagged += bytes(page.untagged);
            sum.figures.manifest_bytes += bytes(page.bytes);
            after = page.last;
        }
        let mut after = Some(String::new());
        while let Some(from) = after {
            let page = move |tx: &mut data::Tx<'_>| measuring::tags(tx, id, &from);
            let (last, count) = self.service.read("stats_tags", page).await?;
            sum.figures.tags += bytes(count);
            after = last;
        }
        Ok(())
    }

    async fn links(&self, id: i64, sum: &mut Sum) -> Result<()> {
        let mut after = String::new();
        loop {
            let from = after.clone();
            let page = move |tx: &mut data::Tx<'_>| measuring::links(tx, id, &from);
            let page = self.service.read("stats_links", page).await?;
            let Some((last, _, _)) = page.last() else {
                return Ok(());
            };
            after.clone_from(last);
            for (_, link, elsewhere) in page {
                sum.layer(link.size);
                if elsewhere {
                    sum.figures.shared_bytes += bytes(link.size);
                } else if !link.held {
                    sum.free(link.until.saturating_add(LINGER), link.size);
                }
            }
        }
    }

    /// The blobs of the registry, those of deleted repositories and those that nobody has any more included.
    async fn blobs(&self, whole: &mut Sum) -> Result<()> {
        let mut after = (i64::MIN, i64::MIN);
        let mut group: Option<Group> = None;
        loop {
            let registry = self.registry.clone();
            let page = move |tx: &mut data::Tx<'_>| measuring::links_by_blob(tx, &registry, after);
            let page = self.service.read("stats_links_by_blob", page).await?;
            let Some((repository, link, _)) = page.last() else {
                break;
            };
            after = (link.blob, *repository);
            for (_, link, _) in page.into_iter().filter(|(_, _, ours)| *ours) {
                if let Some(done) = group.take_if(|group| group.blob != link.blob) {
                    done.add_to(whole);
                }
                let group = group.get_or_insert(Group {
                    blob: link.blob,
                    size: link.size,
                    links: 0,
                    held: false,
                    until: link.until,
                });
                group.links += 1;
                group.held |= link.held;
                group.until = group.until.max(link.until);
            }
        }
        if let Some(done) = group {
            done.add_to(whole);
        }
        let mut after = (i64::MIN, i64::MIN);
        loop {
            let registry = self.registry.clone();
            let page = move |tx: &mut data::Tx<'_>| measuring::given_up(tx, &registry, after);
            let page = self.service.read("stats_given_up", page).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = (last.at, last.blob);
            for blob in page.iter().filter(|blob| blob.ours) {
                whole.layer(blob.size);
                whole.free(blob.at.saturating_add(LINGER), blob.size);
            }
        }
    }

    async fn uploads(&self, whole: &mut Sum, sums: &mut HashMap<i64, Sum>) -> Result<()> {
        let mut after = (i64::MIN, String::new());
        loop {
            let (registry, from) = (self.registry.clone(), after.clone());
            let page =
                move |tx: &mut data::Tx<'_>| measuring::uploads(tx, &registry, (from.0, &from.1));
            let page = self.service.read("stats_uploads", page).await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = (last.expires_at, last.id.clone());
            for (upload, _) in page.iter().filter(|(_, ours)| *ours) {
                whole.upload(upload.received);
                if let Some(sum) = sums.get_mut(&upload.repository) {
                    sum.upload(upload.received);
                }
            }
        }
    }

    /// `only`: a repository, the rest of the trash is not looked at.
    async fn trash(
        &self,
        only: Option<i64>,
        whole: &mut Sum,
        sums: &mut HashMap<i64, Sum>,
    ) -> Result<()> {
        let mut after = Some(After::before(only.unwrap_or(i64::MIN)));
        while let Some(from) = after {
            let registry = self.registry.clone();
            let page = move |tx: &mut data::Tx<'_>| measuring::trashed(tx, &registry, &from);
            let (page, next) = self.service.read("stats_trash", page).await?;
            after = next;
            if only.is_some_and(|only| page.iter().any(|image| image.repository != only)) {
                // In order of repository: behind are only others.
                after = None;
            }
            let wanted = |image: &&measuring::Trashed| {
                image.ours && only.is_none_or(|only| only == image.repository)
            };
            for image in page.iter().filter(wanted) {
                match sums.get_mut(&image.repository) {
                    // The registry's manifests are added up from its repositories'.
                    Some(sum) => {
                        sum.trash(image);
                        whole.figures.trashed += 1;
                        whole.free(image.until, image.bytes);
                    }
                    None => whole.trash(image),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_moments_neighbours_are_told_at_the_later_one() {
        let mut sum = Sum::default();
        for moment in 0..250 {
            sum.free(moment * 1_000, 1);
        }
        sum.free(250_000, 7);
        let figures = sum.end();
        assert_eq!(figures.reclaimable_bytes, 257);
        assert_eq!(figures.reclaimable.len(), MOMENTS);
        let told: u64 = figures.reclaimable.iter().map(|due| due.bytes).sum();
        assert_eq!(told, 257);
        let last = figures.reclaimable.last();
        assert_eq!(last.map(|due| due.by), Some(250_000));
        // What is free by a moment is free by it in truth.
        for due in &figures.reclaimable {
            let by_then: u64 = figures
                .reclaimable
                .iter()
                .filter(|earlier| earlier.by <= due.by)
                .map(|due| due.bytes)
                .sum();
            let in_truth = u64::try_from(due.by / 1_000).unwrap_or(0) + 1;
            assert!(by_then <= in_truth + 6, "{due:?}: {by_then}");
        }
    }
}
