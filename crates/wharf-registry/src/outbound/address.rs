//! Which addresses belong to the world, and which to this machine or its networks.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the address can be one machine's at all: not unspecified, multicast or broadcast.
pub(super) fn is_host(address: IpAddr) -> bool {
    match inner(address) {
        IpAddr::V4(v4) => {
            !(v4.octets().starts_with(&[0]) || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_multicast()),
    }
}

/// Whether the address is of the public Internet.
///
/// Source: the special-purpose address registries of IANA (RFC 6890 and its successors).
pub(super) fn is_public(address: IpAddr) -> bool {
    match inner(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        // Global unicast is assigned from here alone; the rest is local, or nobody's yet.
        IpAddr::V6(v6) => {
            v6.segments().first().is_some_and(|s| s & 0xe000 == 0x2000) && !is_special_v6(v6)
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (NAT64) or tunnelled (6to4).
fn inner(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        _ => address,
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_documentation()
        || match (a, b, c) {
            // This network; multicast, reserved and broadcast.
            (0 | 224..=255, _, _)
            // Shared by carriers.
            | (100, 64..=127, _)
            // Protocol assignments.
            | (192, 0, 0)
            // Benchmarks.
            | (198, 18..=19, _) => true,
            _ => false,
        };
    !special
}

fn is_special_v6(v6: Ipv6Addr) -> bool {
    // Protocol assignments, Teredo among them; documentation, twice.
    matches!(
        v6.segments(),
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(is_public(address(text)) && is_host(address(text)), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_machine_and_of_private_networks_are_not() {
        for text in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "2001:db8::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "4000::1",
        ] {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn what_is_no_machine_is_never_connected_to() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "::ffff:0.0.0.0",
        ] {
            assert!(
                !is_host(address(text)) && !is_public(address(text)),
                "{text}"
            );
        }
        for text in ["127.0.0.1", "::1", "10.0.0.1", "fe80::1"] {
            assert!(is_host(address(text)), "{text}");
        }
    }
}
