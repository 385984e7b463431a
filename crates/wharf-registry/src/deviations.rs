//! Every intended difference from ECR, one line each: id, page in docs/deviations.md, and what it says.
//!
//! The code that differs names its line, so that a reader of either finds the other.

use crate::Compat;

/// In which modes a line is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In `extended` only: `strict` does as ECR.
    Extended,
    /// In both modes: what ECR does cannot be had yet, or would harm.
    Both,
    /// In neither: both modes do as ECR, oddity or not.
    Nowhere,
}

/// One intended difference, or an oddity of ECR that is kept on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Stable name; the heading in docs/deviations.md.
    pub id: &'static str,
    /// Where it is in force.
    pub holds: Where,
    /// What differs, in one sentence.
    pub says: &'static str,
}

impl Deviation {
    /// Whether this registry differs from ECR here.
    pub fn applies(self, compat: Compat) -> bool {
        match self.holds {
            Where::Extended => compat == Compat::Extended,
            Where::Both => true,
            Where::Nowhere => false,
        }
    }
}

macro_rules! deviations {
    ($($name:ident = $id:literal, $holds:ident, $says:literal;)*) => {
        $(#[doc = $says] pub const $name: Deviation = Deviation { id: $id, holds: Where::$holds, says: $says };)*
        /// All of them, in the order of the page.
        pub const ALL: &[Deviation] = &[$($name),*];
    };
}

deviations! {
    OCI_STATUS = "oci-status", Extended, "The registry protocol answers with OCI's own status and code, and ECR's text: an invalid parameter is 400, not 405.";
    BAD_TAG = "bad-tag-404", Extended, "A tag that cannot be one is not found when it is asked for; ECR answers 400.";
    PATCH_202 = "patch-202", Extended, "PATCH of an upload answers 202 as the OCI text says; ECR answers 201.";
    RANGE_ADVANCES = "range-advances", Extended, "`Range` of an upload tells every byte received; ECR's stops after the second chunk.";
    BLOB_200 = "blob-200", Extended, "GET of a blob answers 200 with the bytes; ECR redirects to a presigned object URL.";
    URL_ENDS = "url-ends", Both, "A presigned URL of a layer ends early with the access key that asked for it, its permission, and the repository's link to the layer; ECR's goes on for its hour.";
    BLOB_DELETE = "blob-delete", Extended, "A blob that no image holds can be deleted; ECR answers 405.";
    MOUNT = "mount", Extended, "Layers are mounted from one repository to another; ECR does so only where an account setting allows it.";
    SHA512 = "sha512", Extended, "Content may be named by sha512 as well; ECR takes sha256 only.";
    MANY_TAGS = "many-tags", Extended, "Several `tag` parameters of one manifest PUT point several tags to it, all or none; ECR knows none.";
    DENIED_REQUEST_ID = "denied-request-id", Extended, "A refusal on the registry protocol ends with the request id in parentheses.";
    PUSH_KEYS = "push-keys", Extended, "Policies about ecr:PutImage may ask for wharfinger:ImageTag, wharfinger:ImageDigest and wharfinger:MediaType; ECR has no such keys.";
    OIDC_PORT = "oidc-port", Extended, "The URL of an identity provider may name a port; IAM takes 443 alone.";
    LOCK_OUT = "lock-out", Both, "A repository policy that would keep the caller from setting another is refused without `force`, in words of our own; an account's root can always delete its registry's.";
    SAME_DIGEST_REPUSH = "same-digest-repush", Extended, "Pushing an immutable tag again with the same digest succeeds on the registry protocol; the API refuses it as ECR does.";
    TAG_128 = "tag-128", Both, "Tags are at most 128 characters on both planes; ECR's model allows 300 in the API.";
    NO_CONVERSION = "no-conversion", Extended, "Manifests are never converted: the stored form is answered whatever the accepted media types.";
    CONTENT_DIGEST = "content-digest", Both, "Every answer with a manifest names its digest; ECR's GET has been seen without.";
    ARTIFACTS = "artifacts", Both, "Every well-formed OCI 1.1 artifact manifest is taken; ECR has refused some.";
    TAGS_JSON = "tags-json", Extended, "tags/list and _catalog answer application/json, page by name and clamp `n`, as the OCI text says.";
    RELATIVE_LOCATION = "relative-location", Extended, "Location and Link headers are relative, so that they work behind any proxy.";
    DELETE_TAG = "delete-tag", Extended, "Over the registry protocol DELETE of a tag removes the tag alone; the API removes the image with its last tag.";
    MANIFEST_REASON = "manifest-reason", Extended, "A refused manifest is told what is wrong with it; ECR says `Invalid JSON syntax` of every one.";
    CHILDREN_FOLLOW_INDEX = "children-follow-index", Extended, "Untagged members of an index that was deleted follow it a day later; ECR leaves them.";
    EXPIRED_403 = "expired-403", Nowhere, "An expired token is 403, not 401.";
    BASIC_ONLY = "basic-only", Nowhere, "Tokens are HTTP Basic passwords of one region; there is no Bearer flow and no anonymous pull.";
    CREATE_ONCE = "create-once", Nowhere, "CreateRepository of a name that exists is an error, also when nothing differs.";
    PUT_IMAGE_REPEAT = "put-image-repeat", Nowhere, "PutImage of what is there is an error; the same push over the registry protocol succeeds.";
    LAST_TAG = "last-tag", Nowhere, "BatchDeleteImage of the last tag removes the image; a push that moves that tag leaves it untagged.";
    IMMUTABLE_DELETE = "immutable-delete", Nowhere, "An immutable tag can be deleted, and pushed anew with other content.";
    DESCRIBE_PLAIN = "describe-plain", Nowhere, "DescribeImages neither sorts nor filters by date, size or pattern.";
    DESCRIBE_WHOLE = "describe-whole", Nowhere, "DescribeImages fails as a whole on one unknown id; BatchGetImage tells each failure.";
    ENCRYPTION_FIXED = "encryption-fixed", Nowhere, "A repository's encryption cannot be changed.";
    NO_RENAME = "no-rename", Nowhere, "Repositories cannot be renamed; images have no resource tags.";
    NO_LISTING = "no-listing", Nowhere, "The API lists neither uploads nor layers; removing a tag may remove the image.";
    UPLOAD_PLANES = "upload-planes", Both, "An upload begun by one protocol may go on by the other; each request keeps the rules of its own.";
    LAYER_MEDIA_TYPE = "layer-media-type", Both, "BatchCheckLayerAvailability tells a layer's media type once a manifest has given it one.";
    FIRST_PART = "first-part", Both, "`InvalidLayerPartException` leaves `lastValidByteReceived` out while no byte was received.";
    ARCHIVE_LATER = "archive-later", Both, "Nothing can be archived until storage classes are built.";
    SCANNING_LATER = "scanning-later", Both, "Scanning operations are refused until scanning is built.";
    POLICIES_LATER = "policies-later", Both, "Lifecycle policies are refused until they are built.";
    PAGE_CAPS_LATER = "page-caps-later", Both, "`GetLifecyclePolicyPreview` and other operations with small pages are refused until they are built.";
    KMS_LATER = "kms-later", Both, "`KMS` and `KMS_DSSE` repositories are refused with KmsException until KMS is built.";
    RATES_LATER = "rates-later", Both, "Request rates are not limited.";
    IMAGE_COUNT = "image-count", Both, "The quota of 100,000 images a repository and 100,000 repositories a registry is not enforced.";
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
