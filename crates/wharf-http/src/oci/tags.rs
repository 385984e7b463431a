//! `GET /v2/{name}/tags/list`
use serde::Serialize;
use wharf_registry::{Error, tags};
use wharf_wire::ids::RepositoryName;

use super::{Call, Stop, listing};
use crate::edge::Answer;

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    tags: &'a [String],
}

/// Lists tags by name (deviation `tags-json`).
pub(super) async fn list(call: Call<'_>, name: &RepositoryName) -> Result<Answer, Stop> {
    let (ctx, query) = (&call.ctx, &call.query);
    let n = listing::page_size(ctx, query.n.as_deref())?;
    let page = tags::list(ctx, name, n, query.last.as_deref()).await?;
    let body = Body {
        name: name.as_str(),
        tags: &page.tags,
    };
    let body = serde_json::to_vec(&body).map_err(Error::internal)?;
    let mut answer = listing::names(ctx, body);
    if let Some(next) = page.next {
        let path = format!("/v2/{name}/tags/list");
        let also = [("n", query.n.as_deref())];
        listing::set_next(answer.headers_mut(), ctx, &path, &next, &also);
    }
    Ok(answer)
}
