//! The AWS SDK for Python and the AWS CLI: per operation, a transcript that is reviewed as text.
//!
//! `tests/clients/record.py` plays the cases; what it prints must equal
//! `tests/recorded/<operation>.txt`. `UPDATE_RECORDED=1` writes the files anew; the change is
//! then read in the diff.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::github_actions::Tokens;
use crate::support::Server;
use crate::support::tools::{self, both};

/// Plays the cases of an operation on a new server and compares the transcript.
#[track_caller]
fn is_as_recorded(operation: &str) {
    // Only one operation has to do with it; the keys are there before the server starts.
    let tokens = Tokens::make();
    let server = Server::start(tokens.options());
    let script = tools::tests().join("clients/record.py");
    let mut python = server.command("python3");
    python.env("TEST_WEB_IDENTITY_TOKENS", tokens.all());
    // No byte code beside the sources, no colour, and the same order in each run.
    python
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .env("PYTHONHASHSEED", "0")
        .env("TESTED_PROGRAM", tools::wharfinger())
        .env("TESTED_DATA_DIR", server.data_dir());
    let done = tools::output(python.arg(script).arg(operation));
    assert!(done.status.success(), "{operation}: {}", both(&done));
    let transcript = String::from_utf8(done.stdout).expect("text");

    compare(&file_of(operation), &transcript);
}

/// Compares what was seen with what is recorded; `UPDATE_RECORDED=1` records it.
#[track_caller]
pub(crate) fn compare(file: &Path, transcript: &str) {
    if std::env::var_os("UPDATE_RECORDED").is_some() {
        std::fs::write(file, transcript).expect("the recorded file");
    }
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        recorded == transcript,
        "{} differs; UPDATE_RECORDED=1 accepts:\n{}",
        file.display(),
        difference(&recorded, transcript),
    );
}

/// `CreateRepository` is recorded in `create_repository.txt`, `ListMFADevices` in `list_mfa_devices.txt`.
fn file_of(operation: &str) -> PathBuf {
    let mut name = String::new();
    let mut letters = operation.chars().peekable();
    let mut in_capitals = true;
    while let Some(letter) = letters.next() {
        let begins = !in_capitals || letters.peek().is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && begins && !name.is_empty() {
            name.push('_');
        }
        in_capitals = letter.is_ascii_uppercase();
        name.push(letter.to_ascii_lowercase());
    }
    tools::tests().join("recorded").join(name + ".txt")
}

/// The first lines in which two texts differ, with a few lines before.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    for line in &new[same.saturating_sub(8)..same] {
        writeln!(text, "  {line}").expect("a string");
    }
    for (mark, lines) in [('-', &old), ('+', &new)] {
        for line in lines.iter().skip(same).take(12) {
            writeln!(text, "{mark} {line}").expect("a string");
        }
    }
    text
}

macro_rules! recorded {
    ($($test:ident => $operation:literal,)*) => {
        $(#[test]
        fn $test() {
            is_as_recorded($operation);
        })*

        /// A file in `recorded/` that no test compares would only look like a check.
        #[test]
        fn each_recorded_file_is_compared() {
            let mut compared: Vec<PathBuf> = [$($operation),*].into_iter().map(file_of).collect();
            compared.push(crate::mutability::file());
            compared.push(crate::matrix::file());
            let files = std::fs::read_dir(tools::tests().join("recorded")).expect("a folder");
            for file in files {
                let path = file.expect("an entry").path();
                assert!(compared.contains(&path), "{} is stale", path.display());
            }
        }
    };
}

