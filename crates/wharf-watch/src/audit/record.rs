//! One call of somebody known, in the words of `CloudTrail` where it has one.
use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Longest text of a record, in bytes, but for the error's.
const TEXT_BYTES: usize = 1_024;

/// Longest text of an error, in bytes.
const MESSAGE_BYTES: usize = 2_048;

/// Longest record, in bytes: one that is longer keeps its decisions and loses what explains them.
const RECORD_BYTES: usize = 256 * 1024;

/// What stands at the end of a text that was cut.
const CUT: &str = "[cut]";

/// One call. Texts are bounded when the record is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record<'a> {
    /// When the request came: RFC 3339 in UTC, to the microsecond.
    #[serde(rename = "eventTime")]
    pub at: Cow<'a, str>,
    /// The id that the client was told.
    #[serde(rename = "requestID")]
    pub request_id: Cow<'a, str>,
    /// Who sent it: an address.
    #[serde(rename = "sourceIPAddress")]
    pub source: Cow<'a, str>,
    /// What the client calls itself.
    #[serde(rename = "userAgent", default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Cow<'a, str>>,
    /// Whether it came by TLS.
    #[serde(rename = "secureTransport")]
    pub secure: bool,
    /// The service, such as `ecr.amazonaws.com`.
    #[serde(rename = "eventSource")]
    pub event_source: Cow<'a, str>,
    /// The operation, such as `PutImage`.
    #[serde(rename = "eventName")]
    pub event_name: Cow<'a, str>,
    /// The region addressed.
    #[serde(rename = "awsRegion")]
    pub region: Cow<'a, str>,
    /// The account whose registry was addressed.
    #[serde(rename = "recipientAccountId")]
    pub account: Cow<'a, str>,
    /// Who asked.
    #[serde(rename = "userIdentity")]
    pub principal: Principal<'a>,
    /// The ARN of what was asked about, if it was about one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Cow<'a, str>>,
    /// HTTP status of the answer; 499 if the client left before it.
    pub status: u16,
    /// The error's code as the client saw it.
    #[serde(rename = "errorCode", default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Cow<'a, str>>,
    /// The error's text.
    #[serde(
        rename = "errorMessage",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub error_message: Option<Cow<'a, str>>,
    /// What authorization decided, in the order of the questions.
    #[serde(default)]
    pub decisions: Vec<Decision<'a>>,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal<'a> {
    /// `Root`, `IAMUser`, `AssumedRole` or `FederatedUser`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The unique id.
    #[serde(rename = "principalId")]
    pub unique_id: Cow<'a, str>,
    /// The ARN.
    pub arn: Cow<'a, str>,
    /// The principal's own account.
    #[serde(rename = "accountId")]
    pub account: Cow<'a, str>,
    /// The access key that was used.
    #[serde(rename = "accessKeyId")]
    pub access_key_id: Cow<'a, str>,
    /// Of a session: whose it is.
    #[serde(
        rename = "sessionIssuer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub issuer: Option<Issuer<'a>>,
}

/// The user or role that a session was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer<'a> {
    /// `Role`, `IAMUser` or `Root`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The unique id.
    #[serde(rename = "principalId")]
    pub unique_id: Cow<'a, str>,
    /// The ARN.
    pub arn: Cow<'a, str>,
}

/// One decision of authorization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decision<'a> {
    /// The IAM action, such as `ecr:PutImage`.
    pub action: Cow<'a, str>,
    /// The ARN that was asked about, or `*`.
    pub resource: Cow<'a, str>,
    /// What was decided.
    pub allowed: bool,
    /// Why, as a JSON object: `decision` and `context` (the condition keys), and of a refusal `sets` and `consulted`,
    /// as `wharf_policy::Explanation` has them.
    pub detail: Cow<'a, RawValue>,
}

impl Decision<'_> {
    /// Takes the text of a JSON object; one that is none becomes `null`.
    pub fn detail_of(json: &str) -> Cow<'_, RawValue> {
        Cow::Borrowed(serde_json::from_str(json).unwrap_or(RawValue::NULL))
    }
}

impl Record<'_> {
    /// The record as one line of JSON, each of its texts bounded.
    pub(super) fn to_json(&self) -> String {
        let mut json = self.bounded().write();
        if json.len() > RECORD_BYTES {
            json = self.bounded().without_details().write();
        }
        json
    }

    fn write(&self) -> String {
        let details: usize = self.decisions.iter().map(|it| it.detail.get().len()).sum();
        let mut json = Vec::with_capacity(1_280 + details);
        // Texts, numbers and JSON that was looked at: it cannot fail.
        serde_json::to_writer(&mut json, self).unwrap_or_default();
        String::from_utf8(json).unwrap_or_default()
    }

    /// The same record, borrowed, with every text cut to its bound.
    fn bounded(&self) -> Record<'_> {
        let text = |text| bounded(text, TEXT_BYTES);
        let Principal {
            kind,
            unique_id,
            arn,
            account,
            access_key_id,
            issuer,
        } = &self.principal;
        Record {
            at: text(&self.at),
            request_id: text(&self.request_id),
            source: text(&self.source),
            user_agent: self.user_agent.as_deref().map(text),
            secure: self.secure,
            event_source: text(&self.event_source),
            event_name: text(&self.event_name),
            region: text(&self.region),
            account: text(&self.account),
            principal: Principal {
                kind: text(kind),
                unique_id: text(unique_id),
                arn: text(arn),
                account: text(account),
                access_key_id: text(access_key_id),
                issuer: issuer.as_ref().map(|it| Issuer {
                    kind: text(&it.kind),
                    unique_id: text(&it.unique_id),
                    arn: text(&it.arn),
                }),
            },
            resource: self.resource.as_deref().map(text),
            status: self.status,
            error_code: self.error_code.as_deref().map(text),
            error_message: self
                .error_message
                .as_deref()
                .map(|text| bounded(text, MESSAGE_BYTES)),
            decisions: self
                .decisions
                .iter()
                .map(|it| Decision {
                    action: text(&it.action),
                    resource: text(&it.resource),
                    allowed: it.allowed,
                    detail: Cow::Borrowed(&*it.detail),
                })
                .collect(),
        }
    }

    fn without_details(mut self) -> Self {
        // A request asks at most 64 questions.
        self.decisions.truncate(64);
        for decision in &mut self.decisions {
            let bytes = decision.detail.get().len();
            let cut = RawValue::from_string(format!("{{\"cut\":{bytes}}}"));
            decision.detail = cut.map_or(Cow::Borrowed(RawValue::NULL), Cow::Owned);
        }
        self
    }

    /// Whether something was refused to the caller.
    pub fn denied(&self) -> bool {
        let code = self.error_code.as_deref().unwrap_or_default();
        self.decisions.iter().any(|it| !it.allowed)
            || matches!(self.status, 401 | 403)
            || code.starts_with("AccessDenied")
    }

    /// When the request came, in microseconds since 1970.
    pub fn micros(&self) -> Option<i64> {
        let at: Timestamp = self.at.parse().ok()?;
        Some(at.as_microsecond())
    }
}

/// At most so many bytes of a text, and a mark if there were more.
pub fn bounded(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(most.saturating_sub(CUT.len()));
    let kept = text.get(..end).unwrap_or_default();
    Cow::Owned(format!("{kept}{CUT}"))
}

/// `2026-11-25T07:32:00.123456Z` of microseconds since 1970.
pub fn time(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(
        |_out_of_range| micros.to_string(),
        |time| format!("{time:.6}"),
    )
}
