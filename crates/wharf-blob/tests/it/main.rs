//! The directory as its users see it.
#[cfg(test)]
mod directory;
