//! Every intended difference from ECR, one line each: id, page in docs/deviations.md, and what it says.
//!
//! The code that differs names its line, so that a reader of either finds the other.

/// One intended difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Stable name; the heading in docs/deviations.md.
    pub id: &'static str,
    /// What differs, in one sentence.
    pub says: &'static str,
}

macro_rules! deviations {
    ($($name:ident = $id:literal, $says:literal;)*) => {
        $(#[doc = $says] pub const $name: Deviation = Deviation { id: $id, says: $says };)*
        /// All of them, in the order of the page.
        pub const ALL: &[Deviation] = &[$($name),*];
    };
}

deviations! {
    OCI_STATUS = "oci-status", "The registry protocol answers with OCI's own status and code, and ECR's text: an invalid parameter is 400, not 405.";
    PATCH_202 = "patch-202", "PATCH of an upload answers 202 as the OCI text says; ECR answers 201.";
    BLOB_200 = "blob-200", "GET of a blob answers 200 with the bytes; ECR redirects to a presigned object URL.";
    DENIED_REQUEST_ID = "denied-request-id", "A refusal on the registry protocol ends with the request id in parentheses.";
    SAME_DIGEST_REPUSH = "same-digest-repush", "Pushing an immutable tag again with the same digest succeeds on the registry protocol; the API refuses it as ECR does.";
    TAG_128 = "tag-128", "Tags are at most 128 characters on both planes; ECR's model allows 300 in the API.";
    NO_CONVERSION = "no-conversion", "Manifests are never converted: the stored form is answered whatever the accepted media types.";
    TAGS_JSON = "tags-json", "tags/list answers application/json and pages by tag name, as the OCI text says.";
    RELATIVE_LOCATION = "relative-location", "Location and Link headers are relative, so that they work behind any proxy.";
    DELETE_TAG = "delete-tag", "Over the registry protocol DELETE of a tag removes the tag alone; the API removes the image with its last tag.";
    MANIFEST_REASON = "manifest-reason", "A refused manifest is told what is wrong with it; ECR says `Invalid JSON syntax` of every one.";
    KMS_LATER = "kms-later", "`KMS` and `KMS_DSSE` repositories are refused with KmsException until KMS is built.";
    EXCLUSION_LATER = "exclusion-later", "The mutability modes with exclusion filters are refused until they are built.";
    SHA256_ONLY = "sha256-only", "Digests of another algorithm than sha256 are refused until the OCI 1.1 work.";
    MOUNT_LATER = "mount-later", "A mount request answers 202, an ordinary upload, until mounting is built.";
    IMAGE_COUNT = "image-count", "The quota of 100,000 images a repository and 100,000 repositories a registry is not enforced.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_has_its_section_in_the_docs_and_no_section_is_left_over() {
        let page = include_str!("../../../docs/deviations.md");
        let sections: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        let ids: Vec<&str> = ALL.iter().map(|deviation| deviation.id).collect();
        assert_eq!(sections, ids);
    }
}
