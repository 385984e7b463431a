//! Session policies, and how large they and a session's tags are.
use wharf_policy::{Document, Kind};
use wharf_wire::sts::PolicyDescriptorType;

use crate::authorize::Policies;
use crate::data::{self, identities};
use crate::error::QueryError;
use crate::identity::SessionDetails;
use crate::{Error, Result};

/// Most managed policies that are passed.
const MAX_ARNS: usize = 10;
/// Most characters of the inline policy and the ARNs together.
const MAX_CHARACTERS: usize = 2_048;
/// The allotment of which `PackedPolicySize` is a percentage: bytes of what is passed, deflated.
const ALLOTMENT: usize = 2_048;
/// How hard the deflater tries, of 10: a request waits for it.
const LEVEL: u8 = 6;

/// The policies that a request passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) policy: Option<String>,
    pub(super) arns: Vec<String>,
}

impl Passed {
    /// # Errors
    /// `ValidationError` for more than ten ARNs, or one that is empty.
    pub(super) fn new(
        policy: Option<String>,
        arns: Option<Vec<PolicyDescriptorType>>,
    ) -> Result<Self> {
        let arns = arns.unwrap_or_default();
        if arns.len() > MAX_ARNS {
            return Err(QueryError::validation_error(format!(
                "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to {MAX_ARNS}"
            )));
        }
        let arns = arns.into_iter().enumerate().map(|(at, it)| {
            let place = at + 1;
            it.arn.ok_or_else(|| {
                QueryError::validation_error(format!(
                    "1 validation error detected: Value at 'policyArns.{place}.member.arn' failed to satisfy constraint: Member must not be null"
                ))
            })
        });
        Ok(Self {
            policy,
            arns: arns.collect::<Result<_>>()?,
        })
    }

    fn is_empty(&self) -> bool {
        self.policy.is_none() && self.arns.is_empty()
    }

    /// Checks what needs no store: the inline policy, and the sizes. Tells the packed size in percent, of policies and
    /// tags; none of nothing.
    ///
    /// # Errors
    /// `MalformedPolicyDocument`, `PackedPolicyTooLarge`.
    pub(super) fn measure(&self, tags: &[(String, String)]) -> Result<Option<i64>> {
        if let Some(text) = &self.policy {
            Document::parse(text, Kind::Inline)
                .map_err(|error| QueryError::malformed_policy_document(error.iam_message()))?;
        }
        if self.is_empty() && tags.is_empty() {
            return Ok(None);
        }
        let plain = self.characters();
        if plain > MAX_CHARACTERS {
            return Err(too_large(percent(plain, MAX_CHARACTERS), self));
        }
        let packed = percent(packed(self, tags)?, ALLOTMENT);
        if packed >= 100 {
            return Err(too_large(packed, self));
        }
        Ok(Some(i64::try_from(packed).map_err(Error::internal)?))
    }

    fn characters(&self) -> usize {
        let inline = self.policy.as_ref().map_or(0, |text| text.chars().count());
        inline + self.arns.iter().map(String::len).sum::<usize>()
    }

    /// Checks that the managed policies exist: AWS's, or of the account that the session acts in.
    ///
    /// # Errors
    /// `MalformedPolicyDocument`.
    pub(super) fn check_existence(
        &self,
        tx: &mut data::Tx<'_>,
        policies: &Policies,
        account: &str,
    ) -> Result<()> {
        for arn in &self.arns {
            if identities::managed(tx, policies, account, arn)?.is_none() {
                return Err(QueryError::malformed_policy_document(format!(
                    "Policy {arn} does not exist or is not attachable."
                )));
            }
        }
        Ok(())
    }

    /// What the session's row keeps of them.
    pub(super) fn details(&self) -> SessionDetails {
        SessionDetails {
            policy: self.policy.clone(),
            policy_arns: self.arns.clone(),
            ..SessionDetails::default()
        }
    }
}

/// Bytes of policies and tags as one JSON text, deflated.
fn packed(passed: &Passed, tags: &[(String, String)]) -> Result<usize> {
    let text =
        serde_json::to_vec(&(&passed.policy, &passed.arns, tags)).map_err(Error::internal)?;
    Ok(miniz_oxide::deflate::compress_to_vec(&text, LEVEL).len())
}

/// Rounded up: what is there is never nothing.
fn percent(part: usize, whole: usize) -> usize {
    (part * 100).div_ceil(whole)
}

/// Source: sts.md 4.1.
fn too_large(percent: usize, passed: &Passed) -> Error {
    QueryError::packed_policy_too_large(if passed.is_empty() {
        format!("Packed size of session tags consumes {percent}% of allotted space.")
    } else {
        format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(text: &str) -> Passed {
        Passed {
            policy: Some(text.to_owned()),
            arns: Vec::new(),
        }
    }

    fn refusal(result: Result<Option<i64>>) -> (&'static str, String) {
        match result {
            Err(Error::Query(error)) => (error.code, error.message),
            other => panic!("{other:?}"),
        }
    }

    /// A policy of exactly that many characters.
    fn policy(characters: usize) -> String {
        let [head, tail] = [
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*","Sid":""#,
            r#""}]}"#,
        ];
        let sid = "a".repeat(characters - head.len() - tail.len());
        format!("{head}{sid}{tail}")
    }

    #[test]
    fn nothing_has_no_size_and_a_tag_a_small_one() {
        assert_eq!(Passed::default().measure(&[]), Ok(None));
        let tags = [("a".to_owned(), String::new())];
        assert_eq!(Passed::default().measure(&tags), Ok(Some(2)));
    }

    #[test]
    fn a_policy_of_2048_characters_passes_and_one_more_does_not() {
        assert!(inline(&policy(2_048)).measure(&[]).is_ok());
        assert_eq!(
            refusal(inline(&policy(2_049)).measure(&[])),
            (
                "PackedPolicyTooLarge",
                "Packed policy consumes 101% of allotted space, please use smaller policy."
                    .to_owned()
            )
        );
        // The ARNs count as well.
        let passed = Passed {
            arns: vec!["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()],
            ..inline(&policy(2_048))
        };
        assert_eq!(refusal(passed.measure(&[])).0, "PackedPolicyTooLarge");
    }

    #[test]
    fn tags_that_do_not_pack_are_too_large() {
        // Texts without repetition, so that deflating saves little.
        let word = |seed: u64| crate::page::fingerprint(&seed.to_string());
        let tags: Vec<_> = (0..50).map(|at| (word(at), word(at + 100))).collect();
        let (code, text) = refusal(Passed::default().measure(&tags));
        assert_eq!(code, "PackedPolicyTooLarge");
        assert!(
            text.starts_with("Packed size of session tags consumes ")
                && text.ends_with("% of allotted space."),
            "{text}"
        );
        assert!(
            refusal(inline(&policy(300)).measure(&tags))
                .1
                .contains("please use smaller policy")
        );
    }

    #[test]
    fn what_is_no_policy_is_malformed_and_eleven_arns_are_too_many() {
        for text in [
            "{",
            "[]",
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
        ] {
            assert_eq!(
                refusal(inline(text).measure(&[])).0,
                "MalformedPolicyDocument",
                "{text}"
            );
        }
        let arn = || PolicyDescriptorType {
            arn: Some("arn:aws:iam::aws:policy/AdministratorAccess".to_owned()),
        };
        let ten = (0..10).map(|_| arn()).collect();
        assert!(Passed::new(None, Some(ten)).is_ok());
        let eleven = (0..11).map(|_| arn()).collect();
        assert!(Passed::new(None, Some(eleven)).is_err());
    }
}
