//! Conditions of one statement that cannot hold.

use super::services;
use super::{Found, Parts, Rule, Text};
use crate::condition::{Compare, Family, Network, Operator, Qualifier, decimal};
use crate::instant;
use crate::json::Member;
use crate::pattern::{Case, Glob, Language};

/// A condition, with its operator understood.
struct Asked<'a> {
    operator: Operator,
    key: &'a Member,
    lower: String,
    values: &'a [Text<'a>],
    path: String,
}

pub(super) fn check(parts: &Parts<'_>, path: &str, found: &mut Found) {
    let all: Vec<Asked<'_>> = parts
        .conditions
        .iter()
        .filter_map(|(operator, key, values)| {
            Some(Asked {
                operator: Operator::parse(&operator.name)?,
                key,
                lower: key.name.to_ascii_lowercase(),
                values,
                path: format!("{path}.Condition.{}.{}", operator.name, key.name),
            })
        })
        .collect();
    for asked in &all {
        key(asked, found);
        values(asked, found);
    }
    if let Some(resources) = &parts.resources {
        let path = format!("{path}.{}", parts.resource_name());
        for resource in resources {
            variables(resource, &path, found);
        }
    }
    for (index, asked) in all.iter().enumerate() {
        let earlier = all.iter().take(index);
        let same_key = earlier.filter(|it| it.lower == asked.lower);
        for other in same_key {
            if let Some(message) = exclude(other, asked, found.language) {
                let (at, path) = (asked.key.start, asked.path.clone());
                found.add(Rule::NeverHolds, at, path, message);
            }
        }
    }
}

/// Whether a key is one that requests can have, as far as is known here.
fn is_known(lower: &str) -> bool {
    let Some((prefix, name)) = lower.split_once(':') else {
        return true;
    };
    let keys = match (prefix, services::find(prefix)) {
        ("aws", _) => services::GLOBAL_KEYS,
        // This registry's own, which ECR does not have.
        ("wharfinger", _) => "imagedigest imagetag mediatype",
        (_, Some(service)) => service.keys,
        (_, None) => return true,
    };
    keys.split_whitespace().any(|known| {
        if known.ends_with(['/', ':']) {
            name.len() > known.len() && name.starts_with(known)
        } else {
            name == known
        }
    })
}

fn key(asked: &Asked<'_>, found: &mut Found) {
    if is_known(&asked.lower) {
        return;
    }
    let always = if asked.operator.holds_when_absent() {
        "so this always holds"
    } else {
        "so this never holds"
    };
    let message = match asked.operator.family() {
        Family::Null => format!("no request has the key `{}`", asked.key.name),
        _ => format!("no request has the key `{}`, {always}", asked.key.name),
    };
    found.add(
        Rule::UnknownKey,
        asked.key.start,
        asked.path.clone(),
        message,
    );
}

fn values(asked: &Asked<'_>, found: &mut Found) {
    let family = asked.operator.family();
    for value in asked.values {
        let text = value.text;
        if let Family::Text(_) = family
            && text.replace("${*}", "").contains('*')
        {
            let message = format!("{} takes the `*` of `{text}` as it stands", asked.operator);
            found.add(Rule::LiteralWildcard, value.at, asked.path.clone(), message);
        }
        if matches!(family, Family::Text(_) | Family::Like) {
            if asked.lower == "aws:sourceip" && text.contains('/') {
                let message = format!(
                    "{} compares an address with `{text}` as text",
                    asked.operator
                );
                found.add(Rule::NeverHolds, value.at, asked.path.clone(), message);
            }
            variables(value, &asked.path, found);
        }
        if family == Family::Arn {
            variables(value, &asked.path, found);
        }
    }
}

/// Variables that stand for nothing, or only for themselves.
fn variables(text: &Text<'_>, path: &str, found: &mut Found) {
    if !text.text.contains("${") {
        return;
    }
    if found.language == Language::Of2008 {
        let message = format!(
            "`{}` is taken as it stands: variables need `Version` `2012-10-17`",
            text.text
        );
        found.add(Rule::LiteralVariable, text.at, path.to_owned(), message);
        return;
    }
    let Ok(glob) = Glob::like(text.text, Language::Of2012) else {
        return;
    };
    for variable in glob.variables() {
        let key = variable.key.as_str();
        let several = services::MULTIVALUED.split_whitespace().any(|it| it == key);
        if variable.default.is_none() && (!is_known(key) || several) {
            let message = if several {
                format!("`{key}` can have several values, so that it never stands for one")
            } else {
                format!("no request has the key `{key}`, so that this matches nothing")
            };
            found.add(Rule::UnknownKey, text.at, path.to_owned(), message);
        }
    }
}

