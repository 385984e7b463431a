use std::collections::BTreeSet;

use super::*;
use crate::awsjson::{Timestamp, encode};

/// Typed by hand from the API reference, so that a generator that loses one is noticed.
const ALL: &str = "BatchCheckLayerAvailability BatchDeleteImage BatchGetImage \
    BatchGetRepositoryScanningConfiguration CompleteLayerUpload CreatePullThroughCacheRule CreateRepository \
    CreateRepositoryCreationTemplate DeleteLifecyclePolicy DeletePullThroughCacheRule DeleteRegistryPolicy \
    DeleteRepository DeleteRepositoryCreationTemplate DeleteRepositoryPolicy DeleteSigningConfiguration \
    DeregisterPullTimeUpdateExclusion DescribeImageReplicationStatus DescribeImageScanFindings \
    DescribeImageSigningStatus DescribeImages DescribePullThroughCacheRules DescribeRegistry DescribeRepositories \
    DescribeRepositoryCreationTemplates GetAccountSetting GetAuthorizationToken GetDownloadUrlForLayer \
    GetLifecyclePolicy GetLifecyclePolicyPreview GetRegistryPolicy GetRegistryScanningConfiguration \
    GetRepositoryPolicy GetSigningConfiguration InitiateLayerUpload ListImageReferrers ListImages \
    ListPullTimeUpdateExclusions ListTagsForResource PutAccountSetting PutImage PutImageScanningConfiguration \
    PutImageTagMutability PutLifecyclePolicy PutRegistryPolicy PutRegistryScanningConfiguration \
    PutReplicationConfiguration PutSigningConfiguration RegisterPullTimeUpdateExclusion SetRepositoryPolicy \
    StartImageScan StartLifecyclePolicyPreview TagResource UntagResource UpdateImageStorageClass \
    UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate UploadLayerPart ValidatePullThroughCacheRule";

#[test]
fn all_58_operations_exist_and_read_requests() {
    let all: BTreeSet<&str> = ALL.split_whitespace().collect();
    assert_eq!(all.len(), 58);
    assert_eq!(OPERATIONS.iter().copied().collect::<BTreeSet<_>>(), all);
    let decoders: BTreeSet<&str> = DECODERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(decoders, all);
}

#[test]
fn the_exceptions_of_every_operation_are_exceptions_of_the_model() {
    assert_eq!(EXCEPTIONS.len(), 47);
    assert_eq!(OPERATION_EXCEPTIONS.len(), 58);
    for (operation, exceptions) in OPERATION_EXCEPTIONS {
        assert!(exceptions.contains(&"ServerException"), "{operation}");
        for exception in *exceptions {
            assert!(EXCEPTIONS.contains(exception), "{operation}: {exception}");
        }
    }
}

#[test]
fn every_value_of_an_enum_is_read_and_written_alike() {
    assert_eq!(UpstreamRegistry::VALUES.len(), 9);
    for value in UpstreamRegistry::VALUES {
        let registry = UpstreamRegistry::parse(value).expect("known");
        assert_eq!(registry.as_str(), *value);
        assert_eq!(
            serde_json::to_string(&registry).expect("text"),
            format!("{value:?}")
        );
    }
    assert_eq!(UpstreamRegistry::parse("Quay"), None);
}

#[test]
fn a_response_leaves_out_what_is_absent() {
    assert_eq!(encode(&TagResourceResponse {}), b"{}");
    assert_eq!(encode(&DescribeRepositoriesResponse::default()), b"{}");
    let response = ListTagsForResourceResponse {
        tags: Some(vec![Tag {
            key: "team".to_owned(),
            value: String::new(),
        }]),
    };
    assert_eq!(
        encode(&response),
        br#"{"tags":[{"Key":"team","Value":""}]}"#
    );
}

#[test]
fn a_response_writes_times_and_enums_as_ecr_does() {
    let response = CreateRepositoryResponse {
        repository: Some(Repository {
            created_at: Some(Timestamp::from_micros(1_563_223_656_123_999)),
            image_tag_mutability: Some(ImageTagMutability::Immutable),
            ..Repository::default()
        }),
    };
    assert_eq!(
        String::from_utf8(encode(&response)).expect("text"),
        r#"{"repository":{"createdAt":1563223656.123,"imageTagMutability":"IMMUTABLE"}}"#
    );
}

#[test]
fn debug_output_hides_the_token() {
    let data = AuthorizationData {
        authorization_token: Some("hidden".to_owned()),
        ..AuthorizationData::default()
    };
    let response = GetAuthorizationTokenResponse {
        authorization_data: Some(vec![data]),
    };
    assert!(!format!("{response:?}").contains("hidden"));
}
