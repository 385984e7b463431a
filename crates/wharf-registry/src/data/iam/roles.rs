//! Roles: whom they trust, what bounds them, the roles that services have, and the end of each.
use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::{attachments, inline, members};
use wharf_meta::sessions;
use wharf_policy::{Document, Kind};
use wharf_wire::ids::AccountId;

use super::documents::{self, Unsaved};
use super::{EntityKind, entities};
use crate::action::Action;
use crate::action::iam::{DeleteRole, DeleteServiceLinkedRole, UpdateAssumeRolePolicy};
use crate::data::Tx;
use crate::error::QueryError;
use crate::page::fingerprint;
use crate::{Error, Grant, Micros, Result};

/// Longest session of a role that was not told otherwise, in seconds.
pub(crate) const DEFAULT_SESSION: i64 = 3_600;
/// Most characters of a trust policy without white space. Source: iam.md 2.9, the quota's maximum.
const MAX_TRUST: usize = 4_096;
/// How often a thousand sessions of a role go with it at once. More than these end by themselves: a session without its
/// role is worth nothing.
const SESSION_BATCHES: usize = 10;
/// What the paths of roles that belong to services begin with.
pub(crate) const SERVICE_PATH: &str = "/aws-service-role/";

/// A role that a service makes for itself.
#[derive(Debug)]
pub(crate) struct ServiceRole {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    policy: &'static str,
}

/// Source: iam.md 5.
const SERVICE_ROLES: [ServiceRole; 3] = [
    ServiceRole {
        service: "replication.ecr.amazonaws.com",
        name: "AWSServiceRoleForECRReplication",
        policy: "ECRReplicationServiceRolePolicy",
    },
    ServiceRole {
        service: "pullthroughcache.ecr.amazonaws.com",
        name: "AWSServiceRoleForECRPullThroughCache",
        policy: "AWSECRPullThroughCache_ServiceRolePolicy",
    },
    ServiceRole {
        service: "ecr.amazonaws.com",
        name: "AWSServiceRoleForECRTemplate",
        policy: "ECRTemplateServiceRolePolicy",
    },
];

impl ServiceRole {
    /// That of a service, if it has one.
    pub(crate) fn of(service: &str) -> Option<&'static Self> {
        SERVICE_ROLES.iter().find(|role| role.service == service)
    }

    pub(crate) fn path(&self) -> String {
        format!("{SERVICE_PATH}{}/", self.service)
    }

    fn policy_arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{SERVICE_PATH}{}", self.policy)
    }

    fn trust(&self) -> String {
        let service = self.service;
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
        )
    }
}

/// Whether a role belongs to a service.
pub(crate) fn is_service_linked(role: &EntityRow) -> bool {
    role.kind == EntityKind::Role.as_str() && role.path.starts_with(SERVICE_PATH)
}

/// Refuses to change what of a service's role only the service may. Anything but such a role passes.
pub(crate) fn check_modifiable(role: &EntityRow) -> Result<()> {
    if is_service_linked(role) {
        return Err(QueryError::unmodifiable_entity(format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            role.name
        )));
    }
    Ok(())
}

/// Saves a trust policy; its document's id.
fn save_trust(tx: &mut Tx<'_>, text: &str, now: Micros) -> Result<i64, Unsaved> {
    let document = Document::parse(text, Kind::Trust).map_err(Unsaved::Invalid)?;
    if let Some(provider) = document.trusts_every_tenant_of() {
        return Err(Unsaved::Failed(QueryError::malformed_policy_document(
            format!(
                "The trust policy must evaluate {provider}:sub, or another claim that tells whose the workflow is, with something else than a wildcard."
            ),
        )));
    }
    if document.characters() > MAX_TRUST {
        return Err(Unsaved::Failed(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for ACLSizePerRole: {MAX_TRUST}"
        ))));
    }
    documents::save(tx, Kind::Trust, text, now)
}

/// Makes a role that trusts whom the document says.
pub(crate) fn create<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    row: &EntityRow,
    trust: &str,
    tags: &[(String, String)],
) -> Result<EntityRow, Unsaved> {
    let document = save_trust(tx, trust, grant.now())?;
    let row = EntityRow {
        document: Some(document),
        max_session: row.max_session.or(Some(DEFAULT_SESSION)),
        ..row.clone()
    };
    entities::create(tx, grant, EntityKind::Role, &row, tags).map_err(Unsaved::Failed)?;
    Ok(row)
}

