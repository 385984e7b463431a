//! podman: a list of images for several platforms, with all its members.

use serde_json::Value;
use wharf_wire::oci::Digest;

use super::containers::Store;
use super::{ABSENT, UNTRUSTED, Wire, described, described_digests, described_tag};
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, noise};
use crate::support::tools::Checked as _;

/// Makes a list of two images, and returns of each its platform, its content and its name in the store.
fn make_list(store: &Store<'_>) -> Vec<(&'static str, Vec<u8>, String)> {
    store
        .command(&["manifest", "create", "localhost/list"])
        .checked();
    let member = |(seed, architecture): (u64, &'static str)| {
        let (name, content) = (format!("localhost/{architecture}"), noise(seed, 300_000));
        store.build(&content, &["--arch", architecture], &name);
        let id = store.id(&name);
        let member = format!("containers-storage:{name}");
        let add = ["manifest", "add", "localhost/list", &member];
        store.command(&add).checked();
        (architecture, content, id)
    };
    [(21, "amd64"), (22, "arm64")].map(member).into()
}

fn goes_in_and_comes_out(wire: Wire) {
    let server = wire.server(&["team/app"]);
    let store = Store::new(&server, "podman");
    let said = store.log_in(&server.password()).checked();
    assert!(said.contains("Login Succeeded"), "{said}");
    let built = make_list(&store);
    let name = format!("{}/team/app", server.authority());
    let push = ["manifest", "push", "--all"];
    let target = format!("docker://{name}:v1");
    store
        .remote(&push)
        .arg("localhost/list")
        .arg(target)
        .checked();

    // The index is stored as it was sent, and so are its members, which have no tag.
    let raw = server
        .registry()
        .get_manifest("team/app", "v1")
        .expect_status(200);
    let index: Value = serde_json::from_slice(&raw.body).expect("an index");
    let tagged = described_tag(&server, "team/app", "v1");
    assert_eq!(tagged["imageDigest"], Digest::of(&raw.body).as_str());
    assert_eq!(tagged["imageManifestMediaType"], OCI_INDEX);
    let members = index["manifests"].as_array().expect("members");
    let digest = |member: &Value| member["digest"].as_str().expect("a digest").to_owned();
    let mut digests: Vec<String> = members.iter().map(digest).collect();
    digests.push(Digest::of(&raw.body).to_string());
    digests.sort();
    assert_eq!(described_digests(&server, "team/app"), digests);
    let untagged = described(&server, "team/app")
        .into_iter()
        .filter(|image| image["imageManifestMediaType"] == OCI_MANIFEST)
        .filter(|image| image.get("imageTags").is_none());
    assert_eq!(untagged.count(), 2);

    for (architecture, content, id) in built {
        store.forget_images();
        let pull = ["pull", "--quiet", "--arch", architecture];
        let pulled = store
            .remote_image(&pull)
            .arg(format!("{name}:v1"))
            .checked();
        assert_eq!(pulled.trim(), id);
        assert!(file_of(&store, &id) == content);
    }
}

/// `/file` of an image.
fn file_of(store: &Store<'_>, id: &str) -> Vec<u8> {
    let container = store.command(&["create", "--pull", "never", id]).checked();
    let copy = store.home().join("copy");
    let from = format!("{}:/file", container.trim());
    store.command(&["cp", &from]).arg(&copy).checked();
    store.command(&["rm", container.trim()]).checked();
    std::fs::read(copy).expect("the file")
}

#[test]
fn podman_pulls_for_each_platform_what_it_pushed_as_a_list() {
    goes_in_and_comes_out(Wire::Http);
}

#[test]
fn podman_pulls_over_https_what_it_pushed_as_a_list() {
    goes_in_and_comes_out(Wire::Https);
}

#[test]
fn podman_takes_no_certificate_of_an_authority_it_does_not_trust() {
    let server = Wire::Https.server(&[]);
    let store = Store::new(&server, "podman");
    store.log_in(&server.password()).checked();
    let name = format!("{}/team/app:v1", server.authority());
    let said = store.command(&["pull", &name]).refused();
    assert!(said.contains(UNTRUSTED), "{said}");
}

#[test]
fn podman_is_refused_in_its_own_words() {
    let server = Wire::Http.server(&["team/app"]);
    let store = Store::new(&server, "podman");
    let said = store.log_in("wrong").refused();
    assert!(said.contains("invalid username/password"), "{said}");

    make_list(&store);
    let push = ["manifest", "push", "--all"];
    let target = |name: &str| format!("docker://{}/{name}", server.authority());
    let said = store
        .remote(&push)
        .arg("localhost/list")
        .arg(target("team/app:v1"))
        .refused();
    assert!(said.contains("authentication required"), "{said}");

    store.log_in(&server.password()).checked();
    let said = store
        .remote(&push)
        .arg("localhost/list")
        .arg(target("absent/app:v1"))
        .refused();
    assert!(said.contains(&format!("name unknown: {ABSENT}")), "{said}");

    let said = store
        .remote_image(&["pull"])
        .arg(target("team/app:v1"))
        .refused();
    assert!(
        said.contains("manifest unknown: Requested image not found"),
        "{said}"
    );
    assert!(described_digests(&server, "team/app").is_empty());
}
