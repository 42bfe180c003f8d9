"""Lists of networks from which somebody may come."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from appliance.errors import InvalidError, sentence

MOST_NETWORKS = 200


def networks(given: Iterable[str]) -> list[str]:
    """The networks as they are kept: `192.0.2.0/24`, `2001:db8::/32`, or one address.

    Errors:
        InvalidError: one is no network, or there are too many.
    """
    found = []
    for each in given:
        try:
            network = ipaddress.ip_network(each.strip(), strict=False)
        except ValueError as error:
            raise InvalidError.of(
                "networks", sentence("%(network)s is not a network.", network=each.strip()[:60])
            ) from error
        found.append(str(network))
    if len(found) > MOST_NETWORKS:
        raise InvalidError.of(
            "networks", sentence("A list has at most %(most)s networks.", most=MOST_NETWORKS)
        )
    return list(dict.fromkeys(found))


def holds(listed: Sequence[str], address: str) -> bool:
    """Whether an address is in one of these networks. What is no address is in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    # A server that listens to both kinds writes 192.0.2.1 as ::ffff:192.0.2.1.
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in ipaddress.ip_network(each) for each in listed)


def covers(listed: Sequence[str], network: str) -> bool:
    """Whether a network lies within one of these."""
    inner = ipaddress.ip_network(network)
    return any(
        inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # Of one version.
        for outer in map(ipaddress.ip_network, listed)
    )
