//! Fills a data directory with images, for `cargo xtask scale`: through the product's own operations, many at once, so
//! that a commit takes hundreds of them. Every row and every sealed byte is what a push leaves.
//!
//! `fill DATA_DIR ACCESS_KEY_ID REPOSITORIES IMAGES LARGEST`: `LARGEST` of the images lie in the repository
//! `scale/largest`, the others evenly in the rest. A repository's images share one layer; each has a config of its own,
//! and nine of ten a tag. No registry may run in the directory.
#![expect(
    clippy::print_stdout,
    reason = "a program of its own, which tells how far it is"
)]
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::json;
use tokio::task::JoinSet;
use wharf_registry::{
    Body, Compat, Ctx, Endpoint, Plane, Principal, RequestInfo, RootCredentials, Secret, Service,
    Settings, images, new_request_id, ops, uploads,
};
use wharf_wire::ids::{AccountId, ImageTag, Region, RepositoryName};
use wharf_wire::oci::{Digest, Reference};

/// Pushes at once: two full groups of what the store commits together.
const WORKERS: u64 = 512;
/// Bytes of a layer, and about those of a config: both lie in rows.
const LAYER: usize = 2_048;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is to be made.
#[derive(Clone, Copy)]
struct Plan {
    repositories: u64,
    images: u64,
    largest: u64,
}

impl Plan {
    fn name(repository: u64) -> String {
        match repository {
            0 => "scale/largest".to_owned(),
            _ => format!("scale/team-{:04}/app-{repository:06}", repository % 97),
        }
    }

    /// The repository of an image, counted from 0. One repository after another, as rows of one lie together.
    fn place(self, image: u64) -> u64 {
        let others = self.repositories.saturating_sub(1);
        match image.checked_sub(self.largest) {
            Some(further) if others > 0 => {
                1 + further * others / self.images.saturating_sub(self.largest).max(1)
            }
            _ => 0,
        }
    }
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, key, repositories, images, largest] = arguments.as_slice() else {
        return Err("usage: fill DATA_DIR ACCESS_KEY_ID REPOSITORIES IMAGES LARGEST".into());
    };
    let plan = Plan {
        repositories: repositories.parse()?,
        images: images.parse()?,
        largest: largest.parse()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(fill(PathBuf::from(directory), key.clone(), plan))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which has a clock"
)]
fn wall() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

async fn fill(data_dir: PathBuf, access_key_id: String, plan: Plan) -> Outcome {
    let (account, region) = (
        AccountId::parse("123456789012")?,
        Region::parse("us-east-1")?,
    );
    let service = Service::open(Settings {
        data_dir,
        account: account.clone(),
        region: region.clone(),
        regions: vec![region.clone()],
        // Those of the first start, which has been.
        root_credentials: RootCredentials {
            access_key_id: access_key_id.clone(),
            secret: Secret::new(String::new()),
        },
        wall,
        allow_testing: false,
        compat: Compat::Extended,
        trash_days: 7,
        low_disk_bytes: 1 << 30,
        byte_budget: 1 << 30,
        outbound: wharf_registry::OutboundSettings::default(),
        oidc_keys: Vec::new(),
    })
    .await?;
    let principal = Principal::root(account.clone(), access_key_id);
    let caller = Arc::new(move |service: &Service| {
        let now = service.now();
        let request = RequestInfo {
            request_id: new_request_id(),
            principal: principal.clone(),
            account: account.clone(),
            region: region.clone(),
            now,
            received_at: now,
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: false,
            user_agent: None,
            endpoint: Endpoint {
                scheme: "http".to_owned(),
                authority: "localhost".to_owned(),
                domain: false,
            },
            deadline: Instant::now() + Duration::from_hours(1),
            plane: Plane::Docker,
            trail: Arc::default(),
        };
        Ctx::new(service.clone(), request)
    });
    let ctx = move |service: &Service| caller(service);
    let begin = Instant::now();
    each(&service, plan.repositories, ctx.clone(), repository).await?;
    println!(
        "{} repositories after {:.0?}",
        plan.repositories,
        begin.elapsed()
    );
    let push = move |ctx, number| image(ctx, plan, number);
    each(&service, plan.images, ctx, push).await?;
    println!("{} images after {:.0?}", plan.images, begin.elapsed());
    service.shutdown().await;
    Ok(())
}

/// Does a thing for each number below `count`, many at once.
async fn each<F, R>(
    service: &Service,
    count: u64,
    ctx: impl Fn(&Service) -> Ctx + Clone + Send + 'static,
    unit: F,
) -> Outcome
where
    F: Fn(Ctx, u64) -> R + Clone + Send + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    let (next, begin) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS.min(count) {
        let (next, service, ctx, unit) = (next.clone(), service.clone(), ctx.clone(), unit.clone());
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Outcome::Ok(());
                }
                if number > 0 && number.is_multiple_of(50_000) {
                    println!("  {number} after {:.0?}", begin.elapsed());
                }
                unit(ctx(&service), number).await?;
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn repository(ctx: Ctx, number: u64) -> Outcome {
    let name = Plan::name(number);
    let body = json!({ "repositoryName": name }).to_string();
    ops::ecr::dispatch(&ctx, "CreateRepository", body.into_bytes().into()).await?;
    blob(&ctx, &RepositoryName::parse(&name)?, layer(number)).await?;
    Ok(())
}

async fn image(ctx: Ctx, plan: Plan, number: u64) -> Outcome {
    let repository = plan.place(number);
    let name = RepositoryName::parse(&Plan::name(repository))?;
    let config = json!({ "architecture": "amd64", "os": "linux", "author": number.to_string() });
    let config = config.to_string().into_bytes();
    let part = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": Digest::of(bytes).as_str(), "size": bytes.len() });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part("application/vnd.oci.image.config.v1+json", &config),
        "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip", &layer(repository))],
    });
    blob(&ctx, &name, config).await?;
    let bytes = Bytes::from(manifest.to_string());
    let reference = if number % 10 == 9 {
        Reference::Digest(Digest::of(&bytes))
    } else {
        Reference::Tag(ImageTag::parse(&format!("v{number:07}"))?)
    };
    let put = images::Put::by_reference(reference, Vec::new(), bytes, Some(MANIFEST.to_owned()));
    images::put(&ctx, ctx.account.clone(), &name, put).await?;
    Ok(())
}

async fn blob(ctx: &Ctx, name: &RepositoryName, bytes: Vec<u8>) -> Outcome {
    let (digest, length) = (Digest::of(&bytes), bytes.len() as u64);
    let body: Body = Box::pin(futures_util::stream::iter([Ok(Bytes::from(bytes))]));
    let id = uploads::start(ctx, name, None).await?;
    uploads::append(ctx, name, &id, None, Some(length), body).await?;
    uploads::complete(ctx, name, &id, None, None, None, digest).await?;
    Ok(())
}

/// The layer that a repository's images share: bytes that do not compress.
fn layer(repository: u64) -> Vec<u8> {
    let mut state = repository.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(LAYER + 8);
    while bytes.len() < LAYER {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes
}
