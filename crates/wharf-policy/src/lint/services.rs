//! What the services that Wharfinger knows have: actions, resources, condition keys.
//!
//! Actions are the services' operations and the permissions that have none, in the order of the alphabet.

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    /// The prefix of its actions, and the third field of its ARNs.
    pub(super) name: &'static str,
    /// Words.
    pub(super) actions: &'static str,
    /// Those that act on no resource: policies must say `*`.
    pub(super) without_resource: &'static str,
    /// Whose ARNs its actions act on.
    pub(super) acts_on: &'static [&'static str],
    /// Whether its ARNs name a region.
    pub(super) regional: bool,
    /// What the sixth field of its ARNs begins with.
    pub(super) paths: &'static [&'static str],
    /// Its own condition keys without the prefix, in lower case; one that ends with `/` or `:` has names behind it.
    pub(super) keys: &'static str,
}

/// The service of a prefix, in any case.
pub(super) fn find(prefix: &str) -> Option<&'static Service> {
    SERVICES
        .iter()
        .find(|service| service.name.eq_ignore_ascii_case(prefix))
}

const SERVICES: &[Service] = &[
    Service {
        name: "ecr",
        actions: "\
            BatchCheckLayerAvailability BatchDeleteImage BatchGetImage BatchGetRepositoryScanningConfiguration \
            BatchImportUpstreamImage CompleteLayerUpload CreatePullThroughCacheRule CreateRepository \
            CreateRepositoryCreationTemplate DeleteLifecyclePolicy DeletePullThroughCacheRule \
            DeleteRegistryPolicy DeleteRepository DeleteRepositoryCreationTemplate DeleteRepositoryPolicy \
            DeleteSigningConfiguration DeregisterPullTimeUpdateExclusion DescribeImageReplicationStatus \
            DescribeImageScanFindings DescribeImageSigningStatus DescribeImages DescribePullThroughCacheRules \
            DescribeRegistry DescribeRepositories DescribeRepositoryCreationTemplates GetAccountSetting \
            GetAuthorizationToken GetDownloadUrlForLayer GetImageCopyStatus GetLifecyclePolicy \
            GetLifecyclePolicyPreview GetRegistryPolicy GetRegistryScanningConfiguration GetRepositoryPolicy \
            GetSigningConfiguration InitiateLayerUpload ListImages ListPullTimeUpdateExclusions \
            ListTagsForResource PutAccountSetting PutImage PutImageScanningConfiguration PutImageTagMutability \
            PutLifecyclePolicy PutRegistryPolicy PutRegistryScanningConfiguration PutReplicationConfiguration \
            PutSigningConfiguration RegisterPullTimeUpdateExclusion ReplicateImage SetRepositoryPolicy \
            StartImageScan StartLifecyclePolicyPreview TagResource UntagResource UpdateImageStorageClass \
            UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate UploadLayerPart \
            ValidatePullThroughCacheRule",
        without_resource: "\
            GetAuthorizationToken DescribeRegistry DescribeRepositoryCreationTemplates GetRegistryPolicy \
            GetRegistryScanningConfiguration GetSigningConfiguration ValidatePullThroughCacheRule \
            DescribePullThroughCacheRules ListPullTimeUpdateExclusions CreatePullThroughCacheRule \
            DeletePullThroughCacheRule UpdatePullThroughCacheRule CreateRepositoryCreationTemplate \
            UpdateRepositoryCreationTemplate DeleteRepositoryCreationTemplate PutRegistryScanningConfiguration \
            PutReplicationConfiguration PutSigningConfiguration DeleteSigningConfiguration \
            RegisterPullTimeUpdateExclusion DeregisterPullTimeUpdateExclusion PutRegistryPolicy \
            DeleteRegistryPolicy GetAccountSetting PutAccountSetting",
        acts_on: &["ecr"],
        regional: true,
        paths: &["repository/"],
        keys: "accountsetting resourcetag/",
    },
    Service {
        name: "ecr-public",
        actions: "\
            BatchCheckLayerAvailability BatchDeleteImage CompleteLayerUpload CreateRepository DeleteRepository \
            DeleteRepositoryPolicy DescribeImageTags DescribeImages DescribeRegistries DescribeRepositories \
            GetAuthorizationToken GetRegistryCatalogData GetRepositoryCatalogData GetRepositoryPolicy \
            InitiateLayerUpload ListTagsForResource PutImage PutRegistryCatalogData PutRepositoryCatalogData \
            SetRepositoryPolicy TagResource UntagResource UploadLayerPart",
        without_resource: "GetAuthorizationToken",
        acts_on: &["ecr-public"],
        regional: false,
        paths: &["repository/", "registry/"],
        keys: "resourcetag/",
    },
    Service {
        name: "sts",
        actions: "\
            AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage \
            GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetServiceBearerToken \
            GetSessionToken GetWebIdentityToken SetContext SetSourceIdentity TagSession",
        without_resource: "GetServiceBearerToken GetCallerIdentity GetSessionToken GetAccessKeyInfo DecodeAuthorizationMessage",
        acts_on: &["iam", "sts"],
        regional: false,
        paths: &["assumed-role/", "federated-user/", "self"],
        keys: "\
            awsservicename durationseconds externalid identitytokenaudience requestcontext/ \
            requestcontextproviders roleauthorizedbyidp rolesessionname signingalgorithm sourceidentity \
            taskpolicyarn transitivetagkeys",
    },
    Service {
        name: "iam",
        actions: "\
            AcceptDelegationRequest AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile AddUserToGroup \
            AssociateDelegationRequest AttachGroupPolicy AttachRolePolicy AttachUserPolicy ChangePassword \
            CreateAccessKey CreateAccountAlias CreateDelegationRequest CreateGroup CreateInstanceProfile \
            CreateLoginProfile CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole \
            CreateSAMLProvider CreateServiceLinkedRole CreateServiceSpecificCredential CreateUser \
            CreateVirtualMFADevice DeactivateMFADevice DeleteAccessKey DeleteAccountAlias \
            DeleteAccountPasswordPolicy DeleteGroup DeleteGroupPolicy DeleteInstanceProfile DeleteLoginProfile \
            DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion DeleteRole \
            DeleteRolePermissionsBoundary DeleteRolePolicy DeleteSAMLProvider DeleteSSHPublicKey \
            DeleteServerCertificate DeleteServiceLinkedRole DeleteServiceSpecificCredential \
            DeleteSigningCertificate DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy \
            DeleteVirtualMFADevice DetachGroupPolicy DetachRolePolicy DetachUserPolicy \
            DisableOrganizationsRootCredentialsManagement DisableOrganizationsRootSessions \
            DisableOutboundWebIdentityFederation EnableMFADevice EnableOrganizationsRootCredentialsManagement \
            EnableOrganizationsRootSessions EnableOutboundWebIdentityFederation GenerateCredentialReport \
            GenerateOrganizationsAccessReport GenerateServiceLastAccessedDetails GetAccessKeyLastUsed \
            GetAccountAuthorizationDetails GetAccountPasswordPolicy GetAccountSummary \
            GetContextKeysForCustomPolicy GetContextKeysForPrincipalPolicy GetCredentialReport \
            GetDelegationRequest GetGroup GetGroupPolicy GetHumanReadableSummary GetInstanceProfile \
            GetLoginProfile GetMFADevice GetOpenIDConnectProvider GetOrganizationsAccessReport \
            GetOutboundWebIdentityFederationInfo GetPolicy GetPolicyVersion GetRole GetRolePolicy \
            GetSAMLProvider GetSSHPublicKey GetServerCertificate GetServiceLastAccessedDetails \
            GetServiceLastAccessedDetailsWithEntities GetServiceLinkedRoleDeletionStatus GetUser GetUserPolicy \
            ListAccessKeys ListAccountAliases ListAttachedGroupPolicies ListAttachedRolePolicies \
            ListAttachedUserPolicies ListDelegationRequests ListEntitiesForPolicy ListGroupPolicies ListGroups \
            ListGroupsForUser ListInstanceProfileTags ListInstanceProfiles ListInstanceProfilesForRole \
            ListMFADeviceTags ListMFADevices ListOpenIDConnectProviderTags ListOpenIDConnectProviders \
            ListOrganizationsFeatures ListPolicies ListPoliciesGrantingServiceAccess ListPolicyTags \
            ListPolicyVersions ListRolePolicies ListRoleTags ListRoles ListSAMLProviderTags ListSAMLProviders \
            ListSSHPublicKeys ListServerCertificateTags ListServerCertificates ListServiceSpecificCredentials \
            ListSigningCertificates ListUserPolicies ListUserTags ListUsers ListVirtualMFADevices PassRole \
            PutGroupPolicy PutRolePermissionsBoundary PutRolePolicy PutUserPermissionsBoundary PutUserPolicy \
            RejectDelegationRequest RemoveClientIDFromOpenIDConnectProvider RemoveRoleFromInstanceProfile \
            RemoveUserFromGroup ResetServiceSpecificCredential ResyncMFADevice SendDelegationToken \
            SetDefaultPolicyVersion SetSecurityTokenServicePreferences SimulateCustomPolicy \
            SimulatePrincipalPolicy TagInstanceProfile TagMFADevice TagOpenIDConnectProvider TagPolicy TagRole \
            TagSAMLProvider TagServerCertificate TagUser UntagInstanceProfile UntagMFADevice \
            UntagOpenIDConnectProvider UntagPolicy UntagRole UntagSAMLProvider UntagServerCertificate UntagUser \
            UpdateAccessKey UpdateAccountPasswordPolicy UpdateAssumeRolePolicy UpdateDelegationRequest \
            UpdateGroup UpdateLoginProfile UpdateOpenIDConnectProviderThumbprint UpdateRole \
            UpdateRoleDescription UpdateSAMLProvider UpdateSSHPublicKey UpdateServerCertificate \
            UpdateServiceSpecificCredential UpdateSigningCertificate UpdateUser UploadSSHPublicKey \
            UploadServerCertificate UploadSigningCertificate",
        without_resource: "\
            ListUsers ListRoles ListGroups ListPolicies ListOpenIDConnectProviders ListInstanceProfiles \
            GetAccountSummary ListAccountAliases",
        acts_on: &["iam", "sts"],
        regional: false,
        paths: &[
            "user/",
            "federated-user/",
            "role/",
            "group/",
            "instance-profile/",
            "mfa/",
            "server-certificate/",
            "policy/",
            "sms-mfa/",
            "saml-provider/",
            "oidc-provider/",
            "report/",
            "access-report/",
        ],
        keys: "\
            associatedresourcearn awsservicename fido-certification fido-fips-140-2-certification \
            fido-fips-140-3-certification organizationspolicyid passedtoservice permissionsboundary policyarn \
            registersecuritykey resourcetag/ servicespecificcredentialagedays \
            servicespecificcredentialservicename",
    },
    Service {
        name: "kms",
        actions: "\
            CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey \
            Decrypt DeleteAlias DeleteCustomKeyStore DeleteImportedKeyMaterial DeriveSharedSecret \
            DescribeCustomKeyStores DescribeKey DisableKey DisableKeyRotation DisconnectCustomKeyStore EnableKey \
            EnableKeyRotation Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext \
            GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom GetKeyLastUsage GetKeyPolicy \
            GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListAliases ListGrants \
            ListKeyPolicies ListKeyRotations ListKeys ListResourceTags ListRetirableGrants PutKeyPolicy \
            ReEncryptFrom ReEncryptTo ReplicateKey RetireGrant RevokeGrant RotateKeyOnDemand ScheduleKeyDeletion \
            Sign TagResource UntagResource UpdateAlias UpdateCustomKeyStore UpdateKeyDescription \
            UpdatePrimaryRegion Verify VerifyMac",
        without_resource: "ListKeys ListAliases CreateKey GenerateRandom ListRetirableGrants",
        acts_on: &["kms"],
        regional: true,
        paths: &["key/", "alias/"],
        keys: "\
            bypasspolicylockoutsafetycheck calleraccount customermasterkeyspec customermasterkeyusage \
            datakeypairspec encryptionalgorithm encryptioncontext: encryptioncontextkeys expirationmodel \
            grantconstraintsourcearn grantconstrainttype granteeprincipal granteeserviceprincipal \
            grantisforawsresource grantoperations keyagreementalgorithm keyorigin keyspec keyusage macalgorithm \
            messagetype multiregion multiregionkeytype primaryregion recipientattestation: reencryptonsamekey \
            replicaregion requestalias resourcealiases retiringprincipal retiringserviceprincipal \
            rotationperiodindays schedulekeydeletionpendingwindowindays signingalgorithm \
            trailingdayswithoutkeyusage validto viaservice wrappingalgorithm wrappingkeyspec",
    },
];

