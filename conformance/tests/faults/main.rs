//! The suite itself is tested: a registry that does everything right passes every test, one with a fault
//! does not pass the tests that are about it, and one that answers garbage fails them without a crash.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod model;
#[cfg(test)]
mod table;
#[cfg(test)]
mod wire;