/// Makes a service's own role, with its policy attached.
pub(crate) fn create_service_linked<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    of: &ServiceRole,
    description: Option<&str>,
) -> Result<EntityRow> {
    if super::find(tx, grant.account(), EntityKind::Role, of.name)?.is_some() {
        return Err(QueryError::invalid_input(format!(
            "Service role name {} has been taken in this account, please try a different suffix.",
            of.name
        )));
    }
    let document = documents::save(tx, Kind::Trust, &of.trust(), grant.now())
        .map_err(|unsaved| Error::internal(format!("{unsaved:?}")))?;
    let row = EntityRow {
        document: Some(document),
        description: description.map(str::to_owned),
        max_session: Some(DEFAULT_SESSION),
        ..entities::new_row(grant, EntityKind::Role, &of.path(), of.name)?
    };
    entities::create(tx, grant, EntityKind::Role, &row, &[])?;
    let attachment = attachments::AttachmentRow {
        entity: row.id.clone(),
        policy_arn: of.policy_arn(),
        attached_at: grant.now(),
    };
    attachments::insert(tx.meta, &attachment)?;
    Ok(row)
}

/// Lets a role trust whom another document says.
pub(crate) fn set_trust(
    tx: &mut Tx<'_>,
    grant: &Grant<UpdateAssumeRolePolicy>,
    text: &str,
) -> Result<(), Unsaved> {
    let role = grant.existing().map_err(Unsaved::Failed)?;
    check_modifiable(role).map_err(Unsaved::Failed)?;
    let document = save_trust(tx, text, grant.now())?;
    let row = EntityRow {
        document: Some(document),
        ..role.clone()
    };
    entities::update(tx, grant, &row).map_err(Unsaved::Failed)?;
    if let Some(old) = role.document {
        documents::remove(tx, old).map_err(Unsaved::Failed)?;
    }
    Ok(())
}

/// Removes a role on which nothing hangs any more, and its sessions.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeleteRole>) -> Result<()> {
    let role = grant.existing()?;
    check_modifiable(role)?;
    let conflict = if attachments::count(tx.meta, &role.id)? > 0 {
        "Cannot delete entity, must detach all policies first."
    } else if !inline::of(tx.meta, &role.id, "", 1)?.is_empty() {
        "Cannot delete entity, must delete policies first."
    } else if members::count_of_member(tx.meta, &role.id)? > 0 {
        "Cannot delete entity, must remove roles from instance profile first."
    } else {
        return remove(tx, grant, role);
    };
    Err(QueryError::delete_conflict(conflict))
}

/// Removes a service's role with what hangs on it.
pub(crate) fn delete_service_linked(
    tx: &mut Tx<'_>,
    grant: &Grant<DeleteServiceLinkedRole>,
) -> Result<()> {
    let role = grant.existing()?;
    if !is_service_linked(role) {
        return Err(EntityKind::Role.missing(&role.name));
    }
    for attachment in attachments::of(tx.meta, &role.id, "", 1_000)? {
        attachments::delete(tx.meta, &role.id, &attachment.policy_arn)?;
    }
    remove(tx, grant, role)
}

fn remove<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, role: &EntityRow) -> Result<()> {
    for _ in 0..SESSION_BATCHES {
        if sessions::delete_of_principal(tx.meta, &role.id)? < sessions::MOST_DELETED {
            break;
        }
    }
    entities::delete(tx, grant, role)?;
    match role.document {
        Some(document) => documents::remove(tx, document),
        None => Ok(()),
    }
}

/// What the end of a service's role is called: `task/aws-service-role/SERVICE/NAME/UUID`. The last half of the UUID is
/// made of the rest, so that an id that nobody was told is none. It proves nothing, and need not.
pub(crate) fn deletion_task(role: &EntityRow) -> String {
    let (path, name) = (role.path.as_str(), role.name.as_str());
    let fresh = fingerprint(&role.id);
    let fresh = fresh.get(..16).unwrap_or_default();
    let digits = format!("{fresh}{}", task_check(&role.account, path, name, fresh));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    let uuid = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-");
    format!("task{path}{name}/{uuid}")
}

/// Path and name of the role that a task is about, and whether the account was told that task; none: no task's id.
pub(crate) fn role_of_task(task: &str, account: &AccountId) -> Option<(String, String, bool)> {
    let rest = task.strip_prefix("task")?;
    let (role, uuid) = rest.rsplit_once('/')?;
    let (path, name) = role.rsplit_once('/')?;
    let path = format!("{path}/");
    let digits: String = uuid.chars().filter(|char| *char != '-').collect();
    let hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !path.starts_with(SERVICE_PATH) || name.is_empty() || !hex {
        return None;
    }
    let (fresh, check) = digits.split_at_checked(16)?;
    let made = task_check(account.as_str(), &path, name, fresh) == check;
    Some((path, name.to_owned(), made))
}

fn task_check(account: &str, path: &str, name: &str, fresh: &str) -> String {
    let mut check = fingerprint(&format!("{account} {path}{name} {fresh}"));
    check.truncate(16);
    check
}
