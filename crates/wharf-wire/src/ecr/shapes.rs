//! GENERATED.
use crate::awsjson::{Member, Shape};

string_enum!(ArtifactStatus { Active = "ACTIVE", Archived = "ARCHIVED", Activating = "ACTIVATING", });

string_enum!(ArtifactStatusFilter { Active = "ACTIVE", Archived = "ARCHIVED", Activating = "ACTIVATING", Any = "ANY", });

string_enum!(EncryptionType { Aes256 = "AES256", Kms = "KMS", KmsDsse = "KMS_DSSE", });

string_enum!(FindingSeverity { Informational = "INFORMATIONAL", Low = "LOW", Medium = "MEDIUM", High = "HIGH", Critical = "CRITICAL", Undefined = "UNDEFINED", });

string_enum!(ImageActionType { Expire = "EXPIRE", Transition = "TRANSITION", });

string_enum!(ImageFailureCode { InvalidImageDigest = "InvalidImageDigest", InvalidImageTag = "InvalidImageTag", ImageTagDoesNotMatchDigest = "ImageTagDoesNotMatchDigest", ImageNotFound = "ImageNotFound", MissingDigestAndTag = "MissingDigestAndTag", ImageReferencedByManifestList = "ImageReferencedByManifestList", KmsError = "KmsError", UpstreamAccessDenied = "UpstreamAccessDenied", UpstreamTooManyRequests = "UpstreamTooManyRequests", UpstreamUnavailable = "UpstreamUnavailable", ImageInaccessible = "ImageInaccessible", });

string_enum!(ImageStatus { Active = "ACTIVE", Archived = "ARCHIVED", Activating = "ACTIVATING", });

string_enum!(ImageStatusFilter { Active = "ACTIVE", Archived = "ARCHIVED", Activating = "ACTIVATING", Any = "ANY", });

string_enum!(ImageTagMutability { Mutable = "MUTABLE", Immutable = "IMMUTABLE", ImmutableWithExclusion = "IMMUTABLE_WITH_EXCLUSION", MutableWithExclusion = "MUTABLE_WITH_EXCLUSION", });

string_enum!(ImageTagMutabilityExclusionFilterType { Wildcard = "WILDCARD", });

string_enum!(LayerAvailability { Available = "AVAILABLE", Unavailable = "UNAVAILABLE", Archived = "ARCHIVED", });

string_enum!(LayerFailureCode { InvalidLayerDigest = "InvalidLayerDigest", MissingLayerDigest = "MissingLayerDigest", });

string_enum!(LifecyclePolicyPreviewStatus { InProgress = "IN_PROGRESS", Complete = "COMPLETE", Expired = "EXPIRED", Failed = "FAILED", });

string_enum!(LifecyclePolicyStorageClass { Archive = "ARCHIVE", Standard = "STANDARD", });

string_enum!(LifecyclePolicyTargetStorageClass { Archive = "ARCHIVE", });

string_enum!(RCTAppliedFor { Replication = "REPLICATION", PullThroughCache = "PULL_THROUGH_CACHE", CreateOnPush = "CREATE_ON_PUSH", });

string_enum!(ReplicationStatus { InProgress = "IN_PROGRESS", Complete = "COMPLETE", Failed = "FAILED", });

string_enum!(RepositoryFilterType { PrefixMatch = "PREFIX_MATCH", });

string_enum!(ScanFrequency { ScanOnPush = "SCAN_ON_PUSH", ContinuousScan = "CONTINUOUS_SCAN", Manual = "MANUAL", });

string_enum!(ScanStatus { InProgress = "IN_PROGRESS", Complete = "COMPLETE", Failed = "FAILED", UnsupportedImage = "UNSUPPORTED_IMAGE", Active = "ACTIVE", Pending = "PENDING", ScanEligibilityExpired = "SCAN_ELIGIBILITY_EXPIRED", FindingsUnavailable = "FINDINGS_UNAVAILABLE", LimitExceeded = "LIMIT_EXCEEDED", ImageArchived = "IMAGE_ARCHIVED", });

string_enum!(ScanType { Basic = "BASIC", Enhanced = "ENHANCED", });

string_enum!(ScanningConfigurationFailureCode { RepositoryNotFound = "REPOSITORY_NOT_FOUND", });

string_enum!(ScanningRepositoryFilterType { Wildcard = "WILDCARD", });

string_enum!(SigningRepositoryFilterType { WildcardMatch = "WILDCARD_MATCH", });

string_enum!(SigningStatus { InProgress = "IN_PROGRESS", Complete = "COMPLETE", Failed = "FAILED", });

string_enum!(TagStatus { Tagged = "TAGGED", Untagged = "UNTAGGED", Any = "ANY", });

string_enum!(TargetStorageClass { Standard = "STANDARD", Archive = "ARCHIVE", });

string_enum!(UpstreamRegistry { Ecr = "ecr", EcrPublic = "ecr-public", Quay = "quay", K8s = "k8s", DockerHub = "docker-hub", GithubContainerRegistry = "github-container-registry", AzureContainerRegistry = "azure-container-registry", GitlabContainerRegistry = "gitlab-container-registry", Chainguard = "chainguard", });

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Attribute {
    #[serde(rename = "key")] pub key: String,
    #[serde(rename = "value", skip_serializing_if = "Option::is_none")] pub value: Option<String>,
}

