//! Names and identifiers as they travel: each is made only by parsing.

use std::fmt;

/// Shortest and longest repository name, in bytes (ECR's shape `RepositoryName`).
const REPOSITORY_NAME_BYTES: std::ops::RangeInclusive<usize> = 2..=256;
/// Longest tag, in bytes (OCI distribution's tag grammar).
const IMAGE_TAG_MAX_BYTES: usize = 128;

/// Makes a text type whose only constructor is a `parse` that runs `$valid`.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $valid:path, $(#[$error_doc:meta])* $error:ident, $text:literal) => {
        $(#[$error_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($text)]
        pub struct $error;

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the text if it has the form that the type promises.
            ///
            /// # Errors
            #[doc = concat!("[`", stringify!($error), "`] for every other text.")]
            pub fn parse(text: &str) -> Result<Self, $error> {
                if $valid(text) { Ok(Self(text.into())) } else { Err($error) }
            }

            /// The text as it was parsed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }
    };
}

text_id! {
    /// An AWS account, and so a registry: 12 digits.
    AccountId, is_account_id,
    /// The text is not 12 digits.
    InvalidAccountId, "an account id is 12 digits"
}

text_id! {
    /// A Region's name: 2 to 25 of `a-z`, `0-9` and `-`.
    ///
    /// The form only; whether the Region exists here is configuration.
    Region, is_region,
    /// The text is not a Region's name.
    InvalidRegion, "a Region is 2 to 25 lower-case letters, digits and `-`"
}

text_id! {
    /// A repository's name: path components of `a-z0-9` joined by `.`, `_`, `__` or any run of `-`; 2 to 256 bytes.
    ///
    /// Source: ECR shape `RepositoryName`; OCI distribution, `<name>`.
    RepositoryName, is_repository_name,
    /// The text is not a repository's name.
    InvalidRepositoryName, "a repository name is 2 to 256 bytes of lower-case letters and digits, joined by single `.`, `_`, `__`, `/` or by `-`"
}

text_id! {
    /// A tag: 1 to 128 of `A-Za-z0-9._-`, the first neither `.` nor `-`.
    ///
    /// Source: OCI distribution, `<reference>` as a tag.
    ImageTag, is_image_tag,
    /// The text is not a tag.
    InvalidImageTag, "a tag is 1 to 128 letters, digits, `_`, `.` and `-`, and starts with neither `.` nor `-`"
}

text_id! {
    /// An upload in progress: a UUID of 36 characters in lower case.
    UploadId, is_upload_id,
    /// The text is not an upload's id.
    InvalidUploadId, "an upload id is a UUID in lower case"
}

/// The ARN names no ECR repository of partition `aws`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a repository: `arn:aws:ecr:{{region}}:{{account}}:repository/{{name}}`")]
pub struct InvalidArn;

/// The three parts of a repository's ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryArn {
    /// Where the registry is.
    pub region: Region,
    /// Whose registry it is.
    pub account: AccountId,
    /// The repository in it.
    pub name: RepositoryName,
}

impl fmt::Display for RepositoryArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            region,
            account,
            name,
        } = self;
        write!(f, "arn:aws:ecr:{region}:{account}:repository/{name}")
    }
}

/// Renders `arn:aws:ecr:{region}:{account}:repository/{name}`.
pub fn repository_arn(region: &Region, account: &AccountId, name: &RepositoryName) -> String {
    format!("arn:aws:ecr:{region}:{account}:repository/{name}")
}

/// Takes a repository's ARN apart.
///
/// # Errors
/// [`InvalidArn`] if it is not an ARN, or names another partition, service or kind of resource.
pub fn parse_repository_arn(text: &str) -> Result<RepositoryArn, InvalidArn> {
    let rest = text.strip_prefix("arn:aws:ecr:").ok_or(InvalidArn)?;
    let (region, rest) = rest.split_once(':').ok_or(InvalidArn)?;
    let (account, resource) = rest.split_once(':').ok_or(InvalidArn)?;
    let name = resource.strip_prefix("repository/").ok_or(InvalidArn)?;
    Ok(RepositoryArn {
        region: Region::parse(region).map_err(|InvalidRegion| InvalidArn)?,
        account: AccountId::parse(account).map_err(|InvalidAccountId| InvalidArn)?,
        name: RepositoryName::parse(name).map_err(|InvalidRepositoryName| InvalidArn)?,
    })
}

/// Every public Region of partition `aws`, sorted; the default list of the configuration.
///
/// Source: botocore 1.43.11, `endpoints.json`.
pub const PUBLIC_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    (2..=25).contains(&text.len())
        && text
            .bytes()
            .all(|byte| is_lower_alphanumeric(byte) || byte == b'-')
}

