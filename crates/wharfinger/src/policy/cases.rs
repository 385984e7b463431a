//! A file of cases: what it may say, with its policies read.
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use wharf_policy::{Document, Kind, Principal, ROOT_POLICY, RequestContext};

use super::{principal, read};

/// Most cases of a file, each action and resource of a case counted.
const MAX_QUESTIONS: usize = 100_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    now: Option<String>,
    #[serde(default)]
    principal: BTreeMap<String, PrincipalEntry>,
    #[serde(default)]
    resource: Vec<ResourceEntry>,
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrincipalEntry {
    arn: String,
    role: Option<String>,
    issuer: Option<String>,
    #[serde(default)]
    policies: Vec<String>,
    boundary: Option<String>,
    session: Option<Vec<String>>,
    #[serde(default)]
    context: Context,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceEntry {
    arn: String,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    context: Context,
}

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) principal: String,
    pub(super) action: Several,
    #[serde(default = "star")]
    pub(super) resource: Several,
    #[serde(default)]
    pub(super) context: Context,
    pub(super) expect: Expected,
}

/// What a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Expected {
    Allowed,
    Denied,
}

/// One text or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Several {
    One(String),
    Many(Vec<String>),
}

impl Several {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

fn star() -> Several {
    Several::One("*".to_owned())
}

/// Condition keys. A list is a key that can have several values.
pub(super) type Context = BTreeMap<String, ContextValue>;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ContextValue {
    Flag(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    List(Vec<String>),
}

/// A policy with the name that results call it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) document: Document,
}

/// A caller and its policies.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) identity: Vec<Named>,
    pub(super) boundary: Option<Named>,
    pub(super) session: Option<Vec<Named>>,
    pub(super) context: Context,
}

/// Resources and their policies.
#[derive(Debug)]
pub(super) struct Resource {
    arn: String,
    pub(super) policies: Vec<Named>,
    pub(super) context: Context,
}

impl Resource {
    /// Whether the entry speaks of an ARN: its own ends in `*`, or is the same.
    pub(super) fn speaks_of(&self, arn: &str) -> bool {
        match self.arn.strip_suffix('*') {
            Some(prefix) => arn.starts_with(prefix),
            None => self.arn == arn,
        }
    }
}

/// A file of cases.
#[derive(Debug)]
pub(super) struct Suite {
    /// Microseconds since 1970.
    pub(super) now: i64,
    pub(super) callers: BTreeMap<String, Caller>,
    pub(super) resources: Vec<Resource>,
    pub(super) cases: Vec<Case>,
}

impl Suite {
    /// Reads a file, and the policies that it names, which are beside it.
    ///
    /// # Errors
    /// What is wrong with it, with its name.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = read(file)?;
        let parsed: File = toml::from_str(&text)
            .map_err(|error| format!("{} is no file of cases: {error}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Self::resolve(parsed, folder).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn resolve(file: File, folder: &Path) -> Result<Self, String> {
        let mut callers = BTreeMap::new();
        for (name, entry) in file.principal {
            let caller =
                caller(entry, folder).map_err(|error| format!("principal `{name}`: {error}"))?;
            callers.insert(name, caller);
        }
        let mut resources = Vec::with_capacity(file.resource.len());
        for entry in file.resource {
            let policies = of_resource(&entry.policies, folder)
                .map_err(|error| format!("resource `{}`: {error}", entry.arn))?;
            resources.push(Resource {
                arn: entry.arn,
                policies,
                context: entry.context,
            });
        }
        let mut questions = 0_usize;
        for case in &file.case {
            let name = &case.name;
            if !callers.contains_key(&case.principal) {
                return Err(format!(
                    "case `{name}`: there is no `[principal.{}]`",
                    case.principal
                ));
            }
            let (actions, on) = (case.action.as_slice(), case.resource.as_slice());
            if actions.is_empty() || on.is_empty() {
                return Err(format!("case `{name}`: it has no action or no resource"));
            }
            if let Some(action) = actions
                .iter()
                .find(|it| !it.contains(':') || it.contains('*'))
            {
                return Err(format!("case `{name}`: `{action}` is not one action"));
            }
            questions = questions.saturating_add(actions.len().saturating_mul(on.len()));
        }
        if questions == 0 {
            return Err("there are no cases".to_owned());
        }
        if questions > MAX_QUESTIONS {
            return Err(format!("there are more than {MAX_QUESTIONS} questions"));
        }
        Ok(Self {
            now: now(file.now.as_deref())?,
            callers,
            resources,
            cases: file.case,
        })
    }
}

fn now(text: Option<&str>) -> Result<i64, String> {
    match text {
        Some(text) => {
            let time: jiff::Timestamp = text
                .parse()
                .map_err(|_not_a_time| format!("`now` is no time: `{text}`"))?;
            Ok(time.as_microsecond())
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the binary reads the clock, once"
        )]
        None => Ok(jiff::Timestamp::now().as_microsecond()),
    }
}

fn caller(entry: PrincipalEntry, folder: &Path) -> Result<Caller, String> {
    let principal = principal::parse(&entry.arn, entry.role.as_deref(), entry.issuer.as_deref())?;
    let inline = |text: &String| document(text, folder, |_| Kind::Inline);
    let mut identity = entry
        .policies
        .iter()
        .map(inline)
        .collect::<Result<Vec<_>, _>>()?;
    match principal {
        Principal::Root(_) if !identity.is_empty() || entry.boundary.is_some() => {
            return Err("a root user has no policies of its own".to_owned());
        }
        Principal::Root(_) => {
            identity.push(document(&ROOT_POLICY.to_owned(), folder, |_| Kind::Inline)?);
        }
        _ => {}
    }
    let session = entry
        .session
        .map(|list| list.iter().map(inline).collect::<Result<Vec<_>, _>>());
    Ok(Caller {
        principal,
        identity,
        boundary: entry.boundary.as_ref().map(inline).transpose()?,
        session: session.transpose()?,
        context: entry.context,
    })
}

fn of_resource(policies: &[String], folder: &Path) -> Result<Vec<Named>, String> {
    policies
        .iter()
        .map(|text| document(text, folder, wharf_policy::guess))
        .collect()
}

/// A policy: JSON as it stands, or a file of it.
fn document(text: &String, folder: &Path, kind: impl Fn(&str) -> Kind) -> Result<Named, String> {
    let (name, json) = if text.trim_start().starts_with('{') {
        ("the inline policy".to_owned(), text.clone())
    } else {
        (text.clone(), read(&folder.join(text))?)
    };
    match Document::parse(&json, kind(&json)) {
        Ok(document) => Ok(Named { name, document }),
        Err(error) => Err(format!("{name} is no policy: {error}")),
    }
}

/// Sets the keys of a case.
///
/// # Errors
/// When they are too many or too long.
pub(super) fn apply(context: &Context, request: &mut RequestContext) -> Result<(), String> {
    for (key, value) in context {
        let done = match value {
            ContextValue::Flag(flag) => request.set(key, &flag.to_string()),
            ContextValue::Integer(number) => request.set(key, &number.to_string()),
            ContextValue::Decimal(number) => request.set(key, &number.to_string()),
            ContextValue::Text(text) => request.set(key, text),
            ContextValue::List(list) => request.set_list(key, list.iter().map(String::as_str)),
        };
        done.map_err(|error| format!("`{key}`: {error}"))?;
    }
    Ok(())
}