#[derive(Clone, PartialEq, serde::Serialize, Default)]
pub struct AuthorizationData {
    #[serde(rename = "authorizationToken", skip_serializing_if = "Option::is_none")] pub authorization_token: Option<String>,
    #[serde(rename = "expiresAt", skip_serializing_if = "Option::is_none")] pub expires_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "proxyEndpoint", skip_serializing_if = "Option::is_none")] pub proxy_endpoint: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct AwsEcrContainerImageDetails {
    #[serde(rename = "architecture", skip_serializing_if = "Option::is_none")] pub architecture: Option<String>,
    #[serde(rename = "author", skip_serializing_if = "Option::is_none")] pub author: Option<String>,
    #[serde(rename = "imageHash", skip_serializing_if = "Option::is_none")] pub image_hash: Option<String>,
    #[serde(rename = "imageTags", skip_serializing_if = "Option::is_none")] pub image_tags: Option<Vec<String>>,
    #[serde(rename = "platform", skip_serializing_if = "Option::is_none")] pub platform: Option<String>,
    #[serde(rename = "pushedAt", skip_serializing_if = "Option::is_none")] pub pushed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "lastInUseAt", skip_serializing_if = "Option::is_none")] pub last_in_use_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "inUseCount", skip_serializing_if = "Option::is_none")] pub in_use_count: Option<i64>,
    #[serde(rename = "registry", skip_serializing_if = "Option::is_none")] pub registry: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct BatchCheckLayerAvailabilityRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "layerDigests")] pub layer_digests: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct BatchCheckLayerAvailabilityResponse {
    #[serde(rename = "layers", skip_serializing_if = "Option::is_none")] pub layers: Option<Vec<Layer>>,
    #[serde(rename = "failures", skip_serializing_if = "Option::is_none")] pub failures: Option<Vec<LayerFailure>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct BatchDeleteImageRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageIds")] pub image_ids: Vec<ImageIdentifier>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct BatchDeleteImageResponse {
    #[serde(rename = "imageIds", skip_serializing_if = "Option::is_none")] pub image_ids: Option<Vec<ImageIdentifier>>,
    #[serde(rename = "failures", skip_serializing_if = "Option::is_none")] pub failures: Option<Vec<ImageFailure>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct BatchGetImageRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageIds")] pub image_ids: Vec<ImageIdentifier>,
    #[serde(rename = "acceptedMediaTypes", default)] pub accepted_media_types: Option<Vec<String>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct BatchGetImageResponse {
    #[serde(rename = "images", skip_serializing_if = "Option::is_none")] pub images: Option<Vec<Image>>,
    #[serde(rename = "failures", skip_serializing_if = "Option::is_none")] pub failures: Option<Vec<ImageFailure>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct BatchGetRepositoryScanningConfigurationRequest {
    #[serde(rename = "repositoryNames")] pub repository_names: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct BatchGetRepositoryScanningConfigurationResponse {
    #[serde(rename = "scanningConfigurations", skip_serializing_if = "Option::is_none")] pub scanning_configurations: Option<Vec<RepositoryScanningConfiguration>>,
    #[serde(rename = "failures", skip_serializing_if = "Option::is_none")] pub failures: Option<Vec<RepositoryScanningConfigurationFailure>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct CompleteLayerUploadRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "uploadId")] pub upload_id: String,
    #[serde(rename = "layerDigests")] pub layer_digests: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CompleteLayerUploadResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "uploadId", skip_serializing_if = "Option::is_none")] pub upload_id: Option<String>,
    #[serde(rename = "layerDigest", skip_serializing_if = "Option::is_none")] pub layer_digest: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct CreatePullThroughCacheRuleRequest {
    #[serde(rename = "ecrRepositoryPrefix")] pub ecr_repository_prefix: String,
    #[serde(rename = "upstreamRegistryUrl")] pub upstream_registry_url: String,
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "upstreamRegistry", default)] pub upstream_registry: Option<UpstreamRegistry>,
    #[serde(rename = "credentialArn", default)] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", default)] pub custom_role_arn: Option<String>,
    #[serde(rename = "upstreamRepositoryPrefix", default)] pub upstream_repository_prefix: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CreatePullThroughCacheRuleResponse {
    #[serde(rename = "ecrRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub ecr_repository_prefix: Option<String>,
    #[serde(rename = "upstreamRegistryUrl", skip_serializing_if = "Option::is_none")] pub upstream_registry_url: Option<String>,
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")] pub created_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "upstreamRegistry", skip_serializing_if = "Option::is_none")] pub upstream_registry: Option<UpstreamRegistry>,
    #[serde(rename = "credentialArn", skip_serializing_if = "Option::is_none")] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", skip_serializing_if = "Option::is_none")] pub custom_role_arn: Option<String>,
    #[serde(rename = "upstreamRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub upstream_repository_prefix: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct CreateRepositoryCreationTemplateRequest {
    #[serde(rename = "prefix")] pub prefix: String,
    #[serde(rename = "description", default)] pub description: Option<String>,
    #[serde(rename = "encryptionConfiguration", default)] pub encryption_configuration: Option<EncryptionConfigurationForRepositoryCreationTemplate>,
    #[serde(rename = "resourceTags", default)] pub resource_tags: Option<Vec<Tag>>,
    #[serde(rename = "imageTagMutability", default)] pub image_tag_mutability: Option<ImageTagMutability>,
    #[serde(rename = "imageTagMutabilityExclusionFilters", default)] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
    #[serde(rename = "repositoryPolicy", default)] pub repository_policy: Option<String>,
    #[serde(rename = "lifecyclePolicy", default)] pub lifecycle_policy: Option<String>,
    #[serde(rename = "appliedFor")] pub applied_for: Vec<RCTAppliedFor>,
    #[serde(rename = "customRoleArn", default)] pub custom_role_arn: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CreateRepositoryCreationTemplateResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryCreationTemplate", skip_serializing_if = "Option::is_none")] pub repository_creation_template: Option<RepositoryCreationTemplate>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct CreateRepositoryRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "tags", default)] pub tags: Option<Vec<Tag>>,
    #[serde(rename = "imageTagMutability", default)] pub image_tag_mutability: Option<ImageTagMutability>,
    #[serde(rename = "imageTagMutabilityExclusionFilters", default)] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
    #[serde(rename = "imageScanningConfiguration", default)] pub image_scanning_configuration: Option<ImageScanningConfiguration>,
    #[serde(rename = "encryptionConfiguration", default)] pub encryption_configuration: Option<EncryptionConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CreateRepositoryResponse {
    #[serde(rename = "repository", skip_serializing_if = "Option::is_none")] pub repository: Option<Repository>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CvssScore {
    #[serde(rename = "baseScore", skip_serializing_if = "Option::is_none")] pub base_score: Option<f64>,
    #[serde(rename = "scoringVector", skip_serializing_if = "Option::is_none")] pub scoring_vector: Option<String>,
    #[serde(rename = "source", skip_serializing_if = "Option::is_none")] pub source: Option<String>,
    #[serde(rename = "version", skip_serializing_if = "Option::is_none")] pub version: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CvssScoreAdjustment {
    #[serde(rename = "metric", skip_serializing_if = "Option::is_none")] pub metric: Option<String>,
    #[serde(rename = "reason", skip_serializing_if = "Option::is_none")] pub reason: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct CvssScoreDetails {
    #[serde(rename = "adjustments", skip_serializing_if = "Option::is_none")] pub adjustments: Option<Vec<CvssScoreAdjustment>>,
    #[serde(rename = "score", skip_serializing_if = "Option::is_none")] pub score: Option<f64>,
    #[serde(rename = "scoreSource", skip_serializing_if = "Option::is_none")] pub score_source: Option<String>,
    #[serde(rename = "scoringVector", skip_serializing_if = "Option::is_none")] pub scoring_vector: Option<String>,
    #[serde(rename = "version", skip_serializing_if = "Option::is_none")] pub version: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeleteLifecyclePolicyRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeleteLifecyclePolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "lifecyclePolicyText", skip_serializing_if = "Option::is_none")] pub lifecycle_policy_text: Option<String>,
    #[serde(rename = "lastEvaluatedAt", skip_serializing_if = "Option::is_none")] pub last_evaluated_at: Option<crate::awsjson::Timestamp>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeletePullThroughCacheRuleRequest {
    #[serde(rename = "ecrRepositoryPrefix")] pub ecr_repository_prefix: String,
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeletePullThroughCacheRuleResponse {
    #[serde(rename = "ecrRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub ecr_repository_prefix: Option<String>,
    #[serde(rename = "upstreamRegistryUrl", skip_serializing_if = "Option::is_none")] pub upstream_registry_url: Option<String>,
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")] pub created_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "credentialArn", skip_serializing_if = "Option::is_none")] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", skip_serializing_if = "Option::is_none")] pub custom_role_arn: Option<String>,
    #[serde(rename = "upstreamRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub upstream_repository_prefix: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeleteRegistryPolicyRequest {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeleteRegistryPolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "policyText", skip_serializing_if = "Option::is_none")] pub policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeleteRepositoryCreationTemplateRequest {
    #[serde(rename = "prefix")] pub prefix: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeleteRepositoryCreationTemplateResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryCreationTemplate", skip_serializing_if = "Option::is_none")] pub repository_creation_template: Option<RepositoryCreationTemplate>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeleteRepositoryPolicyRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeleteRepositoryPolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "policyText", skip_serializing_if = "Option::is_none")] pub policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeleteRepositoryRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "force", default)] pub force: Option<bool>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeleteRepositoryResponse {
    #[serde(rename = "repository", skip_serializing_if = "Option::is_none")] pub repository: Option<Repository>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeleteSigningConfigurationRequest {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeleteSigningConfigurationResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "signingConfiguration", skip_serializing_if = "Option::is_none")] pub signing_configuration: Option<SigningConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DeregisterPullTimeUpdateExclusionRequest {
    #[serde(rename = "principalArn")] pub principal_arn: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DeregisterPullTimeUpdateExclusionResponse {
    #[serde(rename = "principalArn", skip_serializing_if = "Option::is_none")] pub principal_arn: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct DescribeImageReplicationStatusRequest {
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageId")] pub image_id: ImageIdentifier,
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeImageReplicationStatusResponse {
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "replicationStatuses", skip_serializing_if = "Option::is_none")] pub replication_statuses: Option<Vec<ImageReplicationStatus>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct DescribeImageScanFindingsRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageId")] pub image_id: ImageIdentifier,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeImageScanFindingsResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "imageScanStatus", skip_serializing_if = "Option::is_none")] pub image_scan_status: Option<ImageScanStatus>,
    #[serde(rename = "imageScanFindings", skip_serializing_if = "Option::is_none")] pub image_scan_findings: Option<ImageScanFindings>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct DescribeImageSigningStatusRequest {
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageId")] pub image_id: ImageIdentifier,
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeImageSigningStatusResponse {
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "signingStatuses", skip_serializing_if = "Option::is_none")] pub signing_statuses: Option<Vec<ImageSigningStatus>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DescribeImagesFilter {
    #[serde(rename = "tagStatus", default)] pub tag_status: Option<TagStatus>,
    #[serde(rename = "imageStatus", default)] pub image_status: Option<ImageStatusFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DescribeImagesRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageIds", default)] pub image_ids: Option<Vec<ImageIdentifier>>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
    #[serde(rename = "filter", default)] pub filter: Option<DescribeImagesFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeImagesResponse {
    #[serde(rename = "imageDetails", skip_serializing_if = "Option::is_none")] pub image_details: Option<Vec<ImageDetail>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DescribePullThroughCacheRulesRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "ecrRepositoryPrefixes", default)] pub ecr_repository_prefixes: Option<Vec<String>>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribePullThroughCacheRulesResponse {
    #[serde(rename = "pullThroughCacheRules", skip_serializing_if = "Option::is_none")] pub pull_through_cache_rules: Option<Vec<PullThroughCacheRule>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DescribeRegistryRequest {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeRegistryResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "replicationConfiguration", skip_serializing_if = "Option::is_none")] pub replication_configuration: Option<ReplicationConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DescribeRepositoriesRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryNames", default)] pub repository_names: Option<Vec<String>>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeRepositoriesResponse {
    #[serde(rename = "repositories", skip_serializing_if = "Option::is_none")] pub repositories: Option<Vec<Repository>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct DescribeRepositoryCreationTemplatesRequest {
    #[serde(rename = "prefixes", default)] pub prefixes: Option<Vec<String>>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct DescribeRepositoryCreationTemplatesResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryCreationTemplates", skip_serializing_if = "Option::is_none")] pub repository_creation_templates: Option<Vec<RepositoryCreationTemplate>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct EncryptionConfiguration {
    #[serde(rename = "encryptionType")] pub encryption_type: EncryptionType,
    #[serde(rename = "kmsKey", skip_serializing_if = "Option::is_none", default)] pub kms_key: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct EncryptionConfigurationForRepositoryCreationTemplate {
    #[serde(rename = "encryptionType")] pub encryption_type: EncryptionType,
    #[serde(rename = "kmsKey", skip_serializing_if = "Option::is_none", default)] pub kms_key: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct EnhancedImageScanFinding {
    #[serde(rename = "awsAccountId", skip_serializing_if = "Option::is_none")] pub aws_account_id: Option<String>,
    #[serde(rename = "description", skip_serializing_if = "Option::is_none")] pub description: Option<String>,
    #[serde(rename = "findingArn", skip_serializing_if = "Option::is_none")] pub finding_arn: Option<String>,
    #[serde(rename = "firstObservedAt", skip_serializing_if = "Option::is_none")] pub first_observed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "lastObservedAt", skip_serializing_if = "Option::is_none")] pub last_observed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "packageVulnerabilityDetails", skip_serializing_if = "Option::is_none")] pub package_vulnerability_details: Option<PackageVulnerabilityDetails>,
    #[serde(rename = "remediation", skip_serializing_if = "Option::is_none")] pub remediation: Option<Remediation>,
    #[serde(rename = "resources", skip_serializing_if = "Option::is_none")] pub resources: Option<Vec<Resource>>,
    #[serde(rename = "score", skip_serializing_if = "Option::is_none")] pub score: Option<f64>,
    #[serde(rename = "scoreDetails", skip_serializing_if = "Option::is_none")] pub score_details: Option<ScoreDetails>,
    #[serde(rename = "severity", skip_serializing_if = "Option::is_none")] pub severity: Option<String>,
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")] pub status: Option<String>,
    #[serde(rename = "title", skip_serializing_if = "Option::is_none")] pub title: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")] pub r#type: Option<String>,
    #[serde(rename = "updatedAt", skip_serializing_if = "Option::is_none")] pub updated_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "fixAvailable", skip_serializing_if = "Option::is_none")] pub fix_available: Option<String>,
    #[serde(rename = "exploitAvailable", skip_serializing_if = "Option::is_none")] pub exploit_available: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetAccountSettingRequest {
    #[serde(rename = "name")] pub name: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetAccountSettingResponse {
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")] pub name: Option<String>,
    #[serde(rename = "value", skip_serializing_if = "Option::is_none")] pub value: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetAuthorizationTokenRequest {
    #[serde(rename = "registryIds", default)] pub registry_ids: Option<Vec<String>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetAuthorizationTokenResponse {
    #[serde(rename = "authorizationData", skip_serializing_if = "Option::is_none")] pub authorization_data: Option<Vec<AuthorizationData>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetDownloadUrlForLayerRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "layerDigest")] pub layer_digest: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetDownloadUrlForLayerResponse {
    #[serde(rename = "downloadUrl", skip_serializing_if = "Option::is_none")] pub download_url: Option<String>,
    #[serde(rename = "layerDigest", skip_serializing_if = "Option::is_none")] pub layer_digest: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetLifecyclePolicyPreviewRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageIds", default)] pub image_ids: Option<Vec<ImageIdentifier>>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
    #[serde(rename = "filter", default)] pub filter: Option<LifecyclePolicyPreviewFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetLifecyclePolicyPreviewResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "lifecyclePolicyText", skip_serializing_if = "Option::is_none")] pub lifecycle_policy_text: Option<String>,
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")] pub status: Option<LifecyclePolicyPreviewStatus>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
    #[serde(rename = "previewResults", skip_serializing_if = "Option::is_none")] pub preview_results: Option<Vec<LifecyclePolicyPreviewResult>>,
    #[serde(rename = "summary", skip_serializing_if = "Option::is_none")] pub summary: Option<LifecyclePolicyPreviewSummary>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetLifecyclePolicyRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetLifecyclePolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "lifecyclePolicyText", skip_serializing_if = "Option::is_none")] pub lifecycle_policy_text: Option<String>,
    #[serde(rename = "lastEvaluatedAt", skip_serializing_if = "Option::is_none")] pub last_evaluated_at: Option<crate::awsjson::Timestamp>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetRegistryPolicyRequest {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetRegistryPolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "policyText", skip_serializing_if = "Option::is_none")] pub policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetRegistryScanningConfigurationRequest {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetRegistryScanningConfigurationResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "scanningConfiguration", skip_serializing_if = "Option::is_none")] pub scanning_configuration: Option<RegistryScanningConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetRepositoryPolicyRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetRepositoryPolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "policyText", skip_serializing_if = "Option::is_none")] pub policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct GetSigningConfigurationRequest {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct GetSigningConfigurationResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "signingConfiguration", skip_serializing_if = "Option::is_none")] pub signing_configuration: Option<SigningConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Image {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "imageManifest", skip_serializing_if = "Option::is_none")] pub image_manifest: Option<String>,
    #[serde(rename = "imageManifestMediaType", skip_serializing_if = "Option::is_none")] pub image_manifest_media_type: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageDetail {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageDigest", skip_serializing_if = "Option::is_none")] pub image_digest: Option<String>,
    #[serde(rename = "imageTags", skip_serializing_if = "Option::is_none")] pub image_tags: Option<Vec<String>>,
    #[serde(rename = "imageSizeInBytes", skip_serializing_if = "Option::is_none")] pub image_size_in_bytes: Option<i64>,
    #[serde(rename = "imagePushedAt", skip_serializing_if = "Option::is_none")] pub image_pushed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "imageScanStatus", skip_serializing_if = "Option::is_none")] pub image_scan_status: Option<ImageScanStatus>,
    #[serde(rename = "imageScanFindingsSummary", skip_serializing_if = "Option::is_none")] pub image_scan_findings_summary: Option<ImageScanFindingsSummary>,
    #[serde(rename = "imageManifestMediaType", skip_serializing_if = "Option::is_none")] pub image_manifest_media_type: Option<String>,
    #[serde(rename = "artifactMediaType", skip_serializing_if = "Option::is_none")] pub artifact_media_type: Option<String>,
    #[serde(rename = "lastRecordedPullTime", skip_serializing_if = "Option::is_none")] pub last_recorded_pull_time: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "subjectManifestDigest", skip_serializing_if = "Option::is_none")] pub subject_manifest_digest: Option<String>,
    #[serde(rename = "imageStatus", skip_serializing_if = "Option::is_none")] pub image_status: Option<ImageStatus>,
    #[serde(rename = "lastArchivedAt", skip_serializing_if = "Option::is_none")] pub last_archived_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "lastActivatedAt", skip_serializing_if = "Option::is_none")] pub last_activated_at: Option<crate::awsjson::Timestamp>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageFailure {
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "failureCode", skip_serializing_if = "Option::is_none")] pub failure_code: Option<ImageFailureCode>,
    #[serde(rename = "failureReason", skip_serializing_if = "Option::is_none")] pub failure_reason: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct ImageIdentifier {
    #[serde(rename = "imageDigest", skip_serializing_if = "Option::is_none", default)] pub image_digest: Option<String>,
    #[serde(rename = "imageTag", skip_serializing_if = "Option::is_none", default)] pub image_tag: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageReferrer {
    #[serde(rename = "digest")] pub digest: String,
    #[serde(rename = "mediaType")] pub media_type: String,
    #[serde(rename = "artifactType", skip_serializing_if = "Option::is_none")] pub artifact_type: Option<String>,
    #[serde(rename = "size")] pub size: i64,
    #[serde(rename = "annotations", skip_serializing_if = "Option::is_none")] pub annotations: Option<std::collections::BTreeMap<String, String>>,
    #[serde(rename = "artifactStatus", skip_serializing_if = "Option::is_none")] pub artifact_status: Option<ArtifactStatus>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageReplicationStatus {
    #[serde(rename = "region", skip_serializing_if = "Option::is_none")] pub region: Option<String>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")] pub status: Option<ReplicationStatus>,
    #[serde(rename = "failureCode", skip_serializing_if = "Option::is_none")] pub failure_code: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageScanFinding {
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")] pub name: Option<String>,
    #[serde(rename = "description", skip_serializing_if = "Option::is_none")] pub description: Option<String>,
    #[serde(rename = "uri", skip_serializing_if = "Option::is_none")] pub uri: Option<String>,
    #[serde(rename = "severity", skip_serializing_if = "Option::is_none")] pub severity: Option<FindingSeverity>,
    #[serde(rename = "attributes", skip_serializing_if = "Option::is_none")] pub attributes: Option<Vec<Attribute>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageScanFindings {
    #[serde(rename = "imageScanCompletedAt", skip_serializing_if = "Option::is_none")] pub image_scan_completed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "vulnerabilitySourceUpdatedAt", skip_serializing_if = "Option::is_none")] pub vulnerability_source_updated_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "findingSeverityCounts", skip_serializing_if = "Option::is_none")] pub finding_severity_counts: Option<std::collections::BTreeMap<FindingSeverity, i64>>,
    #[serde(rename = "findings", skip_serializing_if = "Option::is_none")] pub findings: Option<Vec<ImageScanFinding>>,
    #[serde(rename = "enhancedFindings", skip_serializing_if = "Option::is_none")] pub enhanced_findings: Option<Vec<EnhancedImageScanFinding>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageScanFindingsSummary {
    #[serde(rename = "imageScanCompletedAt", skip_serializing_if = "Option::is_none")] pub image_scan_completed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "vulnerabilitySourceUpdatedAt", skip_serializing_if = "Option::is_none")] pub vulnerability_source_updated_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "findingSeverityCounts", skip_serializing_if = "Option::is_none")] pub finding_severity_counts: Option<std::collections::BTreeMap<FindingSeverity, i64>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageScanStatus {
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")] pub status: Option<ScanStatus>,
    #[serde(rename = "description", skip_serializing_if = "Option::is_none")] pub description: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct ImageScanningConfiguration {
    #[serde(rename = "scanOnPush", skip_serializing_if = "Option::is_none", default)] pub scan_on_push: Option<bool>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ImageSigningStatus {
    #[serde(rename = "signingProfileArn", skip_serializing_if = "Option::is_none")] pub signing_profile_arn: Option<String>,
    #[serde(rename = "failureCode", skip_serializing_if = "Option::is_none")] pub failure_code: Option<String>,
    #[serde(rename = "failureReason", skip_serializing_if = "Option::is_none")] pub failure_reason: Option<String>,
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")] pub status: Option<SigningStatus>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct ImageTagMutabilityExclusionFilter {
    #[serde(rename = "filterType")] pub filter_type: ImageTagMutabilityExclusionFilterType,
    #[serde(rename = "filter")] pub filter: String,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct InitiateLayerUploadRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct InitiateLayerUploadResponse {
    #[serde(rename = "uploadId", skip_serializing_if = "Option::is_none")] pub upload_id: Option<String>,
    #[serde(rename = "partSize", skip_serializing_if = "Option::is_none")] pub part_size: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Layer {
    #[serde(rename = "layerDigest", skip_serializing_if = "Option::is_none")] pub layer_digest: Option<String>,
    #[serde(rename = "layerAvailability", skip_serializing_if = "Option::is_none")] pub layer_availability: Option<LayerAvailability>,
    #[serde(rename = "layerSize", skip_serializing_if = "Option::is_none")] pub layer_size: Option<i64>,
    #[serde(rename = "mediaType", skip_serializing_if = "Option::is_none")] pub media_type: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct LayerFailure {
    #[serde(rename = "layerDigest", skip_serializing_if = "Option::is_none")] pub layer_digest: Option<String>,
    #[serde(rename = "failureCode", skip_serializing_if = "Option::is_none")] pub failure_code: Option<LayerFailureCode>,
    #[serde(rename = "failureReason", skip_serializing_if = "Option::is_none")] pub failure_reason: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct LifecyclePolicyPreviewFilter {
    #[serde(rename = "tagStatus", default)] pub tag_status: Option<TagStatus>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct LifecyclePolicyPreviewResult {
    #[serde(rename = "imageTags", skip_serializing_if = "Option::is_none")] pub image_tags: Option<Vec<String>>,
    #[serde(rename = "imageDigest", skip_serializing_if = "Option::is_none")] pub image_digest: Option<String>,
    #[serde(rename = "imagePushedAt", skip_serializing_if = "Option::is_none")] pub image_pushed_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "action", skip_serializing_if = "Option::is_none")] pub action: Option<LifecyclePolicyRuleAction>,
    #[serde(rename = "appliedRulePriority", skip_serializing_if = "Option::is_none")] pub applied_rule_priority: Option<i64>,
    #[serde(rename = "storageClass", skip_serializing_if = "Option::is_none")] pub storage_class: Option<LifecyclePolicyStorageClass>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct LifecyclePolicyPreviewSummary {
    #[serde(rename = "expiringImageTotalCount", skip_serializing_if = "Option::is_none")] pub expiring_image_total_count: Option<i64>,
    #[serde(rename = "transitioningImageTotalCounts", skip_serializing_if = "Option::is_none")] pub transitioning_image_total_counts: Option<Vec<TransitioningImageTotalCount>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct LifecyclePolicyRuleAction {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")] pub r#type: Option<ImageActionType>,
    #[serde(rename = "targetStorageClass", skip_serializing_if = "Option::is_none")] pub target_storage_class: Option<LifecyclePolicyTargetStorageClass>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct ListImageReferrersFilter {
    #[serde(rename = "artifactTypes", default)] pub artifact_types: Option<Vec<String>>,
    #[serde(rename = "artifactStatus", default)] pub artifact_status: Option<ArtifactStatusFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct ListImageReferrersRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "subjectId")] pub subject_id: SubjectIdentifier,
    #[serde(rename = "filter", default)] pub filter: Option<ListImageReferrersFilter>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ListImageReferrersResponse {
    #[serde(rename = "referrers", skip_serializing_if = "Option::is_none")] pub referrers: Option<Vec<ImageReferrer>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct ListImagesFilter {
    #[serde(rename = "tagStatus", default)] pub tag_status: Option<TagStatus>,
    #[serde(rename = "imageStatus", default)] pub image_status: Option<ImageStatusFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct ListImagesRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
    #[serde(rename = "filter", default)] pub filter: Option<ListImagesFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ListImagesResponse {
    #[serde(rename = "imageIds", skip_serializing_if = "Option::is_none")] pub image_ids: Option<Vec<ImageIdentifier>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct ListPullTimeUpdateExclusionsRequest {
    #[serde(rename = "maxResults", default)] pub max_results: Option<i64>,
    #[serde(rename = "nextToken", default)] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ListPullTimeUpdateExclusionsResponse {
    #[serde(rename = "pullTimeUpdateExclusions", skip_serializing_if = "Option::is_none")] pub pull_time_update_exclusions: Option<Vec<String>>,
    #[serde(rename = "nextToken", skip_serializing_if = "Option::is_none")] pub next_token: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct ListTagsForResourceRequest {
    #[serde(rename = "resourceArn")] pub resource_arn: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ListTagsForResourceResponse {
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")] pub tags: Option<Vec<Tag>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PackageVulnerabilityDetails {
    #[serde(rename = "cvss", skip_serializing_if = "Option::is_none")] pub cvss: Option<Vec<CvssScore>>,
    #[serde(rename = "referenceUrls", skip_serializing_if = "Option::is_none")] pub reference_urls: Option<Vec<String>>,
    #[serde(rename = "relatedVulnerabilities", skip_serializing_if = "Option::is_none")] pub related_vulnerabilities: Option<Vec<String>>,
    #[serde(rename = "source", skip_serializing_if = "Option::is_none")] pub source: Option<String>,
    #[serde(rename = "sourceUrl", skip_serializing_if = "Option::is_none")] pub source_url: Option<String>,
    #[serde(rename = "vendorCreatedAt", skip_serializing_if = "Option::is_none")] pub vendor_created_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "vendorSeverity", skip_serializing_if = "Option::is_none")] pub vendor_severity: Option<String>,
    #[serde(rename = "vendorUpdatedAt", skip_serializing_if = "Option::is_none")] pub vendor_updated_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "vulnerabilityId", skip_serializing_if = "Option::is_none")] pub vulnerability_id: Option<String>,
    #[serde(rename = "vulnerablePackages", skip_serializing_if = "Option::is_none")] pub vulnerable_packages: Option<Vec<VulnerablePackage>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PullThroughCacheRule {
    #[serde(rename = "ecrRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub ecr_repository_prefix: Option<String>,
    #[serde(rename = "upstreamRegistryUrl", skip_serializing_if = "Option::is_none")] pub upstream_registry_url: Option<String>,
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")] pub created_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "credentialArn", skip_serializing_if = "Option::is_none")] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", skip_serializing_if = "Option::is_none")] pub custom_role_arn: Option<String>,
    #[serde(rename = "upstreamRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub upstream_repository_prefix: Option<String>,
    #[serde(rename = "upstreamRegistry", skip_serializing_if = "Option::is_none")] pub upstream_registry: Option<UpstreamRegistry>,
    #[serde(rename = "updatedAt", skip_serializing_if = "Option::is_none")] pub updated_at: Option<crate::awsjson::Timestamp>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct PutAccountSettingRequest {
    #[serde(rename = "name")] pub name: String,
    #[serde(rename = "value")] pub value: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutAccountSettingResponse {
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")] pub name: Option<String>,
    #[serde(rename = "value", skip_serializing_if = "Option::is_none")] pub value: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct PutImageRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageManifest")] pub image_manifest: String,
    #[serde(rename = "imageManifestMediaType", default)] pub image_manifest_media_type: Option<String>,
    #[serde(rename = "imageTag", default)] pub image_tag: Option<String>,
    #[serde(rename = "imageDigest", default)] pub image_digest: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutImageResponse {
    #[serde(rename = "image", skip_serializing_if = "Option::is_none")] pub image: Option<Image>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct PutImageScanningConfigurationRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageScanningConfiguration")] pub image_scanning_configuration: ImageScanningConfiguration,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutImageScanningConfigurationResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageScanningConfiguration", skip_serializing_if = "Option::is_none")] pub image_scanning_configuration: Option<ImageScanningConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct PutImageTagMutabilityRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageTagMutability")] pub image_tag_mutability: ImageTagMutability,
    #[serde(rename = "imageTagMutabilityExclusionFilters", default)] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutImageTagMutabilityResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageTagMutability", skip_serializing_if = "Option::is_none")] pub image_tag_mutability: Option<ImageTagMutability>,
    #[serde(rename = "imageTagMutabilityExclusionFilters", skip_serializing_if = "Option::is_none")] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct PutLifecyclePolicyRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "lifecyclePolicyText")] pub lifecycle_policy_text: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutLifecyclePolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "lifecyclePolicyText", skip_serializing_if = "Option::is_none")] pub lifecycle_policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct PutRegistryPolicyRequest {
    #[serde(rename = "policyText")] pub policy_text: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutRegistryPolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "policyText", skip_serializing_if = "Option::is_none")] pub policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct PutRegistryScanningConfigurationRequest {
    #[serde(rename = "scanType", default)] pub scan_type: Option<ScanType>,
    #[serde(rename = "rules", default)] pub rules: Option<Vec<RegistryScanningRule>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutRegistryScanningConfigurationResponse {
    #[serde(rename = "registryScanningConfiguration", skip_serializing_if = "Option::is_none")] pub registry_scanning_configuration: Option<RegistryScanningConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct PutReplicationConfigurationRequest {
    #[serde(rename = "replicationConfiguration")] pub replication_configuration: ReplicationConfiguration,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutReplicationConfigurationResponse {
    #[serde(rename = "replicationConfiguration", skip_serializing_if = "Option::is_none")] pub replication_configuration: Option<ReplicationConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct PutSigningConfigurationRequest {
    #[serde(rename = "signingConfiguration")] pub signing_configuration: SigningConfiguration,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct PutSigningConfigurationResponse {
    #[serde(rename = "signingConfiguration", skip_serializing_if = "Option::is_none")] pub signing_configuration: Option<SigningConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Recommendation {
    #[serde(rename = "url", skip_serializing_if = "Option::is_none")] pub url: Option<String>,
    #[serde(rename = "text", skip_serializing_if = "Option::is_none")] pub text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct RegisterPullTimeUpdateExclusionRequest {
    #[serde(rename = "principalArn")] pub principal_arn: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct RegisterPullTimeUpdateExclusionResponse {
    #[serde(rename = "principalArn", skip_serializing_if = "Option::is_none")] pub principal_arn: Option<String>,
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")] pub created_at: Option<crate::awsjson::Timestamp>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct RegistryScanningConfiguration {
    #[serde(rename = "scanType", skip_serializing_if = "Option::is_none")] pub scan_type: Option<ScanType>,
    #[serde(rename = "rules", skip_serializing_if = "Option::is_none")] pub rules: Option<Vec<RegistryScanningRule>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct RegistryScanningRule {
    #[serde(rename = "scanFrequency")] pub scan_frequency: ScanFrequency,
    #[serde(rename = "repositoryFilters")] pub repository_filters: Vec<ScanningRepositoryFilter>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Remediation {
    #[serde(rename = "recommendation", skip_serializing_if = "Option::is_none")] pub recommendation: Option<Recommendation>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct ReplicationConfiguration {
    #[serde(rename = "rules")] pub rules: Vec<ReplicationRule>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct ReplicationDestination {
    #[serde(rename = "region")] pub region: String,
    #[serde(rename = "registryId")] pub registry_id: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct ReplicationRule {
    #[serde(rename = "destinations")] pub destinations: Vec<ReplicationDestination>,
    #[serde(rename = "repositoryFilters", skip_serializing_if = "Option::is_none", default)] pub repository_filters: Option<Vec<RepositoryFilter>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Repository {
    #[serde(rename = "repositoryArn", skip_serializing_if = "Option::is_none")] pub repository_arn: Option<String>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "repositoryUri", skip_serializing_if = "Option::is_none")] pub repository_uri: Option<String>,
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")] pub created_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "imageTagMutability", skip_serializing_if = "Option::is_none")] pub image_tag_mutability: Option<ImageTagMutability>,
    #[serde(rename = "imageTagMutabilityExclusionFilters", skip_serializing_if = "Option::is_none")] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
    #[serde(rename = "imageScanningConfiguration", skip_serializing_if = "Option::is_none")] pub image_scanning_configuration: Option<ImageScanningConfiguration>,
    #[serde(rename = "encryptionConfiguration", skip_serializing_if = "Option::is_none")] pub encryption_configuration: Option<EncryptionConfiguration>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct RepositoryCreationTemplate {
    #[serde(rename = "prefix", skip_serializing_if = "Option::is_none")] pub prefix: Option<String>,
    #[serde(rename = "description", skip_serializing_if = "Option::is_none")] pub description: Option<String>,
    #[serde(rename = "encryptionConfiguration", skip_serializing_if = "Option::is_none")] pub encryption_configuration: Option<EncryptionConfigurationForRepositoryCreationTemplate>,
    #[serde(rename = "resourceTags", skip_serializing_if = "Option::is_none")] pub resource_tags: Option<Vec<Tag>>,
    #[serde(rename = "imageTagMutability", skip_serializing_if = "Option::is_none")] pub image_tag_mutability: Option<ImageTagMutability>,
    #[serde(rename = "imageTagMutabilityExclusionFilters", skip_serializing_if = "Option::is_none")] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
    #[serde(rename = "repositoryPolicy", skip_serializing_if = "Option::is_none")] pub repository_policy: Option<String>,
    #[serde(rename = "lifecyclePolicy", skip_serializing_if = "Option::is_none")] pub lifecycle_policy: Option<String>,
    #[serde(rename = "appliedFor", skip_serializing_if = "Option::is_none")] pub applied_for: Option<Vec<RCTAppliedFor>>,
    #[serde(rename = "customRoleArn", skip_serializing_if = "Option::is_none")] pub custom_role_arn: Option<String>,
    #[serde(rename = "createdAt", skip_serializing_if = "Option::is_none")] pub created_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "updatedAt", skip_serializing_if = "Option::is_none")] pub updated_at: Option<crate::awsjson::Timestamp>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct RepositoryFilter {
    #[serde(rename = "filter")] pub filter: String,
    #[serde(rename = "filterType")] pub filter_type: RepositoryFilterType,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct RepositoryScanningConfiguration {
    #[serde(rename = "repositoryArn", skip_serializing_if = "Option::is_none")] pub repository_arn: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "scanOnPush", skip_serializing_if = "Option::is_none")] pub scan_on_push: Option<bool>,
    #[serde(rename = "scanFrequency", skip_serializing_if = "Option::is_none")] pub scan_frequency: Option<ScanFrequency>,
    #[serde(rename = "appliedScanFilters", skip_serializing_if = "Option::is_none")] pub applied_scan_filters: Option<Vec<ScanningRepositoryFilter>>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct RepositoryScanningConfigurationFailure {
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "failureCode", skip_serializing_if = "Option::is_none")] pub failure_code: Option<ScanningConfigurationFailureCode>,
    #[serde(rename = "failureReason", skip_serializing_if = "Option::is_none")] pub failure_reason: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct Resource {
    #[serde(rename = "details", skip_serializing_if = "Option::is_none")] pub details: Option<ResourceDetails>,
    #[serde(rename = "id", skip_serializing_if = "Option::is_none")] pub id: Option<String>,
    #[serde(rename = "tags", skip_serializing_if = "Option::is_none")] pub tags: Option<std::collections::BTreeMap<String, String>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")] pub r#type: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ResourceDetails {
    #[serde(rename = "awsEcrContainerImage", skip_serializing_if = "Option::is_none")] pub aws_ecr_container_image: Option<AwsEcrContainerImageDetails>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct ScanningRepositoryFilter {
    #[serde(rename = "filter")] pub filter: String,
    #[serde(rename = "filterType")] pub filter_type: ScanningRepositoryFilterType,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ScoreDetails {
    #[serde(rename = "cvss", skip_serializing_if = "Option::is_none")] pub cvss: Option<CvssScoreDetails>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct SetRepositoryPolicyRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "policyText")] pub policy_text: String,
    #[serde(rename = "force", default)] pub force: Option<bool>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct SetRepositoryPolicyResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "policyText", skip_serializing_if = "Option::is_none")] pub policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct SigningConfiguration {
    #[serde(rename = "rules")] pub rules: Vec<SigningRule>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct SigningRepositoryFilter {
    #[serde(rename = "filter")] pub filter: String,
    #[serde(rename = "filterType")] pub filter_type: SigningRepositoryFilterType,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct SigningRule {
    #[serde(rename = "signingProfileArn")] pub signing_profile_arn: String,
    #[serde(rename = "repositoryFilters", skip_serializing_if = "Option::is_none", default)] pub repository_filters: Option<Vec<SigningRepositoryFilter>>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct StartImageScanRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageId")] pub image_id: ImageIdentifier,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct StartImageScanResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "imageScanStatus", skip_serializing_if = "Option::is_none")] pub image_scan_status: Option<ImageScanStatus>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct StartLifecyclePolicyPreviewRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "lifecyclePolicyText", default)] pub lifecycle_policy_text: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct StartLifecyclePolicyPreviewResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "lifecyclePolicyText", skip_serializing_if = "Option::is_none")] pub lifecycle_policy_text: Option<String>,
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")] pub status: Option<LifecyclePolicyPreviewStatus>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct SubjectIdentifier {
    #[serde(rename = "imageDigest")] pub image_digest: String,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize, Default)]
