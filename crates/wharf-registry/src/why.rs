//! Why something is stored, or when and why it went.
use serde::Serialize;
use wharf_wire::oci::{Algorithm, Digest};

use crate::data::explaining::{self, Event, Place};
use crate::{Result, Service, data};

/// Repositories told of at most.
const PLACES: usize = 100;

/// What is known of a digest.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// What was asked about.
    pub digest: String,
    /// What the content is called by sha256, if the question named it by another digest.
    pub same_as: Option<String>,
    /// Whether anything is stored under it, the trash included.
    pub stored: bool,
    /// Each repository that has it or had it, up to a hundred.
    pub places: Vec<Place>,
    /// Whether there are more.
    pub more: bool,
    /// What happened to its bytes beyond repositories.
    pub events: Vec<Event>,
}

/// Tells what holds a blob or a manifest in every account, or when and why it went.
///
/// # Errors
/// `Unavailable` when the store refuses.
pub async fn why(service: &Service, digest: &Digest) -> Result<Why> {
    let asked = digest.to_string();
    let mut same_as = None;
    if digest.algorithm() != Algorithm::Sha256 {
        let alias = asked.clone();
        let find = move |tx: &mut data::Tx<'_>| explaining::named(tx, &alias);
        same_as = service.read("why_alias", find).await?;
    }
    let looked_for = same_as.clone().unwrap_or_else(|| asked.clone());
    let mut places = Vec::new();
    let mut after = i64::MIN;
    let mut more = false;
    loop {
        let (digest, now) = (looked_for.clone(), service.now());
        let look = move |tx: &mut data::Tx<'_>| {
            let Some(id) = explaining::next_repository(tx, &digest, after)? else {
                return Ok(None);
            };
            Ok(Some((id, explaining::place(tx, id, &digest, now)?)))
        };
        let Some((id, place)) = service.read("why", look).await? else {
            break;
        };
        if places.len() >= PLACES {
            more = true;
            break;
        }
        after = id;
        places.push(place);
    }
    let digest = looked_for.clone();
    let alone = move |tx: &mut data::Tx<'_>| explaining::events_alone(tx, &digest);
    let events = service.read("why_events", alone).await?;
    let stored =
        |place: &Place| place.layer.is_some() || place.image.is_some() || place.trash.is_some();
    Ok(Why {
        digest: asked,
        same_as,
        stored: places.iter().any(stored),
        places,
        more,
        events,
    })
}

#[cfg(test)]
mod tests;