/// The condition keys of all services, behind `aws:`, in lower case; one that ends with `/` has names behind it.
pub(super) const GLOBAL_KEYS: &str = "\
    assumedroot calledvia calledviafirst calledvialast chatbotsourcearn currenttime \
    ec2instancesourceprivateipv4 ec2instancesourcevpc epochtime federatedprovider ismcpserviceaction \
    multifactorauthage multifactorauthpresent principalaccount principalarn principalisawsservice \
    principalorgid principalorgpaths principalservicename principalservicenameslist principaltag/ \
    principaltype referer requestedregion requesttag/ resourceaccount resourceorgid resourceorgpaths \
    resourcetag/ securetransport signinsessionarn sourceaccount sourcearn sourceidentity sourceip sourceorgid \
    sourceorgpaths sourceowner sourcevpc sourcevpcarn sourcevpce tagkeys tokenissuetime useragent userid \
    username viaawsservice vpceaccount vpceorgid vpceorgpaths vpcsourceip";

/// Keys that can have several values, in lower case.
pub(super) const MULTIVALUED: &str = "\
    aws:tagkeys aws:principalorgpaths aws:resourceorgpaths aws:sourceorgpaths aws:vpceorgpaths aws:calledvia \
    aws:principalservicenameslist sts:transitivetagkeys kms:encryptioncontextkeys kms:resourcealiases \
    kms:grantoperations";