pub struct Tag {
    #[serde(rename = "Key")] pub key: String,
    #[serde(rename = "Value")] pub value: String,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct TagResourceRequest {
    #[serde(rename = "resourceArn")] pub resource_arn: String,
    #[serde(rename = "tags")] pub tags: Vec<Tag>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct TagResourceResponse {
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct TransitioningImageTotalCount {
    #[serde(rename = "targetStorageClass", skip_serializing_if = "Option::is_none")] pub target_storage_class: Option<LifecyclePolicyTargetStorageClass>,
    #[serde(rename = "imageTotalCount", skip_serializing_if = "Option::is_none")] pub image_total_count: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct UntagResourceRequest {
    #[serde(rename = "resourceArn")] pub resource_arn: String,
    #[serde(rename = "tagKeys")] pub tag_keys: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct UntagResourceResponse {
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize)]
pub struct UpdateImageStorageClassRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "imageId")] pub image_id: ImageIdentifier,
    #[serde(rename = "targetStorageClass")] pub target_storage_class: TargetStorageClass,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct UpdateImageStorageClassResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "imageId", skip_serializing_if = "Option::is_none")] pub image_id: Option<ImageIdentifier>,
    #[serde(rename = "imageStatus", skip_serializing_if = "Option::is_none")] pub image_status: Option<ImageStatus>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct UpdatePullThroughCacheRuleRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "ecrRepositoryPrefix")] pub ecr_repository_prefix: String,
    #[serde(rename = "credentialArn", default)] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", default)] pub custom_role_arn: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct UpdatePullThroughCacheRuleResponse {
    #[serde(rename = "ecrRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub ecr_repository_prefix: Option<String>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "updatedAt", skip_serializing_if = "Option::is_none")] pub updated_at: Option<crate::awsjson::Timestamp>,
    #[serde(rename = "credentialArn", skip_serializing_if = "Option::is_none")] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", skip_serializing_if = "Option::is_none")] pub custom_role_arn: Option<String>,
    #[serde(rename = "upstreamRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub upstream_repository_prefix: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct UpdateRepositoryCreationTemplateRequest {
    #[serde(rename = "prefix")] pub prefix: String,
    #[serde(rename = "description", default)] pub description: Option<String>,
    #[serde(rename = "encryptionConfiguration", default)] pub encryption_configuration: Option<EncryptionConfigurationForRepositoryCreationTemplate>,
    #[serde(rename = "resourceTags", default)] pub resource_tags: Option<Vec<Tag>>,
    #[serde(rename = "imageTagMutability", default)] pub image_tag_mutability: Option<ImageTagMutability>,
    #[serde(rename = "imageTagMutabilityExclusionFilters", default)] pub image_tag_mutability_exclusion_filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
    #[serde(rename = "repositoryPolicy", default)] pub repository_policy: Option<String>,
    #[serde(rename = "lifecyclePolicy", default)] pub lifecycle_policy: Option<String>,
    #[serde(rename = "appliedFor", default)] pub applied_for: Option<Vec<RCTAppliedFor>>,
    #[serde(rename = "customRoleArn", default)] pub custom_role_arn: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct UpdateRepositoryCreationTemplateResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryCreationTemplate", skip_serializing_if = "Option::is_none")] pub repository_creation_template: Option<RepositoryCreationTemplate>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct UploadLayerPartRequest {
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName")] pub repository_name: String,
    #[serde(rename = "uploadId")] pub upload_id: String,
    #[serde(rename = "partFirstByte")] pub part_first_byte: i64,
    #[serde(rename = "partLastByte")] pub part_last_byte: i64,
    #[serde(rename = "layerPartBlob", deserialize_with = "crate::awsjson::blob")] pub layer_part_blob: Vec<u8>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct UploadLayerPartResponse {
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "repositoryName", skip_serializing_if = "Option::is_none")] pub repository_name: Option<String>,
    #[serde(rename = "uploadId", skip_serializing_if = "Option::is_none")] pub upload_id: Option<String>,
    #[serde(rename = "lastByteReceived", skip_serializing_if = "Option::is_none")] pub last_byte_received: Option<i64>,
}

