//! `ListServiceSpecificCredentials`: nobody has any.
use wharf_wire::iam::{
    ListServiceSpecificCredentialsRequest as Request,
    ListServiceSpecificCredentialsResponse as Response,
};

use super::convert;
use crate::action::iam::ListServiceSpecificCredentials;
use crate::authorize::Resource;
use crate::error::QueryError;
use crate::page::Asked;
use crate::{Ctx, Result};

/// The services of AWS that have such credentials.
const SERVICES: [&str; 3] = [
    "bedrock.amazonaws.com",
    "cassandra.amazonaws.com",
    "codecommit.amazonaws.com",
];

pub(super) async fn list_service_specific_credentials(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let operation = "ListServiceSpecificCredentials";
    Asked::new(operation, "", request.marker.as_deref(), request.max_items)?;
    let service = request.service_name;
    let resource = if request.all_users == Some(true) {
        Resource::Registry
    } else {
        convert::owner(ctx, request.user_name)?
    };
    let name = "list_service_specific_credentials";
    ctx.read::<ListServiceSpecificCredentials, _, _>(name, resource, move |_tx, _grant| {
        if let Some(service) = &service
            && !SERVICES.contains(&service.as_str())
        {
            return Err(QueryError::not_supported_service(format!(
                "The service {service} does not support service-specific credentials."
            )));
        }
        Ok(Response {
            service_specific_credentials: Some(Vec::new()),
            is_truncated: Some(false),
            marker: None,
        })
    })
    .await
}
