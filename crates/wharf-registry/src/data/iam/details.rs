//! Everything of an account's identities, page by page: what `GetAccountAuthorizationDetails` answers.
use wharf_meta::iam::entities::{self, EntityRow};
use wharf_meta::iam::{attachments, inline, members, versions};

use super::{EntityKind, documents, entities as own};
use crate::action::iam::GetAccountAuthorizationDetails;
use crate::data::Tx;
use crate::managed::{self, ManagedPolicy};
use crate::page::{Asked, Page};
use crate::{Grant, Micros, Result};

/// More than any quota of what hangs on one entity.
const MOST: i64 = 1_000;

/// What is asked for; the answer is in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Entities(EntityKind),
    /// The account's managed policies.
    Policies,
    /// Those of AWS's managed policies that the account uses.
    AwsPolicies,
}

/// One of the answer's entries.
#[derive(Debug)]
pub(crate) enum Detail {
    Entity(Box<EntityDetail>),
    Policy(Box<PolicyDetail>),
    AwsPolicy(&'static ManagedPolicy, Uses),
}

/// A user, group or role.
#[derive(Debug)]
pub(crate) struct EntityDetail {
    pub(crate) row: EntityRow,
    pub(crate) tags: Vec<(String, String)>,
    /// Names and texts.
    pub(crate) inline: Vec<(String, String)>,
    /// ARNs.
    pub(crate) attached: Vec<String>,
    /// Of a user its groups, of a role its instance profiles.
    pub(crate) owners: Vec<EntityRow>,
    /// Of a role.
    pub(crate) trust: Option<String>,
}

/// A managed policy of the account.
#[derive(Debug)]
pub(crate) struct PolicyDetail {
    pub(crate) row: EntityRow,
    pub(crate) uses: Uses,
    /// Number, time and text, the newest first.
    pub(crate) versions: Vec<(i64, Micros, String)>,
}

/// How often a policy is used in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uses {
    pub(crate) attachments: i64,
    pub(crate) boundaries: i64,
}

/// What an entry is made from.
enum Found {
    Row(Box<EntityRow>),
    Aws(&'static ManagedPolicy, Uses),
}

/// A page through the sections, one after the other.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    grant: &Grant<GetAccountAuthorizationDetails>,
    sections: &[Section],
    page: &Asked,
) -> Result<Page<Detail>> {
    let (number, mut after) = page.after.split_once('/').unwrap_or(("0", ""));
    let first = number.parse().unwrap_or(0);
    let mut found: Vec<(String, Found)> = Vec::new();
    for (number, section) in sections.iter().enumerate().skip(first) {
        let have = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let room = page.fetch() - have;
        if room <= 0 {
            break;
        }
        let more = section_rows(tx, grant, *section, after, room)?;
        found.extend(
            more.into_iter()
                .map(|(key, it)| (format!("{number}/{key}"), it)),
        );
        after = "";
    }
    let page = page.cut(found, |(key, _)| key.clone());
    let mut entries = Vec::with_capacity(page.entries.len());
    for (_, found) in page.entries {
        entries.push(match found {
            Found::Row(row) if row.kind == EntityKind::Policy.as_str() => {
                Detail::Policy(Box::new(policy(tx, grant, *row)?))
            }
            Found::Row(row) => Detail::Entity(Box::new(entity(tx, *row)?)),
            Found::Aws(policy, uses) => Detail::AwsPolicy(policy, uses),
        });
    }
    Ok(Page {
        entries,
        marker: page.marker,
    })
}

fn section_rows(
    tx: &mut Tx<'_>,
    grant: &Grant<GetAccountAuthorizationDetails>,
    section: Section,
    after: &str,
    room: i64,
) -> Result<Vec<(String, Found)>> {
    let account = grant.account().as_str();
    let kind = match section {
        Section::Entities(kind) => kind,
        Section::Policies => EntityKind::Policy,
        Section::AwsPolicies => return aws_policies(tx, account, after),
    };
    let rows = entities::page(tx.meta, account, kind.as_str(), "/", after, room)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name_key.clone(), Found::Row(Box::new(row))))
        .collect())
}

/// Those of AWS's policies that are used; there are a few dozen in all.
fn aws_policies(tx: &mut Tx<'_>, account: &str, after: &str) -> Result<Vec<(String, Found)>> {
    let mut found = Vec::new();
    for policy in managed::POLICIES {
        let arn = policy.arn();
        if arn.as_str() <= after {
            continue;
        }
        let uses = uses(tx, account, &arn)?;
        if uses.attachments + uses.boundaries > 0 {
            found.push((arn, Found::Aws(policy, uses)));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

fn uses(tx: &mut Tx<'_>, account: &str, arn: &str) -> Result<Uses> {
    Ok(Uses {
        attachments: attachments::count_of_policy(tx.meta, arn, account)?,
        boundaries: entities::count_with_boundary(tx.meta, arn, account)?,
    })
}

fn policy(
    tx: &mut Tx<'_>,
    grant: &Grant<GetAccountAuthorizationDetails>,
    row: EntityRow,
) -> Result<PolicyDetail> {
    let uses = uses(tx, grant.account().as_str(), &super::arn(&row))?;
    let mut texts = Vec::new();
    for version in versions::of(tx.meta, &row.id)? {
        let text = documents::text(tx, version.document)?;
        texts.push((version.version, version.created_at, text));
    }
    Ok(PolicyDetail {
        row,
        uses,
        versions: texts,
    })
}

fn entity(tx: &mut Tx<'_>, row: EntityRow) -> Result<EntityDetail> {
    let mut inlined = Vec::new();
    for policy in inline::of(tx.meta, &row.id, "", MOST)? {
        inlined.push((policy.name, documents::text(tx, policy.document)?));
    }
    let attached = attachments::of(tx.meta, &row.id, "", MOST)?;
    let trust = match row.document {
        Some(id) => Some(documents::text(tx, id)?),
        None => None,
    };
    Ok(EntityDetail {
        tags: own::tags_of(tx, &row)?,
        inline: inlined,
        attached: attached.into_iter().map(|it| it.policy_arn).collect(),
        owners: members::of_member(tx.meta, &row.id, "", MOST)?,
        trust,
        row,
    })
}
