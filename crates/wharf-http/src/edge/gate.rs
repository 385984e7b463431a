//! How many connections may be open, in all and from one address.
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts open connections.
#[derive(Debug)]
pub(crate) struct Gate {
    open: Arc<Semaphore>,
    total: u32,
    per_address: Option<usize>,
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// One open connection; leaving it out of scope counts it closed.
#[derive(Debug)]
pub(crate) struct Pass {
    _permit: OwnedSemaphorePermit,
    address: Option<IpAddr>,
    gate: Arc<Gate>,
}

impl Gate {
    pub(crate) fn new(total: usize, per_address: Option<usize>) -> Arc<Self> {
        let total = u32::try_from(total.clamp(1, 1 << 20)).unwrap_or(1 << 20);
        Arc::new(Self {
            open: Arc::new(Semaphore::new(total as usize)),
            total,
            per_address,
            addresses: Mutex::new(HashMap::new()),
        })
    }

    /// Waits until one more connection may be open.
    pub(crate) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.open).acquire_owned().await.ok()
    }

    /// Counts the connection under its address; `None` if the address has too many.
    pub(crate) fn admit(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        address: IpAddr,
    ) -> Option<Pass> {
        let counted = match self.per_address {
            None => None,
            Some(bound) => {
                let mut addresses = self
                    .addresses
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let count = addresses.entry(address).or_insert(0);
                if *count >= bound {
                    return None;
                }
                *count += 1;
                Some(address)
            }
        };
        Some(Pass {
            _permit: permit,
            address: counted,
            gate: Arc::clone(self),
        })
    }

    /// Waits until no connection is open. Nobody is let in meanwhile.
    pub(crate) async fn emptied(&self) {
        // An error means that the semaphore was closed, which nobody does; either way none is open.
        drop(self.open.acquire_many(self.total).await);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut addresses = self
            .gate
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_gets_no_more_than_its_share_and_regains_it() {
        let gate = Gate::new(8, Some(1));
        let one: IpAddr = [127, 0, 0, 1].into();
        let two: IpAddr = [127, 0, 0, 2].into();
        let first = gate.admit(gate.permit().await.unwrap(), one).unwrap();
        assert!(gate.admit(gate.permit().await.unwrap(), one).is_none());
        assert!(gate.admit(gate.permit().await.unwrap(), two).is_some());
        drop(first);
        assert!(gate.admit(gate.permit().await.unwrap(), one).is_some());
        gate.emptied().await;
    }
}
