//! Amazon ECR's API: the table of operations, and what several of them share.
mod convert;
mod filter;

operations! {
    BatchCheckLayerAvailability => batch_check_layer_availability,
    BatchDeleteImage => batch_delete_image,
    BatchGetImage => batch_get_image,
    CompleteLayerUpload => complete_layer_upload,
    CreateRepository => create_repository,
    DeleteRepository => delete_repository,
    DescribeImages => describe_images,
    DescribeRegistry => describe_registry,
    DescribeRepositories => describe_repositories,
    GetAuthorizationToken => get_authorization_token,
    GetDownloadUrlForLayer => get_download_url_for_layer,
    InitiateLayerUpload => initiate_layer_upload,
    ListImageReferrers => list_image_referrers,
    ListImages => list_images,
    ListTagsForResource => list_tags_for_resource,
    PutImage => put_image,
    PutImageTagMutability => put_image_tag_mutability,
    TagResource => tag_resource,
    UntagResource => untag_resource,
    UploadLayerPart => upload_layer_part,
}
