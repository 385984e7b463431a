//! AWS IAM, in the query protocol: the table of operations, and what several of them share.
mod convert;

query_operations! {
    "iam";
    CreateAccessKey => create_access_key,
    CreateUser => create_user,
    DeleteUser => delete_user,
    GetUser => get_user,
    ListUsers => list_users,
    PutUserPolicy => put_user_policy,
}
