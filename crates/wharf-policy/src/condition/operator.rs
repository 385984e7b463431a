//! The condition operators.

use std::fmt;

use crate::pattern::Case;

/// A condition operator, as `ForAnyValue:StringLikeIfExists` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) qualifier: Qualifier,
    base: Base,
    pub(crate) if_exists: bool,
}

/// How many of the request's values have to satisfy the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qualifier {
    None,
    ForAnyValue,
    ForAllValues,
}

/// One line of the table of operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Base {
    name: &'static str,
    family: Family,
    negated: bool,
}

/// What an operator compares, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Text, without wildcards.
    Text(Case),
    /// Text, with wildcards.
    Like,
    Arn,
    Numeric(Compare),
    Date(Compare),
    Bool,
    Binary,
    Ip,
    Null,
}

/// An order between a value of the request and one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    /// Whether the request's value stands in this order to one of the policy's. A value that is none does to none.
    pub(crate) fn any<T: Ord + Copy>(
        self,
        value: Option<T>,
        mut policy: impl Iterator<Item = T>,
    ) -> bool {
        let Some(value) = value else { return false };
        policy.any(|its| match self {
            Self::Equal => value == its,
            Self::Less => value < its,
            Self::LessOrEqual => value <= its,
            Self::Greater => value > its,
            Self::GreaterOrEqual => value >= its,
        })
    }
}

/// All operators, without what can stand before and behind them. Source: the IAM reference of condition operators.
const OPERATORS: &[(&str, Family, bool)] = &[
    ("StringEquals", Family::Text(Case::Sensitive), false),
    ("StringNotEquals", Family::Text(Case::Sensitive), true),
    ("StringEqualsIgnoreCase", Family::Text(Case::Ignored), false),
    (
        "StringNotEqualsIgnoreCase",
        Family::Text(Case::Ignored),
        true,
    ),
    ("StringLike", Family::Like, false),
    ("StringNotLike", Family::Like, true),
    ("NumericEquals", Family::Numeric(Compare::Equal), false),
    ("NumericNotEquals", Family::Numeric(Compare::Equal), true),
    ("NumericLessThan", Family::Numeric(Compare::Less), false),
    (
        "NumericLessThanEquals",
        Family::Numeric(Compare::LessOrEqual),
        false,
    ),
    (
        "NumericGreaterThan",
        Family::Numeric(Compare::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Family::Numeric(Compare::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Family::Date(Compare::Equal), false),
    ("DateNotEquals", Family::Date(Compare::Equal), true),
    ("DateLessThan", Family::Date(Compare::Less), false),
    (
        "DateLessThanEquals",
        Family::Date(Compare::LessOrEqual),
        false,
    ),
    ("DateGreaterThan", Family::Date(Compare::Greater), false),
    (
        "DateGreaterThanEquals",
        Family::Date(Compare::GreaterOrEqual),
        false,
    ),
    ("Bool", Family::Bool, false),
    ("BinaryEquals", Family::Binary, false),
    ("IpAddress", Family::Ip, false),
    ("NotIpAddress", Family::Ip, true),
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Null", Family::Null, false),
];

impl Operator {
    /// Reads an operator: a name of the table, perhaps behind `ForAllValues:` or `ForAnyValue:`, perhaps before
    /// `IfExists`. `Null` stands alone: it speaks of absence itself.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (qualifier, rest) = match text.split_once(':') {
            None => (Qualifier::None, text),
            Some(("ForAnyValue", rest)) => (Qualifier::ForAnyValue, rest),
            Some(("ForAllValues", rest)) => (Qualifier::ForAllValues, rest),
            Some(_) => return None,
        };
        let (name, if_exists) = match rest.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        let (name, family, negated) = *OPERATORS.iter().find(|(its, _, _)| *its == name)?;
        if family == Family::Null && (if_exists || qualifier != Qualifier::None) {
            return None;
        }
        Some(Self {
            qualifier,
            base: Base {
                name,
                family,
                negated,
            },
            if_exists,
        })
    }

    /// What it compares.
    pub(crate) fn family(self) -> Family {
        self.base.family
    }

    /// Whether its name says `Not`: it holds when none of the policy's values matches.
    pub(crate) fn negated(self) -> bool {
        self.base.negated
    }

    /// Whether it can hold for a request that has not the key.
    pub(crate) fn holds_when_absent(self) -> bool {
        self.if_exists
            || match self.qualifier {
                Qualifier::None => self.negated(),
                Qualifier::ForAnyValue => false,
                Qualifier::ForAllValues => true,
            }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.qualifier {
            Qualifier::None => "",
            Qualifier::ForAnyValue => "ForAnyValue:",
            Qualifier::ForAllValues => "ForAllValues:",
        })?;
        f.write_str(self.base.name)?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}
