//! What the two simulating operations have in common: reading what is asked, and a page of results.
use std::sync::Arc;

use tokio::sync::Semaphore;
use wharf_policy::{Document, Kind, ResourceKind};
use wharf_wire::iam::{ContextEntry, SimulatePolicyResponse};
use wharf_wire::ids::AccountId;

use crate::error::QueryError;
use crate::page::{self, Asked};
use crate::simulate::{Simulation, Source, Spellings, check_entries};
use crate::{Ctx, Error, Result};

/// The parameters that both operations have.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    pub(super) policies: Vec<String>,
    pub(super) boundaries: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) resources: Option<Vec<String>>,
    pub(super) resource_policy: Option<String>,
    pub(super) resource_owner: Option<String>,
    pub(super) caller_arn: Option<String>,
    pub(super) entries: Option<Vec<ContextEntry>>,
}

/// What of a simulation the request alone tells.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) simulation: Simulation,
    /// The user that is named as the caller, and its account.
    pub(super) caller: Option<(AccountId, String)>,
    operation: &'static str,
    about: String,
}

impl Parameters {
    /// Reads and checks what is asked; the principal's own policies come later.
    ///
    /// # Errors
    /// `InvalidInput`.
    pub(super) fn read(self, ctx: &Ctx, operation: &'static str) -> Result<Asking> {
        let about = page::fingerprint(&format!("{self:?}"));
        let policies = self.policies.into_iter().enumerate();
        let identity = policies
            .map(|(at, text)| given(format!("PolicyInputList.{}", at + 1), text, Kind::Managed))
            .collect::<Result<_>>()?;
        let mut boundaries = self.boundaries.into_iter();
        let boundary = boundaries.next().map(|text| {
            let id = "PermissionsBoundaryPolicyInputList.1".to_owned();
            given(id, text, Kind::Managed)
        });
        if boundaries.next().is_some() {
            return Err(QueryError::invalid_input(
                "A simulation takes one permissions boundary.",
            ));
        }
        for action in &self.actions {
            check_action(action)?;
        }
        let resources = self
            .resources
            .filter(|all| !all.is_empty() && *all != ["*"]);
        for resource in resources.iter().flatten() {
            if resource != "*" && (!resource.starts_with("arn:") || resource.split(':').count() < 6)
            {
                return Err(QueryError::invalid_input(format!(
                    "Invalid Resource ARN: {resource}"
                )));
            }
        }
        let entries = self.entries.unwrap_or_default();
        check_entries(&entries)?;
        let caller = self.caller_arn.as_deref().map(caller_of).transpose()?;
        let owner = self.resource_owner.as_deref().map(owner_of).transpose()?;
        let policy = self.resource_policy.filter(|text| !text.is_empty());
        Ok(Asking {
            simulation: Simulation {
                caller: None,
                account: ctx.account.to_string(),
                keys: Vec::new(),
                identity,
                boundary: boundary.transpose()?,
                resource_policy: policy.map(of_resource).transpose()?,
                owner,
                actions: self.actions,
                resources,
                entries,
                now: ctx.now,
                spellings: Spellings::default(),
            },
            caller,
            operation,
            about,
        })
    }
}

/// How many simulations run at once: threads are there for others too.
static TURNS: Semaphore = Semaphore::const_new(2);

impl Asking {
    /// The page that is asked for. Evaluated away from the threads that serve everybody.
    ///
    /// # Errors
    /// `ValidationError` for a marker of another simulation, `InvalidInput`.
    pub(super) async fn answer(
        self,
        marker: Option<String>,
        max_items: Option<i64>,
    ) -> Result<SimulatePolicyResponse> {
        let simulation = self.simulation;
        if simulation.resource_policy.is_some() && simulation.caller.is_none() {
            return Err(QueryError::invalid_input(
                "CallerArn is required when a ResourcePolicy is given.",
            ));
        }
        let limit = max_items.unwrap_or(page::DEFAULT_PAGE);
        let limit = limit.min(simulation.page_limit()?);
        let page = Asked::new(self.operation, &self.about, marker.as_deref(), Some(limit))?;
        let next = |after: &str| after.parse::<usize>().map_or(0, |last| last + 1);
        let rest = (next(&page.after)..simulation.len()).take(1_000);
        let places = rest.take(usize::try_from(page.fetch()).unwrap_or(1));
        let page = page.cut(places.collect(), usize::to_string);
        let evaluate = move || {
            let places = page.entries.iter();
            let results = places.map(|place| simulation.result(*place));
            Ok(SimulatePolicyResponse {
                evaluation_results: Some(results.collect::<Result<_>>()?),
                is_truncated: Some(page.marker.is_some()),
                marker: page.marker,
            })
        };
        // Held to the end of the work, whether or not somebody still waits for it.
        let turn = TURNS.acquire().await.map_err(Error::internal)?;
        let work = move || {
            let _turn = turn;
            evaluate()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)?
    }
}

/// A policy that came with the request.
fn given(id: String, text: String, kind: Kind) -> Result<Source> {
    let document = Document::parse(&text, kind).map_err(|error| {
        QueryError::invalid_input(format!("Invalid {id}: {}", error.iam_message()))
    })?;
    Ok(Source {
        id,
        kind: None,
        text,
        document: Arc::new(document),
    })
}

/// A resource's policy: a repository's, a key's or a role's, as its actions tell.
fn of_resource(text: String) -> Result<(Source, ResourceKind)> {
    for (kind, resource) in [
        (Kind::Repository, ResourceKind::Ordinary),
        (Kind::Key, ResourceKind::Key),
        (Kind::Trust, ResourceKind::Role),
    ] {
        if Document::parse(&text, kind).is_ok() {
            let mut source = given("ResourcePolicy".to_owned(), text, kind)?;
            source.kind = Some(wharf_wire::iam::PolicySourceType::Resource);
            return Ok((source, resource));
        }
    }
    // Its refusal says what is wrong.
    given("ResourcePolicy".to_owned(), text, Kind::Repository)
        .map(|source| (source, ResourceKind::Ordinary))
}

/// `service:Name`, without wildcards.
fn check_action(action: &str) -> Result<()> {
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    match action.split_once(':') {
        Some((service, name)) if plain(service) && plain(name) => Ok(()),
        _ => Err(QueryError::invalid_input(format!(
            "Invalid Action: {action}"
        ))),
    }
}

/// The user that is to be the caller. Source: the API reference of `SimulateCustomPolicy`, on `CallerArn`.
fn caller_of(arn: &str) -> Result<(AccountId, String)> {
    let rest = arn.strip_prefix("arn:aws:iam::");
    let parts = rest.and_then(|rest| rest.split_once(":user/"));
    let account = parts.and_then(|(account, name)| {
        let account = AccountId::parse(account).ok()?;
        (!name.is_empty() && !name.ends_with('/')).then_some(account)
    });
    account
        .map(|account| (account, arn.to_owned()))
        .ok_or_else(|| {
            QueryError::invalid_input(format!("CallerArn must be the ARN of an IAM user: {arn}"))
        })
}

/// The account in `arn:aws:iam::ACCOUNT:root`, or as it stands there.
fn owner_of(text: &str) -> Result<String> {
    let rest = text.strip_prefix("arn:aws:iam::");
    let account = rest
        .and_then(|rest| rest.strip_suffix(":root"))
        .unwrap_or(text);
    match AccountId::parse(account) {
        Ok(account) => Ok(account.to_string()),
        Err(_invalid) => Err(QueryError::invalid_input(format!(
            "ResourceOwner must be the ARN of an account: {text}"
        ))),
    }
}
