//! AWS's managed policies: the same for every account, never changed.

/// One of AWS's managed policies.
#[derive(Debug)]
pub(crate) struct ManagedPolicy {
    pub(crate) name: &'static str,
    /// Begins and ends with `/`.
    pub(crate) path: &'static str,
    /// `ANPA…`, made up here and never changed.
    pub(crate) id: &'static str,
    /// The number of its default version, the only one that is kept.
    pub(crate) version: u32,
    /// When the policy was made, seconds since 1970.
    pub(crate) created: i64,
    /// When that version was made, seconds since 1970.
    pub(crate) updated: i64,
    pub(crate) document: &'static str,
}

impl ManagedPolicy {
    /// `arn:aws:iam::aws:policy/PATH/NAME`
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }
}

/// The policy of that ARN.
pub(crate) fn find(arn: &str) -> Option<&'static ManagedPolicy> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy")?;
    POLICIES
        .iter()
        .find(|policy| name.strip_prefix(policy.path) == Some(policy.name))
}

/// In the order of their names. Source: iam.md 5; of `ReadOnlyAccess` what concerns services that there are here.
pub(crate) const POLICIES: &[ManagedPolicy] = &[
    ManagedPolicy {
        name: "AdministratorAccess",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAA",
        version: 1,
        created: 1_423_180_800,
        updated: 1_423_180_800,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonEC2ContainerRegistryFullAccess",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAB",
        version: 3,
        created: 1_450_656_000,
        updated: 1_607_126_400,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["ecr:*", "cloudtrail:LookupEvents"],
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": ["iam:CreateServiceLinkedRole"],
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "iam:AWSServiceName": ["replication.ecr.amazonaws.com"]
        }
      }
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonEC2ContainerRegistryPowerUser",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAC",
        version: 3,
        created: 1_450_656_000,
        updated: 1_575_936_000,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetRepositoryPolicy",
        "ecr:DescribeRepositories",
        "ecr:ListImages",
        "ecr:DescribeImages",
        "ecr:BatchGetImage",
        "ecr:GetLifecyclePolicy",
        "ecr:GetLifecyclePolicyPreview",
        "ecr:ListTagsForResource",
        "ecr:DescribeImageScanFindings",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonEC2ContainerRegistryPullOnly",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAD",
        version: 1,
        created: 1_728_000_000,
        updated: 1_728_000_000,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchImportUpstreamImage"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonEC2ContainerRegistryReadOnly",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAE",
        version: 3,
        created: 1_450_656_000,
        updated: 1_575_936_000,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetRepositoryPolicy",
        "ecr:DescribeRepositories",
        "ecr:ListImages",
        "ecr:DescribeImages",
        "ecr:BatchGetImage",
        "ecr:GetLifecyclePolicy",
        "ecr:GetLifecyclePolicyPreview",
        "ecr:ListTagsForResource",
        "ecr:DescribeImageScanFindings"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonECSTaskExecutionRolePolicy",
        path: "/service-role/",
        id: "ANPAWHARFINGERAAAAAAF",
        version: 1,
        created: 1_510_790_400,
        updated: 1_510_790_400,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        "logs:CreateLogStream",
        "logs:PutLogEvents"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonElasticContainerRegistryPublicFullAccess",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAG",
        version: 1,
        created: 1_606_780_800,
        updated: 1_606_780_800,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["ecr-public:*", "sts:GetServiceBearerToken"],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonElasticContainerRegistryPublicPowerUser",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAH",
        version: 1,
        created: 1_606_780_800,
        updated: 1_606_780_800,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr-public:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
        "ecr-public:BatchCheckLayerAvailability",
        "ecr-public:GetRepositoryPolicy",
        "ecr-public:DescribeRepositories",
        "ecr-public:DescribeRegistries",
        "ecr-public:DescribeImages",
        "ecr-public:DescribeImageTags",
        "ecr-public:GetRepositoryCatalogData",
        "ecr-public:GetRegistryCatalogData",
        "ecr-public:InitiateLayerUpload",
        "ecr-public:UploadLayerPart",
        "ecr-public:CompleteLayerUpload",
        "ecr-public:PutImage"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AmazonElasticContainerRegistryPublicReadOnly",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAI",
        version: 1,
        created: 1_606_780_800,
        updated: 1_606_780_800,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr-public:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
        "ecr-public:BatchCheckLayerAvailability",
        "ecr-public:GetRepositoryPolicy",
        "ecr-public:DescribeRepositories",
        "ecr-public:DescribeRegistries",
        "ecr-public:DescribeImages",
        "ecr-public:DescribeImageTags",
        "ecr-public:GetRepositoryCatalogData",
        "ecr-public:GetRegistryCatalogData"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "AWSECRPullThroughCache_ServiceRolePolicy",
        path: "/aws-service-role/",
        id: "ANPAWHARFINGERAAAAAAJ",
        version: 3,
        created: 1_637_884_800,
        updated: 1_741_219_200,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ECR",
      "Effect": "Allow",
      "Action": [
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
        "ecr:BatchGetImage",
        "ecr:BatchImportUpstreamImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetImageCopyStatus"
      ],
      "Resource": "*"
    },
    {
      "Sid": "SecretsManager",
      "Effect": "Allow",
      "Action": ["secretsmanager:GetSecretValue"],
      "Resource": "arn:aws:secretsmanager:*:*:secret:ecr-pullthroughcache/*",
      "Condition": {
        "StringEquals": {
          "aws:ResourceAccount": "${aws:PrincipalAccount}"
        }
      }
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "ECRReplicationServiceRolePolicy",
        path: "/aws-service-role/",
        id: "ANPAWHARFINGERAAAAAAK",
        version: 1,
        created: 1_607_040_000,
        updated: 1_607_040_000,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "ECRTemplateServiceRolePolicy",
        path: "/aws-service-role/",
        id: "ANPAWHARFINGERAAAAAAL",
        version: 1,
        created: 1_718_755_200,
        updated: 1_718_755_200,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "CreateRepositoryWithTemplate",
      "Effect": "Allow",
      "Action": ["ecr:CreateRepository"],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "PowerUserAccess",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAM",
        version: 12,
        created: 1_423_180_800,
        updated: 1_770_854_400,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "NotAction": ["iam:*", "organizations:*", "account:*"],
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": [
        "account:GetAccountInformation",
        "account:GetGovCloudAccountInformation",
        "account:GetPrimaryEmail",
        "account:ListRegions",
        "iam:CreateServiceLinkedRole",
        "iam:DeleteServiceLinkedRole",
        "iam:ListRoles",
        "organizations:DescribeEffectivePolicy",
        "organizations:DescribeOrganization"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
    ManagedPolicy {
        name: "ReadOnlyAccess",
        path: "/",
        id: "ANPAWHARFINGERAAAAAAN",
        version: 178,
        created: 1_423_180_800,
        updated: 1_767_225_600,
        document: r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ecr:BatchCheck*",
        "ecr:BatchGet*",
        "ecr:Describe*",
        "ecr:Get*",
        "ecr:List*",
        "ecr-public:BatchCheckLayerAvailability",
        "ecr-public:DescribeImages",
        "ecr-public:DescribeImageTags",
        "ecr-public:DescribeRegistries",
        "ecr-public:DescribeRepositories",
        "ecr-public:GetAuthorizationToken",
        "ecr-public:GetRegistryCatalogData",
        "ecr-public:GetRepositoryCatalogData",
        "ecr-public:GetRepositoryPolicy",
        "ecr-public:ListTagsForResource",
        "iam:Generate*",
        "iam:Get*",
        "iam:List*",
        "iam:Simulate*",
        "kms:Describe*",
        "kms:Get*",
        "kms:List*",
        "sts:GetAccessKeyInfo",
        "sts:GetCallerIdentity",
        "sts:GetSessionToken"
      ],
      "Resource": "*"
    }
  ]
}"#,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wharf_policy::{Document, Kind};

    use super::*;

    #[test]
    fn every_policy_is_found_by_its_arn_and_can_be_read() {
        let mut ids = BTreeSet::new();
        for policy in POLICIES {
            assert_eq!(find(&policy.arn()).expect("found").name, policy.name);
            Document::parse(policy.document, Kind::Managed).expect(policy.name);
            assert!(
                ids.insert(policy.id) && policy.id.len() == 21,
                "{}",
                policy.id
            );
            assert!(policy.created <= policy.updated, "{}", policy.name);
        }
        assert!(find("arn:aws:iam::aws:policy/service-role/AdministratorAccess").is_none());
        assert!(find("arn:aws:iam::123456789012:policy/AdministratorAccess").is_none());
        let names = POLICIES
            .iter()
            .map(|policy| policy.name.to_ascii_lowercase());
        assert!(names.is_sorted());
    }
}
