use wharf_wire::oci::Digest;

use super::*;
use crate::uploads::tests::fixture::Fixture;

const MANIFEST: &[u8] =
    br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

fn asked(ctx: &Ctx, tags: &[&str], bytes: &'static [u8], digest: Option<Digest>) -> Vec<String> {
    let put = Put {
        tags: tags.iter().map(|it| ImageTag::parse(it).unwrap()).collect(),
        digest,
        bytes: Bytes::from_static(bytes),
        media_type: Some("announced/type".to_owned()),
    };
    let manifest = Manifest::parse(bytes, None).ok();
    let resource = ctx.repository(&RepositoryName::parse("team/app").unwrap());
    let asked = about_image(ctx, &resource, &put, manifest.as_ref());
    // The keys are the gate's own: what they are is read from how they are told.
    asked.iter().map(|it| format!("{it:?}")).collect()
}

fn key(asked: &str, name: &str) -> Option<String> {
    let (_, rest) = asked.split_once(&format!("name: \"wharfinger:{name}\", values: [\""))?;
    Some(rest.split('"').next()?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tag_is_asked_about_by_itself_with_the_manifests_own_digest_and_type() {
    let fixture = Fixture::open().await;
    let ctx = fixture.ctx();
    let digest = Digest::of(MANIFEST);
    let tagged = asked(&ctx, &["a", "b"], MANIFEST, None);
    let told: Vec<_> = tagged.iter().map(|it| key(it, "ImageTag")).collect();
    assert_eq!(told, [Some("a".to_owned()), Some("b".to_owned())]);
    // A digest of another algorithm is what the client says; the key is always sha256.
    let other = Digest::with(wharf_wire::oci::Algorithm::Sha512, MANIFEST);
    let untagged = asked(&ctx, &[], MANIFEST, Some(other));
    assert_eq!(untagged.len(), 1);
    for asked in tagged.iter().chain(&untagged) {
        assert_eq!(key(asked, "ImageDigest").as_deref(), Some(digest.as_str()));
        let media_type = key(asked, "MediaType");
        let own = "application/vnd.oci.image.index.v1+json";
        assert_eq!(media_type.as_deref(), Some(own));
    }
    assert_eq!(key(&untagged[0], "ImageTag"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_manifest_have_the_announced_type_and_no_digest() {
    let fixture = Fixture::open().await;
    let broken = asked(&fixture.ctx(), &["a"], b"{", Some(Digest::of(b"{")));
    assert_eq!(broken.len(), 1);
    assert_eq!(key(&broken[0], "ImageDigest"), None);
    let media_type = key(&broken[0], "MediaType");
    assert_eq!(media_type.as_deref(), Some("announced/type"));
    assert_eq!(key(&broken[0], "ImageTag").as_deref(), Some("a"));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_ecr_there_are_no_keys_of_pushes() {
    let fixture = Fixture::open_strict().await;
    let plain = asked(&fixture.ctx(), &["a", "b"], MANIFEST, None);
    assert_eq!(plain.len(), 1);
    assert!(plain[0].contains("keys: []"), "{}", plain[0]);
}
