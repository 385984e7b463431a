//! AWS IAM, in the query protocol: the table of operations, and what several of them share.
mod convert;
mod shown;

query_operations! {
    "iam";
    CreateAccessKey => create_access_key,
    CreateUser => create_user,
    DeleteUser => delete_user,
    GetUser => get_user,
    ListUsers => list_users,
    PutUserPolicy => put_user_policy,
    AttachGroupPolicy => attach_group_policy,
    AttachRolePolicy => attach_role_policy,
    AttachUserPolicy => attach_user_policy,
    CreateRole => create_role,
    DeleteRole => delete_role,
    DeleteRolePermissionsBoundary => delete_role_permissions_boundary,
    DetachGroupPolicy => detach_group_policy,
    DetachRolePolicy => detach_role_policy,
    DetachUserPolicy => detach_user_policy,
    GetRole => get_role,
    ListAttachedGroupPolicies => list_attached_group_policies,
    ListAttachedRolePolicies => list_attached_role_policies,
    ListAttachedUserPolicies => list_attached_user_policies,
    ListRoleTags => list_role_tags,
    ListRoles => list_roles,
    PutRolePermissionsBoundary => put_role_permissions_boundary,
    TagRole => tag_role,
    UntagRole => untag_role,
    UpdateAssumeRolePolicy => update_assume_role_policy,
    UpdateRole => update_role,
    UpdateRoleDescription => update_role_description,
}