#[derive(Clone, PartialEq, Debug, serde::Deserialize, Default)]
pub struct ValidatePullThroughCacheRuleRequest {
    #[serde(rename = "ecrRepositoryPrefix")] pub ecr_repository_prefix: String,
    #[serde(rename = "registryId", default)] pub registry_id: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct ValidatePullThroughCacheRuleResponse {
    #[serde(rename = "ecrRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub ecr_repository_prefix: Option<String>,
    #[serde(rename = "registryId", skip_serializing_if = "Option::is_none")] pub registry_id: Option<String>,
    #[serde(rename = "upstreamRegistryUrl", skip_serializing_if = "Option::is_none")] pub upstream_registry_url: Option<String>,
    #[serde(rename = "credentialArn", skip_serializing_if = "Option::is_none")] pub credential_arn: Option<String>,
    #[serde(rename = "customRoleArn", skip_serializing_if = "Option::is_none")] pub custom_role_arn: Option<String>,
    #[serde(rename = "upstreamRepositoryPrefix", skip_serializing_if = "Option::is_none")] pub upstream_repository_prefix: Option<String>,
    #[serde(rename = "isValid", skip_serializing_if = "Option::is_none")] pub is_valid: Option<bool>,
    #[serde(rename = "failure", skip_serializing_if = "Option::is_none")] pub failure: Option<String>,
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, Default)]
pub struct VulnerablePackage {
    #[serde(rename = "arch", skip_serializing_if = "Option::is_none")] pub arch: Option<String>,
    #[serde(rename = "epoch", skip_serializing_if = "Option::is_none")] pub epoch: Option<i64>,
    #[serde(rename = "filePath", skip_serializing_if = "Option::is_none")] pub file_path: Option<String>,
    #[serde(rename = "name", skip_serializing_if = "Option::is_none")] pub name: Option<String>,
    #[serde(rename = "packageManager", skip_serializing_if = "Option::is_none")] pub package_manager: Option<String>,
    #[serde(rename = "release", skip_serializing_if = "Option::is_none")] pub release: Option<String>,
    #[serde(rename = "sourceLayerHash", skip_serializing_if = "Option::is_none")] pub source_layer_hash: Option<String>,
    #[serde(rename = "version", skip_serializing_if = "Option::is_none")] pub version: Option<String>,
    #[serde(rename = "fixedInVersion", skip_serializing_if = "Option::is_none")] pub fixed_in_version: Option<String>,
}

