"""Signed pushes over SSH with real clients, at the host's OpenSSH and at the embedded server."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.db.pushes import Push
from appliance.domain.permissions import Role
from appliance.services import openpgp_keys, ssh_keys
from appliance.ssh import openssh
from tests.peers.server import free_port, running
from tests.peers.sshd import start_sshd
from tests.signing import Signer
from tests.ssh.conftest import Client
from tests.ssh.test_certificates import keygen
from tests.world import NOON

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def signer(tmp_path_factory):
    person = Signer(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def writer(world, tmp_path):
    """Somebody whose SSH key lets them in."""
    world.repository("lab/notes")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    (tmp_path / "person").mkdir()
    keygen("-t", "ed25519", "-N", "", "-f", tmp_path / "person" / "key")
    with world.begin(world.actor("writer")) as work:
        text = (tmp_path / "person" / "key.pub").read_text()
        ssh_keys.add(work, text=text, now=NOON)


@pytest.fixture(params=["sshd", "embedded"])
def person(request, world, served, writer, tmp_path) -> Iterator[Client]:
    """They, at either server."""
    socket = world.wiring.home.web_socket
    if request.param == "embedded":
        port = free_port()
        words = [str(port), tmp_path / "host-keys", socket, "12"]
        command = [sys.executable, "-u", "-m", "tests.ssh.embedded", *words]
        with running(command, ready="listening", folder=ROOT) as server:
            yield Client(tmp_path / "person", "git", port, server.pid)
        return
    account = getpass.getuser()
    python = Path(sys.executable).resolve()
    text = openssh.configuration(python=python, socket=socket, account=account)
    (tmp_path / "sshd").mkdir()
    with start_sshd(tmp_path / "sshd", "PermitRootLogin yes", *text.splitlines()) as server:
        yield Client(tmp_path / "person", account, server.port)


@pytest.mark.parametrize("form", ["ssh", "openpgp"])
def test_a_signed_push_is_verified_and_kept(world, person, signer, form):
    with world.begin(world.actor("writer")) as work:
        if form == "ssh":
            ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
        else:
            openpgp_keys.add(work, text=signer.pgp_key(), now=NOON)
    head = signer.commit()
    ring = ["-c", f"gpg.program={_gpg(signer)}"]

    person.git(*ring, "push", "--signed=true", person.address, "main", at=signer.copy)

    kept = world.one(sa.select(Push))
    body = world.recorded("git.pushed")[0].body
    assert (kept.protocol, kept.method) == ("ssh", "ssh_key")
    assert body["signature"] == "verified"
    assert f"{'0' * 40} {head} refs/heads/main".encode() in kept.certificate


def _gpg(signer: Signer) -> Path:
    """Gpg with this person's key ring, whatever environment git gives it."""
    file = signer.home / "gpg"
    file.write_text(f'#!/bin/sh\nGNUPGHOME={signer.rings} exec gpg --batch "$@"\n')
    file.chmod(0o700)
    return file
