//! What a verified token says.
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::jwt::{CLOCK_SKEW_SECONDS, TokenError};

/// Characters of a subject.
const SUBJECT_CHARS: std::ops::RangeInclusive<usize> = 6..=255;

/// Claims that begin so are for the service, and no condition keys.
const RESERVED: &str = "https://aws.amazon.com/";
const TAGS: &str = "https://aws.amazon.com/tags";
const PRINCIPAL_TAGS: &str = "https://aws.amazon.com/tags/principal_tags/";
const TRANSITIVE_TAG_KEYS: &str = "https://aws.amazon.com/tags/transitive_tag_keys";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// What a token says, after its signature, times and audience were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `iss`, which begins with `https://`.
    pub issuer: String,
    /// `sub`, 6 to 255 characters.
    pub subject: String,
    /// The audience that is one of the provider's client ids: `azp` if there is one, else `aud`.
    pub audience: String,
    /// `aud` where `azp` took its place; else empty.
    pub original_audience: Vec<String>,
    /// `amr`; empty if there is none.
    pub amr: Vec<String>,
    /// `iat`, in seconds since 1970.
    pub issued: i64,
    /// `exp`, in seconds since 1970.
    pub expires: i64,
    /// Each claim that is a text, a number or a boolean, by name: `sub` and further ones. Not among them are `aud`,
    /// `oaud` and `amr`, whatever their case, whose values are the fields above, and the claims for the service. No two
    /// names are the same but for the case.
    pub scalars: Vec<(String, String)>,
    /// Session tags, those of the nested claim first, each by key; their limits are the caller's to check.
    pub tags: Vec<(String, String)>,
    /// Which of the tags go on to the next role.
    pub transitive_tag_keys: Vec<String>,
    /// The source identity.
    pub source_identity: Option<String>,
}

impl Claims {
    /// Checks the claims of a payload whose signature was checked; `now` in seconds since 1970.
    pub(super) fn judge(
        payload: &Map<String, Value>,
        client_ids: &[String],
        now: i64,
    ) -> Result<Self, TokenError> {
        let expires = time(payload, "exp")?.ok_or(TokenError::MissingClaim("exp"))?;
        if expires <= now.saturating_sub(CLOCK_SKEW_SECONDS) {
            return Err(TokenError::Expired { now, expires });
        }
        let issued = time(payload, "iat")?.ok_or(TokenError::MissingClaim("iat"))?;
        let from = time(payload, "nbf")?.unwrap_or(issued);
        for (name, time) in [("iat", issued), ("nbf", from)] {
            if time > now.saturating_add(CLOCK_SKEW_SECONDS) {
                return Err(TokenError::NotYet(name));
            }
        }
        let (audience, original_audience) = audience(payload)?;
        if !client_ids.contains(&audience) {
            return Err(TokenError::Audience);
        }
        let subject = text(payload, "sub")?.ok_or(TokenError::MissingClaim("sub"))?;
        if !SUBJECT_CHARS.contains(&subject.chars().count()) {
            return Err(TokenError::Subject);
        }
        let amr = match payload.get("amr") {
            None | Some(Value::Null) => Vec::new(),
            Some(value) => texts(value).ok_or(TokenError::ClaimType("amr"))?,
        };
        let (tags, transitive_tag_keys) = tags(payload).ok_or(TokenError::ClaimType(TAGS))?;
        Ok(Self {
            issuer: text(payload, "iss")?.ok_or(TokenError::MissingClaim("iss"))?,
            subject,
            audience,
            original_audience,
            amr,
            issued,
            expires,
            scalars: scalars(payload)?,
            tags,
            transitive_tag_keys,
            source_identity: text(payload, SOURCE_IDENTITY)?,
        })
    }
}

/// A time in whole seconds since 1970. Fractions are refused: readers round them differently.
fn time(payload: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, TokenError> {
    match payload.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(TokenError::ClaimType(name)),
    }
}

fn text(payload: &Map<String, Value>, name: &'static str) -> Result<Option<String>, TokenError> {
    match payload.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(TokenError::ClaimType(name)),
    }
}

/// A list of texts; one text alone is a list of one.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(members) => members
            .iter()
            .map(|member| member.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

/// The audience that counts, and the one it took the place of.
fn audience(payload: &Map<String, Value>) -> Result<(String, Vec<String>), TokenError> {
    let named = payload.get("aud").ok_or(TokenError::MissingClaim("aud"))?;
    let mut named = texts(named).ok_or(TokenError::ClaimType("aud"))?;
    if let Some(authorized) = text(payload, "azp")? {
        return Ok((authorized, named));
    }
    // For one of several audiences the token was not asked for.
    match (named.pop(), named.is_empty()) {
        (Some(only), true) => Ok((only, Vec::new())),
        _ => Err(TokenError::Audience),
    }
}

fn scalars(payload: &Map<String, Value>) -> Result<Vec<(String, String)>, TokenError> {
    let mut names = BTreeSet::new();
    let mut scalars = Vec::new();
    for (name, value) in payload {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        let folded = name.to_lowercase();
        if ["aud", "oaud", "amr"].contains(&folded.as_str()) || folded.starts_with(RESERVED) {
            continue;
        }
        // Condition keys ignore case: a claim `SUB` would stand for the subject.
        if !names.insert(folded) {
            return Err(TokenError::ClaimNames);
        }
        scalars.push((name.clone(), value));
    }
    Ok(scalars)
}

type Tags = (Vec<(String, String)>, Vec<String>);

/// The session tags of both forms; `None` if a claim is not of their shape.
fn tags(payload: &Map<String, Value>) -> Option<Tags> {
    let (mut tags, mut transitive) = (Vec::new(), Vec::new());
    if let Some(nested) = payload.get(TAGS) {
        let nested = nested.as_object()?;
        if let Some(principal) = nested.get("principal_tags") {
            for (key, value) in principal.as_object()? {
                tags.push((key.clone(), tag_value(value)?));
            }
        }
        if let Some(keys) = nested.get("transitive_tag_keys") {
            transitive.extend(texts(keys)?);
        }
    }
    for (name, value) in payload {
        if let Some(key) = name.strip_prefix(PRINCIPAL_TAGS) {
            tags.push((key.to_owned(), tag_value(value)?));
        } else if name == TRANSITIVE_TAG_KEYS {
            transitive.extend(texts(value)?);
        }
    }
    Some((tags, transitive))
}

/// A tag's value is a list of one text, or the text.
fn tag_value(value: &Value) -> Option<String> {
    let mut values = texts(value)?;
    let only = values.pop()?;
    values.is_empty().then_some(only)
}
