//! The services whose shapes are written, and of which operations.

/// How a service's requests and answers travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// AWS JSON 1.1.
    Json,
    /// Form parameters in, XML out.
    Query,
}

/// One service.
#[derive(Debug)]
pub(super) struct Service {
    /// Its folder in botocore, and the module below `crates/wharf-wire/src`.
    pub(super) name: &'static str,
    /// The version of its API.
    pub(super) version: &'static str,
    pub(super) protocol: Protocol,
    /// The operations, between spaces; `None` for all.
    pub(super) operations: Option<&'static str>,
}

impl Service {
    /// The generated file, from the root of the source tree.
    pub(super) fn path(&self) -> String {
        format!("crates/wharf-wire/src/{}/shapes.rs", self.name)
    }

    /// Whether an operation is one of those that are written.
    pub(super) fn has(&self, operation: &str) -> bool {
        self.operations
            .is_none_or(|all| all.split_whitespace().any(|name| name == operation))
    }
}

pub(super) const SERVICES: &[Service] = &[
    Service {
        name: "ecr",
        version: "2015-09-21",
        protocol: Protocol::Json,
        operations: None,
    },
    Service {
        name: "iam",
        version: "2010-05-08",
        protocol: Protocol::Query,
        operations: Some(IAM),
    },
    Service {
        name: "sts",
        version: "2011-06-15",
        protocol: Protocol::Query,
        operations: Some(STS),
    },
];

/// Users, keys, roles, policies, groups, OIDC providers, instance profiles, the account, simulation, and what
/// infrastructure tools list before they delete a user. No passwords, devices, certificates or SAML.
const IAM: &str = "
    AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile AddUserToGroup AttachGroupPolicy
    AttachRolePolicy AttachUserPolicy CreateAccessKey CreateAccountAlias CreateGroup CreateInstanceProfile
    CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole CreateServiceLinkedRole CreateUser
    DeleteAccessKey DeleteAccountAlias DeleteGroup DeleteGroupPolicy DeleteInstanceProfile DeleteLoginProfile
    DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion DeleteRole DeleteRolePermissionsBoundary
    DeleteRolePolicy DeleteServiceLinkedRole DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy
    DetachGroupPolicy DetachRolePolicy DetachUserPolicy GetAccessKeyLastUsed GetAccountAuthorizationDetails
    GetAccountSummary GetGroup GetGroupPolicy GetInstanceProfile GetLoginProfile GetOpenIDConnectProvider
    GetPolicy GetPolicyVersion GetRole GetRolePolicy GetServiceLinkedRoleDeletionStatus GetUser GetUserPolicy
    ListAccessKeys ListAccountAliases ListAttachedGroupPolicies ListAttachedRolePolicies
    ListAttachedUserPolicies ListEntitiesForPolicy ListGroupPolicies ListGroups ListGroupsForUser
    ListInstanceProfileTags ListInstanceProfiles ListInstanceProfilesForRole ListMFADevices
    ListOpenIDConnectProviderTags ListOpenIDConnectProviders ListPolicies ListPolicyTags ListPolicyVersions
    ListRolePolicies ListRoleTags ListRoles ListSSHPublicKeys ListServiceSpecificCredentials
    ListSigningCertificates ListUserPolicies ListUserTags ListUsers ListVirtualMFADevices PutGroupPolicy
    PutRolePermissionsBoundary PutRolePolicy PutUserPermissionsBoundary PutUserPolicy
    RemoveClientIDFromOpenIDConnectProvider RemoveRoleFromInstanceProfile RemoveUserFromGroup
    SetDefaultPolicyVersion SimulateCustomPolicy SimulatePrincipalPolicy TagInstanceProfile
    TagOpenIDConnectProvider TagPolicy TagRole TagUser UntagInstanceProfile UntagOpenIDConnectProvider
    UntagPolicy UntagRole UntagUser UpdateAccessKey UpdateAssumeRolePolicy UpdateGroup
    UpdateOpenIDConnectProviderThumbprint UpdateRole UpdateRoleDescription UpdateUser";

/// All but SAML, which nobody uses with a registry, and what came after web identities.
const STS: &str = "
    AssumeRole AssumeRoleWithWebIdentity DecodeAuthorizationMessage GetAccessKeyInfo GetCallerIdentity
    GetFederationToken GetSessionToken";

/// Members that are left out: seeds of one-time passwords, which no list answers.
pub(super) const OMITTED: &[(&str, &str)] = &[
    ("VirtualMFADevice", "Base32StringSeed"),
    ("VirtualMFADevice", "QRCodePNG"),
];

/// Structures whose members are answered in another order than the model's. **Source:** observed answers.
pub(super) const MEMBERS: &[(&str, &[&str])] =
    &[("GetCallerIdentityResponse", &["Arn", "UserId", "Account"])];

/// Patterns for which the server has a matcher by hand, in `awsjson/matchers.rs`: those that its regular
/// expressions cannot take, those that do not say what they mean, and those of texts too long for them.
pub(super) const MATCHERS: &[(&str, &str)] = &[
    (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", "tag_key"),
    (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "tag_value"),
    (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "policy_document"),
    (
        r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
        "arn",
    ),
    (
        r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
        "account_alias",
    ),
];

/// Whether a member must not show in `Debug` nor in error texts.
pub(super) fn is_secret(member: &str, sensitive: bool) -> bool {
    sensitive
        || member.starts_with("Secret")
        || member.ends_with("Token")
        || ["TokenCode", "ContextAssertion"].contains(&member)
}

/// Members that a model requires and answers lack: an account's root has neither name nor path.
pub(super) const ABSENT_FOR_ROOT: &[(&str, &str)] = &[
    ("AccessKey", "UserName"),
    ("User", "Path"),
    ("User", "UserName"),
];
