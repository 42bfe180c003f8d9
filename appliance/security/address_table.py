"""What an IP address is to us: public, private, or nowhere a request of ours ever goes.

Sources: IANA's special-purpose address registries (RFC 6890); RFC 6052 and 8215 (NAT64), RFC 3056
(6to4) and RFC 4380 (Teredo), which carry other addresses inside their own.
"""

from __future__ import annotations

import ipaddress
from enum import Enum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(Enum):
    """Whether a request may go there."""

    PUBLIC = "yes"
    PRIVATE = "where the operator allows it"
    NEVER = "no"


# The longest network that holds an address decides.
TABLE = {
    ipaddress.ip_network(network): reach
    for network, reach in {
        "0.0.0.0/0": Reach.PUBLIC,
        "0.0.0.0/8": Reach.NEVER,  # This network; connects to the host itself.
        "10.0.0.0/8": Reach.PRIVATE,
        "100.64.0.0/10": Reach.PRIVATE,  # Shared by the customers of a provider (CGNAT).
        "100.100.100.200/32": Reach.NEVER,  # Metadata of a cloud, with its credentials.
        "127.0.0.0/8": Reach.PRIVATE,
        "169.254.0.0/16": Reach.PRIVATE,  # Link-local.
        "169.254.169.254/32": Reach.NEVER,  # Metadata of most clouds, with their credentials.
        "169.254.170.0/23": Reach.NEVER,  # The same for containers.
        "168.63.129.16/32": Reach.NEVER,  # A cloud's host to its machines, with their secrets.
        "172.16.0.0/12": Reach.PRIVATE,
        "192.0.0.0/24": Reach.NEVER,  # Protocols; 192.0.0.192 is metadata of a cloud.
        "192.0.2.0/24": Reach.NEVER,  # Documentation.
        "192.31.196.0/24": Reach.NEVER,  # AS112.
        "192.52.193.0/24": Reach.NEVER,  # Automatic multicast tunnels.
        "192.88.99.0/24": Reach.NEVER,  # Relays of 6to4.
        "192.168.0.0/16": Reach.PRIVATE,
        "192.175.48.0/24": Reach.NEVER,  # AS112.
        "198.18.0.0/15": Reach.NEVER,  # Measurements.
        "198.51.100.0/24": Reach.NEVER,  # Documentation.
        "203.0.113.0/24": Reach.NEVER,  # Documentation.
        "224.0.0.0/4": Reach.NEVER,  # Multicast.
        "240.0.0.0/4": Reach.NEVER,  # Reserved; 255.255.255.255 is everybody here.
        # Everything not given out, and IPv4 in other spellings: mapped (::ffff:0:0/96), compatible
        # (::/96), translated (64:ff9b::/96, 64:ff9b:1::/48). Multicast (ff00::/8).
        "::/0": Reach.NEVER,
        "::1/128": Reach.PRIVATE,
        "2000::/3": Reach.PUBLIC,  # All that has been given out.
        "2001::/23": Reach.NEVER,  # Protocols; Teredo (2001::/32) has IPv4 inside.
        "2001:db8::/32": Reach.NEVER,  # Documentation.
        "2002::/16": Reach.NEVER,  # 6to4 has IPv4 inside.
        "2620:4f:8000::/48": Reach.NEVER,  # AS112.
        "3fff::/20": Reach.NEVER,  # Documentation.
        "fc00::/7": Reach.PRIVATE,  # Unique local.
        "fd00:ec2::/32": Reach.NEVER,  # Metadata of a cloud, with its credentials.
        "fd20:ce::254/128": Reach.NEVER,  # Metadata of another.
        "fe80::/10": Reach.PRIVATE,  # Link-local.
    }.items()
}


def reach_of(address: Address) -> Reach:
    """Whether a request may go to this address."""
    holders = [network for network in TABLE if address in network]
    return TABLE[max(holders, key=lambda network: network.prefixlen)]
