"""The peers as pytest fixtures: started by the first test that asks, once per test process."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from audit import note
from tests.peers.appliance import Served, serve
from tests.peers.chromium import start_chromium
from tests.peers.postgresql import PostgresqlServer, start_postgresql
from tests.peers.redis import start_redis
from tests.peers.saml_provider import SamlProvider, start_saml_provider
from tests.peers.slapd import Directory, start_slapd
from tests.peers.witnesses import Witness
from tests.quickest import quickest_place
from tests.world import World


@pytest.fixture(scope="session")
def postgresql() -> Generator[PostgresqlServer]:
    """A private PostgreSQL server."""
    with start_postgresql(place=quickest_place()) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_url(postgresql: PostgresqlServer) -> str:
    """The address of an empty PostgreSQL database that this test process has for itself."""
    return postgresql.create("codara")


@pytest.fixture(scope="session")
def redis_url() -> Generator[str]:
    """The address of a private Redis."""
    with start_redis() as address:
        yield address


@pytest.fixture(scope="session")
def shared_saml_provider() -> Generator[SamlProvider]:
    """A SAML identity provider."""
    with start_saml_provider() as provider:
        yield provider


@pytest.fixture
def saml_provider(shared_saml_provider: SamlProvider) -> SamlProvider:
    """The same, itself and its answers as usual."""
    shared_saml_provider.tell(itself={})
    shared_saml_provider.answers()
    return shared_saml_provider


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser]:
    """A headless browser."""
    with start_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def slapd() -> Generator[Directory]:
    """A private LDAP directory; tests put people of their own there."""
    with start_slapd() as directory:
        yield directory


@pytest.fixture
def git_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for git and ssh clients, so that nobody's settings matter."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    return home


@pytest.fixture
def served(world: World) -> Generator[Served]:
    """The world, answering on a port and on its socket."""
    with serve(world) as served:
        yield served


@pytest.fixture
def make_witness(tmp_path: Path) -> Generator[Callable[..., Witness]]:
    """Makes witnesses of the audit log that know some logs: `make_witness(name, *vkeys)`."""
    made: list[Witness] = []

    def make(name: str, *logs: note.Key) -> Witness:
        witness = Witness(tmp_path / f"witness-{len(made)}", name)
        for key in logs:
            witness.state.add_log(key)
        made.append(witness)
        return witness

    yield make
    for witness in made:
        witness.stop(kill=True)
