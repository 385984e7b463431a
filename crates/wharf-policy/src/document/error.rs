//! What is wrong with a document, and where; in our words and in IAM's.

/// The document is not one that this engine understands completely, so it grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem} (line {line}, column {column})", Prefixed(path))]
pub struct ParseError {
    /// What is wrong.
    pub problem: Problem,
    /// The element, such as `Statement[2].Condition.StringEquals`; empty for the document itself.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters from 1.
    pub column: u32,
}

struct Prefixed<'a>(&'a str);

impl std::fmt::Display for Prefixed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            "" => Ok(()),
            path => write!(f, "{path}: "),
        }
    }
}

/// What can be wrong with a document. Its text is ours; [`ParseError::iam_message`] has IAM's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Longer than its kind may be.
    #[error("the document is longer than its limit of {limit}")]
    TooLong {
        /// The limit of its kind.
        limit: usize,
    },
    /// A character outside of tab, line feed, carriage return and U+0020 to U+00FF.
    #[error("a character is outside of U+0020 to U+00FF")]
    Characters,
    /// Not JSON, a name twice in one object, or nested too deeply.
    #[error("{0}")]
    Json(&'static str),
    /// `Version` is none of the two.
    #[error("`{0}` is neither `2012-10-17` nor `2008-10-17`")]
    Version(String),
    /// A managed policy is written in the older language.
    #[error("a managed policy needs `2012-10-17`")]
    VersionTooOld,
    /// An element that is unknown here.
    #[error("this element is unknown here")]
    UnknownElement,
    /// An element that has to be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of another type or form.
    #[error("this should be {0}")]
    Expected(&'static str),
    /// Two elements of which one excludes the other.
    #[error("`{0}` and `{1}` exclude each other")]
    Both(&'static str, &'static str),
    /// An empty list.
    #[error("the list is empty")]
    Empty,
    /// Too many of something.
    #[error("there are more than {0}")]
    TooMany(usize),
    /// A `Sid` with characters other than letters and digits.
    #[error("a `Sid` has letters and digits only")]
    SidForm,
    /// A `Sid` twice.
    #[error("`{0}` is the `Sid` of an earlier statement")]
    SidTwice(String),
    /// Neither `Action` nor `NotAction`, or an empty list.
    #[error("the statement has no actions")]
    NoActions,
    /// An action or a condition key without a prefix.
    #[error("there is no service before a colon")]
    ActionVendor,
    /// An action with two colons.
    #[error("there is more than one colon")]
    ActionColons,
    /// An action's prefix that cannot be one.
    #[error("`{0}` is no service")]
    VendorInvalid(String),
    /// An action's name that cannot be one.
    #[error("`{0}` is not of the form `service:Name`")]
    ActionForm(String),
    /// An action that policies of this kind do not speak of.
    #[error("`{0}` is no action of such a policy")]
    ActionForeign(String),
    /// Neither `Resource` nor `NotResource`, or an empty list.
    #[error("the statement has no resources")]
    NoResources,
    /// `Resource` where the resource is implied.
    #[error("a trust policy has no `Resource`")]
    ResourceForbidden,
    /// Neither an ARN nor `*`.
    #[error("`{0}` is neither `*` nor an ARN")]
    ResourceForm(String),
    /// A partition that does not exist.
    #[error("`{partition}`, in `{resource}`, is no partition")]
    Partition {
        /// The partition.
        partition: String,
        /// The whole resource.
        resource: String,
    },
    /// A wildcard in the service.
    #[error("the service of a resource has no wildcards")]
    ResourceVendor,
    /// A region in a resource of IAM.
    #[error("`{0}` names a region, and IAM has none")]
    IamRegion(String),
    /// A resource of IAM of an unknown type.
    #[error("`{0}` names no type of resource that IAM has")]
    IamPath(String),
    /// A variable that is not well formed.
    #[error("a policy variable of `{0}` is not well formed")]
    Variable(String),
    /// A variable outside of the sixth field.
    #[error("`{0}` has a policy variable before its fifth colon")]
    VariablePlace(String),
    /// `Principal` in an identity policy.
    #[error("an identity policy has no `Principal`")]
    PrincipalForbidden,
    /// `NotPrincipal` where it may not be.
    #[error("`NotPrincipal` is for `Deny` in resource policies")]
    NotPrincipal,
    /// A principal that cannot be one.
    #[error("`{value}` is no principal of the type `{kind}`")]
    Principal {
        /// `AWS`, `Service`, `Federated`, or another type.
        kind: String,
        /// The principal.
        value: String,
    },
    /// An unknown condition operator.
    #[error("`{0}` is no condition operator")]
    Operator(String),
    /// A condition value that the operator cannot compare.
    #[error("`{value}` is no {wanted}")]
    ConditionValue {
        /// The value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}

impl Problem {
    /// Which of IAM's checks finds it: of several problems, IAM tells the one that it finds first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::TooLong { .. } | Self::Characters | Self::Json(_) => 1,
            Self::Principal { .. } | Self::Missing("Principal") => 8,
            Self::Version(_) | Self::VersionTooOld => 2,
            Self::UnknownElement
            | Self::Missing(_)
            | Self::Expected(_)
            | Self::Both(..)
            | Self::Empty
            | Self::TooMany(_)
            | Self::SidForm
            | Self::Variable(_)
            | Self::VariablePlace(_)
            | Self::NotPrincipal
            | Self::Operator(_)
            | Self::ConditionValue { .. } => 3,
            Self::SidTwice(_) => 4,
            Self::NoActions
            | Self::ActionVendor
            | Self::ActionColons
            | Self::VendorInvalid(_)
            | Self::ActionForm(_) => 5,
            Self::NoResources
            | Self::ResourceForm(_)
            | Self::Partition { .. }
            | Self::ResourceVendor
            | Self::IamRegion(_)
            | Self::IamPath(_) => 6,
            Self::PrincipalForbidden => 7,
            Self::ActionForeign(_) => 9,
            Self::ResourceForbidden => 10,
        }
    }
}

impl ParseError {
    /// What IAM says: the message of its `MalformedPolicyDocument`.
    ///
    /// ECR has one text for all (`Invalid parameter at 'PolicyText' failed to satisfy constraint: …`), which is its
    /// operations' own. Source: recorded answers of IAM.
    pub fn iam_message(&self) -> String {
        match &self.problem {
            Problem::Version(_) | Problem::VersionTooOld => {
                "Policy document must be version 2012-10-17 or greater.".to_owned()
            }
            Problem::SidTwice(_) => {
                "Statement IDs (SID) in a single policy must be unique.".to_owned()
            }
            Problem::NoActions => "Policy statement must contain actions.".to_owned(),
            Problem::ActionVendor => {
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                    .to_owned()
            }
            Problem::ActionColons => "Actions/Condition can contain only one colon.".to_owned(),
            Problem::VendorInvalid(vendor) => format!("Vendor {vendor} is not valid"),
            Problem::NoResources => "Policy statement must contain resources.".to_owned(),
            Problem::ResourceForm(resource) => {
                format!("Resource {resource} must be in ARN format or \"*\".")
            }
            Problem::Partition {
                partition,
                resource,
            } => format!("Partition \"{partition}\" is not valid for resource \"{resource}\"."),
            Problem::ResourceVendor => {
                "Resource vendor must be fully qualified and cannot contain regexes.".to_owned()
            }
            Problem::IamRegion(resource) => {
                format!("IAM resource {resource} cannot contain region information.")
            }
            Problem::IamPath(_) => format!(
                "IAM resource path must either be \"*\" or start with {}.",
                super::IAM_PATHS.join(", ")
            ),
            Problem::PrincipalForbidden => {
                "Policy document should not specify a principal.".to_owned()
            }
            Problem::Missing("Principal") => "Missing required field Principal".to_owned(),
            Problem::Principal { kind, value } => {
                let kind = match kind.as_str() {
                    "Service" => "SERVICE",
                    "Federated" => "FEDERATED",
                    other => other,
                };
                format!("Invalid principal in policy: \"{kind}\":\"{value}\"")
            }
            Problem::ActionForeign(_) => {
                "AssumeRole policy may only specify STS AssumeRole actions.".to_owned()
            }
            Problem::ResourceForbidden => "Has prohibited field Resource.".to_owned(),
            Problem::TooLong { .. }
            | Problem::Characters
            | Problem::Json(_)
            | Problem::UnknownElement
            | Problem::Missing(_)
            | Problem::Expected(_)
            | Problem::Both(..)
            | Problem::Empty
            | Problem::TooMany(_)
            | Problem::SidForm
            | Problem::ActionForm(_)
            | Problem::Variable(_)
            | Problem::VariablePlace(_)
            | Problem::NotPrincipal
            | Problem::Operator(_)
            | Problem::ConditionValue { .. } => "Syntax errors in policy.".to_owned(),
        }
    }

    /// What IAM says of a role's trust policy: as [`Self::iam_message`], but for JSON that is none.
    pub fn trust_message(&self) -> String {
        match self.problem {
            Problem::Json(_) => "This policy contains invalid Json".to_owned(),
            _ => self.iam_message(),
        }
    }
}
