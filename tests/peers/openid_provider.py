"""A real OpenID provider, which can be told to answer wrongly."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from tests.peers.server import PeerError, find_program, free_port, running

FOLDER = Path(__file__).parent / "openid"
SECONDS = 30
HIDDEN = re.compile(r'name="xsrf" value="([^"]+)"')
FORM = re.compile(r'<form[^>]*action="([^"]+)"')


@dataclass(frozen=True)
class OpenidProvider:
    """A running provider."""

    issuer: str

    def people(self, **people: Mapping[str, Any]) -> None:
        """Who can sign in, with what the provider says of them."""
        self._tell("people", people)

    def tamper(
        self,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        by: str = "the provider",
    ) -> None:
        """Let ID tokens say these things instead, None for nothing, signed by whom."""
        self._tell("tamper", {"claims": claims or {}, "header": header or {}, "by": by})

    def be_honest(self) -> None:
        """Let ID tokens be as they should be."""
        self._tell("tamper", None)

    def rotate(self) -> None:
        """Sign by another key from now on."""
        self._tell("rotate", None)

    def fail(self, *paths: str) -> None:
        """Answer with an error at these addresses from now on, and at no others."""
        self._tell("break", paths)

    def publish(self, *keys: Mapping[str, str]) -> None:
        """Have these among its keys too, which sign nothing."""
        self._tell("publish", keys)

    def know(self, keys: object) -> None:
        """Know the client `key` by this JWKS."""
        self._tell("know", keys)

    def logout_token(
        self,
        claims: Mapping[str, Any],
        header: Mapping[str, str | None] | None = None,
        by: str = "the provider",
    ) -> str:
        """A logout token that says these things, None for nothing, signed by whom."""
        return self._tell("logout", {"claims": claims, "header": header or {}, "by": by})

    def _tell(self, what: str, words: object) -> str:
        answer = requests.post(f"{self.issuer}/control/{what}", json=words, timeout=SECONDS)
        answer.raise_for_status()
        return answer.text


@dataclass
class There:
    """Somebody's browser, as far as the provider sees it. Its state: the provider's cookies."""

    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def sign_in(self, address: str, name: str) -> str:
        """Sign in there; gives the address that the provider sends the browser back to."""
        page = self.session.get(address, timeout=SECONDS, allow_redirects=False)
        for _ in range(10):
            if page.is_redirect:
                target = urljoin(page.url, page.headers["Location"])
                if "/auth/oidc/" in target:
                    return target
                page = self.session.get(target, timeout=SECONDS, allow_redirects=False)
                continue
            form = FORM.search(page.text)
            assert form is not None, page.text
            asked = {"prompt": "login", "login": name, "password": "any"}
            target = urljoin(page.url, unescape(form[1]))
            page = self.session.post(target, asked, timeout=SECONDS, allow_redirects=False)
        raise AssertionError(f"no way back from {page.url}")

    def sign_out(self, address: str) -> str:
        """Sign out there; gives where the browser is sent after it."""
        page = self.session.get(address, timeout=SECONDS)
        form = FORM.search(page.text)
        assert form is not None, page.text
        asked = {"logout": "yes", "xsrf": HIDDEN.findall(page.text)[0]}
        target = urljoin(page.url, unescape(form[1]))
        done = self.session.post(target, asked, timeout=SECONDS, allow_redirects=False)
        assert done.status_code < 400, done.text
        return done.headers.get("Location", "")


@contextmanager
def start_openid_provider(callback: str) -> Generator[OpenidProvider]:
    """Serve an empty provider that sends browsers back to `callback`."""
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        raise PeerError("oidc-provider is not installed. script/test installs it, or says how.")
    port = free_port()
    command = [find_program("node"), FOLDER / "provider.mjs", str(port), callback]
    with running(command, ready="^ready"):
        yield OpenidProvider(f"http://127.0.0.1:{port}")
