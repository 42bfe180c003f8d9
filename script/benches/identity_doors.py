"""Signing in through the front door: how many a second, beside what the proof alone costs.

The appliance answers on a port of its own; each sign-in loads the form and sends it, as a browser
does. Also what it costs to check the ID token of an OpenID provider, and the answer of SAML's.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import requests
import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from xmlsec import constants

from appliance.domain.identity_providers import ProviderKind
from appliance.federation import oidc_tokens, provider_settings
from appliance.federation.ldap import Directory as Reader
from appliance.federation.ldap_settings import LdapSettings
from appliance.federation.oidc_tokens import Expected
from tests.peers import slapd
from tests.peers.appliance import serve
from tests.peers.saml_provider import start_saml_provider
from tests.services.arrivals import provider
from tests.web.saml_forgery import opened
from tests.web.saml_visits import Visit, meet
from tests.world import PASSWORD

from .identity_worlds import AS_DELIVERED, on_sqlite
from .rows import Row

PEOPLE, AT_ONCE = 24, 4
TOKENS, ANSWERS = 300, 12
TOKEN_IN_FORM = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SEE_OTHER = 303
SECONDS = 60.0


def run() -> list[Row]:
    """Passwords of ours, those of a directory, and ID tokens."""
    local = [f"local-{number}" for number in range(PEOPLE)]
    there = [f"there-{number}" for number in range(PEOPLE)]
    with on_sqlite() as world, slapd.start_slapd() as directory:
        for name in local:
            world.user(name, password=PASSWORD)
        directory.people(*there)
        provider(world, kind=ProviderKind.LDAP, settings=directory.settings())
        reader = Reader(provider_settings.read(LdapSettings, directory.settings(), {}))
        with serve(world, **AS_DELIVERED) as served:
            _all(served.url, "/auth/ldap/corp/login", there, slapd.PASSWORD)  # Now they are users.
            mine = _all(served.url, "/sign-in", local, PASSWORD)
            theirs = _all(served.url, "/auth/ldap/corp/login", there, slapd.PASSWORD)
        hashed = _behind_each_other(lambda _: world.wiring.sign_in.hasher.hash(PASSWORD), local)
        asked = _behind_each_other(lambda name: _ask(reader, name), there)
    return [
        *_rows("password", mine, "a hash", hashed),
        *_rows("password of a directory", theirs, "asking the directory", asked),
        *_id_tokens(),
        *_saml_answers(),
    ]


def _rows(what: str, seconds: float, proof: str, alone: float) -> list[Row]:
    return [
        Row(f"sign-ins by {what} a second, {AT_ONCE} at once", "", PEOPLE / seconds, 0),
        Row(
            f"a sign-in by {what}, beside {proof} alone",
            "ms",
            seconds * 1000 / PEOPLE,
            0,
            alone * 1000 / PEOPLE,
        ),
    ]


def _all(url: str, place: str, names: Sequence[str], password: str) -> float:
    return _together(lambda name: _sign_in(url, place, name, password), names)


def _together(act: Callable[[str], object], names: Sequence[str]) -> float:
    """Seconds until all of them were done, some at a time."""
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(act, names))
    return time.perf_counter() - began


def _behind_each_other(act: Callable[[str], object], names: Sequence[str]) -> float:
    """Seconds until all of them were done, one at a time."""
    began = time.perf_counter()
    for name in names:
        act(name)
    return time.perf_counter() - began


def _sign_in(url: str, place: str, name: str, password: str) -> None:
    with requests.Session() as browser:
        found = TOKEN_IN_FORM.search(browser.get(f"{url}{place}", timeout=SECONDS).text)
        form = {"csrf_token": found.group(1) if found else "", "name": name, "password": password}
        answer = browser.post(f"{url}{place}", form, allow_redirects=False, timeout=SECONDS)
    if answer.status_code != SEE_OTHER:
        raise SystemExit(f"{name} is answered with {answer.status_code}")


def _ask(reader: Reader, name: str) -> None:
    reader.check(name, slapd.PASSWORD, now=datetime.now(UTC))


def _id_tokens() -> list[Row]:
    """A token as most providers make it, RS256 with 2,048 bits, and its signature alone."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = RSAKey.import_key(private, {"kid": "one"})
    now = datetime.now(UTC)
    issuer = "https://sign-in.test"
    said: dict[str, object] = {"iss": issuer, "aud": "codara", "sub": "s-1", "nonce": "n"}
    said |= {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 600}
    text = jwt.encode({"alg": "RS256", "kid": "one"}, said, key)
    expected = Expected(issuer, "codara", "n", "")
    public = private.public_key()
    signature = private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())

    def alone() -> None:
        public.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())

    ours = _seconds(lambda: oidc_tokens.read(text, key, expected, now=now))
    theirs = _seconds(alone)
    return [
        Row("ID tokens checked a second", "", TOKENS / ours, 0),
        Row(
            "an ID token, beside its signature alone",
            "µs",
            ours / TOKENS * 1_000_000,
            0,
            theirs / TOKENS * 1_000_000,
        ),
    ]


def _saml_answers() -> list[Row]:
    """True answers of a provider, each brought by the browser that asked; and what they sign."""
    with on_sqlite() as world, start_saml_provider() as peer:
        meet(world, peer)
        first, *visits = [Visit(world) for _ in range(ANSWERS + 1)]
        first.bring(first.answer())
        answers = [visit.answer() for visit in visits]
        key = xmlsec.Key.from_memory(peer.certificate(), constants.KeyDataFormatCertPem)
        began = time.process_time()
        for visit, answer in zip(visits, answers, strict=True):
            if visit.bring(answer).status_code != SEE_OTHER:
                raise SystemExit("An answer was refused.")
        ours = (time.process_time() - began) / ANSWERS
        began = time.process_time()
        for answer in answers:
            _check_signature(answer, key)
        alone = (time.process_time() - began) / ANSWERS
    return [
        Row("SAML answers a second, to an open session", "", 1 / ours, 0),
        Row("a SAML answer, beside its signature alone", "ms", ours * 1000, 0, alone * 1000),
    ]


def _check_signature(answer: str, key: xmlsec.Key) -> None:
    root = opened(answer)
    context = xmlsec.SignatureContext()
    context.key = key
    xmlsec.tree.add_ids(root, ["ID"])
    context.verify(xmlsec.tree.find_node(root, constants.NodeSignature))


def _seconds(act: Callable[[], object]) -> float:
    act()
    began = time.process_time()
    for _ in range(TOKENS):
        act()
    return time.process_time() - began
