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
use crate::authorize::{Facts, Resource};
use crate::data::images::ImageId;
use crate::identity::Identity;
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
    /// What decides about the repository beside the caller's own policies.
    pub(crate) facts: Arc<Facts>,
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
    /// By access key id: whose it is, as long as nothing about anybody's identity changes.
    identities: Cache<String, Dated<Arc<Identity>>>,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            images: Cache::new(MOST_IMAGES),
            identities: Cache::new(MOST_KEYS),
        }
    }

    /// Whose an access key is, if that is known to be current.
    pub(crate) fn identity(&self, changes: &Changes, access_key_id: &str) -> Option<Arc<Identity>> {
        let found = self.identities.get(access_key_id)?;
        changes
            .identity_untouched(found.since)
            .then_some(found.fact)
    }

    /// Keeps whose an access key is, as a read found that began after `since`.
    pub(crate) fn keep_identity(&self, since: Moment, identity: &Arc<Identity>) {
        let key = identity.principal.access_key_id.clone();
        let fact = Arc::clone(identity);
        self.identities.insert(key, Dated { fact, since });
    }

    /// The image of that name, if it was found before, and who asks, if all that both rest on is current.
    pub(crate) fn image(
        &self,
        changes: &Changes,
        principal: &Principal,
        name: &str,
    ) -> Option<(Image, Arc<Identity>)> {
        let identity = self.identity(changes, &principal.access_key_id)?;
        let image = self.images.get(name)?;
        let repository = image.fact.repository.id;
        // The registry's own policy is dated like identities.
        let current = changes.untouched(repository, image.since)
            && changes.identity_untouched(image.since)
            && identity.principal.unique_id == principal.unique_id;
        current.then_some((image.fact, identity))
    }

    /// Keeps what a read found that began after `since`.
    pub(crate) fn keep(&self, since: Moment, identity: &Arc<Identity>, name: String, image: Image) {
        self.keep_identity(since, identity);
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
pub(crate) mod tests;
