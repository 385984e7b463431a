//! Actions and resources of one statement.

use super::services::{self, Service};
use super::{Found, Parts, Rule, Text};
use crate::pattern::{Case, Glob, Language};
use crate::principal::is_account;

pub(super) fn check(parts: &Parts<'_>, path: &str, found: &mut Found) {
    let action_path = format!("{path}.{}", parts.action_name());
    let resource_path = format!("{path}.{}", parts.resource_name());
    let actions: Vec<Matched<'_>> = parts.actions.iter().map(Matched::of).collect();
    for action in &actions {
        if action.names.as_ref().is_some_and(Vec::is_empty) {
            let service = action.service.map_or("", |service| service.name);
            let message = format!("{service} has no action `{}`", action.text.text);
            found.add(
                Rule::UnknownAction,
                action.text.at,
                action_path.clone(),
                message,
            );
        }
    }
    if parts.not_action && parts.actions.iter().any(|it| it.text == "*") {
        let at = parts.node.start;
        let message = "`NotAction` with `*` leaves no action".to_owned();
        found.add(Rule::MatchesNothing, at, action_path.clone(), message);
    }
    let Some(resources) = &parts.resources else {
        return;
    };
    for resource in resources {
        if let Some(message) = impossible(resource.text) {
            let rule = Rule::ImpossibleResource;
            found.add(rule, resource.at, resource_path.clone(), message);
        }
    }
    if parts.not_resource {
        if resources.iter().any(|it| it.text == "*") {
            let message = "`NotResource` with `*` leaves no resource".to_owned();
            found.add(
                Rule::MatchesNothing,
                parts.node.start,
                resource_path,
                message,
            );
        }
        return;
    }
    if !parts.not_action {
        for action in &actions {
            if let Some(message) = action.without_resource(resources) {
                let rule = Rule::ActionWithoutResource;
                found.add(rule, action.text.at, action_path.clone(), message);
            }
        }
        for resource in resources {
            if !acted_on(resource.text, &actions) {
                let message = format!("none of the actions acts on `{}`", resource.text);
                let rule = Rule::ResourceWithoutAction;
                found.add(rule, resource.at, resource_path.clone(), message);
            }
        }
    }
}

/// An action of the statement and what it can mean.
struct Matched<'a> {
    text: Text<'a>,
    service: Option<&'static Service>,
    /// The actions of the service that it matches; none when the service is unknown.
    names: Option<Vec<&'static str>>,
}

impl<'a> Matched<'a> {
    fn of(text: &Text<'a>) -> Self {
        let (prefix, name) = text.text.split_once(':').unwrap_or(("", ""));
        let service = services::find(prefix);
        let glob = Glob::like(name, Language::Of2008).ok();
        let matches = |action: &&str| {
            glob.as_ref()
                .is_some_and(|glob| glob.matches(action, Case::Ignored, None))
        };
        Self {
            text: *text,
            service,
            names: service
                .map(|service| service.actions.split_whitespace().filter(matches).collect()),
        }
    }

    /// Why the action can act on none of the resources, if so.
    fn without_resource(&self, resources: &[Text<'_>]) -> Option<String> {
        let (service, names) = (self.service?, self.names.as_ref()?);
        if names.is_empty() || resources.iter().any(|it| it.text == "*") {
            return None;
        }
        let action = self.text.text;
        let needs_star = |name: &&str| {
            service
                .without_resource
                .split_whitespace()
                .any(|it| it == *name)
        };
        if names.iter().all(needs_star) {
            return Some(format!(
                "`{action}` acts on no resource: only `*` matches it"
            ));
        }
        let acts = |it: &Text<'_>| service.acts_on.contains(&service_of(it.text));
        (!resources.iter().any(acts))
            .then(|| format!("`{action}` acts on none of the statement's resources"))
    }
}

/// Whether one of the actions may act on the resource; those of unknown services may.
fn acted_on(resource: &str, actions: &[Matched<'_>]) -> bool {
    resource == "*"
        || actions.iter().any(|action| match action.service {
            None => true,
            Some(service) => service.acts_on.contains(&service_of(resource)),
        })
}

fn service_of(resource: &str) -> &str {
    resource.split(':').nth(2).unwrap_or("")
}

/// Why no ARN of the service looks like this, if so. The services that are unknown here have any.
fn impossible(resource: &str) -> Option<String> {
    let fields: Vec<&str> = resource.splitn(6, ':').collect();
    let [_, _, service, region, account, path] = fields.as_slice() else {
        return None;
    };
    let service = services::find(service)?;
    let name = service.name;
    let open = |field: &str| field.contains(['*', '?', '$']);
    if !service.regional && !region.is_empty() && !open(region) {
        return Some(format!("ARNs of {name} name no region"));
    }
    if service.regional && region.is_empty() {
        return Some(format!("ARNs of {name} name a region, or `*`"));
    }
    let of_aws = name == "iam" && *account == "aws";
    if !open(account) && !is_account(account) && !of_aws {
        return Some(format!("`{account}` is no account: 12 digits, or `*`"));
    }
    let fixed = path.split(['*', '?', '$']).next().unwrap_or("");
    let begins = |known: &&str| known.starts_with(fixed) || fixed.starts_with(known);
    if !service.paths.iter().any(begins) || (path == &fixed && path.ends_with('/')) {
        let known = service.paths.join("` or `");
        return Some(format!("resources of {name} begin with `{known}`"));
    }
    let repository = fixed.strip_prefix("repository/").unwrap_or("");
    let strange = |char: &char| !matches!(char, 'a'..='z' | '0'..='9' | '.' | '_' | '-' | '/');
    let wrong = repository.chars().find(strange)?;
    Some(format!("no repository has `{wrong}` in its name"))
}
