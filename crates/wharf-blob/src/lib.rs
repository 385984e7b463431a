//! What is kept: sealed objects in a local directory, each written once, front to back, by one writer.
//!
//! A [`Directory`] makes a [`Writer`] for an object and a [`Reader`] for a part of one. Bytes are hashed, sealed,
//! written, read and opened off the async threads, in buffers that a [`Budget`] bounds for the whole process.
//! Which objects exist, and who may read them, is not known here: that is rows.
//!
//! What is on disk when: [`Writer::finish`] has handed everything to the operating system, so it survives the end of
//! the process; after [`Flush::wait`] the bytes, and after [`Directory::sync_group`] the name, survive a loss of power.
mod budget;
mod buffers;
mod directory;
mod error;
mod flush;
mod hash;
mod name;
mod page_cache;
mod reader;
mod work;
mod writer;

pub use budget::{Budget, Share};
pub use directory::{Directory, Listing};
pub use error::{Error, Result};
pub use flush::Flush;
pub use hash::RunningHash;
pub use name::{InvalidName, ObjectName};
pub use reader::Reader;
pub use writer::{Writer, Written};
