//! What reads of images found, kept while nothing that it rests on has changed.
//!
//! Facts are kept, never decisions: each request is decided anew, on its own thread. The store says what changed
//! ([`wharf_meta::Changes`]), exactly and before whoever changed it is answered; where it cannot say (PostgreSQL, which
//! other nodes write too) nothing is kept.
use std::sync::Arc;

use moka::sync::Cache;
use wharf_meta::repositories::RepositoryRow;
use wharf_meta::{Changes, Moment};
use wharf_wire::ids::Region;

use crate::Principal;
use crate::authorize::Resource;
use crate::data::images::ImageId;
use crate::images::Content;

/// Names of images kept; their bytes are counted by the cache of manifests.
const MOST_IMAGES: u64 = 100_000;
/// Access keys kept.
const MOST_KEYS: u64 = 10_000;

/// An image as it was found by a name.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) repository: Arc<RepositoryRow>,
    pub(crate) content: Arc<Content>,
}

/// A fact and the moment before it was read.
#[derive(Clone, Debug)]
struct Dated<T> {
    fact: T,
    since: Moment,
}

/// What is known without asking the store.
#[derive(Debug)]
pub(crate) struct Known {
    images: Cache<String, Dated<Image>>,
    /// By access key id: the principal whose active key it is.
    keys: Cache<String, Dated<Principal>>,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            images: Cache::new(MOST_IMAGES),
            keys: Cache::new(MOST_KEYS),
        }
    }

    /// The image of that name, if it was found before, by that principal or another whose key still is what it was.
    pub(crate) fn image(
        &self,
        changes: &Changes,
        principal: &Principal,
        name: &str,
    ) -> Option<Image> {
        let key = self.keys.get(principal.access_key_id.as_str())?;
        let image = self.images.get(name)?;
        let repository = image.fact.repository.id;
        // Each fact is dated by its own kind of changes alone.
        let current = changes.untouched(repository, image.since)
            && changes.identity_untouched(key.since)
            && key.fact == *principal;
        current.then_some(image.fact)
    }

    /// Keeps what a read found that began after `since`.
    pub(crate) fn keep(&self, since: Moment, principal: &Principal, name: String, image: Image) {
        let key = Dated {
            fact: principal.clone(),
            since,
        };
        self.keys.insert(principal.access_key_id.clone(), key);
        self.images.insert(name, Dated { fact: image, since });
    }
}

/// The key of an image that is named by its tag or by its digest alone.
pub(crate) fn name_of(resource: &Resource, region: &Region, id: &ImageId) -> Option<String> {
    let Resource::Repository { account, name } = resource else {
        return None;
    };
    // No name has a space in it.
    match (&id.tag, &id.digest) {
        (Some(tag), None) => Some(format!("{account} {region} {name} :{tag}")),
        (None, Some(digest)) => Some(format!("{account} {region} {name} @{digest}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
