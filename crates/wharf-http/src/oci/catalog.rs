//! `GET /v2/_catalog`
use serde::Serialize;
use wharf_registry::{Error, catalog};

use super::{Call, Stop, listing};
use crate::edge::Answer;

#[derive(Serialize)]
struct Body<'a> {
    repositories: &'a [String],
}

/// Lists the repositories of the addressed registry by name (deviation `tags-json`).
pub(super) async fn list(call: Call<'_>) -> Result<Answer, Stop> {
    let (ctx, query) = (&call.ctx, &call.query);
    let n = listing::page_size(ctx, query.n.as_deref())?;
    let page = catalog::list(ctx, n, query.last.as_deref()).await?;
    let body = Body {
        repositories: &page.repositories,
    };
    let body = serde_json::to_vec(&body).map_err(Error::internal)?;
    let mut answer = listing::names(ctx, body);
    if let Some(next) = page.next {
        let also = [("n", query.n.as_deref())];
        listing::set_next(answer.headers_mut(), ctx, "/v2/_catalog", &next, &also);
    }
    Ok(answer)
}
