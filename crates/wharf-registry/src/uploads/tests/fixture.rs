//! A service in a temporary directory, with a repository to push to.
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use wharf_identity::Secret;
use wharf_meta::Durability;
use wharf_meta::access_keys::{self, AccessKeyRow};
use wharf_meta::iam::attachments::{self, AttachmentRow};
use wharf_meta::iam::entities::{self, EntityRow};
use wharf_wire::ecr::ImageTagMutability;
use wharf_wire::ids::{AccountId, Region, RepositoryName, UploadId};
use wharf_wire::oci::Digest;

use crate::action::CreateRepository;
use crate::authorize::Resource;
use crate::data::repositories::{self, NewRepository};
use crate::mutability::TagMutability;
use crate::{
    Body, BodyError, Ctx, Endpoint, Micros, Plane, Principal, RequestInfo, Result, RootCredentials,
    Service, Settings, data, ids, layers, uploads,
};

pub(crate) const KEY_ID: &str = "AKIAROOTROOTROOTROOT";

/// One microsecond later at each look, so that rows have an order.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests stand in for the binary, which reads the clock"
)]
fn wall() -> Micros {
    static LAST: Mutex<Micros> = Mutex::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros();
    let mut last = LAST.lock().unwrap();
    *last = Micros::try_from(now).unwrap().max(*last + 1);
    *last
}

/// A service and where it keeps things.
pub(crate) struct Fixture {
    pub(crate) place: TempDir,
    pub(crate) service: Service,
    pub(crate) name: RepositoryName,
}

pub(crate) fn settings(place: &TempDir) -> Settings {
    let region = Region::parse("us-east-1").unwrap();
    Settings {
        data_dir: place.path().to_owned(),
        account: AccountId::parse("123456789012").unwrap(),
        regions: vec![region.clone()],
        region,
        root_credentials: RootCredentials {
            access_key_id: KEY_ID.to_owned(),
            secret: Secret::new("secret".to_owned()),
        },
        wall,
        allow_testing: true,
        compat: crate::Compat::Extended,
        trash_days: 7,
        low_disk_bytes: 0,
        byte_budget: 32 << 20,
        outbound: crate::OutboundSettings::default(),
        oidc_keys: Vec::new(),
    }
}

impl Fixture {
    pub(crate) async fn open() -> Self {
        Self::open_as(crate::Compat::Extended).await
    }

    /// As ECR, its oddities included.
    pub(crate) async fn open_strict() -> Self {
        Self::open_as(crate::Compat::Strict).await
    }

    async fn open_as(compat: crate::Compat) -> Self {
        Self::open_with(|settings| settings.compat = compat).await
    }

