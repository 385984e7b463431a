//! The oracle: what must be there, what must be gone, by the rules that the product promises.

use std::collections::{BTreeMap, BTreeSet};

pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// How long the trash keeps things: the default.
const TRASH: i64 = 7 * DAY;

/// A repository's link to a layer.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    keep: i64,
    trash: i64,
}

/// A manifest and what it refers to.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) links: Vec<String>,
    pub(super) children: Vec<String>,
    pub(super) subject: Option<String>,
    /// When it is looked at, because what it followed was removed.
    keep: Option<i64>,
}

impl Image {
    pub(super) fn new(
        media_type: &'static str,
        bytes: Vec<u8>,
        links: Vec<String>,
        children: Vec<String>,
        subject: Option<String>,
    ) -> Self {
        Self {
            media_type,
            bytes,
            links,
            children,
            subject,
            keep: None,
        }
    }
}

/// An image in the trash.
#[derive(Clone, Debug)]
pub(super) struct Trashed {
    pub(super) digest: String,
    image: Image,
    pub(super) tags: Vec<String>,
    until: i64,
    with_repository: bool,
}

/// A repository, as it should be.
#[derive(Clone, Debug, Default)]
pub(super) struct Repository {
    links: BTreeMap<String, Link>,
    pub(super) images: BTreeMap<String, Image>,
    pub(super) tags: BTreeMap<String, String>,
    /// The last deleted at the end.
    pub(super) trash: Vec<Trashed>,
    /// Deleted, and until when it can come back.
    deleted: Option<i64>,
    purged: bool,
}

impl Repository {
    fn is_tagged(&self, digest: &str) -> bool {
        self.tags.values().any(|other| other == digest)
    }

    pub(super) fn parents(&self, digest: &str) -> Vec<String> {
        let holds = |image: &Image| image.children.iter().any(|child| child == digest);
        let holding = self.images.iter().filter(|(_, image)| holds(image));
        holding.map(|(parent, _)| parent.clone()).collect()
    }

    pub(super) fn is_held(&self, layer: &str) -> bool {
        let holds = |image: &Image| image.links.iter().any(|link| link == layer);
        self.images.values().any(holds)
    }

    /// Whether something would keep the image if it were looked at.
    pub(super) fn is_referred_to(&self, digest: &str) -> bool {
        let subject = self.images[digest].subject.as_ref();
        self.is_tagged(digest)
            || !self.parents(digest).is_empty()
            || subject.is_some_and(|subject| self.images.contains_key(subject))
    }

    /// Whether the collector looks at an image now.
    pub(super) fn is_due(&self, digest: &str, now: i64) -> bool {
        self.images[digest].keep.is_some_and(|keep| keep <= now)
    }

    pub(super) fn images_due(&self, now: i64) -> bool {
        self.images.keys().any(|digest| self.is_due(digest, now))
    }

    fn is_link_due(&self, layer: &str, now: i64) -> bool {
        let link = &self.links[layer];
        !self.is_held(layer) && link.keep.max(link.trash) <= now
    }

    /// Whether the layer must be there; false: it must not, or it may be either.
    pub(super) fn has_link(&self, layer: &str, now: i64) -> bool {
        self.links.contains_key(layer) && !self.is_link_due(layer, now)
    }

    /// Whether the layer may be there.
    pub(super) fn may_have_link(&self, layer: &str) -> bool {
        self.links.contains_key(layer)
    }

    /// A push of a layer, or an answer that it exists while nothing holds it.
    pub(super) fn keep_link(&mut self, layer: &str, now: i64, pushed: bool) {
        if pushed || !self.is_held(layer) {
            let link = self.links.entry(layer.to_owned()).or_default();
            link.keep = link.keep.max(now + DAY);
        }
    }

    pub(super) fn lose_link(&mut self, layer: &str) {
        self.links.remove(layer);
    }

    /// An answer that an image exists.
    pub(super) fn keep_image(&mut self, digest: &str, now: i64) {
        if let Some(image) = self.images.get_mut(digest)
            && let Some(keep) = &mut image.keep
            && *keep < now + DAY - HOUR
        {
            *keep = now + DAY;
        }
    }

    /// A repeated push of a manifest.
    pub(super) fn keep_pushed(&mut self, digest: &str, now: i64) {
        if let Some(image) = self.images.get_mut(digest)
            && let Some(keep) = &mut image.keep
        {
            *keep = (*keep).max(now + DAY);
        }
    }

