//! Managed policies attached to users, groups and roles.
use wharf_meta::iam::attachments::{self as rows, AttachmentRow};

use super::{arn, changed, policy_of_arn, roles};
use crate::action::Action;
use crate::authorize::Policies;
use crate::data::Tx;
use crate::error::QueryError;
use crate::{Grant, Result, page};

/// Most policies of one owner, and what the quota is called. Source: iam.md 2.9, the quotas' maxima.
const fn quota(kind: &str) -> (i64, &'static str) {
    match kind.as_bytes() {
        b"user" => (20, "PoliciesPerUser"),
        b"group" => (10, "PoliciesPerGroup"),
        _ => (20, "PoliciesPerRole"),
    }
}

/// Attaches a policy of AWS's or of the account to the entity that was granted; again: nothing changes.
pub(crate) fn attach<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    policies: &Policies,
    policy: &str,
) -> Result<()> {
    let owner = grant.existing()?;
    roles::check_modifiable(owner)?;
    let known = policies.managed(policy).is_some()
        || policy_of_arn(tx, grant.account().as_str(), policy)?.is_some();
    if !known {
        return Err(QueryError::no_such_entity(format!(
            "Policy {policy} does not exist or is not attachable."
        )));
    }
    check_attachable(policy)?;
    if rows::exists(tx.meta, &owner.id, policy)? {
        return Ok(());
    }
    let (most, name) = quota(&owner.kind);
    if rows::count(tx.meta, &owner.id)? >= most {
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for {name}: {most}"
        )));
    }
    let row = AttachmentRow {
        entity: owner.id.clone(),
        policy_arn: policy.to_owned(),
        attached_at: grant.now(),
    };
    rows::insert(tx.meta, &row)?;
    changed(tx, grant, "policy-attached", &arn(owner))
}

/// Refuses policies that only the roles of services have.
pub(crate) fn check_attachable(policy: &str) -> Result<()> {
    if policy.starts_with("arn:aws:iam::aws:policy/aws-service-role/") {
        return Err(QueryError::policy_not_attachable(
            "Cannot attach a Service Role Policy to a Customer Role.",
        ));
    }
    Ok(())
}

/// Detaches a policy from the entity that was granted.
pub(crate) fn detach<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, policy: &str) -> Result<()> {
    let owner = grant.existing()?;
    roles::check_modifiable(owner)?;
    if !rows::delete(tx.meta, &owner.id, policy)? {
        return Err(QueryError::no_such_entity(format!(
            "Policy {policy} was not found."
        )));
    }
    changed(tx, grant, "policy-detached", &arn(owner))
}

/// A page of the ARNs of policies that are attached to the entity that was granted, of those below a path.
pub(crate) fn list<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    prefix: &str,
    page: &page::Asked,
) -> Result<page::Page<String>> {
    let owner = grant.existing()?;
    // The quota is far below what one read gives.
    let all = rows::of(tx.meta, &owner.id, "", 1_000)?;
    let arns = all.into_iter().map(|row| row.policy_arn);
    let below = arns.filter(|arn| path_of(arn).starts_with(prefix));
    Ok(page.of_all(below.collect(), Clone::clone))
}

/// The path and the name in a policy's ARN: `/service-role/Name`.
fn path_of(arn: &str) -> &str {
    arn.split_once(":policy").map_or("", |(_, rest)| rest)
}

/// The name in a policy's ARN.
pub(crate) fn name_of(arn: &str) -> &str {
    arn.rsplit_once('/').map_or("", |(_, name)| name)
}
