//! Policy documents: read once into types, refused unless everything in them is understood.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{
    Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
    value::{MapAccessDeserializer, SeqAccessDeserializer},
};

use crate::pattern::{ActionPattern, ResourcePattern};

/// Longest document, in bytes (ECR's policy texts; IAM's own limits are lower).
pub const MAX_DOCUMENT_BYTES: usize = 10_240;
/// Most statements of one document.
pub const MAX_STATEMENTS: usize = 100;

/// The built-in identity policy of an account's root: everything on everything.
///
/// Root is allowed by evaluating this, so that its requests take the same path as everyone's.
pub const ROOT_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The document is not one that this engine understands completely, so it grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// More than [`MAX_DOCUMENT_BYTES`].
    #[error("the policy document is longer than {MAX_DOCUMENT_BYTES} bytes")]
    TooLong,
    /// A character outside of tab, line feed, carriage return and U+0020 to U+00FF.
    #[error("the policy document has characters outside of U+0020 to U+00FF")]
    Characters,
    /// No JSON, an element that is unknown here, an element twice, a value that is not allowed.
    #[error("the policy document is not understood: {0}")]
    Syntax(String),
}

/// What a statement does if it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Lets the request through unless something denies it.
    Allow,
    /// Refuses the request whatever else allows it.
    Deny,
}

impl<'de> Deserialize<'de> for Effect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "Allow" => Ok(Self::Allow),
            "Deny" => Ok(Self::Deny),
            _ => Err(D::Error::custom("`Effect` is neither `Allow` nor `Deny`")),
        }
    }
}

/// A policy document, understood completely.
///
/// Elements: `Version`, `Id`, and `Statement` with `Sid`, `Effect`, `Action`, `Resource`. Any other element is an
/// error: a document of which a part were ignored could allow more, or deny less, than it says.
/// Source: the IAM policy grammar.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) statements: Vec<Statement>,
}

/// One statement of a document.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Arc<str>>,
    pub(crate) effect: Effect,
    pub(crate) actions: Vec<ActionPattern>,
    pub(crate) resources: Vec<ResourcePattern>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ParseError`] unless every element and value is understood.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(ParseError::TooLong);
        }
        if !text.chars().all(is_document_char) {
            return Err(ParseError::Characters);
        }
        let Object(raw) =
            serde_json::from_str(text).map_err(|error| ParseError::Syntax(error.to_string()))?;
        Self::check(raw).map_err(|reason| ParseError::Syntax(reason.to_owned()))
    }

    fn check(raw: RawDocument) -> Result<Self, &'static str> {
        let version = match raw.version.as_deref() {
            Some("2012-10-17") => Version::Of2012,
            Some("2008-10-17") | None => Version::Of2008,
            Some(_) => return Err("`Version` is neither `2012-10-17` nor `2008-10-17`"),
        };
        if raw.id.is_some_and(|id| !id.chars().all(is_document_char)) {
            return Err("`Id` has characters outside of U+0020 to U+00FF");
        }
        if raw.statement.0.is_empty() || raw.statement.0.len() > MAX_STATEMENTS {
            return Err("`Statement` does not hold 1 to 100 statements");
        }
        let mut sids = HashSet::new();
        let mut statements = Vec::with_capacity(raw.statement.0.len());
        for statement in raw.statement.0 {
            if let Some(sid) = &statement.sid {
                if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Err("a `Sid` has characters other than letters and digits");
                }
                // An empty one counts as none.
                if !sid.is_empty() && !sids.insert(sid.clone()) {
                    return Err("a `Sid` occurs twice");
                }
            }
            statements.push(statement.check(version)?);
        }
        Ok(Self { statements })
    }
}

/// Which language the document is written in. Only the newer one has variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Of2008,
    Of2012,
}

// Derived readers refuse a key that occurs twice and, so told, every key they do not know.

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDocument {
    #[serde(rename = "Version", default, deserialize_with = "present")]
    version: Option<String>,
    #[serde(rename = "Id", default, deserialize_with = "present")]
    id: Option<String>,
    #[serde(rename = "Statement")]
    statement: Statements,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStatement {
    #[serde(rename = "Sid", default, deserialize_with = "present")]
    sid: Option<String>,
    #[serde(rename = "Effect")]
    effect: Effect,
    #[serde(rename = "Action")]
    action: Texts,
    #[serde(rename = "Resource")]
    resource: Texts,
}

impl RawStatement {
    fn check(self, version: Version) -> Result<Statement, &'static str> {
        if self.action.0.is_empty() || self.resource.0.is_empty() {
            return Err("`Action` or `Resource` is an empty list");
        }
        // Taken literally, a variable would match nothing, and a `Deny` that was meant would be lost.
        if version == Version::Of2012
            && self
                .resource
                .0
                .iter()
                .any(|resource| resource.contains("${"))
        {
            return Err("`Resource` has a policy variable, which is not supported");
        }
        if !self
            .resource
            .0
            .iter()
            .all(|resource| resource.chars().all(is_document_char))
        {
            return Err("`Resource` has characters outside of U+0020 to U+00FF");
        }
        Ok(Statement {
            sid: self.sid.filter(|sid| !sid.is_empty()).map(Arc::from),
            effect: self.effect,
            actions: self
                .action
                .0
                .iter()
                .map(|text| ActionPattern::parse(text))
                .collect::<Result<_, _>>()?,
            resources: self
                .resource
                .0
                .iter()
                .map(|text| ResourcePattern::parse(text))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn is_document_char(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}')
}

/// An element that may be left out, but not be `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// A text, or a list of texts.
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Texts, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Texts)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

/// A statement, or a list of statements.
struct Statements(Vec<RawStatement>);