    fn mark(&mut self, digest: &str, now: i64) {
        if self.images.contains_key(digest)
            && !self.is_tagged(digest)
            && self.parents(digest).is_empty()
            && let Some(image) = self.images.get_mut(digest)
        {
            image.keep = Some(now + DAY);
        }
    }

    /// An image goes to the trash with its tags.
    pub(super) fn remove(&mut self, digest: &str, now: i64, with_repository: bool) {
        let Some(image) = self.images.remove(digest) else {
            return;
        };
        for layer in &image.links {
            let link = self.links.entry(layer.clone()).or_default();
            link.keep = link.keep.max(now + DAY);
            link.trash = link.trash.max(now + TRASH);
        }
        let tagged = self.tags.iter().filter(|(_, other)| *other == digest);
        let tags: Vec<String> = tagged.map(|(tag, _)| tag.clone()).collect();
        self.tags.retain(|_, other| other != digest);
        let children = image.children.clone();
        self.trash.push(Trashed {
            digest: digest.to_owned(),
            image: Image {
                keep: None,
                ..image
            },
            tags,
            until: now + TRASH,
            with_repository,
        });
        if with_repository {
            return;
        }
        for child in children {
            self.mark(&child, now);
        }
        let about = |image: &Image| image.subject.as_deref() == Some(digest);
        let referrers = self.images.iter().filter(|(_, image)| about(image));
        let referrers: Vec<String> = referrers.map(|(other, _)| other.clone()).collect();
        for referrer in referrers {
            self.mark(&referrer, now);
        }
    }

    /// What a complete collection leaves.
    fn settle(&mut self, now: i64) {
        loop {
            let mut digests = self.images.keys();
            let Some(due) = digests.find(|digest| self.is_due(digest, now)) else {
                break;
            };
            let due = due.clone();
            if self.is_referred_to(&due) {
                self.images.get_mut(&due).expect("it is due").keep = None;
            } else {
                self.remove(&due, now, false);
            }
        }
        let layers: Vec<String> = self.links.keys().cloned().collect();
        for layer in layers {
            if self.is_link_due(&layer, now) {
                self.links.remove(&layer);
            }
        }
        self.trash.retain(|trashed| trashed.until > now);
    }

    /// Which rows of the trash bring an image back, the image itself in front; none: it is refused.
    fn plan(&self, digest: &str, now: i64) -> Option<Vec<usize>> {
        if self.images.contains_key(digest) {
            return None;
        }
        let mut plan = Vec::new();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![digest.to_owned()];
        while let Some(next) = waiting.pop() {
            if self.images.contains_key(&next) || !seen.insert(next.clone()) {
                continue;
            }
            let newest = self
                .trash
                .iter()
                .rposition(|trashed| trashed.digest == next)?;
            let trashed = self
                .trash
                .get(newest)
                .filter(|trashed| trashed.until > now)?;
            waiting.extend(trashed.image.children.iter().cloned());
            plan.push(newest);
        }
        Some(plan)
    }

    /// Brings an image back; false: it is refused, and nothing is changed.
    pub(super) fn undelete(&mut self, digest: &str, without_tags: bool, now: i64) -> bool {
        let Some(plan) = self.plan(digest, now) else {
            return false;
        };
        let tags = match plan.first() {
            Some(first) if !without_tags => self.trash[*first].tags.clone(),
            _ => Vec::new(),
        };
        if tags.iter().any(|tag| self.tags.contains_key(tag)) {
            return false;
        }
        for at in &plan {
            let Trashed { digest, image, .. } = self.trash[*at].clone();
            self.images.insert(digest, image);
        }
        let mut at = 0;
        self.trash.retain(|_| {
            at += 1;
            !plan.contains(&(at - 1))
        });
        self.tags
            .extend(tags.into_iter().map(|tag| (tag, digest.to_owned())));
        true
    }
}

/// The repositories of one client, those it deleted included.
#[derive(Debug, Default)]
pub(super) struct Model {
    repositories: Vec<(String, Repository)>,
}

impl Model {
    pub(super) fn live(&mut self, name: &str) -> Option<&mut Repository> {
        let found = self.repositories.iter_mut();
        found
            .filter(|(other, repository)| other == name && repository.deleted.is_none())
            .map(|(_, repository)| repository)
            .next()
    }

