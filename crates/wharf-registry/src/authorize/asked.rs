//! What the gate is asked: a resource, and the condition keys that only the operation knows.
use std::borrow::Cow;

use super::Resource;

/// A resource with the condition keys that only the operation knows.
#[derive(Clone, Debug)]
pub struct Asked {
    pub(super) resource: Resource,
    pub(super) keys: Vec<AskedKey>,
}

/// A condition key of an operation.
#[derive(Clone, Debug)]
pub(super) struct AskedKey {
    pub(super) name: Cow<'static, str>,
    pub(super) values: Vec<String>,
    /// Whether it is a set, which never stands for a variable.
    pub(super) many: bool,
}

impl From<Resource> for Asked {
    fn from(resource: Resource) -> Self {
        Self {
            resource,
            keys: Vec::new(),
        }
    }
}

impl Asked {
    /// The same with a condition key of one value.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.keys.push(AskedKey {
            name: name.into(),
            values: vec![value.into()],
            many: false,
        });
        self
    }

    /// The same with a condition key that is there only if it has a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with a condition key that can have several values, absent without any.
    #[must_use]
    pub fn with_list(mut self, name: impl Into<Cow<'static, str>>, values: Vec<String>) -> Self {
        self.keys.push(AskedKey {
            name: name.into(),
            values,
            many: true,
        });
        self
    }

    /// The same with the keys of tags that a request passes: `aws:RequestTag/…` and `aws:TagKeys`.
    #[must_use]
    pub fn with_tags(self, tags: &[(String, String)]) -> Self {
        let mut asked = self;
        let mut names = Vec::new();
        for (key, value) in tags {
            names.push(key.clone());
            asked = asked.with(format!("aws:RequestTag/{key}"), value.as_str());
        }
        asked.with_list("aws:TagKeys", names)
    }
}
