//! `GetAccountAuthorizationDetails`: all users, groups, roles and policies with everything that hangs on them.
use wharf_wire::iam::{
    AttachedPolicy, EntityType, GetAccountAuthorizationDetailsRequest as Request,
    GetAccountAuthorizationDetailsResponse as Response, GroupDetail, InstanceProfile,
    ManagedPolicyDetail, PolicyDetail, PolicyVersion, Role, RoleDetail, RoleLastUsed, UserDetail,
};
use wharf_wire::query::{Timestamp, percent_encode_document};

use super::convert;
use crate::action::iam::GetAccountAuthorizationDetails;
use crate::authorize::Resource;
use crate::data::iam::details::{self, Detail, EntityDetail, Section, Uses};
use crate::data::iam::{self, EntityKind};
use crate::managed::ManagedPolicy;
use crate::page::Asked;
use crate::{Ctx, Result};

/// Most entries of a page: each is many rows.
const MOST: i64 = 100;

/// In the order of the answer.
const SECTIONS: [(EntityType, Section); 5] = [
    (EntityType::User, Section::Entities(EntityKind::User)),
    (EntityType::Group, Section::Entities(EntityKind::Group)),
    (EntityType::Role, Section::Entities(EntityKind::Role)),
    (EntityType::LocalManagedPolicy, Section::Policies),
    (EntityType::AWSManagedPolicy, Section::AwsPolicies),
];

pub(super) async fn get_account_authorization_details(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let filter = request.filter.unwrap_or_default();
    let wanted = |kind: EntityType| filter.is_empty() || filter.contains(&kind);
    let chosen = SECTIONS.into_iter().filter(|(kind, _)| wanted(*kind));
    let sections: Vec<Section> = chosen.map(|(_, section)| section).collect();
    let limit = request.max_items.map_or(MOST, |items| items.min(MOST));
    let operation = "GetAccountAuthorizationDetails";
    let about = format!("{sections:?}");
    let page = Asked::new(operation, &about, request.marker.as_deref(), Some(limit))?;
    let name = "get_account_authorization_details";
    ctx.read::<GetAccountAuthorizationDetails, _, _>(name, Resource::Registry, move |tx, grant| {
        let page = details::list(tx, grant, &sections, &page)?;
        let mut response = Response {
            user_detail_list: Some(Vec::new()),
            group_detail_list: Some(Vec::new()),
            role_detail_list: Some(Vec::new()),
            policies: Some(Vec::new()),
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
        };
        for detail in page.entries {
            add(&mut response, detail);
        }
        Ok(response)
    })
    .await
}

fn add(response: &mut Response, detail: Detail) {
    match detail {
        Detail::Entity(it) => match it.row.kind.as_str() {
            "user" => push(&mut response.user_detail_list, user(*it)),
            "group" => push(&mut response.group_detail_list, group(*it)),
            _ => push(&mut response.role_detail_list, role(*it)),
        },
        Detail::Policy(it) => push(&mut response.policies, policy(*it)),
        Detail::AwsPolicy(it, uses) => push(&mut response.policies, aws_policy(it, uses)),
    }
}

fn push<T>(list: &mut Option<Vec<T>>, entry: T) {
    list.get_or_insert_default().push(entry);
}

fn user(it: EntityDetail) -> UserDetail {
    UserDetail {
        path: Some(it.row.path.clone()),
        user_name: Some(it.row.name.clone()),
        user_id: Some(it.row.id.clone()),
        arn: Some(iam::arn(&it.row)),
        create_date: Some(Timestamp::from_micros(it.row.created_at)),
        user_policy_list: Some(inlined(it.inline)),
        group_list: Some(it.owners.into_iter().map(|group| group.name).collect()),
        attached_managed_policies: Some(attached(it.attached)),
        permissions_boundary: convert::boundary(&it.row),
        tags: convert::shown_tags(it.tags),
    }
}

fn group(it: EntityDetail) -> GroupDetail {
    GroupDetail {
        path: Some(it.row.path.clone()),
        group_name: Some(it.row.name.clone()),
        group_id: Some(it.row.id.clone()),
        arn: Some(iam::arn(&it.row)),
        create_date: Some(Timestamp::from_micros(it.row.created_at)),
        group_policy_list: Some(inlined(it.inline)),
        attached_managed_policies: Some(attached(it.attached)),
    }
}

