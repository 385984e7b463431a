//! `/layers/…`: downloads by a URL of `GetDownloadUrlForLayer`. Whoever holds one needs no credentials, and hears what
//! an object store would say.
use std::sync::Arc;

use http::Method;
use wharf_registry::layers::url::{self, Ticket};
use wharf_registry::{Ctx, Error, Plane, Principal, RequestInfo};

use crate::app::App;
use crate::edge::{Answer, Request};
use crate::error;
use crate::error::s3::{self, S3Fault};
use crate::oci::{blobs, user_agent, without_body};
use crate::origin::Origin;

/// Answers a request under `/layers/`.
pub(crate) async fn handle(app: &App, request: Request, origin: Origin) -> Answer {
    let exchange = Arc::clone(&request.exchange);
    exchange.note_action("layer-url");
    let head = request.parts.method == Method::HEAD;
    let answered = download(app, request, origin).await;
    answered.unwrap_or_else(|fault| {
        exchange.note_failure(fault.code(), fault.message());
        let answer = fault.render(exchange.request_id());
        if head { without_body(&answer) } else { answer }
    })
}

async fn download(app: &App, request: Request, origin: Origin) -> Result<Answer, S3Fault> {
    let parts = &request.parts;
    let path = parts.uri.path();
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return Err(s3::method_not_allowed(parts.method.as_str()));
    }
    let now = app.service.now();
    let failed = |error: &Error| {
        error::log_fault(error, request.exchange.request_id());
        s3::fault_of(error, path)
    };
    let query = parts.uri.query().unwrap_or("");
    let ticket = url::check(&app.service, path, query, origin.host.as_deref(), now)
        .map_err(|refused| s3::refused(&refused, path, now))?;
    let key = app.service.access_key(&ticket.access_key_id).await;
    let key = key
        .map_err(|error| failed(&error))?
        .ok_or_else(s3::invalid_access_key)?;
    let layer = ticket.layer.clone();
    let ctx = context(app, &request, origin, ticket, key.principal);
    let (name, digest) = (&layer.repository, &layer.digest);
    let answered = if parts.method == Method::HEAD {
        blobs::describe(&ctx, &parts.headers, name, digest).await
    } else {
        blobs::download(&ctx, &parts.headers, name, digest).await
    };
    answered.map_err(|error| failed(&error))
}

/// The download as a request of whoever asked for the URL: authorized as such.
fn context(
    app: &App,
    request: &Request,
    origin: Origin,
    ticket: Ticket,
    principal: Principal,
) -> Ctx {
    let exchange = &request.exchange;
    exchange.note_repository(ticket.layer.repository.as_str());
    let ctx = Ctx::new(
        app.service.clone(),
        RequestInfo {
            request_id: exchange.request_id().to_owned(),
            principal,
            account: ticket.layer.account,
            region: ticket.layer.region,
            now: app.service.now(),
            received_at: exchange.at(),
            source: origin.source,
            secure: origin.secure,
            user_agent: user_agent(&request.parts.headers),
            endpoint: origin.endpoint,
            deadline: request.deadline.into_std(),
            plane: Plane::Docker,
            trail: Arc::clone(exchange.trail()),
        },
    );
    exchange.note_caller(&ctx);
    ctx
}
