use std::collections::BTreeSet;

use super::*;

/// Typed by hand, so that a generator that loses one is noticed.
const ALL: &str = "AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile AddUserToGroup AttachGroupPolicy \
    AttachRolePolicy AttachUserPolicy CreateAccessKey CreateAccountAlias CreateGroup CreateInstanceProfile \
    CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole CreateServiceLinkedRole CreateUser \
    DeleteAccessKey DeleteAccountAlias DeleteGroup DeleteGroupPolicy DeleteInstanceProfile DeleteLoginProfile \
    DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion DeleteRole DeleteRolePermissionsBoundary \
    DeleteRolePolicy DeleteServiceLinkedRole DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy \
    DetachGroupPolicy DetachRolePolicy DetachUserPolicy GetAccessKeyLastUsed GetAccountAuthorizationDetails \
    GetAccountSummary GetGroup GetGroupPolicy GetInstanceProfile GetLoginProfile GetOpenIDConnectProvider \
    GetPolicy GetPolicyVersion GetRole GetRolePolicy GetServiceLinkedRoleDeletionStatus GetUser GetUserPolicy \
    ListAccessKeys ListAccountAliases ListAttachedGroupPolicies ListAttachedRolePolicies \
    ListAttachedUserPolicies ListEntitiesForPolicy ListGroupPolicies ListGroups ListGroupsForUser \
    ListInstanceProfileTags ListInstanceProfiles ListInstanceProfilesForRole ListMFADevices \
    ListOpenIDConnectProviderTags ListOpenIDConnectProviders ListPolicies ListPolicyTags ListPolicyVersions \
    ListRolePolicies ListRoleTags ListRoles ListSSHPublicKeys ListServiceSpecificCredentials \
    ListSigningCertificates ListUserPolicies ListUserTags ListUsers ListVirtualMFADevices PutGroupPolicy \
    PutRolePermissionsBoundary PutRolePolicy PutUserPermissionsBoundary PutUserPolicy \
    RemoveClientIDFromOpenIDConnectProvider RemoveRoleFromInstanceProfile RemoveUserFromGroup \
    SetDefaultPolicyVersion SimulateCustomPolicy SimulatePrincipalPolicy TagInstanceProfile \
    TagOpenIDConnectProvider TagPolicy TagRole TagUser UntagInstanceProfile UntagOpenIDConnectProvider \
    UntagPolicy UntagRole UntagUser UpdateAccessKey UpdateAssumeRolePolicy UpdateGroup \
    UpdateOpenIDConnectProviderThumbprint UpdateRole UpdateRoleDescription UpdateUser";

#[test]
fn all_106_operations_exist_and_their_errors_are_those_of_the_model() {
    let all: BTreeSet<&str> = ALL.split_whitespace().collect();
    assert_eq!(all.len(), 106);
    assert_eq!(OPERATIONS.iter().copied().collect::<BTreeSet<_>>(), all);
    for (operation, exceptions) in OPERATION_EXCEPTIONS {
        for exception in *exceptions {
            assert!(EXCEPTIONS.contains(exception), "{operation}: {exception}");
        }
    }
    assert!(EXCEPTIONS.contains(&"NoSuchEntity") && EXCEPTIONS.contains(&"NotSupportedService"));
}
