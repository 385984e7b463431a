//! URLs by which anybody may download one layer for an hour, as ECR's point into its object store.
//!
//! A URL is a `SigV4` presigned GET of [`LayerPath`] on this server. It is signed with a secret of the registry's own,
//! derived from the root key, so that every node with that key takes it, and no access key signs or is shown. The
//! signature binds account, region, repository, digest, host, method and time; in the place of an access key id stands a
//! sealed reference to the one that asked.
//!
//! A URL opens no more than its maker may at that moment: each download is authorized anew, as whoever asked for the
//! URL, in the transaction that opens the layer. So it ends not only with its hour but also with the access key, the
//! permission, the repository and its link to the layer. ECR's URLs outlive all of these; ending them is safer, and
//! costs the read that a download makes anyway.
//!
//! The hour is domain time, which a test may move: a URL is a promise of this registry, as a password is, not a caller's
//! signature that must be fresh.
use wharf_wire::ids::{AccountId, RepositoryName};
use wharf_wire::layer_path::LayerPath;
use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{self, SigError, SignedRequest, Signer};

use crate::action::GetDownloadUrlForLayer;
use crate::authorize::Resource;
use crate::data::bytes::layers as data_layers;
use crate::{Ctx, Error, Micros, Result, Service, data};

/// How long a URL is good for. Less than the day for which a layer stays whose last image was deleted, and than the two
/// hours for which the bytes stay of one that a client deleted: neither end breaks a download.
pub const LIFETIME_SECONDS: u32 = 3_600;

/// How much of what is no digest a refusal repeats.
const MAX_REPEATED_CHARS: usize = 1_000;

/// The signing name: clients see an object store.
const SERVICE: &str = "s3";

/// A URL, and the digest by which it names the layer.
#[derive(Clone, PartialEq, Eq)]
pub struct LayerUrl {
    /// Absolute, with its signature.
    pub url: String,
    /// sha256.
    pub digest: Digest,
}

impl std::fmt::Debug for LayerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Whoever reads the URL in a log could download by it.
        f.debug_struct("LayerUrl")
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// What a good URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The layer, and the repository through which it is served.
    pub layer: LayerPath,
    /// The access key that asked for the URL.
    pub access_key_id: String,
}

/// Why a URL is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The path is none of a layer.
    Path,
    /// The signature, or what it needs, is wrong or not there.
    Signature(SigError),
    /// A session token came along, which these URLs have none of.
    Token,
    /// Before its time, or after it.
    Time {
        /// Too late; else too early.
        expired: bool,
        /// When it was made, microseconds since 1970.
        at: Micros,
        /// How long it is good for, in seconds.
        expires_seconds: u32,
    },
    /// A fault of ours.
    Failed(Error),
}

impl From<SigError> for Refused {
    fn from(error: SigError) -> Self {
        Self::Signature(error)
    }
}

/// A URL of a layer that an image holds. `digest`: as the caller wrote it.
///
/// # Errors
/// `RepositoryNotFound`, `LayerNotFound`, also for what is no digest; `LayerInaccessible` where no image of the
/// repository holds the layer.
/// Source: ECR `GetDownloadUrlForLayer`.
pub async fn of_image_layer(
    ctx: &Ctx,
    account: AccountId,
    name: RepositoryName,
    digest: &str,
) -> Result<LayerUrl> {
    let asked = Digest::parse(digest).ok();
    let asked = asked.filter(|digest| ctx.check_algorithm(digest).is_ok());
    // ECR's model bounds it nowhere, and refusals repeat it.
    let text: String = digest.chars().take(MAX_REPEATED_CHARS).collect();
    let find = move |tx: &mut data::Tx<'_>, grant: &_| {
        data_layers::of_image(tx, grant, asked.as_ref(), &text)
    };
    make(ctx, account, name, find).await
}

/// A URL of a layer, whether an image holds it or not yet: a client of the registry protocol looks at what it uploads.
///
/// # Errors
/// `RepositoryNotFound`, `LayerNotFound`.
pub async fn of_layer(ctx: &Ctx, name: &RepositoryName, digest: &Digest) -> Result<LayerUrl> {
    let asked = digest.clone();
    let find = move |tx: &mut data::Tx<'_>, grant: &_| data_layers::identity(tx, grant, &asked);
    make(ctx, ctx.account.clone(), name.clone(), find).await
}

