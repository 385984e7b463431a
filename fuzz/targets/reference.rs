//! Names: what parses is rendered as it was written, keeps to the published pattern, and is no path.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use regex_lite::Regex;
use wharf_wire::ids::{
    AccountId, ImageTag, Region, RepositoryName, UploadId, parse_repository_arn,
};
use wharf_wire::oci::{Digest, Reference};

/// A pattern of the specifications, on one whole text.
fn pattern(text: &str) -> Regex {
    Regex::new(&format!("^(?:{text})$")).expect("a pattern")
}

static TAG: LazyLock<Regex> = LazyLock::new(|| pattern("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"));
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| pattern("sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}"));
static COMPONENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"));
static UPLOAD: LazyLock<Regex> =
    LazyLock::new(|| pattern("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));

fuzz_target!(|text: &str| {
    let digest = Digest::parse(text);
    assert_eq!(digest.is_ok(), DIGEST.is_match(text));
    if let Ok(digest) = &digest {
        assert_eq!(digest.to_string(), text);
        assert_eq!(
            format!("{}:{}", digest.algorithm().as_str(), digest.hex()),
            text
        );
        assert_eq!(digest.hex().len(), digest.algorithm().hex_len());
        assert_eq!(&Digest::parse(digest.as_str()), &Ok(digest.clone()));
    }

    let tag = ImageTag::parse(text);
    assert_eq!(tag.is_ok(), TAG.is_match(text));
    if let Ok(tag) = &tag {
        assert_eq!(tag.to_string(), text);
    }

    match Reference::parse(text) {
        Ok(Reference::Tag(its)) => assert_eq!(Ok(its), tag),
        Ok(Reference::Digest(its)) => assert_eq!(Ok(its), digest),
        Err(_) => assert!(tag.is_err() && digest.is_err()),
    }
    if let Ok(reference) = Reference::parse(text) {
        assert_eq!(reference.to_string(), text);
        assert!(!text.contains('/') && text != "." && text != "..");
    }

    let name = RepositoryName::parse(text);
    let well_formed = text.split('/').all(|part| COMPONENT.is_match(part));
    assert_eq!(name.is_ok(), well_formed && (2..=256).contains(&text.len()));
    if let Ok(name) = name {
        assert_eq!(name.to_string(), text);
        assert!(text.split('/').all(|part| part != "." && part != ".."));
    }

    assert_eq!(UploadId::parse(text).is_ok(), UPLOAD.is_match(text));
    if let Ok(account) = AccountId::parse(text) {
        assert_eq!(account.to_string(), text);
    }
    if let Ok(region) = Region::parse(text) {
        assert_eq!(region.to_string(), text);
    }
    if let Ok(arn) = parse_repository_arn(text) {
        assert_eq!(arn.to_string(), text);
    }
});
