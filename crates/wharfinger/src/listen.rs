//! Binding: a busy port stops the start, an absent IPv6 does not.
use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::Failure;

/// Binds all addresses. An IPv6 address on a machine without IPv6 is left out with a warning, if another one is bound.
pub(crate) async fn bind_all(
    key: &str,
    addresses: &[SocketAddr],
) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::new();
    let mut absent = None;
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if address.is_ipv6() && is_absent(&error) => {
                tracing::warn!(%address, "there is no such IPv6 address on this machine: going on without");
                absent = Some(refused(key, *address, &error));
            }
            Err(error) => return Err(refused(key, *address, &error)),
        }
    }
    match absent {
        Some(failure) if listeners.is_empty() => Err(failure),
        _ => Ok(listeners),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    let family = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    error.kind() == ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(family)
}

fn refused(key: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    let flag = key.replace('_', "-");
    if error.kind() == ErrorKind::AddrInUse {
        return Failure::new(format!(
            "{address} is in use by another program: stop it, or choose another address with --{flag}"
        ));
    }
    Failure::new(format!("cannot listen on {address} (--{flag}): {error}"))
}

/// The address a client on this machine uses: the wildcard address is no destination.
pub(crate) fn reachable(bound: SocketAddr) -> SocketAddr {
    match bound.ip() {
        ip if !ip.is_unspecified() => bound,
        ip if ip.is_ipv4() => ([127, 0, 0, 1], bound.port()).into(),
        _ => (std::net::Ipv6Addr::LOCALHOST, bound.port()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_port_stops_the_start_and_is_named() {
        let any = ["127.0.0.1:0".parse().unwrap()];
        let held = bind_all("listen", &any).await.unwrap();
        let busy = held[0].local_addr().unwrap();
        let refused = bind_all("operator_listen", &[busy])
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(
            refused,
            format!(
                "{busy} is in use by another program: stop it, or choose another address with --operator-listen"
            )
        );
    }

    #[tokio::test]
    async fn an_ipv6_address_that_is_not_ours_is_left_out_beside_another() {
        let foreign: SocketAddr = "[2001:db8::1]:0".parse().unwrap();
        let ours: SocketAddr = "127.0.0.1:0".parse().unwrap();
        assert_eq!(bind_all("listen", &[ours, foreign]).await.unwrap().len(), 1);
        assert!(bind_all("listen", &[foreign]).await.is_err());
    }

    #[test]
    fn the_wildcard_address_is_reached_by_loopback() {
        let reach = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reach("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(reach("[::]:80"), "[::1]:80");
        assert_eq!(reach("10.0.0.1:80"), "10.0.0.1:80");
    }
}