    /// With other settings.
    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        let place = tempfile::tempdir().unwrap();
        let mut settings = settings(&place);
        change(&mut settings);
        let service = Service::open(settings).await.unwrap();
        let name = RepositoryName::parse("team/app").unwrap();
        let fixture = Self {
            place,
            service,
            name,
        };
        fixture.create(&fixture.name.clone()).await;
        fixture
    }

    /// As a restart does it: what was in memory is gone.
    pub(crate) async fn reopen(self) -> Self {
        self.service.shutdown().await;
        let Self { place, name, .. } = self;
        let service = Service::open(settings(&place)).await.unwrap();
        Self {
            place,
            service,
            name,
        }
    }

    pub(crate) async fn create(&self, name: &RepositoryName) {
        let new = NewRepository {
            name: name.clone(),
            tag_mutability: TagMutability::new(ImageTagMutability::Mutable, None).unwrap(),
            scan_on_push: false,
        };
        let resource = Resource::Name {
            account: self.service.settings().account.clone(),
            name: name.clone(),
        };
        let create = move |tx: &mut data::Tx<'_>, grant: &_| {
            repositories::create(tx, grant, &new).map(|_row| ())
        };
        self.ctx()
            .write::<CreateRepository, _, _>("create", resource, create)
            .await
            .unwrap();
    }

    pub(crate) fn ctx(&self) -> Ctx {
        self.ctx_of(Principal::root(
            self.service.settings().account.clone(),
            KEY_ID.to_owned(),
        ))
    }

    /// A request of another principal of the same account: a user who may everything.
    pub(crate) async fn ctx_of_another(&self) -> Ctx {
        let account = self.service.settings().account.clone();
        let user = EntityRow {
            id: "AIDASOMEBODYELSE".to_owned(),
            account: account.to_string(),
            kind: "user".to_owned(),
            name_key: "else".to_owned(),
            name: "else".to_owned(),
            path: "/".to_owned(),
            created_at: self.service.now(),
            updated_at: self.service.now(),
            description: None,
            document: None,
            boundary: None,
            max_session: None,
            default_version: None,
            last_version: None,
        };
        let attachment = AttachmentRow {
            entity: user.id.clone(),
            policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess".to_owned(),
            attached_at: self.service.now(),
        };
        let key = AccessKeyRow {
            access_key_id: "AKIAOTHEROTHEROTHERO".to_owned(),
            account: account.to_string(),
            principal: user.id.clone(),
            status: "Active".to_owned(),
            secret: Vec::new(),
            created_at: self.service.now(),
        };
        let other = Principal {
            entity: user.id.clone(),
            unique_id: user.id.clone(),
            arn: format!("arn:aws:iam::{account}:user/else"),
            ..Principal::root(account, key.access_key_id.clone())
        };
        let insert = move |tx: &mut wharf_meta::Tx| {
            entities::insert(tx, &user)?;
            attachments::insert(tx, &attachment)?;
            access_keys::insert(tx, &key)
        };
        self.service
            .store()
            .write("another", Durability::Hard, insert)
            .await
            .unwrap();
        self.ctx_of(other)
    }

    pub(crate) fn ctx_of(&self, principal: Principal) -> Ctx {
        let request = RequestInfo {
            request_id: ids::new_upload_id(),
            account: principal.account.clone(),
            principal,
            region: self.service.settings().region.clone(),
            now: self.service.now(),
            received_at: self.service.wall(),
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            secure: false,
            user_agent: None,
            endpoint: Endpoint {
                scheme: "http".to_owned(),
                authority: "localhost:4640".to_owned(),
                domain: false,
            },
            deadline: Instant::now() + Duration::from_hours(1),
            plane: Plane::Docker,
            trail: Arc::default(),
        };
        Ctx::new(self.service.clone(), request)
    }

    /// Pushes in the given chunks, as a client does.
    pub(crate) async fn push_to(&self, name: &RepositoryName, chunks: &[&[u8]]) -> Result<Digest> {
        let ctx = self.ctx();
        let id = uploads::start(&ctx, name, None).await?;
        for chunk in chunks {
            uploads::append(&ctx, name, &id, None, None, body(chunk)).await?;
        }
        let digest = Digest::of(&chunks.concat());
        uploads::complete(&ctx, name, &id, None, None, None, digest).await
    }

    pub(crate) async fn push(&self, chunks: &[&[u8]]) -> Digest {
        self.push_to(&self.name.clone(), chunks).await.unwrap()
    }

    pub(crate) async fn begin(&self) -> UploadId {
        uploads::start(&self.ctx(), &self.name, None).await.unwrap()
    }

    pub(crate) async fn append(&self, id: &UploadId, bytes: &[u8]) -> Result<u64> {
        uploads::append(&self.ctx(), &self.name, id, None, None, body(bytes)).await
    }

    pub(crate) async fn append_at(&self, id: &UploadId, first: u64, bytes: &[u8]) -> Result<u64> {
        let range = Some((first, first + bytes.len() as u64 - 1));
        uploads::append(&self.ctx(), &self.name, id, range, None, body(bytes)).await
    }

    pub(crate) async fn complete(&self, id: &UploadId, digest: &Digest) -> Result<Digest> {
        uploads::complete(
            &self.ctx(),
            &self.name,
            id,
            None,
            None,
            None,
            digest.clone(),
        )
        .await
    }

    pub(crate) async fn status(&self, id: &UploadId) -> Result<u64> {
        uploads::status(&self.ctx(), &self.name, id).await
    }

    pub(crate) async fn pull(&self, digest: &Digest) -> Result<Vec<u8>> {
        self.pull_from(&self.name.clone(), digest).await
    }

    pub(crate) async fn pull_from(
        &self,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<Vec<u8>> {
        let download = layers::open(&self.ctx(), name, digest, None).await?;
        collect(download.body).await.map_err(crate::Error::from)
    }

    /// Rows of a table.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let counts = self.service.table_counts().await.unwrap();
        counts
            .into_iter()
            .find(|(name, _)| name == table)
            .unwrap()
            .1
    }

    /// Rows of every table but events, and how many files there are.
    pub(crate) async fn everything(&self) -> Vec<(String, i64)> {
        let counts = self.service.table_counts().await.unwrap();
        let files = i64::try_from(self.files().len()).unwrap();
        let counted = counts.into_iter().filter(|(name, _)| name != "events");
        counted.chain([("files".to_owned(), files)]).collect()
    }

    /// Paths of all objects' files, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let objects = self.place.path().join("objects");
        let groups = std::fs::read_dir(objects)
            .unwrap()
            .map(|group| group.unwrap().path());
        let mut files: Vec<_> = groups
            .flat_map(|group| std::fs::read_dir(group).unwrap())
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        files
    }

    /// States of all objects that have a file, and of which there is one.
    pub(crate) async fn states(&self) -> Vec<String> {
        let names: Vec<String> = self
            .files()
            .iter()
            .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let read = move |tx: &mut wharf_meta::Tx| {
            names
                .iter()
                .map(|name| wharf_meta::objects::get(tx, name))
                .collect::<wharf_meta::Result<Vec<_>>>()
        };
        let rows = self.service.store().read("states", read).await.unwrap();
        rows.into_iter()
            .map(|row| row.map_or("none".to_owned(), |row| row.state))
            .collect()
    }
}

/// A body of pieces as a socket would give them.
pub(crate) fn body(bytes: &[u8]) -> Body {
    let pieces: Vec<_> = bytes
        .chunks(10_000)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    Box::pin(stream::iter(pieces))
}

/// A body that breaks off after some bytes.
pub(crate) fn broken(bytes: &[u8]) -> Body {
    Box::pin(body(bytes).chain(stream::iter([Err(BodyError::Aborted)])))
}

pub(crate) async fn collect(mut body: Body) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

/// Bytes that do not repeat in the rhythm of frames.
pub(crate) fn bytes(seed: usize, length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from((at * 31 + at / 251 + seed) % 256).unwrap())
        .collect()
}
