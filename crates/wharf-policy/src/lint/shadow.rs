//! Allows that a deny takes back whole.

use super::{Found, Parts, Rule};
use crate::document::Effect;
use crate::json::Node;
use crate::pattern::Language;

/// Tells of an allow that a deny without conditions covers: it names the same callers, actions and resources, or more.
pub(super) fn check(parts: &Parts<'_>, all: &[Parts<'_>], path: &str, found: &mut Found) {
    if parts.effect == Effect::Deny || parts.not_action || parts.not_resource {
        return;
    }
    let language = found.language;
    let covering = all.iter().position(|deny| covers(deny, parts, language));
    if let Some(index) = covering {
        let message = format!("`Statement[{index}]` denies all that this statement allows");
        found.add(Rule::Shadowed, parts.node.start, path.to_owned(), message);
    }
}

fn covers(deny: &Parts<'_>, allow: &Parts<'_>, language: Language) -> bool {
    let plain = deny.effect == Effect::Deny
        && deny.conditions.is_empty()
        && !deny.not_action
        && !deny.not_resource
        && !deny.not_principal;
    plain
        && names(deny.principal, allow.principal)
        && allow.actions.iter().all(|its| {
            let its = its.text.to_ascii_lowercase();
            let mut denied = deny.actions.iter();
            denied.any(|it| pattern_covers(&it.text.to_ascii_lowercase(), &its))
        })
        && match (&deny.resources, &allow.resources) {
            (None, _) => true,
            (Some(denied), None) => denied.iter().any(|it| it.text == "*"),
            (Some(denied), Some(allowed)) => allowed.iter().all(|its| {
                denied
                    .iter()
                    .any(|it| resource_covers(it.text, its.text, language))
            }),
        }
}

/// Whether a deny names all whom an allow names: everyone, or, to be sure, exactly the same.
fn names(deny: Option<&Node>, allow: Option<&Node>) -> bool {
    match (deny, allow) {
        (None, None) => true,
        (Some(deny), Some(allow)) => {
            let everyone = super::texts(deny) == ["*"]
                || super::member(deny, "AWS").is_some_and(|it| super::texts(it).contains(&"*"));
            everyone || deny.value.same(&allow.value)
        }
        _ => false,
    }
}

fn resource_covers(wide: &str, narrow: &str, language: Language) -> bool {
    let variable = |text: &str| language == Language::Of2012 && text.contains("${");
    if variable(wide) || variable(narrow) {
        return wide == narrow || wide == "*";
    }
    wide == "*" || pattern_covers(wide, narrow) && same_reach(wide, narrow)
}

/// Whether the wildcards of the wide pattern reach as far as they seem to: those before the fifth colon stay in their
/// fields unless they end them, so that each pattern has its five colons where the other has.
fn same_reach(wide: &str, narrow: &str) -> bool {
    let early = |text: &str| {
        let fields: Vec<&str> = text.splitn(6, ':').collect();
        fields.len() == 6
    };
    let ends_early = wide.ends_with('*') && wide.matches(':').count() < 5 && !narrow.is_empty();
    let fields = wide.splitn(6, ':').zip(narrow.splitn(6, ':'));
    ends_early
        || (early(wide)
            && early(narrow)
            && fields
                .take(5)
                .all(|(wide, narrow)| pattern_covers(wide, narrow)))
}

/// Whether whatever the narrow pattern matches, the wide one does: its `*` takes any run, wildcards too; its `?` takes
/// any character but a `*`.
pub(super) fn pattern_covers(wide: &str, narrow: &str) -> bool {
    let (wide, narrow): (Vec<char>, Vec<char>) = (wide.chars().collect(), narrow.chars().collect());
    // Row by row: which beginnings of `narrow` the part of `wide` so far covers.
    let mut covered = vec![false; narrow.len() + 1];
    if let Some(first) = covered.first_mut() {
        *first = true;
    }
    for token in wide {
        let before = covered;
        let mut now = Vec::with_capacity(before.len());
        let mut last = false;
        for (index, here) in before.iter().enumerate() {
            let previous = index.checked_sub(1);
            let char = previous.and_then(|index| narrow.get(index));
            let diagonal = previous
                .and_then(|index| before.get(index))
                .is_some_and(|it| *it);
            last = match token {
                '*' => *here || (char.is_some() && last),
                '?' => diagonal && char.is_some_and(|char| *char != '*'),
                literal => diagonal && char == Some(&literal),
            };
            now.push(last);
        }
        covered = now;
    }
    covered.last() == Some(&true)
}