static ACCOUNT_SETTING_NAME_SHAPE: Shape = Shape::text(1, 64);

static ACCOUNT_SETTING_VALUE_SHAPE: Shape = Shape::text(0, usize::MAX);

static ARN_SHAPE: Shape = Shape::text(0, usize::MAX);

static ARTIFACT_STATUS_FILTER_SHAPE: Shape = Shape::Enum(ArtifactStatusFilter::VALUES);

static ARTIFACT_TYPE_SHAPE: Shape = Shape::text(1, 255);

static ARTIFACT_TYPE_LIST_SHAPE: Shape = Shape::list(0, 5, &ARTIFACT_TYPE_SHAPE);

static BATCH_CHECK_LAYER_AVAILABILITY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("layerDigests", &BATCHED_OPERATION_LAYER_DIGEST_LIST_SHAPE)]);

static BATCH_DELETE_IMAGE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageIds", &IMAGE_IDENTIFIER_LIST_SHAPE)]);

static BATCH_GET_IMAGE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageIds", &IMAGE_IDENTIFIER_LIST_SHAPE), Member::optional("acceptedMediaTypes", &MEDIA_TYPE_LIST_SHAPE)]);

static BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("repositoryNames", &SCANNING_CONFIGURATION_REPOSITORY_NAME_LIST_SHAPE)]);

static BATCHED_OPERATION_LAYER_DIGEST_SHAPE: Shape = Shape::text(0, 1000);

static BATCHED_OPERATION_LAYER_DIGEST_LIST_SHAPE: Shape = Shape::list(1, 100, &BATCHED_OPERATION_LAYER_DIGEST_SHAPE);

static COMPLETE_LAYER_UPLOAD_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("uploadId", &UPLOAD_ID_SHAPE), Member::required("layerDigests", &LAYER_DIGEST_LIST_SHAPE)]);

static CREATE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("ecrRepositoryPrefix", &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE), Member::required("upstreamRegistryUrl", &URL_SHAPE), Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::optional("upstreamRegistry", &UPSTREAM_REGISTRY_SHAPE), Member::optional("credentialArn", &CREDENTIAL_ARN_SHAPE), Member::optional("customRoleArn", &CUSTOM_ROLE_ARN_SHAPE), Member::optional("upstreamRepositoryPrefix", &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE)]);

static CREATE_REPOSITORY_CREATION_TEMPLATE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("prefix", &PREFIX_SHAPE), Member::optional("description", &REPOSITORY_TEMPLATE_DESCRIPTION_SHAPE), Member::optional("encryptionConfiguration", &ENCRYPTION_CONFIGURATION_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE), Member::optional("resourceTags", &TAG_LIST_SHAPE), Member::optional("imageTagMutability", &IMAGE_TAG_MUTABILITY_SHAPE), Member::optional("imageTagMutabilityExclusionFilters", &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTERS_SHAPE), Member::optional("repositoryPolicy", &REPOSITORY_POLICY_TEXT_SHAPE), Member::optional("lifecyclePolicy", &LIFECYCLE_POLICY_TEXT_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE), Member::required("appliedFor", &RCT_APPLIED_FOR_LIST_SHAPE), Member::optional("customRoleArn", &CUSTOM_ROLE_ARN_SHAPE)]);

static CREATE_REPOSITORY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::optional("tags", &TAG_LIST_SHAPE), Member::optional("imageTagMutability", &IMAGE_TAG_MUTABILITY_SHAPE), Member::optional("imageTagMutabilityExclusionFilters", &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTERS_SHAPE), Member::optional("imageScanningConfiguration", &IMAGE_SCANNING_CONFIGURATION_SHAPE), Member::optional("encryptionConfiguration", &ENCRYPTION_CONFIGURATION_SHAPE)]);

static CREDENTIAL_ARN_SHAPE: Shape = Shape::pattern(50, 612, r"^arn:aws(-\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\-pullthroughcache\/[a-zA-Z0-9\/_+=.@-]+$");

static CUSTOM_ROLE_ARN_SHAPE: Shape = Shape::text(0, 2048);

static DELETE_LIFECYCLE_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE)]);

static DELETE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("ecrRepositoryPrefix", &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE), Member::optional("registryId", &REGISTRY_ID_SHAPE)]);

static DELETE_REGISTRY_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[]);

static DELETE_REPOSITORY_CREATION_TEMPLATE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("prefix", &PREFIX_SHAPE)]);

static DELETE_REPOSITORY_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE)]);

static DELETE_REPOSITORY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::optional("force", &FORCE_FLAG_SHAPE)]);

static DELETE_SIGNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[]);

static DEREGISTER_PULL_TIME_UPDATE_EXCLUSION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("principalArn", &PRINCIPAL_ARN_SHAPE)]);

static DESCRIBE_IMAGE_REPLICATION_STATUS_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageId", &IMAGE_IDENTIFIER_SHAPE), Member::optional("registryId", &REGISTRY_ID_SHAPE)]);

static DESCRIBE_IMAGE_SCAN_FINDINGS_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageId", &IMAGE_IDENTIFIER_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &MAX_RESULTS_SHAPE)]);

static DESCRIBE_IMAGE_SIGNING_STATUS_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageId", &IMAGE_IDENTIFIER_SHAPE), Member::optional("registryId", &REGISTRY_ID_SHAPE)]);

static DESCRIBE_IMAGES_FILTER_SHAPE: Shape = Shape::Structure(&[Member::optional("tagStatus", &TAG_STATUS_SHAPE), Member::optional("imageStatus", &IMAGE_STATUS_FILTER_SHAPE)]);

static DESCRIBE_IMAGES_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::optional("imageIds", &IMAGE_IDENTIFIER_LIST_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &MAX_RESULTS_SHAPE), Member::optional("filter", &DESCRIBE_IMAGES_FILTER_SHAPE)]);

static DESCRIBE_PULL_THROUGH_CACHE_RULES_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::optional("ecrRepositoryPrefixes", &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_LIST_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &MAX_RESULTS_SHAPE)]);

static DESCRIBE_REGISTRY_REQUEST_SHAPE: Shape = Shape::Structure(&[]);

static DESCRIBE_REPOSITORIES_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::optional("repositoryNames", &REPOSITORY_NAME_LIST_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &MAX_RESULTS_SHAPE)]);

static DESCRIBE_REPOSITORY_CREATION_TEMPLATES_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("prefixes", &PREFIX_LIST_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &MAX_RESULTS_SHAPE)]);

static ENCRYPTION_CONFIGURATION_SHAPE: Shape = Shape::Structure(&[Member::required("encryptionType", &ENCRYPTION_TYPE_SHAPE), Member::optional("kmsKey", &KMS_KEY_SHAPE)]);

