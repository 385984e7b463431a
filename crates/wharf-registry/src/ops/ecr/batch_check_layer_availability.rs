//! `BatchCheckLayerAvailability`: which layers a repository has. Those it has stay for a day.
use wharf_wire::ecr::{
    BatchCheckLayerAvailabilityRequest as Request, BatchCheckLayerAvailabilityResponse as Response,
    Layer, LayerAvailability, LayerFailure, LayerFailureCode,
};
use wharf_wire::oci::Digest;

use super::convert;
use crate::layers::{self, LayerInfo};
use crate::{Ctx, Error, Result};

pub(super) async fn batch_check_layer_availability(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let ctx = ctx.in_registry(ctx.registry(request.registry_id.as_deref())?);
    let (mut asked, mut known, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for text in request.layer_digests {
        if let Some((code, reason)) = fault(&text) {
            failures.push(LayerFailure {
                layer_digest: Some(text),
                failure_code: Some(code),
                failure_reason: Some(reason.to_owned()),
            });
            continue;
        }
        // What no layer here can be named by is well formed all the same.
        let digest = Digest::parse(&text)
            .ok()
            .filter(|digest| ctx.check_algorithm(digest).is_ok());
        known.extend(digest.clone());
        asked.push((text, digest.is_some()));
    }
    // Asked also when nothing is: whether the caller may, and whether the repository exists.
    let mut found = layers::stat_all(&ctx, &name, known).await?.into_iter();
    let mut layers = Vec::with_capacity(asked.len());
    for (text, looked_for) in asked {
        let info = if looked_for {
            found.next().flatten()
        } else {
            None
        };
        layers.push(layer(text, info)?);
    }
    Ok(Response {
        layers: Some(layers),
        failures: Some(failures),
    })
}

fn fault(digest: &str) -> Option<(LayerFailureCode, &'static str)> {
    if digest.is_empty() {
        return Some((
            LayerFailureCode::MissingLayerDigest,
            "Invalid request parameters: layer digest cannot be empty",
        ));
    }
    (!convert::digest_is_well_formed(digest)).then_some((
        LayerFailureCode::InvalidLayerDigest,
        "Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    ))
}

fn layer(digest: String, info: Option<LayerInfo>) -> Result<Layer> {
    let availability = match info {
        Some(_) => LayerAvailability::Available,
        None => LayerAvailability::Unavailable,
    };
    let size = info
        .as_ref()
        .map(|info| i64::try_from(info.size).map_err(Error::internal))
        .transpose()?;
    Ok(Layer {
        layer_digest: Some(digest),
        layer_availability: Some(availability),
        layer_size: size,
        media_type: info.and_then(|info| info.media_type),
    })
}
