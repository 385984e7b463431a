//! The bytes of consecutive extents, whether they lie in rows or in objects.
use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use wharf_blob::{Directory, ObjectName, Reader};
use wharf_keys::DataKey;
use wharf_meta::uploads::ExtentPlace;

use crate::data::bytes::count;
use crate::{Error, Service, data};

/// Why extents cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// An object's file is not there, or not what was written.
    #[error("object {object}: {why}")]
    Missing { object: ObjectName, why: String },
    /// Anything else: it may be readable the next time.
    #[error("{0}")]
    Failed(Error),
}

impl From<wharf_blob::Error> for ReadError {
    fn from(error: wharf_blob::Error) -> Self {
        match error {
            wharf_blob::Error::NotFound { name } => Self::Missing {
                object: name,
                why: "its file is missing".to_owned(),
            },
            wharf_blob::Error::Damaged { name, reason } => Self::Missing {
                object: name,
                why: reason,
            },
            other => Self::Failed(storage_error(other)),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing { .. } => Self::internal(error),
            ReadError::Failed(error) => error,
        }
    }
}

/// What the directory's errors mean to a client.
pub(crate) fn storage_error(error: wharf_blob::Error) -> Error {
    match error {
        wharf_blob::Error::Full => Error::StorageLow,
        wharf_blob::Error::GivenUp => Error::Unavailable {
            cause: error.to_string(),
        },
        other => Error::internal(other),
    }
}

/// Reads consecutive extents of one data key, front to back.
#[derive(Debug)]
pub(crate) struct Extents {
    service: Service,
    /// With the memory of whom they are read for.
    objects: Directory,
    key: DataKey,
    places: VecDeque<ExtentPlace>,
    /// The bytes asked for, in the whole.
    range: Range<u64>,
    reader: Option<Reader>,
    ready: Option<Bytes>,
}

impl Extents {
    pub(crate) fn new(
        service: Service,
        key: DataKey,
        places: Vec<ExtentPlace>,
        range: Range<u64>,
    ) -> Self {
        Self {
            objects: service.objects().clone(),
            service,
            key,
            places: places.into(),
            range,
            reader: None,
            ready: None,
        }
    }

    /// Reads them with a user's part of the memory.
    pub(crate) fn on_behalf_of(mut self, user: &str) -> Self {
        self.objects = self.objects.on_behalf_of(user);
        self
    }

    /// Opens the first extent; `sealed`: its bytes, if they lie in its row and were read with it.
    pub(crate) async fn begin(&mut self, sealed: Option<Vec<u8>>) -> Result<(), ReadError> {
        if let Some(place) = self.places.pop_front() {
            self.open(&place, sealed).await?;
        }
        Ok(())
    }

    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        loop {
            if let Some(bytes) = self.ready.take().filter(|bytes| !bytes.is_empty()) {
                return Ok(Some(bytes));
            }
            if let Some(reader) = &mut self.reader {
                if let Some(bytes) = reader.next().await? {
                    return Ok(Some(bytes));
                }
                self.reader = None;
            }
            let Some(place) = self.places.pop_front() else {
                return Ok(None);
            };
            self.open(&place, None).await?;
        }
    }

    async fn open(
        &mut self,
        place: &ExtentPlace,
        sealed: Option<Vec<u8>>,
    ) -> Result<(), ReadError> {
        let (first, size) = (number(place.first_byte)?, number(place.size)?);
        let within =
            self.range.start.saturating_sub(first)..self.range.end.saturating_sub(first).min(size);
        if let Some(name) = place.object.as_deref() {
            let name = ObjectName::parse(name)
                .map_err(|error| ReadError::Failed(Error::internal(error)))?;
            self.reader = Some(self.objects.reader(name, &self.key, size, within).await?);
            return Ok(());
        }
        let sealed = match sealed {
            Some(sealed) => sealed,
            None => self.sealed(place).await.map_err(ReadError::Failed)?,
        };
        let opened = wharf_keys::open_all(&self.key, &sealed).map_err(|error| {
            ReadError::Failed(Error::internal(format!("extent {}: {error}", place.extent)))
        })?;
        let opened = Bytes::from(opened);
        let at = |at: u64| usize::try_from(at).map_or(opened.len(), |at| at.min(opened.len()));
        self.ready = Some(opened.slice(at(within.start)..at(within.end).max(at(within.start))));
        Ok(())
    }

    async fn sealed(&self, place: &ExtentPlace) -> Result<Vec<u8>, Error> {
        let place = place.clone();
        let read = move |tx: &mut data::Tx<'_>| data::bytes::sealed(tx, &place);
        self.service.read("sealed_extent", read).await
    }
}

fn number(column: i64) -> Result<u64, ReadError> {
    count(column).map_err(ReadError::Failed)
}
