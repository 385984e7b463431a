//! The settings that a registry has: their names, values and what holds until they are set.
use crate::{Error, Result};

/// One setting. Source: ecr.md 5.11.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    values: &'static [&'static str],
    pub(crate) default: &'static str,
}

const SETTINGS: [Setting; 3] = [
    Setting {
        name: "BASIC_SCAN_TYPE_VERSION",
        values: &["AWS_NATIVE"],
        default: "AWS_NATIVE",
    },
    Setting {
        name: "REGISTRY_POLICY_SCOPE",
        values: &["V1", "V2"],
        default: "V2",
    },
    Setting {
        name: BLOB_MOUNTING,
        values: &["ENABLED", "DISABLED"],
        default: "DISABLED",
    },
];

/// Whether layers are mounted from one repository to another where ECR's way is followed.
pub(crate) const BLOB_MOUNTING: &str = "BLOB_MOUNTING";

impl Setting {
    /// The setting of that name.
    ///
    /// # Errors
    /// `InvalidParameter` naming those that there are.
    pub(crate) fn parse(name: &str) -> Result<&'static Self> {
        SETTINGS
            .iter()
            .find(|setting| setting.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
                Error::invalid("name", one_of(&names))
            })
    }

    /// A value that the setting can have.
    ///
    /// # Errors
    /// `InvalidParameter` naming those that there are.
    pub(crate) fn value(&self, text: &str) -> Result<&'static str> {
        self.values
            .iter()
            .copied()
            .find(|value| *value == text)
            .ok_or_else(|| Error::invalid("value", one_of(self.values)))
    }
}

fn one_of(values: &[&str]) -> String {
    format!(
        "Member must satisfy enum value set: [{}]",
        values.join(", ")
    )
}
