//! AWS JSON 1.0 and 1.1: one POST, one target, one document each way.
use std::borrow::Cow;

use http::HeaderValue;
use serde::Deserialize;
use wharf_registry::{Error, ops};
use wharf_wire::ecr;
use wharf_wire::ids::RepositoryName;

use super::{Facts, check_length, claimant, failed, ok, read_body};
use crate::app::App;
use crate::budget::Held;
use crate::edge::{Answer, Request};
use crate::error::aws::{AwsFault, JSON_1_1};
use crate::limits::{JSON_BODY_BYTES, SMALL_BODY_BYTES};
use crate::origin::Origin;

/// The protocol's minor version: answered as it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Minor {
    Zero,
    One,
}

impl Minor {
    pub(super) fn of(content_type: Option<&HeaderValue>) -> Self {
        match content_type {
            Some(value) if value.as_bytes().starts_with(b"application/x-amz-json-1.0") => {
                Self::Zero
            }
            _ => Self::One,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Zero => "application/x-amz-json-1.0",
            Self::One => JSON_1_1,
        }
    }
}

/// The largest body of an operation: only those that carry manifests or layers need more than a MiB.
fn body_limit(operation: Option<&str>) -> usize {
    match operation {
        Some("PutImage" | "UploadLayerPart") => JSON_BODY_BYTES,
        _ => SMALL_BODY_BYTES,
    }
}

/// Runs one operation of the JSON protocol.
pub(super) async fn answer(
    app: &App,
    request: Request,
    origin: Origin,
    target: &str,
) -> Result<Answer, AwsFault> {
    let minor = Minor::of(request.parts.headers.get(http::header::CONTENT_TYPE));
    let operation = target
        .rsplit_once('.')
        .filter(|(prefix, _)| *prefix == ecr::TARGET_PREFIX)
        .map(|(_, operation)| operation);
    let limit = body_limit(operation);
    check_length(&request.body, limit)?;
    // The target tells the service; the scope must agree. An unknown target is authenticated all the same.
    let is_ecr = operation.is_some();
    let service: fn(&str) -> &str = if is_ecr {
        |_scoped| "ecr"
    } else {
        |scoped| scoped
    };
    let claimant = claimant(app, &request, &origin, service).await?;
    let facts = Facts::of(&request, origin);
    let exchange = std::sync::Arc::clone(&facts.exchange);
    // The permit counts the bytes until the answer is made.
    let Held {
        bytes,
        permit: _counted,
    } = read_body(app, facts.origin.source, request.body, limit).await?;
    let ctx = claimant.prove(app, &request.parts, &bytes, facts).await?;
    let Some(operation) = operation else {
        let operation = target.chars().take(256).collect();
        return Err(failed(&Error::UnknownOperation { operation }, &exchange));
    };
    exchange.note_action(action_of(operation));
    if let Some(name) = repository_of(&bytes) {
        exchange.note_repository(name.as_str());
    }
    let answered = ops::ecr::dispatch(&ctx, operation, bytes).await;
    let bytes = answered.map_err(|error| failed(&error, &exchange))?;
    Ok(ok(minor.content_type(), bytes))
}

/// Bodies larger than this carry a layer part; they are not read twice for the log's sake.
const PEEKED_BYTES: usize = 64 * 1024;

/// The repository that a request names, for the log.
fn repository_of(body: &[u8]) -> Option<RepositoryName> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(rename = "repositoryName", borrow)]
        name: Option<Cow<'a, str>>,
    }
    if body.len() > PEEKED_BYTES {
        return None;
    }
    let named: Named<'_> = serde_json::from_slice(body).ok()?;
    RepositoryName::parse(&named.name?).ok()
}

/// The IAM action of an operation that exists: a static name, so that logs and metrics stay bounded.
fn action_of(operation: &str) -> &'static str {
    let known = ACTIONS
        .iter()
        .find(|action| action.strip_prefix("ecr:") == Some(operation));
    known.copied().unwrap_or("ecr:UnknownOperation")
}

/// Actions as the log writes them, of every operation in ECR's model.
static ACTIONS: std::sync::LazyLock<Vec<&'static str>> = std::sync::LazyLock::new(|| {
    ecr::OPERATIONS
        .iter()
        .map(|operation| &*Box::leak(format!("ecr:{operation}").into_boxed_str()))
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_minor_versions_are_answered_in_kind() {
        let of = |text: &'static str| Minor::of(Some(&HeaderValue::from_static(text)));
        assert_eq!(
            of("application/x-amz-json-1.0").content_type(),
            "application/x-amz-json-1.0"
        );
        assert_eq!(of("application/x-amz-json-1.1; charset=utf-8"), Minor::One);
        assert_eq!(Minor::of(None), Minor::One);
    }

    #[test]
    fn the_log_names_the_repository_of_a_request_that_has_one() {
        let named = |body: &str| repository_of(body.as_bytes()).map(String::from);
        assert_eq!(
            named(r#"{"x":[1],"repositoryName":"a\/b"}"#).as_deref(),
            Some("a/b")
        );
        for none in [
            "{}",
            "{",
            r#"{"repositoryName":"A\nB"}"#,
            r#"{"repositoryName":null}"#,
            r#"{"repositoryName":5}"#,
        ] {
            assert_eq!(named(none), None, "{none}");
        }
    }

    #[test]
    fn the_log_knows_every_operation_and_nothing_a_client_makes_up() {
        assert_eq!(action_of("CreateRepository"), "ecr:CreateRepository");
        assert_eq!(action_of("Made\nUp"), "ecr:UnknownOperation");
        assert_eq!(ACTIONS.len(), ecr::OPERATIONS.len());
    }
}