async fn make<F>(ctx: &Ctx, account: AccountId, name: RepositoryName, find: F) -> Result<LayerUrl>
where
    F: FnMut(&mut data::Tx<'_>, &crate::Grant<GetDownloadUrlForLayer>) -> Result<String>
        + Send
        + 'static,
{
    let resource = Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    };
    let identity = ctx
        .read::<GetDownloadUrlForLayer, _, _>("layer_url", resource, find)
        .await?;
    let digest = Digest::parse(&identity).map_err(Error::internal)?;
    let layer = LayerPath {
        account,
        region: ctx.region.clone(),
        repository: name,
        digest: digest.clone(),
    };
    let url = sign(ctx, &layer)?;
    Ok(LayerUrl { url, digest })
}

fn sign(ctx: &Ctx, layer: &LayerPath) -> Result<String> {
    let service = ctx.service();
    let reference =
        wharf_identity::seal_reference(service.token_key(), &ctx.principal.access_key_id)
            .map_err(Error::internal)?;
    let secret = service.layer_url_secret(&layer.account, &layer.region)?;
    let signer = Signer {
        access_key_id: &reference,
        secret: secret.expose(),
        region: layer.region.as_str(),
        service: SERVICE,
    };
    let base = ctx.endpoint.registry_url(&layer.account, &layer.region);
    let authority = ctx.endpoint.registry_host(&layer.account, &layer.region);
    let host = host_of(&ctx.endpoint.scheme, &authority);
    let path = layer.to_string();
    let request = SignedRequest {
        method: "GET",
        path: &path,
        query: "",
        headers: &[("host", host.as_bytes())],
        body_sha256: None,
    };
    let query = sigv4::presign(&request, &signer, ctx.now, LIFETIME_SECONDS, None)
        .map_err(Error::internal)?;
    Ok(format!("{base}{path}?{query}"))
}

/// The `Host` that clients send for an authority: in lower case, without the scheme's own port.
fn host_of(scheme: &str, authority: &str) -> String {
    let host = authority.to_ascii_lowercase();
    let port = if scheme == "https" { ":443" } else { ":80" };
    host.strip_suffix(port).map(str::to_owned).unwrap_or(host)
}

/// Whether a request's path, query and `Host` are those of a URL that this registry made, at `now` in domain time.
///
/// HEAD is taken for GET, and no header counts but `Host`: a client may send its password along on a redirect. That the
/// access key still exists and may is looked at where the layer is opened.
///
/// # Errors
/// [`Refused`], in this order: the path, what is missing or malformed, the scope, the time, the signature.
pub fn check(
    service: &Service,
    path: &str,
    query: &str,
    host: Option<&str>,
    now: Micros,
) -> Result<Ticket, Refused> {
    let layer = LayerPath::parse(path).ok_or(Refused::Path)?;
    let host: Vec<(&str, &[u8])> = host
        .map(|host| ("host", host.as_bytes()))
        .into_iter()
        .collect();
    let request = SignedRequest {
        method: "GET",
        path,
        query,
        headers: &host,
        body_sha256: None,
    };
    let presented = sigv4::parse(&request)?;
    // It would be left out of the signature, as some signers do.
    if presented.security_token.is_some() {
        return Err(Refused::Token);
    }
    presented.check_scope(SERVICE, |region| region == layer.region.as_str())?;
    let secret = service
        .layer_url_secret(&layer.account, &layer.region)
        .map_err(Refused::Failed)?;
    sigv4::verify(&presented, &request, secret.expose(), now).map_err(|error| {
        let expired = match error {
            SigError::Expired { .. } => true,
            SigError::NotYetCurrent { .. } => false,
            other => return Refused::Signature(other),
        };
        Refused::Time {
            expired,
            at: presented.time,
            expires_seconds: match presented.form {
                sigv4::Form::Query { expires_seconds } => expires_seconds,
                sigv4::Form::Header => 0,
            },
        }
    })?;
    let reference = &presented.access_key_id;
    let access_key_id = wharf_identity::open_reference(service.token_key(), reference)
        .map_err(|_other| Refused::Signature(SigError::Mismatch))?;
    Ok(Ticket {
        layer,
        access_key_id,
    })
}

#[cfg(test)]
mod tests;
