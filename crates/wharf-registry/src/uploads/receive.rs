//! One chunk of an upload on its way in: up to 64 KiB become a row, more an object of its own.
use bytes::Bytes;
use futures_util::StreamExt;
use wharf_blob::{Directory, ObjectName, RunningHash, Writer, Written};
use wharf_keys::DataKey;
use wharf_meta::Durability;
use wharf_wire::ids::{RepositoryName, UploadId};

use super::running::Writing;
use super::{MAX_LAYER_BYTES, abandon, check_disk};
use crate::action::UploadLayerPart;
use crate::data::bytes::uploads::{self as rows, Kept, NewExtent};
use crate::layers::extents::storage_error;
use crate::{Body, Ctx, Error, Result, Service, data};

/// Bytes held back before a file is opened: docker does not tell how many come.
const HELD_BACK: usize = 64 << 10;

/// Bytes after which the free space of the disk is looked at again.
const LOOK_EVERY: u64 = 16 << 20;

/// A chunk that may be taken.
pub(super) struct Chunk<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) name: &'a RepositoryName,
    pub(super) id: &'a UploadId,
    /// Where the upload stands, and so where the chunk begins.
    pub(super) received: u64,
    /// The hash up to there, if it is known.
    pub(super) hash: Option<RunningHash>,
    pub(super) key: DataKey,
    /// The bytes it is said to hold.
    pub(super) announced: Option<u64>,
}

/// The beginning of a body.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// What came after them, if more did.
    rest: Bytes,
    ended: bool,
}

/// Takes a chunk; how many bytes the upload has received with it.
pub(super) async fn receive(chunk: Chunk<'_>, mut body: Body) -> Result<u64> {
    let large = chunk
        .announced
        .is_some_and(|announced| announced > HELD_BACK as u64);
    if large {
        return store_in_object(&chunk, Held::default(), body).await;
    }
    // Given back before more is asked for: who waits holds nothing.
    let share = chunk
        .objects()
        .budget()
        .take(HELD_BACK)
        .await
        .map_err(storage_error)?;
    let held = hold_back(&mut body).await?;
    if held.ended {
        return store_in_row(&chunk, &held.bytes).await;
    }
    drop(share);
    store_in_object(&chunk, held, body).await
}

async fn hold_back(body: &mut Body) -> Result<Held> {
    let mut held = Held::default();
    while let Some(bytes) = body.next().await {
        let bytes = bytes?;
        if held.bytes.len().saturating_add(bytes.len()) > HELD_BACK {
            held.rest = bytes;
            return Ok(held);
        }
        held.bytes.extend_from_slice(&bytes);
    }
    held.ended = true;
    Ok(held)
}

impl Chunk<'_> {
    /// The objects, with the caller's part of the memory.
    fn objects(&self) -> Directory {
        let user = &self.ctx.principal.unique_id;
        self.ctx.service().objects().on_behalf_of(user)
    }

    /// Refuses more bytes than a layer may have, or than were announced.
    fn check_so_far(&self, size: u64) -> Result<()> {
        if self.received.saturating_add(size) > MAX_LAYER_BYTES {
            return Err(Error::BodyTooLarge {
                limit: MAX_LAYER_BYTES,
            });
        }
        match self.announced {
            Some(announced) if size > announced => Err(wrong_size(announced)),
            _ => Ok(()),
        }
    }

    fn check_whole(&self, size: u64) -> Result<()> {
        match self.announced {
            Some(announced) if size != announced => Err(wrong_size(announced)),
            _ => Ok(()),
        }
    }

    /// The write that counts: from here on the bytes are received.
    async fn add_extent(&self, size: u64, kept: Kept) -> Result<u64> {
        let service = self.ctx.service();
        let new = NewExtent {
            upload: self.id.clone(),
            first_byte: self.received,
            size,
            kept,
        };
        let add = move |tx: &mut data::Tx<'_>, grant: &_| rows::add_extent(tx, grant, &new);
        service.failpoint("before-extent-row");
        let repository = self.ctx.repository(self.name);
        let received = self
            .ctx
            .write_soft::<UploadLayerPart, _, _>("add_extent", repository, add)
            .await?;
        service.failpoint("after-extent-row");
        Ok(received)
    }
}

fn wrong_size(announced: u64) -> Error {
    Error::SizeInvalid {
        reason: format!("The body does not hold the {announced} bytes that were announced"),
    }
}

async fn store_in_row(chunk: &Chunk<'_>, plain: &[u8]) -> Result<u64> {
    let size = plain.len() as u64;
    chunk.check_so_far(size)?;
    chunk.check_whole(size)?;
    if plain.is_empty() {
        return Ok(chunk.received);
    }
    let running = chunk.ctx.service().running();
    let mut hash = chunk.hash.clone();
    if let Some(hash) = &mut hash {
        hash.update(plain);
    }
    let sealed = wharf_keys::seal_all(&chunk.key, plain).map_err(Error::internal)?;
    let received = chunk.add_extent(size, Kept::Row(sealed)).await?;
    running.advance(chunk.id.as_str(), received, hash, None);
    Ok(received)
}