/// Why two conditions about one key cannot hold together, if so.
fn exclude(one: &Asked<'_>, other: &Asked<'_>, language: Language) -> Option<String> {
    let (a, b) = (one.operator, other.operator);
    let absent = |it: &Asked<'_>| {
        it.operator.family() == Family::Null
            && it
                .values
                .iter()
                .all(|value| value.text.eq_ignore_ascii_case("true"))
    };
    for (null, present) in [(one, other), (other, one)] {
        let needs_key =
            !present.operator.holds_when_absent() && present.operator.family() != Family::Null;
        if absent(null) && needs_key {
            let key = &null.key.name;
            return Some(format!(
                "`Null` asks for `{key}` to be absent, {} for its value",
                present.operator
            ));
        }
    }
    // With several values of the key each condition may look at another.
    let single = |operator: Operator| operator.qualifier == Qualifier::None && !operator.if_exists;
    let several = services::MULTIVALUED
        .split_whitespace()
        .any(|it| it == one.lower);
    if !single(a) || !single(b) || several {
        return None;
    }
    let excluded = match (a.family(), b.family()) {
        (Family::Text(_) | Family::Like, Family::Text(_) | Family::Like) => {
            texts_exclude(one, other, language) || texts_exclude(other, one, language)
        }
        (Family::Numeric(_), Family::Numeric(_)) => ranges_exclude(one, other, &decimal),
        (Family::Date(_), Family::Date(_)) => ranges_exclude(one, other, &instant::parse),
        (Family::Ip, Family::Ip) => networks_exclude(one, other) || networks_exclude(other, one),
        _ => false,
    };
    excluded.then(|| format!("{a} and {b} cannot hold together"))
}

/// Whether none of the texts that one condition allows passes the other.
fn texts_exclude(one: &Asked<'_>, other: &Asked<'_>, language: Language) -> bool {
    let exact = one.operator.family() == Family::Text(Case::Sensitive) && !one.operator.negated();
    let variable = |it: &Asked<'_>| it.values.iter().any(|value| value.text.contains("${"));
    if !exact || variable(one) || variable(other) {
        return false;
    }
    let passes = |text: &str| {
        let any = other.values.iter().any(|value| {
            let (glob, case) = match other.operator.family() {
                Family::Text(case) => (Glob::exact(value.text, language), case),
                _ => (Glob::like(value.text, language), Case::Sensitive),
            };
            glob.is_ok_and(|glob| glob.matches(text, case, None))
        });
        any != other.operator.negated()
    };
    !one.values.iter().any(|value| passes(value.text))
}

/// Whether the values that pass one order are none of those that pass the other.
fn ranges_exclude(one: &Asked<'_>, other: &Asked<'_>, read: &dyn Fn(&str) -> Option<i128>) -> bool {
    let (Some(one), Some(other)) = (range(one, read), range(other, read)) else {
        return false;
    };
    let ((low, low_open), (high, high_open)) = (one.0.max(other.0), min_high(one.1, other.1));
    low > high || (low == high && (low_open || high_open))
}

/// A bound and whether it is itself left out.
type Bound = (i128, bool);

fn min_high(one: Bound, other: Bound) -> Bound {
    match one.0.cmp(&other.0) {
        std::cmp::Ordering::Less => one,
        std::cmp::Ordering::Greater => other,
        std::cmp::Ordering::Equal => (one.0, one.1 || other.1),
    }
}

/// The least and the greatest value that passes; of several values of the policy one is enough. None when it is not
/// one range.
fn range(asked: &Asked<'_>, read: &dyn Fn(&str) -> Option<i128>) -> Option<(Bound, Bound)> {
    let numbers: Option<Vec<i128>> = asked.values.iter().map(|value| read(value.text)).collect();
    let numbers = numbers?;
    let (least, greatest) = (*numbers.iter().min()?, *numbers.iter().max()?);
    let (Family::Numeric(compare) | Family::Date(compare)) = asked.operator.family() else {
        return None;
    };
    if asked.operator.negated() {
        return None;
    }
    let (low, high) = ((i128::MIN, false), (i128::MAX, false));
    match compare {
        Compare::Equal => Some(((least, false), (greatest, false))),
        Compare::Less => Some((low, (greatest, true))),
        Compare::LessOrEqual => Some((low, (greatest, false))),
        Compare::Greater => Some(((least, true), high)),
        Compare::GreaterOrEqual => Some(((least, false), high)),
    }
}

/// Whether each range of one condition lies inside of what the other keeps out.
fn networks_exclude(one: &Asked<'_>, other: &Asked<'_>) -> bool {
    if one.operator.negated() || !other.operator.negated() {
        return false;
    }
    let networks = |it: &Asked<'_>| -> Vec<Network> {
        it.values
            .iter()
            .filter_map(|value| Network::parse(value.text))
            .collect()
    };
    let out = networks(other);
    networks(one)
        .iter()
        .all(|its| out.iter().any(|out| out.covers(its)))
}