    pub(super) fn create(&mut self, name: &str) {
        self.repositories
            .push((name.to_owned(), Repository::default()));
    }

    pub(super) fn delete(&mut self, name: &str, now: i64) {
        let Some(repository) = self.live(name) else {
            return;
        };
        let digests: Vec<String> = repository.images.keys().cloned().collect();
        for digest in digests {
            repository.remove(&digest, now, true);
        }
        repository.deleted = Some(now + TRASH);
        // The last deleted at the end.
        let at = self.repositories.iter().position(|(other, repository)| {
            other == name && repository.deleted == Some(now + TRASH)
        });
        let gone = self.repositories.remove(at.expect("just deleted"));
        self.repositories.push(gone);
    }

    /// Brings the repository of that name back that was deleted last; false: it is refused.
    pub(super) fn undelete(&mut self, name: &str, now: i64) -> bool {
        let newest = self
            .repositories
            .iter_mut()
            .rev()
            .find(|(other, repository)| {
                other == name && repository.deleted.is_some() && !repository.purged
            });
        let Some((_, repository)) =
            newest.filter(|(_, repository)| repository.deleted.is_some_and(|until| until > now))
        else {
            return false;
        };
        repository.deleted = None;
        let (back, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut repository.trash)
            .into_iter()
            .partition(|trashed| trashed.with_repository);
        repository.trash = stay;
        for trashed in back {
            let tags = trashed.tags.into_iter();
            let digest = trashed.digest;
            repository
                .tags
                .extend(tags.map(|tag| (tag, digest.clone())));
            repository.images.insert(digest, trashed.image);
        }
        true
    }

    /// Empties the trash of everything of that name.
    pub(super) fn purge(&mut self, name: &str, now: i64) {
        for (other, repository) in &mut self.repositories {
            if other == name {
                repository.trash.clear();
                for link in repository.links.values_mut() {
                    link.trash = link.trash.min(now);
                }
                repository.purged |= repository.deleted.is_some();
            }
        }
        self.settle(now);
    }

    pub(super) fn is_due(&self, now: i64) -> bool {
        self.repositories.iter().any(|(_, repository)| {
            let mut layers = repository.links.keys();
            repository.images_due(now) || layers.any(|layer| repository.is_link_due(layer, now))
        })
    }

    /// What a complete collection leaves.
    pub(super) fn settle(&mut self, now: i64) {
        for (_, repository) in &mut self.repositories {
            repository.settle(now);
        }
        self.repositories.retain(|(_, repository)| {
            repository.deleted.is_none_or(|until| until > now) || !repository.links.is_empty()
        });
    }

    /// Whether something ends so near to `now` that the server may see it otherwise.
    pub(super) fn is_doubtful(&self, now: i64, margin: i64) -> bool {
        let near = |time: i64| (time - now).abs() < margin;
        self.repositories.iter().any(|(_, repository)| {
            let images = repository.images.values().filter_map(|image| image.keep);
            // A second limit of each: an answer within it keeps the image anew.
            images
                .clone()
                .chain(images.map(|keep| keep - DAY + HOUR))
                .chain(repository.links.values().flat_map(|l| [l.keep, l.trash]))
                .chain(repository.trash.iter().map(|trashed| trashed.until))
                .chain(repository.deleted)
                .any(near)
        })
    }

    /// What the tables must hold: (table, repository, digest or tag).
    pub(super) fn rows(&self) -> Vec<(String, String, String)> {
        let mut rows = Vec::new();
        for (name, repository) in &self.repositories {
            let name = if repository.purged { "?" } else { name };
            let mut row = |table: &str, of: &str| {
                rows.push((table.to_owned(), name.to_owned(), of.to_owned()));
            };
            repository.links.keys().for_each(|of| row("links", of));
            repository.images.keys().for_each(|of| row("manifests", of));
            for (tag, digest) in &repository.tags {
                row("tags", &format!("{tag} {digest}"));
            }
            let tagged: BTreeSet<&String> = repository.tags.values().collect();
            let untagged = repository.images.keys().filter(|of| !tagged.contains(of));
            untagged.for_each(|of| row("untagged", of));
        }
        rows
    }

    /// The live repositories.
    pub(super) fn all_live(&self) -> impl Iterator<Item = (&String, &Repository)> {
        let live = self
            .repositories
            .iter()
            .map(|(name, repository)| (name, repository));
        live.filter(|(_, repository)| repository.deleted.is_none())
    }
}
