//! Images of every shape, pushed to a fixture, and whether they are still there.
use serde_json::{Value, json};
use wharf_meta::{blobs, orphans, repositories};
use wharf_wire::ids::{ImageTag, RepositoryName};
use wharf_wire::oci::Digest;

use crate::collect::{self, Collected};
use crate::data::bytes::DAY;
use crate::images::{self, Put};
use crate::uploads::tests::fixture::{Fixture, bytes};
use crate::{Result, jobs};

pub(crate) const OCI: (&str, &str) = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
);
pub(crate) const DOCKER: (&str, &str) = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
);
/// Larger than what lies in a row.
pub(crate) const LARGE: usize = 100_000;
pub(crate) const HOUR: i64 = 3_600_000_000;

/// An image of one layer, perhaps about a subject.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) manifest: Vec<u8>,
    pub(crate) layer: Digest,
    pub(crate) config: Digest,
}

impl Image {
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(content).as_str(), "size": content.len() })
}

/// Pushes layer and config of a number, and makes their manifest, which is not put.
pub(crate) async fn image_in(
    fixture: &Fixture,
    name: &RepositoryName,
    types: (&str, &str),
    seed: usize,
    subject: Option<&Digest>,
) -> Image {
    let layer = bytes(seed, LARGE);
    let config = json!({ "architecture": "amd64", "os": "linux", "author": seed.to_string() });
    let config = config.to_string().into_bytes();
    fixture.push_to(name, &[&layer]).await.unwrap();
    fixture.push_to(name, &[&config]).await.unwrap();
    let docker = types == DOCKER;
    let (config_type, layer_type) = if docker {
        (
            "application/vnd.docker.container.image.v1+json",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
        )
    } else {
        (
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.oci.image.layer.v1.tar+gzip",
        )
    };
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": types.0,
        "config": descriptor(config_type, &config), "layers": [descriptor(layer_type, &layer)],
    });
    if let Some(subject) = subject {
        manifest["subject"] =
            json!({ "mediaType": OCI.0, "digest": subject.as_str(), "size": 100 });
        manifest["artifactType"] = json!("application/x-signature");
    }
    Image {
        manifest: manifest.to_string().into_bytes(),
        layer: Digest::of(&layer),
        config: Digest::of(&config),
    }
}

/// The same in the fixture's own repository, and put without a tag.
pub(crate) async fn image(fixture: &Fixture, seed: usize, subject: Option<&Digest>) -> Image {
    let image = image_in(fixture, &fixture.name, OCI, seed, subject).await;
    put(fixture, &image.manifest, None).await.unwrap();
    image
}

/// An index of manifests.
pub(crate) fn index(types: (&str, &str), members: &[&[u8]]) -> Vec<u8> {
    let members: Vec<Value> = members
        .iter()
        .map(|member| {
            let value: Value = serde_json::from_slice(member).unwrap();
            descriptor(value["mediaType"].as_str().unwrap(), member)
        })
        .collect();
    json!({ "schemaVersion": 2, "mediaType": types.1, "manifests": members })
        .to_string()
        .into_bytes()
}

pub(crate) async fn put_to(
    fixture: &Fixture,
    name: &RepositoryName,
    manifest: &[u8],
    tag: Option<&str>,
) -> Result<Digest> {
    let put = Put {
        tags: tag
            .map(|tag| ImageTag::parse(tag).unwrap())
            .into_iter()
            .collect(),
        digest: None,
        bytes: manifest.to_vec().into(),
        media_type: None,
    };
    let account = fixture.service.settings().account.clone();
    images::put(&fixture.ctx(), account, name, put)
        .await
        .map(|stored| stored.digest)
}

pub(crate) async fn put(fixture: &Fixture, manifest: &[u8], tag: Option<&str>) -> Result<Digest> {
    put_to(fixture, &fixture.name, manifest, tag).await
}

pub(crate) async fn delete(fixture: &Fixture, digest: &Digest) {
    let reference = wharf_wire::oci::Reference::Digest(digest.clone());
    images::delete(&fixture.ctx(), &fixture.name, &reference)
        .await
        .unwrap();
}

/// Reads as a client does, which may keep what it reads.
pub(crate) async fn head(fixture: &Fixture, digest: &Digest) -> bool {
    let reference = wharf_wire::oci::Reference::Digest(digest.clone());
    images::get(&fixture.ctx(), &fixture.name, &reference, &[], false)
        .await
        .is_ok()
}

/// Whether the manifest is there, without keeping it.
pub(crate) async fn there(fixture: &Fixture, digest: &Digest) -> bool {
    let (name, digest) = (fixture.name.to_string(), digest.to_string());
    let look = move |tx: &mut wharf_meta::Tx| {
        let row = repositories::by_name(tx, "123456789012", "us-east-1", &name)?.unwrap();
        orphans::there(tx, row.id, &digest)
    };
    fixture.service.store().read("there", look).await.unwrap()
}

/// The link to a layer, without keeping it.
pub(crate) async fn link(fixture: &Fixture, digest: &Digest) -> Option<blobs::Link> {
    let (name, digest) = (fixture.name.to_string(), digest.to_string());
    let look = move |tx: &mut wharf_meta::Tx| {
        let row = repositories::by_name(tx, "123456789012", "us-east-1", &name)?.unwrap();
        blobs::find_link(tx, row.id, &digest)
    };
    fixture.service.store().read("link", look).await.unwrap()
}

/// Moves the clock and collects.
pub(crate) async fn later(fixture: &Fixture, by: i64) -> Collected {
    fixture.service.advance_clock(by);
    collect::run(&fixture.service).await.unwrap()
}

/// Runs every job that is due, and empties the trash of what is due.
pub(crate) async fn work(fixture: &Fixture) {
    while jobs::run_due(&fixture.service).await.unwrap() > 0 {}
    jobs::empty_trash(&fixture.service).await.unwrap();
}

/// Days, one after another, with all the work of each: until nothing is left to become due.
pub(crate) async fn days(fixture: &Fixture, days: i64) {
    for _ in 0..days {
        fixture.service.advance_clock(DAY + HOUR);
        work(fixture).await;
        crate::sweep::run(&fixture.service).await.unwrap();
    }
}
