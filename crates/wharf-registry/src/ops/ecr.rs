//! Amazon ECR's API: the table of operations, and what several of them share.
mod convert;
mod filter;

operations! {
    BatchCheckLayerAvailability => batch_check_layer_availability,
    BatchDeleteImage => batch_delete_image,
    BatchGetImage => batch_get_image,
    CompleteLayerUpload => complete_layer_upload,
    CreateRepository => create_repository,
    DeleteRegistryPolicy => delete_registry_policy,
    DeleteRepository => delete_repository,
    DeleteRepositoryPolicy => delete_repository_policy,
    DescribeImages => describe_images,
    DescribeRegistry => describe_registry,
    DescribeRepositories => describe_repositories,
    GetAccountSetting => get_account_setting,
    GetAuthorizationToken => get_authorization_token,
    GetDownloadUrlForLayer => get_download_url_for_layer,
    GetRegistryPolicy => get_registry_policy,
    GetRepositoryPolicy => get_repository_policy,
    InitiateLayerUpload => initiate_layer_upload,
    ListImageReferrers => list_image_referrers,
    ListImages => list_images,
    ListTagsForResource => list_tags_for_resource,
    PutAccountSetting => put_account_setting,
    PutImage => put_image,
    PutImageTagMutability => put_image_tag_mutability,
    PutRegistryPolicy => put_registry_policy,
    SetRepositoryPolicy => set_repository_policy,
    TagResource => tag_resource,
    UntagResource => untag_resource,
    UploadLayerPart => upload_layer_part,
}
