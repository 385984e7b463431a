//! buildah: builds from scratch, pushes, pulls by tag and by digest.

use super::containers::Store;
use super::{ABSENT, UNTRUSTED, Wire, described_digests, described_tag};
use crate::support::images::noise;
use crate::support::tools::Checked as _;

fn goes_in_and_comes_out(wire: Wire) {
    let server = wire.server(&["team/app"]);
    let store = Store::new(&server, "buildah");
    let said = store.log_in(&server.password()).checked();
    assert!(said.contains("Login Succeeded"), "{said}");
    let name = format!("{}/team/app", server.authority());
    let tagged = format!("{name}:v1");
    let content = noise(11, 2_000_000);
    store.build(&content, &[], &tagged);
    let id = store.id(&tagged);

    let digest_file = store.home().join("digest");
    let mut push = store.remote_image(&["push"]);
    push.arg("--digestfile").arg(&digest_file).arg(&tagged);
    push.checked();
    let digest = std::fs::read_to_string(digest_file).expect("a digest");
    let image = described_tag(&server, "team/app", "v1");
    assert_eq!(image["imageDigest"], digest.as_str());
    assert_eq!(described_digests(&server, "team/app").concat(), digest);

    for reference in [tagged, format!("{name}@{digest}")] {
        store.forget_images();
        let pulled = store
            .remote_image(&["pull", "--quiet"])
            .arg(&reference)
            .checked();
        assert_eq!(pulled.trim(), id);
        let mut from = store.command(&["from", "--pull-never", "--quiet"]);
        from.arg("--signature-policy").arg(store.policy());
        let container = from.arg(&reference).checked();
        let root = store.command(&["mount", container.trim()]).checked();
        let file = std::path::Path::new(root.trim()).join("file");
        assert!(std::fs::read(file).expect("the file") == content);
        store.command(&["umount", container.trim()]).checked();
        store.command(&["rm", container.trim()]).checked();
    }
}

#[test]
fn buildah_pulls_by_tag_and_by_digest_what_it_pushed() {
    goes_in_and_comes_out(Wire::Http);
}

#[test]
fn buildah_pulls_over_https_what_it_pushed() {
    goes_in_and_comes_out(Wire::Https);
}

#[test]
fn buildah_takes_no_certificate_of_an_authority_it_does_not_trust() {
    let server = Wire::Https.server(&["team/app"]);
    let store = Store::new(&server, "buildah");
    store.log_in(&server.password()).checked();
    let name = format!("{}/team/app:v1", server.authority());
    let said = store.command(&["pull", &name]).refused();
    assert!(said.contains(UNTRUSTED), "{said}");
}

#[test]
fn buildah_is_refused_in_its_own_words() {
    let server = Wire::Http.server(&["team/app"]);
    let store = Store::new(&server, "buildah");
    let said = store.log_in("wrong").refused();
    assert!(said.contains("invalid username/password"), "{said}");

    store.build(b"content", &[], "localhost/app");
    let target = |name: &str| format!("docker://{}/{name}", server.authority());
    let mut push = store.remote_image(&["push", "--creds", "AWS:wrong"]);
    let said = push
        .arg("localhost/app")
        .arg(target("team/app:v1"))
        .refused();
    assert!(
        said.contains("unauthorized: authentication required"),
        "{said}"
    );

    store.log_in(&server.password()).checked();
    let mut push = store.remote_image(&["push"]);
    let said = push
        .arg("localhost/app")
        .arg(target("absent/app:v1"))
        .refused();
    assert!(said.contains(&format!("name unknown: {ABSENT}")), "{said}");

    let said = store
        .remote_image(&["pull"])
        .arg(target("team/app:absent"))
        .refused();
    assert!(
        said.contains("manifest unknown: Requested image not found"),
        "{said}"
    );
    assert!(described_digests(&server, "team/app").is_empty());
}
