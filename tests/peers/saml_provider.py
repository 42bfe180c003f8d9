"""A SAML identity provider that nobody here wrote: SimpleSAMLphp under PHP's own web server."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.peers.server import find_program, free_port, running

PROGRAM = Path("/usr/share/simplesamlphp")
TEMPLATES = Path(__file__).parent / "simplesamlphp"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
PASSWORD = "a password of the provider"
PATIENCE_SECONDS = 60
PEOPLE: Mapping[str, Mapping[str, list[str]]] = {
    "writer": {
        "uid": ["writer"],
        "name": ["Writer of Notes"],
        "mail": ["writer@corp.example"],
        "groups": ["engineers", "everybody"],
    },
    "reader": {"uid": ["reader"], "name": ["Reader"], "mail": ["reader@corp.example"]},
}


@dataclass
class SamlProvider:
    """A provider that runs: where, and how it is told what to do."""

    url: str
    home: Path

    @property
    def entity_id(self) -> str:
        """Its name, where its metadata are."""
        return f"{self.url}/simplesaml/saml2/idp/metadata.php"

    def metadata(self) -> str:
        """What it publishes about itself now."""
        return requests.get(self.entity_id, timeout=PATIENCE_SECONDS).text

    def tell(self, **changes: Any) -> None:
        """Change what it does from its next answer on: `answers`, `people`, `itself`."""
        file = self.home / "peer.json"
        told = json.loads(file.read_text()) | changes
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(told))
        draft.rename(file)

    def answers(self, **changes: Any) -> None:
        """Say how it answers; what is not said is as usual."""
        self.tell(answers=usual() | changes)

    def register(self, metadata: bytes) -> None:
        """Let it answer whoever published these metadata."""
        (self.home / "clients" / "appliance.xml").write_bytes(metadata)

    def key(self, name: str = "present") -> bytes:
        """A private key of its own, in PEM."""
        return (self.home / "cert" / f"{name}.pem").read_bytes()

    def certificate(self, name: str = "present") -> bytes:
        """The certificate for it, in PEM."""
        return (self.home / "cert" / f"{name}.crt").read_bytes()


@dataclass(frozen=True)
class Brought:
    """What a browser is told to bring somewhere."""

    address: str
    fields: Mapping[str, str]


class Visitor:
    """A person in front of the provider's pages: follows them and types name and password."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False

    def go(self, address: str, name: str = "writer") -> Brought:
        """Follow an address until a form leads back to who sent them."""
        page = self.session.get(address, timeout=PATIENCE_SECONDS)
        if 'name="password"' in page.text:
            sent = form(page)
            typed = {**sent.fields, "username": name, "password": PASSWORD}
            page = self.session.post(sent.address, data=typed, timeout=PATIENCE_SECONDS)
        assert page.ok, page.text
        return form(page)

    def follow(self, address: str, ours: str) -> str:
        """Follow an address until it leads to one of ours, which is not followed."""
        while not address.startswith(ours):
            page = self.session.get(address, timeout=PATIENCE_SECONDS, allow_redirects=False)
            assert page.is_redirect, page.text
            address = urljoin(address, page.headers["Location"])
        return address

    def is_known(self, url: str) -> bool:
        """Whether the provider at that address still knows who they are."""
        page = self.session.get(
            f"{url}/simplesaml/module.php/core/authenticate.php?as=people",
            timeout=PATIENCE_SECONDS,
        )
        return 'name="password"' not in page.text


def usual() -> dict[str, Any]:
    """How it answers unless told otherwise."""
    return {
        "NameIDFormat": PERSISTENT,
        "saml20.sign.assertion": True,
        "saml20.sign.response": False,
        "assertion.encryption": False,
        "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "authproc": {"10": {"class": "saml:PersistentNameID", "attribute": "uid"}},
    }


@contextmanager
def start_saml_provider() -> Generator[SamlProvider]:
    """Serve a provider with two people and nobody registered yet."""
    program = find_program("php")
    with tempfile.TemporaryDirectory(prefix="codara-saml-") as folder:
        home, port = Path(folder), free_port()
        provider = SamlProvider(f"http://127.0.0.1:{port}", home)
        _furnish(provider)
        command = [program, "-d", "opcache.enable=0", "-S", f"127.0.0.1:{port}", "-t", home / "www"]
        environment = {"PATH": os.environ["PATH"], "SIMPLESAMLPHP_CONFIG_DIR": f"{home}/config"}
        with running(command, ready="Development Server .* started", environment=environment):
            yield provider


def make_key(folder: Path, name: str) -> None:
    """A key with its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(private)
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(pem))


def _furnish(provider: SamlProvider) -> None:
    home = provider.home
    for name in ("config", "metadata", "cert", "log", "data", "tmp", "sessions", "clients", "www"):
        (home / name).mkdir()
    for name in ("config.php", "authsources.php"):
        shutil.copy(TEMPLATES / name, home / "config")
    for name in ("saml20-idp-hosted.php", "saml20-sp-remote.php"):
        shutil.copy(TEMPLATES / name, home / "metadata")
    (home / "www" / "simplesaml").symlink_to(PROGRAM / "www")
    make_key(home / "cert", "present")
    told = {"url": provider.url, "salt": secrets.token_hex(16), "password": PASSWORD}
    (home / "peer.json").write_text(
        json.dumps({**told, "people": PEOPLE, "itself": {}, "answers": usual()})
    )


def form(page: requests.Response) -> Brought:
    """The form of a page, filled as it comes."""
    found = re.search(r"<form[^>]*\saction=\"([^\"]*)\"", page.text)
    assert found is not None, page.text
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page.text):
        attributes = dict(re.findall(r"([\w-]+)=\"([^\"]*)\"", tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            fields[attributes["name"]] = unescape(attributes.get("value", ""))
    return Brought(urljoin(page.url, unescape(found[1])), fields)