async fn store_in_object(chunk: &Chunk<'_>, held: Held, body: Body) -> Result<u64> {
    let service = chunk.ctx.service();
    let name = ObjectName::random(group_of(chunk.id)).map_err(storage_error)?;
    let object = Unfinished::new(service, name);
    announce(chunk, name).await?;
    let stored = write(chunk, name, held, body).await;
    let stored = match stored {
        Ok(written) => chunk
            .add_extent(written.size, Kept::Object(name.to_string()))
            .await
            .map(|sum| (sum, written)),
        Err(error) => Err(error),
    };
    let (received, mut written) = match stored {
        Ok(stored) => stored,
        Err(error) => {
            object.discard().await;
            return Err(error);
        }
    };
    object.keep();
    let hash = written.hash.take();
    // The answer does not wait for it.
    let flush = written.flush();
    service
        .running()
        .advance(chunk.id.as_str(), received, hash, Some(flush.clone()));
    let (service, upload) = (service.clone(), chunk.id.to_string());
    tokio::runtime::Handle::current().spawn(async move {
        // What was not written to disk must not be completed, by another process neither.
        if let Err(error) = flush.wait().await {
            tracing::error!(%error, upload, "the bytes of an upload did not reach the disk");
            abandon(&service, &upload, &error.to_string()).await;
        }
    });
    Ok(received)
}

/// The row before the file: a file without a row is nobody's.
async fn announce(chunk: &Chunk<'_>, object: ObjectName) -> Result<()> {
    let (id, first_byte, object) = (chunk.id.clone(), chunk.received, object.to_string());
    let announce =
        move |tx: &mut data::Tx<'_>, grant: &_| rows::announce(tx, grant, &id, first_byte, &object);
    let repository = chunk.ctx.repository(chunk.name);
    chunk
        .ctx
        .write_soft::<UploadLayerPart, _, _>("announce_object", repository, announce)
        .await
}

async fn write(chunk: &Chunk<'_>, name: ObjectName, held: Held, mut body: Body) -> Result<Written> {
    let service = chunk.ctx.service();
    let hash = chunk.hash.clone();
    service.failpoint("before-extent-file");
    let mut writer = chunk
        .objects()
        .writer(name, &chunk.key, hash)
        .await
        .map_err(storage_error)?;
    service.failpoint("after-extent-file");
    take(chunk, &mut writer, &held.bytes).await?;
    take(chunk, &mut writer, &held.rest).await?;
    drop(held);
    let mut look_again = LOOK_EVERY;
    while let Some(bytes) = body.next().await {
        take(chunk, &mut writer, &bytes?).await?;
        if writer.received() >= look_again {
            // One long body must not take what deletes need.
            check_disk(service)?;
            look_again = writer.received().saturating_add(LOOK_EVERY);
        }
    }
    chunk.check_whole(writer.received())?;
    writer.finish().await.map_err(storage_error)
}

async fn take(chunk: &Chunk<'_>, writer: &mut Writer, bytes: &[u8]) -> Result<()> {
    chunk.check_so_far(writer.received().saturating_add(bytes.len() as u64))?;
    writer.write(bytes).await.map_err(storage_error)
}

/// All objects of an upload lie in one subdirectory: the one that its id's first two digits name.
fn group_of(id: &UploadId) -> u8 {
    id.as_str()
        .get(..2)
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .unwrap_or(0)
}

/// An object being written: unless it is kept, its file and row go, also when the request is dropped.
struct Unfinished {
    service: Service,
    name: ObjectName,
    writing: Option<Writing>,
}

impl Unfinished {
    fn new(service: &Service, name: ObjectName) -> Self {
        Self {
            service: service.clone(),
            name,
            writing: Some(service.running().writing(name)),
        }
    }

    fn keep(mut self) {
        self.writing = None;
    }

    async fn discard(mut self) {
        if let Some(writing) = self.writing.take() {
            remove(&self.service, self.name, writing).await;
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(writing) = self.writing.take() else {
            return;
        };
        let (service, name) = (self.service.clone(), self.name);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { remove(&service, name, writing).await });
        }
    }
}

/// Removes the file, then the row. What fails is left for the sweep.
async fn remove(service: &Service, name: ObjectName, writing: Writing) {
    let row = name.to_string();
    let discard = move |tx: &mut data::Tx<'_>| data::bytes::discard(tx, &row);
    let removed = match service.objects().remove(name).await {
        Ok(_) => {
            service
                .write("discard_object", Durability::Soft, discard)
                .await
        }
        Err(error) => Err(storage_error(error)),
    };
    if let Err(error) = removed {
        tracing::warn!(%error, object = %name, "what a failed request wrote is left for the sweep");
    }
    drop(writing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_digits_of_an_upload_name_its_subdirectory() {
        assert_eq!(
            group_of(&UploadId::parse("ab000000-0000-4000-8000-000000000000").unwrap()),
            0xab
        );
        assert_eq!(
            group_of(&UploadId::parse("0f000000-0000-4000-8000-000000000000").unwrap()),
            0x0f
        );
    }
}
