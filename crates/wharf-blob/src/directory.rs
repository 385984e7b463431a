//! The directory: 256 subdirectories, made and synced once, and the objects in them.
use std::fs::{self, DirBuilder, File, OpenOptions, ReadDir};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wharf_keys::{DataKey, Sealer};

use crate::buffers::Buffers;
use crate::name::group_path;
use crate::work::Crew;
use crate::{Budget, Error, Flush, ObjectName, Reader, Result, RunningHash, Writer, reader};

/// Bytes of an upload that its connection has read, and the writer not yet taken.
const UNDERWAY: usize = 256 << 10;

/// A local directory of sealed objects. A clone is the same directory.
#[derive(Clone, Debug)]
pub struct Directory {
    shared: Arc<Shared>,
    budget: Budget,
}

#[derive(Debug)]
pub(crate) struct Shared {
    path: PathBuf,
    pub(crate) buffers: Buffers,
    /// Hashing, sealing, writing.
    pub(crate) sealing: Crew,
    /// Reading, opening.
    pub(crate) opening: Crew,
    /// Flushes: they wait for the disk alone.
    flushing: Crew,
    /// Making, removing, listing.
    chores: Crew,
}

impl Directory {
    /// Opens the directory, making it and its subdirectories if need be; they are on disk when it returns. Blocks.
    ///
    /// `budget`: bytes of bodies in flight, in the whole process.
    ///
    /// # Errors
    /// `Io`, `Full`.
    pub fn open(path: &Path, budget: usize) -> Result<Self> {
        let doing = || format!("making the directory `{}`", path.display());
        let mut made = make(path).map_err(|cause| Error::io(doing, cause))?;
        if made {
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            sync_directory(parent.unwrap_or(Path::new(".")))
                .map_err(|cause| Error::io(doing, cause))?;
        }
        for group in 0..=u8::MAX {
            made |= make(&path.join(group_path(group))).map_err(|cause| Error::io(doing, cause))?;
        }
        if made {
            sync_directory(path).map_err(|cause| Error::io(doing, cause))?;
        }
        let shared = Shared {
            path: path.to_owned(),
            buffers: Buffers::default(),
            sealing: Crew::per_processor(),
            opening: Crew::per_processor(),
            flushing: Crew::new(32),
            chores: Crew::new(8),
        };
        Ok(Self {
            shared: Arc::new(shared),
            budget: Budget::new(budget),
        })
    }