fn is_repository_name(text: &str) -> bool {
    REPOSITORY_NAME_BYTES.contains(&text.len()) && text.split('/').all(is_path_component)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(text: &str) -> bool {
    let mut runs = text
        .as_bytes()
        .chunk_by(|a, b| is_lower_alphanumeric(*a) == is_lower_alphanumeric(*b));
    // Runs alternate, so it is enough that both ends are alphanumeric and that each run between is a separator.
    let ends_well = text.bytes().next().is_some_and(is_lower_alphanumeric)
        && text.bytes().next_back().is_some_and(is_lower_alphanumeric);
    ends_well
        && runs
            .all(|run| run.first().copied().is_some_and(is_lower_alphanumeric) || is_separator(run))
}

fn is_separator(run: &[u8]) -> bool {
    matches!(run, b"." | b"_" | b"__") || run.iter().all(|byte| *byte == b'-')
}

fn is_image_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= IMAGE_TAG_MAX_BYTES
        && text.bytes().next().is_some_and(is_word)
        && text
            .bytes()
            .all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

fn is_upload_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

fn is_lower_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn account_ids_are_twelve_ascii_digits() {
        assert_eq!(
            AccountId::parse("123456789012").unwrap().as_str(),
            "123456789012"
        );
        for bad in ["", "12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦"] {
            assert_eq!(AccountId::parse(bad), Err(InvalidAccountId), "{bad}");
        }
    }

    #[test]
    fn every_public_region_is_a_region_and_the_list_is_sorted() {
        assert!(PUBLIC_REGIONS.is_sorted());
        for region in PUBLIC_REGIONS {
            assert_eq!(Region::parse(region).unwrap().to_string(), *region);
        }
    }

    #[test]
    fn repository_names_of_ecr_are_taken_and_others_refused() {
        for good in [
            "ab",
            "0a",
            "team/app",
            "a/b/c",
            "a.b",
            "a_b",
            "a__b",
            "a---b",
            "a-b.c_d/e",
            &"a".repeat(256),
        ] {
            assert!(RepositoryName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "A/b",
            "a//b",
            "/ab",
            "ab/",
            "a..b",
            "a___b",
            "a._b",
            "-ab",
            "ab-",
            "a b",
            "ab\n",
            "a%2fb",
            "../ab",
            "ab/..",
            "ä/b",
            &"a".repeat(257),
        ] {
            assert_eq!(
                RepositoryName::parse(bad),
                Err(InvalidRepositoryName),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn tags_follow_the_registry_grammar() {
        for good in ["latest", "_", "1.0", "A-b_c.d", &"x".repeat(128)] {
            assert!(ImageTag::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".a",
            "-a",
            "a+b",
            "a/b",
            "a:b",
            "a b",
            "é",
            &"x".repeat(129),
        ] {
            assert_eq!(ImageTag::parse(bad), Err(InvalidImageTag), "{bad:?}");
        }
    }

    #[test]
    fn upload_ids_are_lower_case_uuids() {
        assert!(UploadId::parse("8d6f4c3e-0b1a-4c2d-9e8f-001122334455").is_ok());
        for bad in [
            "",
            "8D6F4C3E-0b1a-4c2d-9e8f-001122334455",
            "8d6f4c3e00b1a-4c2d-9e8f-001122334455",
            "8d6f4c3e-0b1a-4c2d-9e8f-00112233445",
            "../../../../../../../../../etc/passw",
        ] {
            assert_eq!(UploadId::parse(bad), Err(InvalidUploadId), "{bad}");
        }
    }

    #[test]
    fn arns_of_other_things_are_refused() {
        let text = "arn:aws:ecr:us-east-1:123456789012:repository/team/app";
        let arn = parse_repository_arn(text).unwrap();
        assert_eq!(arn.name.as_str(), "team/app");
        assert_eq!(arn.to_string(), text);
        assert_eq!(repository_arn(&arn.region, &arn.account, &arn.name), text);
        for bad in [
            "",
            "arn:aws:ecr:us-east-1:123456789012:repository/",
            "arn:aws:ecr:us-east-1:123456789012:registry/team",
            "arn:aws-cn:ecr:us-east-1:123456789012:repository/team",
            "arn:aws:ecr-public:us-east-1:123456789012:repository/team",
            "arn:aws:ecr::123456789012:repository/team",
            "arn:aws:ecr:us-east-1:12345678901:repository/team",
            "arn:aws:ecr:us-east-1:123456789012:repository/team:x",
        ] {
            assert_eq!(parse_repository_arn(bad), Err(InvalidArn), "{bad}");
        }
    }

    proptest! {
        /// The hand-written matcher against ECR's own pattern.
        #[test]
        fn repository_names_agree_with_ecrs_pattern(text in "[a-c._/-]{0,12}") {
            let pattern = r"^(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$";
            let expected = regex_lite::Regex::new(pattern).unwrap().is_match(&text) && text.len() >= 2;
            prop_assert_eq!(RepositoryName::parse(&text).is_ok(), expected);
        }
    }
}
