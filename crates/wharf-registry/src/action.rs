//! The actions of IAM policies, as types: a [`crate::Grant`] for one cannot be used for another.

/// An action that a policy may allow. Sealed: the list below is the list.
pub trait Action: sealed::Sealed + Send + Sync + 'static {
    /// As policies write it: `ecr:PutImage`.
    const NAME: &'static str;
}

/// Actions that may remove images of a repository.
pub trait RemovesImages: Action {}
/// Actions that may read a repository's images.
pub trait ReadsImages: Action {}
/// Actions that may read resource tags of a repository.
pub trait ReadsTags: Action {}
/// Actions that make temporary credentials.
pub trait MakesSessions: Action {}
/// Actions that whoever has credentials may do, whatever policies say.
pub trait NeedsNoPermission: Action {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! actions {
    ($($name:ident = $text:literal $(: $($mark:ident),+)?;)*) => {$(
        #[doc = concat!("The action `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl crate::action::sealed::Sealed for $name {}
        impl crate::action::Action for $name { const NAME: &'static str = $text; }
        $($(impl $mark for $name {})+)?
    )*};
}

/// Actions of IAM: an operation's name is its action's.
macro_rules! iam_actions {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("The action `iam:", stringify!($name), "`.")]
            #[derive(Clone, Copy, Debug)]
            pub struct $name;
            impl crate::action::sealed::Sealed for $name {}
            impl crate::action::Action for $name {
                const NAME: &'static str = concat!("iam:", stringify!($name));
            }
        )*
    };
}

pub mod iam;
pub mod sts;

actions! {
    BatchCheckLayerAvailability = "ecr:BatchCheckLayerAvailability";
    BatchDeleteImage = "ecr:BatchDeleteImage": RemovesImages, ReadsImages;
    BatchGetImage = "ecr:BatchGetImage": ReadsImages;
    CompleteLayerUpload = "ecr:CompleteLayerUpload";
    CreateRepository = "ecr:CreateRepository";
    DeleteRegistryPolicy = "ecr:DeleteRegistryPolicy";
    DeleteRepositoryPolicy = "ecr:DeleteRepositoryPolicy";
    DeleteRepository = "ecr:DeleteRepository": ReadsTags;
    DescribeImages = "ecr:DescribeImages": ReadsImages;
    DescribeRegistry = "ecr:DescribeRegistry";
    DescribeRepositories = "ecr:DescribeRepositories";
    GetAccountSetting = "ecr:GetAccountSetting";
    GetAuthorizationToken = "ecr:GetAuthorizationToken";
    GetDownloadUrlForLayer = "ecr:GetDownloadUrlForLayer";
    GetRegistryPolicy = "ecr:GetRegistryPolicy";
    GetRepositoryPolicy = "ecr:GetRepositoryPolicy";
    InitiateLayerUpload = "ecr:InitiateLayerUpload";
    ListImages = "ecr:ListImages": ReadsImages;
    ListTagsForResource = "ecr:ListTagsForResource": ReadsTags;
    PutAccountSetting = "ecr:PutAccountSetting";
    PutImage = "ecr:PutImage": ReadsImages;
    PutImageTagMutability = "ecr:PutImageTagMutability";
    PutRegistryPolicy = "ecr:PutRegistryPolicy";
    SetRepositoryPolicy = "ecr:SetRepositoryPolicy";
    TagResource = "ecr:TagResource": ReadsTags;
    UntagResource = "ecr:UntagResource";
    UploadLayerPart = "ecr:UploadLayerPart";
}
