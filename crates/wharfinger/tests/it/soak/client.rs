//! One client of the soak: it does at random what clients do, in repositories of its own, and knows what must come of it.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::World;
use super::model::{Image, Model, Repository};
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, descriptor, noise};
use crate::support::registry::Registry;

/// Layers that all clients push: some lie in rows, some in objects.
pub(super) const LAYERS: u64 = 42;
/// The first of them are named by most images; the others come alone as a rule, so that only a promise keeps them.
const COMMON: u64 = 18;

/// A layer of the pool.
pub(super) fn layer(number: u64) -> Vec<u8> {
    let sizes = [300, 20_000, 66_000, 90_000, 150_000, 300_000];
    let size = sizes[usize::try_from(number % 6).expect("a small number")];
    noise(77_000 + number, size)
}

/// Numbers that look random, the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit.max(1)
    }

    fn pick<T: Clone>(&mut self, of: impl Iterator<Item = T>) -> Option<T> {
        let all: Vec<T> = of.collect();
        let limit = u64::try_from(all.len()).expect("a small number");
        let at = usize::try_from(self.below(limit)).expect("a small number");
        all.get(at).cloned()
    }
}

pub(super) struct Client<'a> {
    world: &'a World<'a>,
    model: Arc<Mutex<Model>>,
    dice: Dice,
    names: [String; 2],
    registry: Registry,
    epoch: u64,
    made: u64,
    number: u64,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        world: &'a World<'a>,
        number: u64,
        seed: u64,
        model: Arc<Mutex<Model>>,
    ) -> Self {
        Self {
            world,
            model,
            dice: Dice::new(seed.wrapping_mul(1_000) + number),
            names: [format!("soak/{number}a"), format!("soak/{number}b")],
            registry: world.server.registry(),
            epoch: 0,
            made: number * 1_000_000,
            number,
        }
    }

    /// Does one thing.
    pub(super) fn step(&mut self) {
        let world = self.world;
        let clock = world.clock.read().expect("a lock");
        if self.epoch != *clock {
            // The password of before has expired.
            self.registry = world.server.registry();
            self.epoch = *clock;
        }
        let model = Arc::clone(&self.model);
        let mut model = model.lock().expect("a lock");
        if model.is_due(world.now()) && self.dice.below(3) > 0 {
            world.collect();
            model.settle(world.now());
        }
        let name = self.names[usize::from(self.dice.below(2) == 1)].clone();
        self.act(&mut model, &name);
    }

    fn act(&mut self, model: &mut Model, name: &str) {
        let now = self.world.now();
        let Some(repository) = model.live(name) else {
            return self.begin(model, name);
        };
        match self
            .dice
            .below(if repository.images_due(now) { 30 } else { 100 })
        {
            0..10 => self.look_at_layer(repository, name),
            10..20 => self.look_at_image(repository, name),
            20..30 => self.pull(repository, name),
            30..42 => self.push_layer(repository, name),
            42..55 => self.push_image(repository, name),
            55..66 => self.push_index(repository, name),
            66..75 => self.tag(repository, name),
            75..81 => self.untag(repository, name),
            81..91 => self.delete(repository, name),
            91..97 => self.undelete(repository, name),
            97 => self.purge(model, name),
            _ => self.delete_repository(model, name),
        }
    }

    /// A name that is free: a new repository, or the one that was deleted.
    fn begin(&mut self, model: &mut Model, name: &str) {
        let now = self.world.now();
        if self.dice.below(2) == 0 {
            let request = json!({ "op": "undelete", "image": name });
            let done = self.world.ask(&request).is_ok();
            assert_eq!(done, model.undelete(name, now), "undelete of {name}");
            if done {
                return self.world.wait_for_jobs();
            }
        }
        self.world.server.create_repository(name);
        model.create(name);
    }

    fn head(&self, name: &str, kind: &str, digest: &str) -> bool {
        let path = format!("/v2/{name}/{kind}/{digest}");
        let answer = self
            .registry
            .request("HEAD", &path, &[("accept", "*/*")], b"");
        assert!(
            matches!(answer.status, 200 | 404),
            "HEAD of {path}: {answer:?}"
        );
        answer.status == 200
    }

    /// HEAD of a layer: what must be there is, what must not is not, and what is doubtful is known afterwards.
    fn see_layer(&self, repository: &mut Repository, name: &str, digest: &str) -> bool {
        let now = self.world.now();
        let seen = self.head(name, "blobs", digest);
        if repository.has_link(digest, now) {
            assert!(seen, "{name} must have layer {digest}");
        }
        assert!(
            !seen || repository.may_have_link(digest),
            "{name} must not have layer {digest}"
        );
        if seen {
            repository.keep_link(digest, now, false);
        } else {
            repository.lose_link(digest);
        }
        seen
    }

    fn look_at_layer(&mut self, repository: &mut Repository, name: &str) {
        let bytes = layer(self.dice.below(LAYERS));
        self.see_layer(repository, name, Digest::of(&bytes).as_str());
    }

    fn look_at_image(&mut self, repository: &mut Repository, name: &str) {
        let now = self.world.now();
        let Some(digest) = self.dice.pick(repository.images.keys().cloned()) else {
            return;
        };
        let due = repository.is_due(&digest, now);
        if due && repository.is_referred_to(&digest) {
            // It stays, but whether this answer or the collector comes first makes a difference later.
            return;
        }
        let seen = self.head(name, "manifests", &digest);
        assert!(seen || due, "{name} must have image {digest}");
        if seen {
            repository.keep_image(&digest, now);
        } else {
            repository.remove(&digest, now, false);
        }
    }

    /// Pulls an image that is not about to go, and compares every byte.
    fn pull(&mut self, repository: &mut Repository, name: &str) {
        let now = self.world.now();
        let sure = repository
            .images
            .keys()
            .filter(|d| !repository.is_due(d, now));
        let Some(digest) = self.dice.pick(sure.cloned()) else {
            return;
        };
        let tag = repository.tags.iter().find(|(_, other)| **other == digest);
        let reference = tag.map_or(digest.as_str(), |(tag, _)| tag.as_str());
        let answer = self
            .registry
            .get_manifest(name, reference)
            .expect_status(200);
        let image = repository.images[&digest].clone();
        assert_eq!(answer.body, image.bytes, "{name}:{reference}");
        repository.keep_image(&digest, now);
        if let Some(link) = self.dice.pick(image.links.iter()) {
            let digest = Digest::parse(link).expect("a digest");
            let answer = self.registry.get_blob(name, &digest).expect_status(200);
            assert!(Digest::of(&answer.body) == digest, "{name}@{digest}");
        }
    }

    /// Sees to it that a layer is there, as clients do: by asking, by mounting, or by pushing.
    fn bring(&mut self, repository: &mut Repository, name: &str, bytes: &[u8]) -> String {
        let digest = Digest::of(bytes).to_string();
        let way = self.dice.below(10);
        let sure = repository.has_link(&digest, self.world.now());
        if way < 2 && sure {
            // What was promised is used without asking again.
            return digest;
        }
        if way < 7 && self.see_layer(repository, name, &digest) {
            return digest;
        }
        if way == 7 {
            let other = format!("soak/{}a", self.dice.below(super::CLIENTS));
            let path = format!("/v2/{name}/blobs/uploads/?mount={digest}&from={other}");
            let answer = self.registry.request("POST", &path, &[], b"");
            assert!(matches!(answer.status, 201 | 202), "mount: {answer:?}");
            if answer.status == 201 {
                repository.keep_link(&digest, self.world.now(), true);
                return digest;
            }
        }
        self.registry
            .try_push_blob(name, bytes)
            .expect("a push of a layer");
        repository.keep_link(&digest, self.world.now(), true);
        digest
    }

    /// Sees to it that a layer is there which no image names, or not yet.
    fn push_layer(&mut self, repository: &mut Repository, name: &str) {
        let bytes = layer(COMMON + self.dice.below(LAYERS - COMMON));
        self.bring(repository, name, &bytes);
    }

    fn push_image(&mut self, repository: &mut Repository, name: &str) {
        let mut layers = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let of = if self.dice.below(6) == 0 {
                LAYERS
            } else {
                COMMON
            };
            layers.push(layer(self.dice.below(of)));
        }
        self.made += 1;
        let config = json!({ "architecture": "amd64", "os": "linux", "author": self.made });
        let config = config.to_string().into_bytes();
        let layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        let named: Vec<Value> = layers.iter().map(|l| descriptor(layer_type, l)).collect();
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": named,
        });
        let mut subject = None;
        if self.dice.below(3) == 0 {
            subject = self.dice.pick(repository.images.keys().cloned());
            if let Some(subject) = &subject {
                let size = repository.images[subject].bytes.len();
                manifest["artifactType"] = json!("application/x-soak");
                manifest["subject"] =
                    json!({ "mediaType": OCI_MANIFEST, "digest": subject, "size": size });
            }
        }
        let mut links = vec![self.bring(repository, name, &config)];
        for bytes in &layers {
            links.push(self.bring(repository, name, bytes));
        }
        let bytes = manifest.to_string().into_bytes();
        let image = Image::new(OCI_MANIFEST, bytes, links, Vec::new(), subject);
        self.put(repository, name, image);
    }

    fn push_index(&mut self, repository: &mut Repository, name: &str) {
        let mut children = Vec::new();
        for _ in 0..=self.dice.below(4) {
            children.extend(self.dice.pick(repository.images.keys().cloned()));
        }
        if children.is_empty() {
            return;
        }
        self.made += 1;
        let members: Vec<Value> = children
            .iter()
            .map(|child| {
                let image = &repository.images[child];
                descriptor(image.media_type, &image.bytes)
            })
            .collect();
        let index = json!({
            "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members,
            "annotations": { "made": self.made.to_string() },
        });
        let bytes = index.to_string().into_bytes();
        let image = Image::new(OCI_INDEX, bytes, Vec::new(), children, None);
        self.put(repository, name, image);
    }

    /// Stores a manifest of which everything is there: under a tag, one of a few, or its digest.
    fn put(&mut self, repository: &mut Repository, name: &str, image: Image) {
        let digest = Digest::of(&image.bytes).to_string();
        let tag = (self.dice.below(3) > 0).then(|| format!("t{}", self.dice.below(6)));
        let reference = tag.clone().unwrap_or_else(|| digest.clone());
        let path = format!("/v2/{name}/manifests/{reference}");
        let kind = [("content-type", image.media_type)];
        let answer = self.registry.request("PUT", &path, &kind, &image.bytes);
        answer.expect_status(201);
        let now = self.world.now();
        if repository.images.contains_key(&digest) {
            repository.keep_pushed(&digest, now);
        } else {
            repository.images.insert(digest.clone(), image);
        }
        if let Some(tag) = tag {
            repository.tags.insert(tag, digest);
        }
    }

    /// Pushes an image again, perhaps under another tag: also one that went, if its layers are still there.
    fn tag(&mut self, repository: &mut Repository, name: &str) {
        let Some(digest) = self.dice.pick(repository.images.keys().cloned()) else {
            return;
        };
        let image = repository.images[&digest].clone();
        self.put(repository, name, image);
    }

    fn untag(&mut self, repository: &mut Repository, name: &str) {
        let Some(tag) = self.dice.pick(repository.tags.keys().cloned()) else {
            return;
        };
        let path = format!("/v2/{name}/manifests/{tag}");
        self.registry
            .request("DELETE", &path, &[], b"")
            .expect_status(202);
        repository.tags.remove(&tag);
    }

    fn delete(&mut self, repository: &mut Repository, name: &str) {
        let Some(digest) = self.dice.pick(repository.images.keys().cloned()) else {
            return;
        };
        let path = format!("/v2/{name}/manifests/{digest}");
        let answer = self.registry.request("DELETE", &path, &[], b"");
        let held = !repository.parents(&digest).is_empty();
        assert_eq!(answer.status != 202, held, "{path}: {answer:?}");
        if !held {
            repository.remove(&digest, self.world.now(), false);
        }
    }

    fn undelete(&mut self, repository: &mut Repository, name: &str) {
        let digests = repository
            .trash
            .iter()
            .map(|trashed| trashed.digest.clone());
        let Some(digest) = self.dice.pick(digests) else {
            return;
        };
        let without_tags = self.dice.below(2) == 0;
        let request = json!({
            "op": "undelete", "image": format!("{name}@{digest}"), "without_tags": without_tags,
        });
        let done = self.world.ask(&request);
        let expected = repository.undelete(&digest, without_tags, self.world.now());
        assert_eq!(
            done.is_ok(),
            expected,
            "client {}: {request}: {done:?}",
            self.number
        );
    }

    fn purge(&mut self, model: &mut Model, name: &str) {
        // Links that are due go with it: known first.
        self.world.collect();
        model.settle(self.world.now());
        let request = json!({ "op": "purge", "image": name });
        self.world.ask(&request).expect("a purge");
        model.purge(name, self.world.now());
    }

    fn delete_repository(&mut self, model: &mut Model, name: &str) {
        let force = json!({ "repositoryName": name, "force": true });
        self.world.server.call("DeleteRepository", &force);
        model.delete(name, self.world.now());
        self.world.wait_for_jobs();
    }
}
