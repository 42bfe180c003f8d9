"""Which addresses a request of ours may reach, so that nobody aims us at our own network.

`judge` takes a URL that a person typed, resolves its host once, looks at every answer, and gives
the answers with it. The caller connects to exactly those, because a name may answer otherwise the
next time it is asked, and follows no redirect without judging the new URL first.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Sequence
from urllib.parse import SplitResult, quote, urlsplit

import idna

from appliance.domain.destinations import Destination
from appliance.errors import InvalidError, UnavailableError, sentence
from appliance.security.address_table import Address, Reach, reach_of

Resolver = Callable[[str, int], Sequence[str]]

FIELD = "url"
LONGEST_URL = 2048
LONGEST_HOST = 253
DEFAULT_PORTS = {"https": 443, "http": 80}
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
STRANGE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\\#]")
SAFE_IN_PATH = "/%:@!$&'()*+,;=~"  # RFC 3986, section 3.3; the % of what is encoded already.
SAFE_IN_QUERY = SAFE_IN_PATH + "?"


def resolve(host: str, port: int) -> Sequence[str]:
    """What the system says where `host` is. It waits as long as the system's resolver does.

    Errors:
        UnavailableError: no name server answers now.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise UnavailableError("No name server answers now. Try again later.") from error
        return ()
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def judge(
    url: str,
    *,
    schemes: Collection[str],
    private_allowed: bool = False,
    setting: str = "",
    authorities_file: str = "",
    resolver: Resolver = resolve,
) -> Destination:
    """Where a request to `url` may go.

    One bad answer among good ones refuses them all. The refusal does not say what the name resolves
    to, nor whether it does: that would let people map the network behind the appliance. `setting`
    is what an administrator changes for private addresses; `authorities_file` is taken along.

    Errors:
        InvalidError: it is no plain URL of a scheme in `schemes`, or leads where we may not go.
        UnavailableError: no name server answers now.
    """
    parts = _split(url, schemes)
    host = _plain_host(parts)
    port = _port(parts)
    literal = _literal(host)
    answers = [str(literal)] if literal else resolver(host, port)
    if not answers or not all(_may_reach(answer, private_allowed) for answer in answers):
        raise _invalid(_unreachable(host, "" if private_allowed else setting))
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port == DEFAULT_PORTS[parts.scheme] else f":{port}"
    plain = f"{parts.scheme}://{shown}{suffix}{_plain_path(parts)}"
    return Destination(plain, parts.scheme, host, port, tuple(answers), authorities_file)


def insist_on_url(url: str, *, schemes: Collection[str]) -> None:
    """Go on only if `url` is a plain one of a scheme in `schemes`; whether it answers is not asked.

    Errors:
        InvalidError: it is none.
    """
    parts = _split(url, schemes)
    _plain_host(parts)
    _port(parts)


def _split(url: str, schemes: Collection[str]) -> SplitResult:
    if len(url) > LONGEST_URL:
        raise _invalid(
            sentence("An address has at most %(longest_url)s characters.", longest_url=LONGEST_URL)
        )
    if STRANGE.search(url):
        raise _invalid(
            sentence("An address has no spaces, backslashes, # or invisible characters.")
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _invalid(sentence("This is not an address.")) from error
    if parts.scheme not in DEFAULT_PORTS or parts.scheme not in schemes:
        raise _invalid(
            sentence(
                "An address here begins with %(schemes)s.",
                schemes=" or ".join(f"{s}://" for s in schemes),
            )
        )
    if "@" in parts.netloc:
        raise _invalid(
            sentence("Leave name and password out of the address; there are fields for them.")
        )
    return parts


def _plain_host(parts: SplitResult) -> str:
    """The host in lower-case ASCII, without the dot that may end it."""
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        return _plain_ipv6(host)
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except UnicodeError as error:
            raise _invalid(sentence("The host is not a name that can exist.")) from error
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(LABEL.fullmatch(label) for label in labels):
        raise _invalid(sentence("The host is not a name that can exist."))
    # Resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1, each with rules of its own.
    if NUMBER.fullmatch(labels[-1]) and _literal(host) is None:
        raise _invalid(sentence("Write an IPv4 address as four decimal numbers."))
    return host


def _plain_ipv6(host: str) -> str:
    literal = _literal(host)
    if literal is None or literal.version == 4 or "%" in host:  # noqa: PLR2004 - IP version 4.
        raise _invalid(sentence("What stands in brackets is not an IPv6 address."))
    return str(literal)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise _invalid(sentence("The port is not a number that a port can have.")) from error
    if port == 0:
        raise _invalid(sentence("The port is not a number that a port can have."))
    return port or DEFAULT_PORTS[parts.scheme]


def _plain_path(parts: SplitResult) -> str:
    query = f"?{quote(parts.query, safe=SAFE_IN_QUERY)}" if parts.query else ""
    return quote(parts.path, safe=SAFE_IN_PATH) + query


def _unreachable(host: str, setting: str) -> str:
    if setting:
        return sentence(
            "%(host)s cannot be reached: it does not exist, or its address is not allowed. "
            "For private addresses an administrator sets %(setting)s.",
            host=host,
            setting=setting,
        )
    return sentence(
        "%(host)s cannot be reached: it does not exist, or its address is not allowed.", host=host
    )


def _may_reach(answer: str, private_allowed: bool) -> bool:  # noqa: FBT001 - private, one caller.
    address = _literal(answer)
    if address is None or "%" in answer:
        return False
    reach = reach_of(address)
    return reach is Reach.PUBLIC or (reach is Reach.PRIVATE and private_allowed)


def _invalid(words: str) -> InvalidError:
    return InvalidError.of(FIELD, words)
