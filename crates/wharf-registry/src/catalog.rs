//! The catalog: names of a registry's repositories, as the registry protocol lists them.
use wharf_wire::ids::RepositoryName;

use crate::action::DescribeRepositories;
use crate::authorize::Resource;
use crate::{Ctx, Result, data, page};

/// One page of repository names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPage {
    pub repositories: Vec<String>,
    /// The name after which the next page begins, if there is one; an opaque token where ECR's way is followed.
    pub next: Option<String>,
}

/// Lists the repositories of the addressed registry in order of name, after `last`, at most `n` (1,000 when absent).
///
/// # Errors
/// `AccessDenied`; `InvalidParameter` for a `last` that cannot be a name.
/// Source: docker's registry API, `GET /v2/_catalog`; ecr.md 6.4.
pub async fn list(ctx: &Ctx, n: Option<i64>, last: Option<&str>) -> Result<CatalogPage> {
    let limit = page::size(n);
    let which = ("_catalog", ctx.account.as_str());
    let after = page::after_name(ctx, which, last, |name| RepositoryName::parse(name).is_ok())?;
    let resource = Resource::AllRepositories {
        account: ctx.account.clone(),
    };
    let mut rows = ctx
        .read::<DescribeRepositories, _, _>("list_catalog", resource, move |tx, grant| {
            data::repositories::page(tx, grant, &after, page::fetch(limit))
        })
        .await?;
    let more = page::cut(&mut rows, limit);
    let repositories: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    let next = repositories.last().filter(|_| more);
    let next = next.map(|last| page::next_name(ctx, which, last));
    Ok(CatalogPage { repositories, next })
}