static ENCRYPTION_CONFIGURATION_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE: Shape = Shape::Structure(&[Member::required("encryptionType", &ENCRYPTION_TYPE_SHAPE), Member::optional("kmsKey", &KMS_KEY_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE)]);

static ENCRYPTION_TYPE_SHAPE: Shape = Shape::Enum(EncryptionType::VALUES);

static FIFTY_MAX_RESULTS_SHAPE: Shape = Shape::number("Integer", 1, 50);

static FORCE_FLAG_SHAPE: Shape = Shape::Boolean;

static GET_ACCOUNT_SETTING_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("name", &ACCOUNT_SETTING_NAME_SHAPE)]);

static GET_AUTHORIZATION_TOKEN_REGISTRY_ID_LIST_SHAPE: Shape = Shape::list(1, 10, &REGISTRY_ID_SHAPE);

static GET_AUTHORIZATION_TOKEN_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryIds", &GET_AUTHORIZATION_TOKEN_REGISTRY_ID_LIST_SHAPE)]);

static GET_DOWNLOAD_URL_FOR_LAYER_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("layerDigest", &LAYER_DIGEST_SHAPE)]);

static GET_LIFECYCLE_POLICY_PREVIEW_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::optional("imageIds", &IMAGE_IDENTIFIER_LIST_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &LIFECYCLE_PREVIEW_MAX_RESULTS_SHAPE), Member::optional("filter", &LIFECYCLE_POLICY_PREVIEW_FILTER_SHAPE)]);

static GET_LIFECYCLE_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE)]);

static GET_REGISTRY_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[]);

static GET_REGISTRY_SCANNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[]);

static GET_REPOSITORY_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE)]);

static GET_SIGNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[]);

static IMAGE_DIGEST_SHAPE: Shape = Shape::text(0, usize::MAX);

static IMAGE_IDENTIFIER_SHAPE: Shape = Shape::Structure(&[Member::optional("imageDigest", &IMAGE_DIGEST_SHAPE), Member::optional("imageTag", &IMAGE_TAG_SHAPE)]);

static IMAGE_IDENTIFIER_LIST_SHAPE: Shape = Shape::list(1, 100, &IMAGE_IDENTIFIER_SHAPE);

static IMAGE_MANIFEST_SHAPE: Shape = Shape::text(1, 4194304);

static IMAGE_SCANNING_CONFIGURATION_SHAPE: Shape = Shape::Structure(&[Member::optional("scanOnPush", &SCAN_ON_PUSH_FLAG_SHAPE)]);

static IMAGE_STATUS_FILTER_SHAPE: Shape = Shape::Enum(ImageStatusFilter::VALUES);

static IMAGE_TAG_SHAPE: Shape = Shape::text(1, 300);

static IMAGE_TAG_MUTABILITY_SHAPE: Shape = Shape::Enum(ImageTagMutability::VALUES);

static IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_SHAPE: Shape = Shape::Structure(&[Member::required("filterType", &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_TYPE_SHAPE), Member::required("filter", &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_VALUE_SHAPE)]);

static IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_TYPE_SHAPE: Shape = Shape::Enum(ImageTagMutabilityExclusionFilterType::VALUES);

static IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_VALUE_SHAPE: Shape = Shape::pattern(1, 128, r"^[0-9a-zA-Z._*-]{1,128}$");

static IMAGE_TAG_MUTABILITY_EXCLUSION_FILTERS_SHAPE: Shape = Shape::list(1, 5, &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTER_SHAPE);

static INITIATE_LAYER_UPLOAD_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE)]);

static KMS_KEY_SHAPE: Shape = Shape::text(1, 2048);

static KMS_KEY_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE: Shape = Shape::pattern(0, 2048, r"^$|arn:aws[a-z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[a-z0-9-]+");

static LAYER_DIGEST_SHAPE: Shape = Shape::pattern(0, usize::MAX, r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+");

static LAYER_DIGEST_LIST_SHAPE: Shape = Shape::list(1, 100, &LAYER_DIGEST_SHAPE);

static LAYER_PART_BLOB_SHAPE: Shape = Shape::blob(0, 20971520);

static LIFECYCLE_POLICY_PREVIEW_FILTER_SHAPE: Shape = Shape::Structure(&[Member::optional("tagStatus", &TAG_STATUS_SHAPE)]);

static LIFECYCLE_POLICY_TEXT_SHAPE: Shape = Shape::text(100, 30720);

static LIFECYCLE_POLICY_TEXT_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE: Shape = Shape::text(0, 30720);

static LIFECYCLE_PREVIEW_MAX_RESULTS_SHAPE: Shape = Shape::number("Integer", 1, 100);

static LIST_IMAGE_REFERRERS_FILTER_SHAPE: Shape = Shape::Structure(&[Member::optional("artifactTypes", &ARTIFACT_TYPE_LIST_SHAPE), Member::optional("artifactStatus", &ARTIFACT_STATUS_FILTER_SHAPE)]);

static LIST_IMAGE_REFERRERS_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("subjectId", &SUBJECT_IDENTIFIER_SHAPE), Member::optional("filter", &LIST_IMAGE_REFERRERS_FILTER_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &FIFTY_MAX_RESULTS_SHAPE)]);

static LIST_IMAGES_FILTER_SHAPE: Shape = Shape::Structure(&[Member::optional("tagStatus", &TAG_STATUS_SHAPE), Member::optional("imageStatus", &IMAGE_STATUS_FILTER_SHAPE)]);

static LIST_IMAGES_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE), Member::optional("maxResults", &MAX_RESULTS_SHAPE), Member::optional("filter", &LIST_IMAGES_FILTER_SHAPE)]);

static LIST_PULL_TIME_UPDATE_EXCLUSIONS_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("maxResults", &MAX_RESULTS_SHAPE), Member::optional("nextToken", &NEXT_TOKEN_SHAPE)]);

static LIST_TAGS_FOR_RESOURCE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("resourceArn", &ARN_SHAPE)]);

static MAX_RESULTS_SHAPE: Shape = Shape::number("Integer", 1, 1000);

static MEDIA_TYPE_SHAPE: Shape = Shape::text(0, usize::MAX);

static MEDIA_TYPE_LIST_SHAPE: Shape = Shape::list(1, 100, &MEDIA_TYPE_SHAPE);

static NEXT_TOKEN_SHAPE: Shape = Shape::text(0, usize::MAX);

static PART_SIZE_SHAPE: Shape = Shape::number("Long", 0, i64::MAX);

static PREFIX_SHAPE: Shape = Shape::pattern(1, 256, r"^([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\/?|ROOT)$");

static PREFIX_LIST_SHAPE: Shape = Shape::list(0, usize::MAX, &PREFIX_SHAPE);

static PRINCIPAL_ARN_SHAPE: Shape = Shape::pattern(0, 200, r"^arn:aws(-[a-z]+)*:iam::[0-9]{12}:(role|user)/[\w+=,.@-]+(/[\w+=,.@-]+)*$");

static PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE: Shape = Shape::pattern(2, 30, r"^([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\/?|ROOT)$");

static PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_LIST_SHAPE: Shape = Shape::list(1, 100, &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE);

static PUT_ACCOUNT_SETTING_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("name", &ACCOUNT_SETTING_NAME_SHAPE), Member::required("value", &ACCOUNT_SETTING_VALUE_SHAPE)]);

static PUT_IMAGE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageManifest", &IMAGE_MANIFEST_SHAPE).called("ImageManifest"), Member::optional("imageManifestMediaType", &MEDIA_TYPE_SHAPE), Member::optional("imageTag", &IMAGE_TAG_SHAPE), Member::optional("imageDigest", &IMAGE_DIGEST_SHAPE)]);

static PUT_IMAGE_SCANNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageScanningConfiguration", &IMAGE_SCANNING_CONFIGURATION_SHAPE)]);

static PUT_IMAGE_TAG_MUTABILITY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageTagMutability", &IMAGE_TAG_MUTABILITY_SHAPE), Member::optional("imageTagMutabilityExclusionFilters", &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTERS_SHAPE)]);

static PUT_LIFECYCLE_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("lifecyclePolicyText", &LIFECYCLE_POLICY_TEXT_SHAPE).called("LifecyclePolicyText")]);

static PUT_REGISTRY_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("policyText", &REGISTRY_POLICY_TEXT_SHAPE).called("PolicyText")]);

static PUT_REGISTRY_SCANNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("scanType", &SCAN_TYPE_SHAPE), Member::optional("rules", &REGISTRY_SCANNING_RULE_LIST_SHAPE)]);

static PUT_REPLICATION_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("replicationConfiguration", &REPLICATION_CONFIGURATION_SHAPE)]);

static PUT_SIGNING_CONFIGURATION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("signingConfiguration", &SIGNING_CONFIGURATION_SHAPE)]);

static RCT_APPLIED_FOR_SHAPE: Shape = Shape::Enum(RCTAppliedFor::VALUES);

static RCT_APPLIED_FOR_LIST_SHAPE: Shape = Shape::list(0, usize::MAX, &RCT_APPLIED_FOR_SHAPE);

static REGION_SHAPE: Shape = Shape::pattern(2, 25, r"[0-9a-z-]{2,25}");

static REGISTER_PULL_TIME_UPDATE_EXCLUSION_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("principalArn", &PRINCIPAL_ARN_SHAPE)]);

static REGISTRY_ID_SHAPE: Shape = Shape::pattern(0, usize::MAX, r"[0-9]{12}");

static REGISTRY_POLICY_TEXT_SHAPE: Shape = Shape::text(0, 10240);

static REGISTRY_SCANNING_RULE_SHAPE: Shape = Shape::Structure(&[Member::required("scanFrequency", &SCAN_FREQUENCY_SHAPE), Member::required("repositoryFilters", &SCANNING_REPOSITORY_FILTER_LIST_SHAPE)]);

static REGISTRY_SCANNING_RULE_LIST_SHAPE: Shape = Shape::list(0, 2, &REGISTRY_SCANNING_RULE_SHAPE);

static REPLICATION_CONFIGURATION_SHAPE: Shape = Shape::Structure(&[Member::required("rules", &REPLICATION_RULE_LIST_SHAPE)]);

static REPLICATION_DESTINATION_SHAPE: Shape = Shape::Structure(&[Member::required("region", &REGION_SHAPE), Member::required("registryId", &REGISTRY_ID_SHAPE)]);

static REPLICATION_DESTINATION_LIST_SHAPE: Shape = Shape::list(0, 100, &REPLICATION_DESTINATION_SHAPE);

static REPLICATION_RULE_SHAPE: Shape = Shape::Structure(&[Member::required("destinations", &REPLICATION_DESTINATION_LIST_SHAPE), Member::optional("repositoryFilters", &REPOSITORY_FILTER_LIST_SHAPE)]);

static REPLICATION_RULE_LIST_SHAPE: Shape = Shape::list(0, 10, &REPLICATION_RULE_SHAPE);

static REPOSITORY_FILTER_SHAPE: Shape = Shape::Structure(&[Member::required("filter", &REPOSITORY_FILTER_VALUE_SHAPE), Member::required("filterType", &REPOSITORY_FILTER_TYPE_SHAPE)]);

static REPOSITORY_FILTER_LIST_SHAPE: Shape = Shape::list(1, 100, &REPOSITORY_FILTER_SHAPE);

static REPOSITORY_FILTER_TYPE_SHAPE: Shape = Shape::Enum(RepositoryFilterType::VALUES);

static REPOSITORY_FILTER_VALUE_SHAPE: Shape = Shape::pattern(2, 256, r"^(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*$");