recorded! {
    add_client_id_to_open_id_connect_provider_is_as_recorded => "AddClientIDToOpenIDConnectProvider",
    add_role_to_instance_profile_is_as_recorded => "AddRoleToInstanceProfile",
    add_user_to_group_is_as_recorded => "AddUserToGroup",
    assume_role_is_as_recorded => "AssumeRole",
    assume_role_with_web_identity_is_as_recorded => "AssumeRoleWithWebIdentity",
    attach_group_policy_is_as_recorded => "AttachGroupPolicy",
    attach_role_policy_is_as_recorded => "AttachRolePolicy",
    attach_user_policy_is_as_recorded => "AttachUserPolicy",
    batch_check_layer_availability_is_as_recorded => "BatchCheckLayerAvailability",
    batch_delete_image_is_as_recorded => "BatchDeleteImage",
    batch_get_image_is_as_recorded => "BatchGetImage",
    complete_layer_upload_is_as_recorded => "CompleteLayerUpload",
    create_access_key_is_as_recorded => "CreateAccessKey",
    create_account_alias_is_as_recorded => "CreateAccountAlias",
    create_group_is_as_recorded => "CreateGroup",
    create_instance_profile_is_as_recorded => "CreateInstanceProfile",
    create_open_id_connect_provider_is_as_recorded => "CreateOpenIDConnectProvider",
    create_policy_is_as_recorded => "CreatePolicy",
    create_policy_version_is_as_recorded => "CreatePolicyVersion",
    create_repository_is_as_recorded => "CreateRepository",
    create_role_is_as_recorded => "CreateRole",
    create_service_linked_role_is_as_recorded => "CreateServiceLinkedRole",
    create_user_is_as_recorded => "CreateUser",
    decode_authorization_message_is_as_recorded => "DecodeAuthorizationMessage",
    delete_access_key_is_as_recorded => "DeleteAccessKey",
    delete_account_alias_is_as_recorded => "DeleteAccountAlias",
    delete_group_is_as_recorded => "DeleteGroup",
    delete_group_policy_is_as_recorded => "DeleteGroupPolicy",
    delete_instance_profile_is_as_recorded => "DeleteInstanceProfile",
    delete_login_profile_is_as_recorded => "DeleteLoginProfile",
    delete_open_id_connect_provider_is_as_recorded => "DeleteOpenIDConnectProvider",
    delete_policy_is_as_recorded => "DeletePolicy",
    delete_policy_version_is_as_recorded => "DeletePolicyVersion",
    delete_registry_policy_is_as_recorded => "DeleteRegistryPolicy",
    delete_repository_is_as_recorded => "DeleteRepository",
    delete_repository_policy_is_as_recorded => "DeleteRepositoryPolicy",
    delete_role_is_as_recorded => "DeleteRole",
    delete_role_permissions_boundary_is_as_recorded => "DeleteRolePermissionsBoundary",
    delete_role_policy_is_as_recorded => "DeleteRolePolicy",
    delete_service_linked_role_is_as_recorded => "DeleteServiceLinkedRole",
    delete_user_is_as_recorded => "DeleteUser",
    delete_user_permissions_boundary_is_as_recorded => "DeleteUserPermissionsBoundary",
    delete_user_policy_is_as_recorded => "DeleteUserPolicy",
    describe_images_is_as_recorded => "DescribeImages",
    describe_registry_is_as_recorded => "DescribeRegistry",
    describe_repositories_is_as_recorded => "DescribeRepositories",
    detach_group_policy_is_as_recorded => "DetachGroupPolicy",
    detach_role_policy_is_as_recorded => "DetachRolePolicy",
    detach_user_policy_is_as_recorded => "DetachUserPolicy",
    every_operation_is_answered_and_unknown_ones_name_themselves => "UnknownOperations",
    get_access_key_info_is_as_recorded => "GetAccessKeyInfo",
    get_access_key_last_used_is_as_recorded => "GetAccessKeyLastUsed",
    get_account_authorization_details_is_as_recorded => "GetAccountAuthorizationDetails",
    get_account_setting_is_as_recorded => "GetAccountSetting",
    get_account_summary_is_as_recorded => "GetAccountSummary",
    get_authorization_token_is_as_recorded => "GetAuthorizationToken",
    get_caller_identity_is_as_recorded => "GetCallerIdentity",
    get_download_url_for_layer_is_as_recorded => "GetDownloadUrlForLayer",
    get_federation_token_is_as_recorded => "GetFederationToken",
    get_group_is_as_recorded => "GetGroup",
    get_group_policy_is_as_recorded => "GetGroupPolicy",
    get_instance_profile_is_as_recorded => "GetInstanceProfile",
    get_login_profile_is_as_recorded => "GetLoginProfile",
    get_open_id_connect_provider_is_as_recorded => "GetOpenIDConnectProvider",
    get_policy_is_as_recorded => "GetPolicy",
    get_policy_version_is_as_recorded => "GetPolicyVersion",
    get_registry_policy_is_as_recorded => "GetRegistryPolicy",
    get_repository_policy_is_as_recorded => "GetRepositoryPolicy",
    get_role_is_as_recorded => "GetRole",
    get_role_policy_is_as_recorded => "GetRolePolicy",
    get_service_linked_role_deletion_status_is_as_recorded => "GetServiceLinkedRoleDeletionStatus",
    get_session_token_is_as_recorded => "GetSessionToken",
    get_user_is_as_recorded => "GetUser",
    get_user_policy_is_as_recorded => "GetUserPolicy",
    initiate_layer_upload_is_as_recorded => "InitiateLayerUpload",
    list_access_keys_is_as_recorded => "ListAccessKeys",
    list_account_aliases_is_as_recorded => "ListAccountAliases",
    list_attached_group_policies_is_as_recorded => "ListAttachedGroupPolicies",
    list_attached_role_policies_is_as_recorded => "ListAttachedRolePolicies",
    list_attached_user_policies_is_as_recorded => "ListAttachedUserPolicies",
    list_entities_for_policy_is_as_recorded => "ListEntitiesForPolicy",
    list_group_policies_is_as_recorded => "ListGroupPolicies",
    list_groups_for_user_is_as_recorded => "ListGroupsForUser",
    list_groups_is_as_recorded => "ListGroups",
    list_image_referrers_is_as_recorded => "ListImageReferrers",
    list_images_is_as_recorded => "ListImages",
    list_instance_profile_tags_is_as_recorded => "ListInstanceProfileTags",
    list_instance_profiles_for_role_is_as_recorded => "ListInstanceProfilesForRole",
    list_instance_profiles_is_as_recorded => "ListInstanceProfiles",
    list_mfa_devices_is_as_recorded => "ListMFADevices",
    list_open_id_connect_provider_tags_is_as_recorded => "ListOpenIDConnectProviderTags",
    list_open_id_connect_providers_is_as_recorded => "ListOpenIDConnectProviders",
    list_policies_is_as_recorded => "ListPolicies",
    list_policy_tags_is_as_recorded => "ListPolicyTags",
    list_policy_versions_is_as_recorded => "ListPolicyVersions",
    list_role_policies_is_as_recorded => "ListRolePolicies",
    list_role_tags_is_as_recorded => "ListRoleTags",
    list_roles_is_as_recorded => "ListRoles",
    list_service_specific_credentials_is_as_recorded => "ListServiceSpecificCredentials",
    list_signing_certificates_is_as_recorded => "ListSigningCertificates",
    list_ssh_public_keys_is_as_recorded => "ListSSHPublicKeys",
    list_tags_for_resource_is_as_recorded => "ListTagsForResource",
    list_user_policies_is_as_recorded => "ListUserPolicies",
    list_user_tags_is_as_recorded => "ListUserTags",
    list_users_is_as_recorded => "ListUsers",
    list_virtual_mfa_devices_is_as_recorded => "ListVirtualMFADevices",
    put_account_setting_is_as_recorded => "PutAccountSetting",
    put_group_policy_is_as_recorded => "PutGroupPolicy",
    put_image_is_as_recorded => "PutImage",
    put_image_tag_mutability_is_as_recorded => "PutImageTagMutability",
    put_registry_policy_is_as_recorded => "PutRegistryPolicy",
    put_role_permissions_boundary_is_as_recorded => "PutRolePermissionsBoundary",
    put_role_policy_is_as_recorded => "PutRolePolicy",
    put_user_permissions_boundary_is_as_recorded => "PutUserPermissionsBoundary",
    put_user_policy_is_as_recorded => "PutUserPolicy",
    remove_client_id_from_open_id_connect_provider_is_as_recorded => "RemoveClientIDFromOpenIDConnectProvider",
    remove_role_from_instance_profile_is_as_recorded => "RemoveRoleFromInstanceProfile",
    remove_user_from_group_is_as_recorded => "RemoveUserFromGroup",
    set_default_policy_version_is_as_recorded => "SetDefaultPolicyVersion",
    set_repository_policy_is_as_recorded => "SetRepositoryPolicy",
    simulate_custom_policy_is_as_recorded => "SimulateCustomPolicy",
    simulate_principal_policy_is_as_recorded => "SimulatePrincipalPolicy",
    tag_instance_profile_is_as_recorded => "TagInstanceProfile",
    tag_open_id_connect_provider_is_as_recorded => "TagOpenIDConnectProvider",
    tag_policy_is_as_recorded => "TagPolicy",
    tag_resource_is_as_recorded => "TagResource",
    tag_role_is_as_recorded => "TagRole",
    tag_user_is_as_recorded => "TagUser",
    untag_instance_profile_is_as_recorded => "UntagInstanceProfile",
    untag_open_id_connect_provider_is_as_recorded => "UntagOpenIDConnectProvider",
    untag_policy_is_as_recorded => "UntagPolicy",
    untag_resource_is_as_recorded => "UntagResource",
    untag_role_is_as_recorded => "UntagRole",
    untag_user_is_as_recorded => "UntagUser",
    update_access_key_is_as_recorded => "UpdateAccessKey",
    update_assume_role_policy_is_as_recorded => "UpdateAssumeRolePolicy",
    update_group_is_as_recorded => "UpdateGroup",
    update_open_id_connect_provider_thumbprint_is_as_recorded => "UpdateOpenIDConnectProviderThumbprint",
    update_role_description_is_as_recorded => "UpdateRoleDescription",
    update_role_is_as_recorded => "UpdateRole",
    update_user_is_as_recorded => "UpdateUser",
    upload_layer_part_is_as_recorded => "UploadLayerPart",
}