    /// The same directory, read and written with the budget of one of its users: see [`Budget::part_of`].
    #[must_use]
    pub fn on_behalf_of(&self, user: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            budget: self.budget.part_of(user),
        }
    }

    /// The bytes that may be in flight, for others that hold bodies.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Makes the file of a new object and a writer for it. `hash`: what the bytes written are added to.
    ///
    /// # Errors
    /// `Full`, `Io`: also when the name is taken.
    pub async fn writer(
        &self,
        name: ObjectName,
        key: &DataKey,
        hash: Option<RunningHash>,
    ) -> Result<Writer> {
        let sealer = Sealer::for_object(key, name.bytes()).map_err(Error::Seal)?;
        // Of a request's body some bytes are always on their way from the connection.
        let share = self.budget.take(crate::writer::BUFFER + UNDERWAY).await?;
        let path = self.path_of(name);
        let create = move || {
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path);
            file.map_err(|cause| Error::io(|| format!("making object {name}"), cause))
        };
        let file = self.shared.chores.run(create).await?;
        Ok(Writer::new(
            (Arc::clone(&self.shared), self.budget.clone()),
            name,
            file,
            sealer,
            hash,
            share,
        ))
    }

    /// Opens an object to read the plain bytes `range` of its `size`. Verified: no byte is handed out that was altered.
    ///
    /// # Errors
    /// `NotFound`; `Damaged` when its length or header is not what it must be; `Io`.
    pub async fn reader(
        &self,
        name: ObjectName,
        key: &DataKey,
        size: u64,
        range: Range<u64>,
    ) -> Result<Reader> {
        let (path, key) = (self.path_of(name), key.clone());
        let open = move || reader::open(&path, name, &key, size);
        let (file, opener) = self.shared.opening.run(open).await?;
        Ok(Reader::new(
            (Arc::clone(&self.shared), self.budget.clone()),
            name,
            file,
            opener,
            size,
            range,
        ))
    }

    /// Whether the file of an object is there.
    ///
    /// # Errors
    /// `Io`.
    pub async fn exists(&self, name: ObjectName) -> Result<bool> {
        let path = self.path_of(name);
        let look = move || match fs::symlink_metadata(path) {
            Ok(_) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(Error::of_object(name, "looking for", cause)),
        };
        self.shared.chores.run(look).await
    }

    /// Begins to flush an object that some earlier writer finished: after a restart.
    ///
    /// # Errors
    /// `NotFound`, `Io`.
    pub async fn flush(&self, name: ObjectName) -> Result<Flush> {
        let path = self.path_of(name);
        let open =
            move || File::open(path).map_err(|cause| Error::of_object(name, "opening", cause));
        let file = self.shared.chores.run(open).await?;
        Ok(Flush::start(name, file, &self.shared.flushing))
    }

    /// Flushes the names of a group: one call for all objects of an upload.
    ///
    /// # Errors
    /// `Io`: the objects of the group whose names were not flushed before must not be used.
    pub async fn sync_group(&self, group: u8) -> Result<()> {
        let path = self.shared.path.join(group_path(group));
        let doing = move |path: &Path| format!("flushing the directory `{}`", path.display());
        self.shared
            .flushing
            .run(move || sync_directory(&path).map_err(|cause| Error::io(|| doing(&path), cause)))
            .await
    }

    /// Removes an object. False: it was not there.
    ///
    /// # Errors
    /// `Io`.
    pub async fn remove(&self, name: ObjectName) -> Result<bool> {
        let path = self.path_of(name);
        let remove = move || match fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(Error::of_object(name, "removing", cause)),
        };
        self.shared.chores.run(remove).await
    }

    /// Begins to list the objects, in no order.
    pub fn list(&self) -> Listing {
        Listing {
            shared: Arc::clone(&self.shared),
            group: Some(0),
            entries: None,
        }
    }

    /// Bytes that an unprivileged writer may still fill on this disk.
    ///
    /// # Errors
    /// `Io`.
    pub fn free_bytes(&self) -> Result<u64> {
        let disk = rustix::fs::statvfs(&self.shared.path).map_err(|cause| {
            Error::io(
                || "asking for the free bytes of the disk".to_owned(),
                cause.into(),
            )
        })?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn path_of(&self, name: ObjectName) -> PathBuf {
        self.shared.path.join(name.path())
    }
}

impl Shared {
    pub(crate) fn start_flush(&self, name: ObjectName, file: File) -> Flush {
        Flush::start(name, file, &self.flushing)
    }
}

/// A walk through the names of all objects; others may come and go meanwhile.
#[derive(Debug)]
pub struct Listing {
    shared: Arc<Shared>,
    group: Option<u8>,
    entries: Option<ReadDir>,
}

impl Listing {
    /// The next names, at most `most`; none: it was all. What is not an object's file is passed over.
    ///
    /// # Errors
    /// `Io`.
    pub async fn next(&mut self, most: usize) -> Result<Vec<ObjectName>> {
        let mut names = Vec::new();
        while let Some(group) = self.group {
            let path = self.shared.path.join(group_path(group));
            let entries = self.entries.take();
            let room = most.saturating_sub(names.len());
            let (found, rest) = self
                .shared
                .chores
                .run(move || read_names(&path, group, entries, room))
                .await?;
            names.extend(found);
            self.entries = rest;
            if self.entries.is_none() {
                self.group = group.checked_add(1);
            }
            if names.len() >= most {
                break;
            }
        }
        Ok(names)
    }
}

fn read_names(
    path: &Path,
    group: u8,
    entries: Option<ReadDir>,
    most: usize,
) -> Result<(Vec<ObjectName>, Option<ReadDir>)> {
    let doing = || format!("listing `{}`", path.display());
    let mut entries = match entries {
        Some(entries) => entries,
        None => fs::read_dir(path).map_err(|cause| Error::io(doing, cause))?,
    };
    let mut names = Vec::new();
    while names.len() < most {
        let Some(entry) = entries.next() else {
            return Ok((names, None));
        };
        let entry = entry.map_err(|cause| Error::io(doing, cause))?.file_name();
        let name = entry.to_str().and_then(|name| ObjectName::parse(name).ok());
        if let Some(name) = name.filter(|name| name.group() == group) {
            names.push(name);
        } else {
            tracing::warn!(file = ?entry, directory = %path.display(), "a file that is no object is left alone");
        }
    }
    Ok((names, Some(entries)))
}

/// Makes one directory for its owner alone. False: it was there.
fn make(path: &Path) -> io::Result<bool> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(cause) => Err(cause),
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