impl<'de> Deserialize<'de> for Statements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Statements;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a statement or a list of statements")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Statements, A::Error> {
                let statement = RawStatement::deserialize(MapAccessDeserializer::new(members))?;
                Ok(Statements(vec![statement]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Statements, A::Error> {
                let items =
                    Vec::<Object<RawStatement>>::deserialize(SeqAccessDeserializer::new(items))?;
                Ok(Statements(
                    items.into_iter().map(|object| object.0).collect(),
                ))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

/// A structure written as an object. A derived reader would also take a list of its values.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapOnly<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for MapOnly<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(MapOnly(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATEMENT: &str = r#""Effect":"Allow","Action":"ecr:*","Resource":"*""#;

    fn syntax_error(text: &str) -> String {
        match Document::parse(text) {
            Err(ParseError::Syntax(reason)) => reason,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_root_policy_is_a_document() {
        assert_eq!(Document::parse(ROOT_POLICY).unwrap().statements.len(), 1);
    }

    #[test]
    fn one_value_may_stand_without_the_brackets() {
        for text in [
            format!(r#"{{"Statement":{{{STATEMENT}}}}}"#),
            format!(r#"{{"Version":"2008-10-17","Id":"x y","Statement":[{{{STATEMENT}}}]}}"#),
            r#"{"Statement":[{"Sid":"","Effect":"Deny","Action":["ecr:Get*","sts:?"],"Resource":["*"]}]}"#.to_owned(),
        ] {
            assert!(Document::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_element_that_is_not_built_refuses_the_document() {
        for element in [
            r#""NotAction":"*""#,
            r#""NotResource":"*""#,
            r#""Principal":"*""#,
            r#""NotPrincipal":"*""#,
            r#""Condition":{}"#,
            r#""effect":"Deny""#,
            r#""Comment":"x""#,
        ] {
            let text = format!(r#"{{"Statement":[{{{STATEMENT},{element}}}]}}"#);
            assert!(syntax_error(&text).contains("unknown field"), "{text}");
        }
        assert!(
            syntax_error(&format!(
                r#"{{"Statement":[{{{STATEMENT}}}],"version":"x"}}"#
            ))
            .contains("unknown field")
        );
    }

    #[test]
    fn duplicate_elements_are_refused() {
        for text in [
            format!(r#"{{"Statement":[{{{STATEMENT}}}],"Statement":[{{{STATEMENT}}}]}}"#),
            format!(r#"{{"Statement":[{{{STATEMENT},"Effect":"Deny"}}]}}"#),
            format!(r#"{{"Statement":[{{{STATEMENT},"\u0045ffect":"Deny"}}]}}"#),
        ] {
            assert!(syntax_error(&text).contains("duplicate field"), "{text}");
        }
        let twice =
            format!(r#"{{"Statement":[{{"Sid":"a",{STATEMENT}}},{{"Sid":"a",{STATEMENT}}}]}}"#);
        assert_eq!(syntax_error(&twice), "a `Sid` occurs twice");
    }

    #[test]
    fn malformed_documents_are_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Statement":null}"#,
            r#"{"Statement":["x"]}"#,
            r#"{"Statement":[["a","Allow","*","*"]]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Resource":"*"}]}"#,
            r#"{"Statement":[{"Action":"*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":[]}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":[["*"]]}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":1,"Resource":"*"}]}"#,
            r#"{"Statement":[{"Sid":null,"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2025-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":null,"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
            r#"["2012-10-17","x",[{"Effect":"Allow","Action":"*","Resource":"*"}]]"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecr:\u0100"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}x"#,
        ] {
            assert!(Document::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn policy_variables_are_refused_where_they_would_count() {
        let with = |version| {
            format!(
                r#"{{"Version":"{version}","Statement":{{"Effect":"Deny","Action":"*","Resource":"arn:aws:ecr:*:*:repository/${{aws:username}}"}}}}"#
            )
        };
        assert!(syntax_error(&with("2012-10-17")).contains("variable"));
        assert!(Document::parse(&with("2008-10-17")).is_ok());
    }

    #[test]
    fn limits_are_exact() {
        let document = |count: usize| {
            let statements =
                vec![r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#; count].join(",");
            format!(r#"{{"Statement":[{statements}]}}"#)
        };
        assert!(Document::parse(&document(MAX_STATEMENTS)).is_ok());
        assert!(Document::parse(&document(MAX_STATEMENTS + 1)).is_err());
        let padded =
            |length: usize| format!("{ROOT_POLICY}{}", " ".repeat(length - ROOT_POLICY.len()));
        assert!(Document::parse(&padded(MAX_DOCUMENT_BYTES)).is_ok());
        assert_eq!(
            Document::parse(&padded(MAX_DOCUMENT_BYTES + 1)).unwrap_err(),
            ParseError::TooLong
        );
        assert_eq!(
            Document::parse("{\"Id\":\"\u{100}\"}").unwrap_err(),
            ParseError::Characters
        );
        assert!(Document::parse(&"[".repeat(MAX_DOCUMENT_BYTES)).is_err());
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in ".{0,300}") {
            prop_assert!(Document::parse(&text).is_err());
        }

        #[test]
        fn parse_never_panics_on_nearly_valid_documents(
            action in r"[a-z*?:$\{\}]{0,12}",
            resource in r"(arn:)?[a-zA-Z0-9*?:/${}\\u-]{0,30}",
            at in 0_usize..200,
            replacement in any::<char>(),
        ) {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":["{resource}"]}}]}}"#
            );
            drop(Document::parse(&text));
            let damaged: String =
                text.chars().enumerate().map(|(index, char)| if index == at { replacement } else { char }).collect();
            drop(Document::parse(&damaged));
        }
    }
}
