"""Fetches the locked pip from where this machine's pip configuration says packages are.

Source: https://pip.pypa.io/en/stable/topics/configuration/ and PEP 503, the simple index.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import os
import re
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

TIMEOUT_SECONDS = 60
PAGE_BYTES_MAX = 16 * 1024 * 1024
WHEEL_BYTES_MAX = 32 * 1024 * 1024
SPEAKS = ("http", "https", "file")


@dataclass(frozen=True)
class PipConfiguration:
    """What an operator told pip, as far as it says where packages are."""

    indexes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    """Folders and pages with packages: pip's `find-links`."""
    certificates: str | None = None
    proxy: str | None = None


class Anchors(HTMLParser):
    """Collects the addresses that a page of a simple index leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep where an anchor leads."""
        self.addresses += [value for key, value in attrs if (tag, key) == ("a", "href") and value]


def read_configuration(environ: Mapping[str, str]) -> PipConfiguration:
    """What pip's files and variables say; a variable wins over every file."""
    said: dict[str, str] = {}
    for file in configuration_files(environ):
        said |= read_file(file)
    for name, value in environ.items():
        if name.startswith("PIP_"):
            said[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    indexes = f"{said.get('index-url', '')} {said.get('extra-index-url', '')}".split()
    if said.get("no-index", "0").lower() in {"1", "true", "yes", "on"}:
        indexes = []
    return PipConfiguration(
        indexes=tuple(indexes),
        links=tuple(said.get("find-links", "").split()),
        certificates=said.get("cert") or None,
        proxy=said.get("proxy") or None,
    )


def configuration_files(environ: Mapping[str, str]) -> list[Path]:
    """Where pip looks on Linux, weakest first; `PIP_CONFIG_FILE=/dev/null` switches all off."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = Path(environ.get("HOME") or Path.home())
    everywhere = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    mine = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return [
        *(Path(folder) / "pip" / "pip.conf" for folder in everywhere.split(":")),
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        mine / "pip" / "pip.conf",
        *([Path(chosen)] if chosen else []),
    ]


def read_file(file: Path) -> dict[str, str]:
    """The options that `pip install` takes from a file; none when there is no such file."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, "utf-8")
    except (OSError, ValueError, configparser.Error):
        return {}
    sections = [parser[name] for name in ("global", "install") if parser.has_section(name)]
    return {key.replace("_", "-"): value for section in sections for key, value in section.items()}


def fetch_pip(lock: Path, into: Path, environ: Mapping[str, str]) -> Path | None:
    """The wheel of pip that the lock names, in the folder `into`; None where nobody has it."""
    version, hashes = locked_pip(lock)
    wheel = f"pip-{version}-py3-none-any.whl"
    configuration = read_configuration(environ)
    opener = make_opener(configuration)
    for address in candidates(configuration, opener, wheel):
        content = download(opener, address, WHEEL_BYTES_MAX)
        if content is not None and hashlib.sha256(content).hexdigest() in hashes:
            into.mkdir(parents=True, exist_ok=True)
            (into / wheel).write_bytes(content)
            return into / wheel
    return None


def locked_pip(lock: Path) -> tuple[str, frozenset[str]]:
    """Version and hashes of the one package in the lock."""
    text = lock.read_text("utf-8")
    version = re.search(r"^pip==([^\s;\\]+)", text, re.MULTILINE)
    hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", text)
    return (version[1] if version else ""), frozenset(hashes)


def make_opener(configuration: PipConfiguration) -> urllib.request.OpenerDirector:
    """What opens addresses with the certificates and the proxy that pip would use."""
    # A file that is not there leaves the system's certificates: strictly checked in any case.
    named = Path(configuration.certificates or os.devnull)
    context = ssl.create_default_context(
        cafile=str(named) if named.is_file() else None,
        capath=str(named) if named.is_dir() else None,
    )
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if configuration.proxy:
        proxies = dict.fromkeys(("http", "https"), configuration.proxy)
        handlers.append(urllib.request.ProxyHandler(proxies))
    return urllib.request.build_opener(*handlers)


def candidates(
    configuration: PipConfiguration, opener: urllib.request.OpenerDirector, wheel: str
) -> Iterator[str]:
    """Addresses where the wheel may be: folders first, then the pages of the indexes."""
    pages = []
    for link in configuration.links:
        path = Path(unquote(urlsplit(link).path) if link.startswith("file:") else link).expanduser()
        if path.is_dir():
            yield (path.resolve() / wheel).as_uri()
        else:
            pages.append(link)
    for index in configuration.indexes:
        page = f"{index.rstrip('/')}/pip/"
        pages.append(f"{page}index.html" if page.startswith("file:") else page)
    for page in pages:
        anchors = Anchors()
        anchors.feed((download(opener, page, PAGE_BYTES_MAX) or b"").decode("utf-8", "replace"))
        for address in anchors.addresses:
            if unquote(urlsplit(address).path).rpartition("/")[2] == wheel:
                yield urljoin(page, address)


def download(
    opener: urllib.request.OpenerDirector, address: str, size_bytes_max: int
) -> bytes | None:
    """What stands at an address; None when it cannot be had."""
    try:
        with opener.open(request_for(address), timeout=TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read(size_bytes_max + 1)
    except (OSError, ValueError):
        return None
    return content if len(content) <= size_bytes_max else None


def request_for(address: str) -> urllib.request.Request:
    """A request that shows the name and password of its address, and not to whom it redirects."""
    parts = urlsplit(address)
    if parts.scheme not in SPEAKS:
        raise ValueError(parts.scheme)
    credentials, has_credentials, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above.
        urlunsplit(parts._replace(netloc=host, fragment=""))
    )
    if has_credentials:
        coded = base64.b64encode(unquote(credentials).encode()).decode("ascii")
        request.add_unredirected_header("Authorization", f"Basic {coded}")
    return request