static REPOSITORY_NAME_SHAPE: Shape = Shape::pattern(2, 256, r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*");

static REPOSITORY_NAME_LIST_SHAPE: Shape = Shape::list(1, 100, &REPOSITORY_NAME_SHAPE);

static REPOSITORY_POLICY_TEXT_SHAPE: Shape = Shape::text(0, 10240);

static REPOSITORY_TEMPLATE_DESCRIPTION_SHAPE: Shape = Shape::text(0, 256);

static SCAN_FREQUENCY_SHAPE: Shape = Shape::Enum(ScanFrequency::VALUES);

static SCAN_ON_PUSH_FLAG_SHAPE: Shape = Shape::Boolean;

static SCAN_TYPE_SHAPE: Shape = Shape::Enum(ScanType::VALUES);

static SCANNING_CONFIGURATION_REPOSITORY_NAME_LIST_SHAPE: Shape = Shape::list(1, 25, &REPOSITORY_NAME_SHAPE);

static SCANNING_REPOSITORY_FILTER_SHAPE: Shape = Shape::Structure(&[Member::required("filter", &SCANNING_REPOSITORY_FILTER_VALUE_SHAPE), Member::required("filterType", &SCANNING_REPOSITORY_FILTER_TYPE_SHAPE)]);

static SCANNING_REPOSITORY_FILTER_LIST_SHAPE: Shape = Shape::list(0, 100, &SCANNING_REPOSITORY_FILTER_SHAPE);

static SCANNING_REPOSITORY_FILTER_TYPE_SHAPE: Shape = Shape::Enum(ScanningRepositoryFilterType::VALUES);

static SCANNING_REPOSITORY_FILTER_VALUE_SHAPE: Shape = Shape::pattern(1, 255, r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$");

static SET_REPOSITORY_POLICY_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("policyText", &REPOSITORY_POLICY_TEXT_SHAPE).called("PolicyText"), Member::optional("force", &FORCE_FLAG_SHAPE)]);

static SIGNING_CONFIGURATION_SHAPE: Shape = Shape::Structure(&[Member::required("rules", &SIGNING_RULE_LIST_SHAPE)]);

static SIGNING_PROFILE_ARN_SHAPE: Shape = Shape::pattern(0, 200, r"^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:\/signing-profiles\/[a-zA-Z0-9_]{2,}$");

static SIGNING_REPOSITORY_FILTER_SHAPE: Shape = Shape::Structure(&[Member::required("filter", &SIGNING_REPOSITORY_FILTER_VALUE_SHAPE), Member::required("filterType", &SIGNING_REPOSITORY_FILTER_TYPE_SHAPE)]);

static SIGNING_REPOSITORY_FILTER_LIST_SHAPE: Shape = Shape::list(1, 100, &SIGNING_REPOSITORY_FILTER_SHAPE);

static SIGNING_REPOSITORY_FILTER_TYPE_SHAPE: Shape = Shape::Enum(SigningRepositoryFilterType::VALUES);

static SIGNING_REPOSITORY_FILTER_VALUE_SHAPE: Shape = Shape::pattern(1, 256, r"^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$");

static SIGNING_RULE_SHAPE: Shape = Shape::Structure(&[Member::required("signingProfileArn", &SIGNING_PROFILE_ARN_SHAPE), Member::optional("repositoryFilters", &SIGNING_REPOSITORY_FILTER_LIST_SHAPE)]);

static SIGNING_RULE_LIST_SHAPE: Shape = Shape::list(0, 10, &SIGNING_RULE_SHAPE);

static START_IMAGE_SCAN_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageId", &IMAGE_IDENTIFIER_SHAPE)]);

static START_LIFECYCLE_POLICY_PREVIEW_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::optional("lifecyclePolicyText", &LIFECYCLE_POLICY_TEXT_SHAPE).called("LifecyclePolicyText")]);

static SUBJECT_IDENTIFIER_SHAPE: Shape = Shape::Structure(&[Member::required("imageDigest", &IMAGE_DIGEST_SHAPE)]);

static TAG_SHAPE: Shape = Shape::Structure(&[Member::required("Key", &TAG_KEY_SHAPE), Member::required("Value", &TAG_VALUE_SHAPE)]);

static TAG_KEY_SHAPE: Shape = Shape::text(0, usize::MAX);

static TAG_KEY_LIST_SHAPE: Shape = Shape::list(0, usize::MAX, &TAG_KEY_SHAPE);

static TAG_LIST_SHAPE: Shape = Shape::list(0, usize::MAX, &TAG_SHAPE);

static TAG_RESOURCE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("resourceArn", &ARN_SHAPE), Member::required("tags", &TAG_LIST_SHAPE)]);

static TAG_STATUS_SHAPE: Shape = Shape::Enum(TagStatus::VALUES);

static TAG_VALUE_SHAPE: Shape = Shape::text(0, usize::MAX);

static TARGET_STORAGE_CLASS_SHAPE: Shape = Shape::Enum(TargetStorageClass::VALUES);

static UNTAG_RESOURCE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("resourceArn", &ARN_SHAPE), Member::required("tagKeys", &TAG_KEY_LIST_SHAPE)]);

static UPDATE_IMAGE_STORAGE_CLASS_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("imageId", &IMAGE_IDENTIFIER_SHAPE), Member::required("targetStorageClass", &TARGET_STORAGE_CLASS_SHAPE)]);

static UPDATE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("ecrRepositoryPrefix", &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE), Member::optional("credentialArn", &CREDENTIAL_ARN_SHAPE), Member::optional("customRoleArn", &CUSTOM_ROLE_ARN_SHAPE)]);

static UPDATE_REPOSITORY_CREATION_TEMPLATE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("prefix", &PREFIX_SHAPE), Member::optional("description", &REPOSITORY_TEMPLATE_DESCRIPTION_SHAPE), Member::optional("encryptionConfiguration", &ENCRYPTION_CONFIGURATION_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE), Member::optional("resourceTags", &TAG_LIST_SHAPE), Member::optional("imageTagMutability", &IMAGE_TAG_MUTABILITY_SHAPE), Member::optional("imageTagMutabilityExclusionFilters", &IMAGE_TAG_MUTABILITY_EXCLUSION_FILTERS_SHAPE), Member::optional("repositoryPolicy", &REPOSITORY_POLICY_TEXT_SHAPE), Member::optional("lifecyclePolicy", &LIFECYCLE_POLICY_TEXT_FOR_REPOSITORY_CREATION_TEMPLATE_SHAPE), Member::optional("appliedFor", &RCT_APPLIED_FOR_LIST_SHAPE), Member::optional("customRoleArn", &CUSTOM_ROLE_ARN_SHAPE)]);

static UPLOAD_ID_SHAPE: Shape = Shape::pattern(0, usize::MAX, r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

static UPLOAD_LAYER_PART_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::optional("registryId", &REGISTRY_ID_SHAPE), Member::required("repositoryName", &REPOSITORY_NAME_SHAPE), Member::required("uploadId", &UPLOAD_ID_SHAPE), Member::required("partFirstByte", &PART_SIZE_SHAPE), Member::required("partLastByte", &PART_SIZE_SHAPE), Member::required("layerPartBlob", &LAYER_PART_BLOB_SHAPE)]);

static UPSTREAM_REGISTRY_SHAPE: Shape = Shape::Enum(UpstreamRegistry::VALUES);

static URL_SHAPE: Shape = Shape::text(0, usize::MAX);

static VALIDATE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE: Shape = Shape::Structure(&[Member::required("ecrRepositoryPrefix", &PULL_THROUGH_CACHE_RULE_REPOSITORY_PREFIX_SHAPE), Member::optional("registryId", &REGISTRY_ID_SHAPE)]);