fn role(it: EntityDetail) -> RoleDetail {
    let (arn, created) = (iam::arn(&it.row), Timestamp::from_micros(it.row.created_at));
    let trust = it.trust.as_deref().map(percent_encode_document);
    let in_profile = Role {
        path: it.row.path.clone(),
        role_name: it.row.name.clone(),
        role_id: it.row.id.clone(),
        arn: arn.clone(),
        create_date: created,
        assume_role_policy_document: trust.clone(),
        ..Role::default()
    };
    let profiles = it.owners.iter().map(|profile| InstanceProfile {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.id.clone(),
        arn: iam::arn(profile),
        create_date: Timestamp::from_micros(profile.created_at),
        roles: vec![in_profile.clone()],
        tags: None,
    });
    RoleDetail {
        path: Some(it.row.path.clone()),
        role_name: Some(it.row.name.clone()),
        role_id: Some(it.row.id.clone()),
        arn: Some(arn),
        create_date: Some(created),
        assume_role_policy_document: trust,
        instance_profile_list: Some(profiles.collect()),
        role_policy_list: Some(inlined(it.inline)),
        attached_managed_policies: Some(attached(it.attached)),
        permissions_boundary: convert::boundary(&it.row),
        tags: convert::shown_tags(it.tags),
        role_last_used: Some(RoleLastUsed::default()),
    }
}

fn inlined(policies: Vec<(String, String)>) -> Vec<PolicyDetail> {
    let policies = policies.into_iter().map(|(name, text)| PolicyDetail {
        policy_name: Some(name),
        policy_document: Some(percent_encode_document(&text)),
    });
    policies.collect()
}

fn attached(arns: Vec<String>) -> Vec<AttachedPolicy> {
    let policies = arns.into_iter().map(|arn| AttachedPolicy {
        policy_name: arn.rsplit_once('/').map(|(_, name)| name.to_owned()),
        policy_arn: Some(arn),
    });
    policies.collect()
}

fn policy(it: details::PolicyDetail) -> ManagedPolicyDetail {
    let default = it.row.default_version;
    let versions = it.versions.into_iter();
    let versions = versions.map(|(number, created_at, text)| PolicyVersion {
        document: Some(percent_encode_document(&text)),
        version_id: Some(format!("v{number}")),
        is_default_version: Some(Some(number) == default),
        create_date: Some(Timestamp::from_micros(created_at)),
    });
    ManagedPolicyDetail {
        policy_name: Some(it.row.name.clone()),
        policy_id: Some(it.row.id.clone()),
        arn: Some(iam::arn(&it.row)),
        path: Some(it.row.path.clone()),
        default_version_id: default.map(|number| format!("v{number}")),
        attachment_count: Some(it.uses.attachments),
        permissions_boundary_usage_count: Some(it.uses.boundaries),
        is_attachable: Some(true),
        description: it.row.description.clone(),
        create_date: Some(Timestamp::from_micros(it.row.created_at)),
        update_date: Some(Timestamp::from_micros(it.row.updated_at)),
        policy_version_list: Some(versions.collect()),
    }
}

/// One of AWS's policies, with the one version that is kept of it.
fn aws_policy(it: &ManagedPolicy, uses: Uses) -> ManagedPolicyDetail {
    let (version, at) = (
        format!("v{}", it.version),
        Timestamp::from_seconds(it.updated),
    );
    ManagedPolicyDetail {
        policy_name: Some(it.name.to_owned()),
        policy_id: Some(it.id.to_owned()),
        arn: Some(it.arn()),
        path: Some(it.path.to_owned()),
        default_version_id: Some(version.clone()),
        attachment_count: Some(uses.attachments),
        permissions_boundary_usage_count: Some(uses.boundaries),
        is_attachable: Some(true),
        description: None,
        create_date: Some(at),
        update_date: Some(at),
        policy_version_list: Some(vec![PolicyVersion {
            document: Some(percent_encode_document(it.document)),
            version_id: Some(version),
            is_default_version: Some(true),
            create_date: Some(at),
        }]),
    }
}
