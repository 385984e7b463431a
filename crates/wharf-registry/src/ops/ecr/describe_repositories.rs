//! `DescribeRepositories`: the named repositories, or a page of all, in order of name.
use wharf_wire::ecr::{
    DescribeRepositoriesRequest as Request, DescribeRepositoriesResponse as Response,
};

use super::convert;
use crate::action::DescribeRepositories;
use crate::authorize::Resource;
use crate::{Ctx, Result, data, page};

pub(super) async fn describe_repositories(ctx: &Ctx, request: Request) -> Result<Response> {
    let account = ctx.registry(request.registry_id.as_deref())?;
    let names = request.repository_names.unwrap_or_default();
    let size = convert::page_size(
        request.max_results,
        request.next_token.as_deref(),
        !names.is_empty(),
        "repositoryNames",
    )?;
    if names.is_empty() {
        return list(ctx, &account, size, request.next_token.as_deref()).await;
    }
    let mut repositories = Vec::with_capacity(names.len());
    for name in &names {
        let resource = Resource::Repository {
            account: account.clone(),
            name: convert::name(name)?,
        };
        let row = ctx
            .read::<DescribeRepositories, _, _>("describe_repository", resource, |_tx, grant| {
                Ok(grant.repository()?.clone())
            })
            .await?;
        repositories.push(convert::repository(ctx, &row)?);
    }
    Ok(Response {
        repositories: Some(repositories),
        next_token: None,
    })
}

async fn list(
    ctx: &Ctx,
    account: &wharf_wire::ids::AccountId,
    size: i64,
    token: Option<&str>,
) -> Result<Response> {
    let after = match token {
        Some(token) => page::read(token, "DescribeRepositories", account.as_str())?
            .into_iter()
            .next()
            .unwrap_or_default(),
        None => String::new(),
    };
    let resource = Resource::AllRepositories {
        account: account.clone(),
    };
    let mut rows = ctx
        .read::<DescribeRepositories, _, _>("describe_repositories", resource, move |tx, grant| {
            data::repositories::page(tx, grant, &after, page::fetch(size))
        })
        .await?;
    let more = page::cut(&mut rows, size);
    let next_token = rows.last().filter(|_| more).map(|last| {
        page::token(
            "DescribeRepositories",
            account.as_str(),
            &[last.name.as_str()],
        )
    });
    let repositories = rows
        .iter()
        .map(|row| convert::repository(ctx, row))
        .collect::<Result<Vec<_>>>()?;
    Ok(Response {
        repositories: Some(repositories),
        next_token,
    })
}