operations! {
    BatchCheckLayerAvailability: BatchCheckLayerAvailabilityRequest by BATCH_CHECK_LAYER_AVAILABILITY_REQUEST_SHAPE, BatchCheckLayerAvailabilityResponse [RepositoryNotFoundException InvalidParameterException ServerException];
    BatchDeleteImage: BatchDeleteImageRequest by BATCH_DELETE_IMAGE_REQUEST_SHAPE, BatchDeleteImageResponse [ServerException InvalidParameterException RepositoryNotFoundException];
    BatchGetImage: BatchGetImageRequest by BATCH_GET_IMAGE_REQUEST_SHAPE, BatchGetImageResponse [ServerException InvalidParameterException RepositoryNotFoundException LimitExceededException UnableToGetUpstreamImageException];
    BatchGetRepositoryScanningConfiguration: BatchGetRepositoryScanningConfigurationRequest by BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION_REQUEST_SHAPE, BatchGetRepositoryScanningConfigurationResponse [ServerException InvalidParameterException RepositoryNotFoundException ValidationException];
    CompleteLayerUpload: CompleteLayerUploadRequest by COMPLETE_LAYER_UPLOAD_REQUEST_SHAPE, CompleteLayerUploadResponse [ServerException InvalidParameterException RepositoryNotFoundException UploadNotFoundException InvalidLayerException LayerPartTooSmallException LayerAlreadyExistsException EmptyUploadException KmsException];
    CreatePullThroughCacheRule: CreatePullThroughCacheRuleRequest by CREATE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE, CreatePullThroughCacheRuleResponse [ServerException InvalidParameterException ValidationException PullThroughCacheRuleAlreadyExistsException UnsupportedUpstreamRegistryException LimitExceededException UnableToAccessSecretException SecretNotFoundException UnableToDecryptSecretValueException];
    CreateRepository: CreateRepositoryRequest by CREATE_REPOSITORY_REQUEST_SHAPE, CreateRepositoryResponse [ServerException InvalidParameterException InvalidTagParameterException TooManyTagsException RepositoryAlreadyExistsException LimitExceededException KmsException];
    CreateRepositoryCreationTemplate: CreateRepositoryCreationTemplateRequest by CREATE_REPOSITORY_CREATION_TEMPLATE_REQUEST_SHAPE, CreateRepositoryCreationTemplateResponse [ServerException ValidationException InvalidParameterException LimitExceededException TemplateAlreadyExistsException];
    DeleteLifecyclePolicy: DeleteLifecyclePolicyRequest by DELETE_LIFECYCLE_POLICY_REQUEST_SHAPE, DeleteLifecyclePolicyResponse [ServerException InvalidParameterException RepositoryNotFoundException LifecyclePolicyNotFoundException ValidationException];
    DeletePullThroughCacheRule: DeletePullThroughCacheRuleRequest by DELETE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE, DeletePullThroughCacheRuleResponse [ServerException InvalidParameterException ValidationException PullThroughCacheRuleNotFoundException];
    DeleteRegistryPolicy: DeleteRegistryPolicyRequest by DELETE_REGISTRY_POLICY_REQUEST_SHAPE, DeleteRegistryPolicyResponse [ServerException InvalidParameterException RegistryPolicyNotFoundException ValidationException];
    DeleteRepository: DeleteRepositoryRequest by DELETE_REPOSITORY_REQUEST_SHAPE, DeleteRepositoryResponse [ServerException InvalidParameterException RepositoryNotFoundException RepositoryNotEmptyException KmsException];
    DeleteRepositoryCreationTemplate: DeleteRepositoryCreationTemplateRequest by DELETE_REPOSITORY_CREATION_TEMPLATE_REQUEST_SHAPE, DeleteRepositoryCreationTemplateResponse [ServerException ValidationException InvalidParameterException TemplateNotFoundException];
    DeleteRepositoryPolicy: DeleteRepositoryPolicyRequest by DELETE_REPOSITORY_POLICY_REQUEST_SHAPE, DeleteRepositoryPolicyResponse [ServerException InvalidParameterException RepositoryNotFoundException RepositoryPolicyNotFoundException];
    DeleteSigningConfiguration: DeleteSigningConfigurationRequest by DELETE_SIGNING_CONFIGURATION_REQUEST_SHAPE, DeleteSigningConfigurationResponse [ServerException ValidationException SigningConfigurationNotFoundException];
    DeregisterPullTimeUpdateExclusion: DeregisterPullTimeUpdateExclusionRequest by DEREGISTER_PULL_TIME_UPDATE_EXCLUSION_REQUEST_SHAPE, DeregisterPullTimeUpdateExclusionResponse [InvalidParameterException ExclusionNotFoundException LimitExceededException ValidationException ServerException];
    DescribeImageReplicationStatus: DescribeImageReplicationStatusRequest by DESCRIBE_IMAGE_REPLICATION_STATUS_REQUEST_SHAPE, DescribeImageReplicationStatusResponse [ServerException InvalidParameterException ImageNotFoundException RepositoryNotFoundException ValidationException];
    DescribeImageScanFindings: DescribeImageScanFindingsRequest by DESCRIBE_IMAGE_SCAN_FINDINGS_REQUEST_SHAPE, DescribeImageScanFindingsResponse [ServerException InvalidParameterException RepositoryNotFoundException ImageNotFoundException ScanNotFoundException ValidationException];
    DescribeImageSigningStatus: DescribeImageSigningStatusRequest by DESCRIBE_IMAGE_SIGNING_STATUS_REQUEST_SHAPE, DescribeImageSigningStatusResponse [ServerException InvalidParameterException ValidationException ImageNotFoundException RepositoryNotFoundException];
    DescribeImages: DescribeImagesRequest by DESCRIBE_IMAGES_REQUEST_SHAPE, DescribeImagesResponse [ServerException InvalidParameterException RepositoryNotFoundException ImageNotFoundException];
    DescribePullThroughCacheRules: DescribePullThroughCacheRulesRequest by DESCRIBE_PULL_THROUGH_CACHE_RULES_REQUEST_SHAPE, DescribePullThroughCacheRulesResponse [ServerException InvalidParameterException ValidationException PullThroughCacheRuleNotFoundException];
    DescribeRegistry: DescribeRegistryRequest by DESCRIBE_REGISTRY_REQUEST_SHAPE, DescribeRegistryResponse [ServerException InvalidParameterException ValidationException];
    DescribeRepositories: DescribeRepositoriesRequest by DESCRIBE_REPOSITORIES_REQUEST_SHAPE, DescribeRepositoriesResponse [ServerException InvalidParameterException RepositoryNotFoundException];
    DescribeRepositoryCreationTemplates: DescribeRepositoryCreationTemplatesRequest by DESCRIBE_REPOSITORY_CREATION_TEMPLATES_REQUEST_SHAPE, DescribeRepositoryCreationTemplatesResponse [ServerException ValidationException InvalidParameterException];
    GetAccountSetting: GetAccountSettingRequest by GET_ACCOUNT_SETTING_REQUEST_SHAPE, GetAccountSettingResponse [ServerException ValidationException InvalidParameterException];
    GetAuthorizationToken: GetAuthorizationTokenRequest by GET_AUTHORIZATION_TOKEN_REQUEST_SHAPE, GetAuthorizationTokenResponse [ServerException InvalidParameterException];
    GetDownloadUrlForLayer: GetDownloadUrlForLayerRequest by GET_DOWNLOAD_URL_FOR_LAYER_REQUEST_SHAPE, GetDownloadUrlForLayerResponse [ServerException InvalidParameterException LayersNotFoundException LayerInaccessibleException RepositoryNotFoundException UnableToGetUpstreamLayerException];
    GetLifecyclePolicy: GetLifecyclePolicyRequest by GET_LIFECYCLE_POLICY_REQUEST_SHAPE, GetLifecyclePolicyResponse [ServerException InvalidParameterException RepositoryNotFoundException LifecyclePolicyNotFoundException ValidationException];
    GetLifecyclePolicyPreview: GetLifecyclePolicyPreviewRequest by GET_LIFECYCLE_POLICY_PREVIEW_REQUEST_SHAPE, GetLifecyclePolicyPreviewResponse [ServerException InvalidParameterException RepositoryNotFoundException LifecyclePolicyPreviewNotFoundException ValidationException];
    GetRegistryPolicy: GetRegistryPolicyRequest by GET_REGISTRY_POLICY_REQUEST_SHAPE, GetRegistryPolicyResponse [ServerException InvalidParameterException RegistryPolicyNotFoundException ValidationException];
    GetRegistryScanningConfiguration: GetRegistryScanningConfigurationRequest by GET_REGISTRY_SCANNING_CONFIGURATION_REQUEST_SHAPE, GetRegistryScanningConfigurationResponse [ServerException InvalidParameterException ValidationException];
    GetRepositoryPolicy: GetRepositoryPolicyRequest by GET_REPOSITORY_POLICY_REQUEST_SHAPE, GetRepositoryPolicyResponse [ServerException InvalidParameterException RepositoryNotFoundException RepositoryPolicyNotFoundException];
    GetSigningConfiguration: GetSigningConfigurationRequest by GET_SIGNING_CONFIGURATION_REQUEST_SHAPE, GetSigningConfigurationResponse [ServerException InvalidParameterException ValidationException SigningConfigurationNotFoundException];
    InitiateLayerUpload: InitiateLayerUploadRequest by INITIATE_LAYER_UPLOAD_REQUEST_SHAPE, InitiateLayerUploadResponse [ServerException InvalidParameterException RepositoryNotFoundException KmsException];
    ListImageReferrers: ListImageReferrersRequest by LIST_IMAGE_REFERRERS_REQUEST_SHAPE, ListImageReferrersResponse [ServerException InvalidParameterException RepositoryNotFoundException ValidationException UnableToListUpstreamImageReferrersException];
    ListImages: ListImagesRequest by LIST_IMAGES_REQUEST_SHAPE, ListImagesResponse [ServerException InvalidParameterException RepositoryNotFoundException];
    ListPullTimeUpdateExclusions: ListPullTimeUpdateExclusionsRequest by LIST_PULL_TIME_UPDATE_EXCLUSIONS_REQUEST_SHAPE, ListPullTimeUpdateExclusionsResponse [InvalidParameterException ValidationException LimitExceededException ServerException];
    ListTagsForResource: ListTagsForResourceRequest by LIST_TAGS_FOR_RESOURCE_REQUEST_SHAPE, ListTagsForResourceResponse [InvalidParameterException RepositoryNotFoundException ServerException];
    PutAccountSetting: PutAccountSettingRequest by PUT_ACCOUNT_SETTING_REQUEST_SHAPE, PutAccountSettingResponse [ServerException ValidationException InvalidParameterException LimitExceededException];
    PutImage: PutImageRequest by PUT_IMAGE_REQUEST_SHAPE, PutImageResponse [ServerException InvalidParameterException RepositoryNotFoundException ImageAlreadyExistsException LayersNotFoundException ReferencedImagesNotFoundException LimitExceededException ImageTagAlreadyExistsException ImageDigestDoesNotMatchException KmsException];
    PutImageScanningConfiguration: PutImageScanningConfigurationRequest by PUT_IMAGE_SCANNING_CONFIGURATION_REQUEST_SHAPE, PutImageScanningConfigurationResponse [ServerException InvalidParameterException RepositoryNotFoundException ValidationException];
    PutImageTagMutability: PutImageTagMutabilityRequest by PUT_IMAGE_TAG_MUTABILITY_REQUEST_SHAPE, PutImageTagMutabilityResponse [ServerException InvalidParameterException RepositoryNotFoundException];
    PutLifecyclePolicy: PutLifecyclePolicyRequest by PUT_LIFECYCLE_POLICY_REQUEST_SHAPE, PutLifecyclePolicyResponse [ServerException InvalidParameterException RepositoryNotFoundException ValidationException];
    PutRegistryPolicy: PutRegistryPolicyRequest by PUT_REGISTRY_POLICY_REQUEST_SHAPE, PutRegistryPolicyResponse [ServerException InvalidParameterException ValidationException];
    PutRegistryScanningConfiguration: PutRegistryScanningConfigurationRequest by PUT_REGISTRY_SCANNING_CONFIGURATION_REQUEST_SHAPE, PutRegistryScanningConfigurationResponse [ServerException InvalidParameterException ValidationException BlockedByOrganizationPolicyException];
    PutReplicationConfiguration: PutReplicationConfigurationRequest by PUT_REPLICATION_CONFIGURATION_REQUEST_SHAPE, PutReplicationConfigurationResponse [ServerException InvalidParameterException ValidationException];
    PutSigningConfiguration: PutSigningConfigurationRequest by PUT_SIGNING_CONFIGURATION_REQUEST_SHAPE, PutSigningConfigurationResponse [ServerException InvalidParameterException ValidationException];
    RegisterPullTimeUpdateExclusion: RegisterPullTimeUpdateExclusionRequest by REGISTER_PULL_TIME_UPDATE_EXCLUSION_REQUEST_SHAPE, RegisterPullTimeUpdateExclusionResponse [InvalidParameterException ExclusionAlreadyExistsException LimitExceededException ValidationException ServerException];
    SetRepositoryPolicy: SetRepositoryPolicyRequest by SET_REPOSITORY_POLICY_REQUEST_SHAPE, SetRepositoryPolicyResponse [ServerException InvalidParameterException RepositoryNotFoundException];
    StartImageScan: StartImageScanRequest by START_IMAGE_SCAN_REQUEST_SHAPE, StartImageScanResponse [ServerException InvalidParameterException UnsupportedImageTypeException LimitExceededException RepositoryNotFoundException ImageNotFoundException ValidationException ImageArchivedException];
    StartLifecyclePolicyPreview: StartLifecyclePolicyPreviewRequest by START_LIFECYCLE_POLICY_PREVIEW_REQUEST_SHAPE, StartLifecyclePolicyPreviewResponse [ServerException InvalidParameterException RepositoryNotFoundException LifecyclePolicyNotFoundException LifecyclePolicyPreviewInProgressException ValidationException];
    TagResource: TagResourceRequest by TAG_RESOURCE_REQUEST_SHAPE, TagResourceResponse [InvalidParameterException InvalidTagParameterException TooManyTagsException RepositoryNotFoundException ServerException];
    UntagResource: UntagResourceRequest by UNTAG_RESOURCE_REQUEST_SHAPE, UntagResourceResponse [InvalidParameterException InvalidTagParameterException TooManyTagsException RepositoryNotFoundException ServerException];
    UpdateImageStorageClass: UpdateImageStorageClassRequest by UPDATE_IMAGE_STORAGE_CLASS_REQUEST_SHAPE, UpdateImageStorageClassResponse [InvalidParameterException ImageNotFoundException ImageStorageClassUpdateNotSupportedException RepositoryNotFoundException ServerException ValidationException];
    UpdatePullThroughCacheRule: UpdatePullThroughCacheRuleRequest by UPDATE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE, UpdatePullThroughCacheRuleResponse [ServerException InvalidParameterException ValidationException UnableToAccessSecretException PullThroughCacheRuleNotFoundException SecretNotFoundException UnableToDecryptSecretValueException];
    UpdateRepositoryCreationTemplate: UpdateRepositoryCreationTemplateRequest by UPDATE_REPOSITORY_CREATION_TEMPLATE_REQUEST_SHAPE, UpdateRepositoryCreationTemplateResponse [ServerException ValidationException InvalidParameterException TemplateNotFoundException];
    UploadLayerPart: UploadLayerPartRequest by UPLOAD_LAYER_PART_REQUEST_SHAPE, UploadLayerPartResponse [ServerException InvalidParameterException InvalidLayerPartException RepositoryNotFoundException UploadNotFoundException LimitExceededException KmsException];
    ValidatePullThroughCacheRule: ValidatePullThroughCacheRuleRequest by VALIDATE_PULL_THROUGH_CACHE_RULE_REQUEST_SHAPE, ValidatePullThroughCacheRuleResponse [ServerException InvalidParameterException ValidationException PullThroughCacheRuleNotFoundException];
}
