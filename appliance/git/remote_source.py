"""Where a repository may be imported from: the address is taken apart, looked up once, and judged;
what connects afterwards uses the looked-up address and no other.

Otherwise a name that points to a harmless address while we look, and to the host's own network
when git connects, would let anyone reach into it.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
import string
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from appliance.errors import InvalidError, UnavailableError, sentence

PORTS = {"https": 443, "http": 80}
"""Schemes that can be tied to a looked-up address, with their ports."""

HOST_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-.:")
URL_BYTES = 2048

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that carry an IPv4 address. Source: RFC 6052."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Credentials:
    """What the source wants to hear; never stored, never in an argument of a program."""

    username: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of the Authorization header. Source: RFC 7617."""
        both = f"{self.username}:{self.password}".encode()
        return "Basic " + base64.b64encode(both).decode("ascii")


@dataclass(frozen=True)
class SourcePolicy:
    """Which addresses may be reached."""

    schemes: tuple[str, ...] = ("https",)
    private_addresses: bool = False


@dataclass(frozen=True)
class RemoteSource:
    """An address that may be reached, and the numbers that its host has."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who gets to see the credentials."""
        return self.scheme, self.host, self.port

    @property
    def pin(self) -> str:
        """What ties the host to its addresses. Source: git-config(1), http.curloptResolve."""
        addresses = ",".join(f"[{a}]" if ":" in a else a for a in self.addresses)
        return f"{self.host}:{self.port}:{addresses}"


def look_up(url: str, policy: SourcePolicy) -> RemoteSource:
    """The source at this address, looked up now.

    Errors:
        InvalidError: the address is malformed, holds credentials, or may not be reached.
        UnavailableError: the name cannot be looked up.
    """
    parts = _parse(url, policy)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnavailableError(sentence("The host %(host)s cannot be found.", host=host)) from error
    addresses = tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    if not policy.private_addresses and not all(map(_is_public, addresses)):
        raise _refusal(
            sentence(
                "%(host)s is an address inside this network; imports may not reach it.", host=host
            )
        )
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return RemoteSource(parts.geturl(), parts.scheme, host, port, path or "/", addresses)


def _parse(url: str, policy: SourcePolicy) -> SplitResult:
    if len(url) > URL_BYTES or not url.isascii() or not url.isprintable() or " " in url:
        raise _refusal(sentence("This is no address. Write it as https://HOST/PATH."))
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise _refusal(sentence("This is no address. Write it as https://HOST/PATH.")) from error
    if parts.scheme not in PORTS or parts.scheme not in policy.schemes:
        allowed = ", ".join(scheme for scheme in policy.schemes if scheme in PORTS)
        raise _refusal(
            sentence(
                "Imports come from these kinds of addresses only: %(allowed)s.", allowed=allowed
            )
        )
    if parts.username is not None or parts.password is not None:
        raise _refusal(
            sentence("Give the user name and password in their own fields, not in the address.")
        )
    if not parts.hostname or not HOST_CHARACTERS.issuperset(parts.hostname):
        raise _refusal(sentence("This address has no host. Write it as https://HOST/PATH."))
    return parts


def _is_public(text: str) -> bool:
    address: Address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        address = _carried(address)
    return address.is_global and not address.is_multicast


def _carried(address: ipaddress.IPv6Address) -> Address:
    """The IPv4 address inside an IPv6 address, where there is one."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _refusal(message: str) -> InvalidError:
    return InvalidError.of("source", message)
