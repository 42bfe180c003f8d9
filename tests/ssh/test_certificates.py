"""SSH certificates at both doors, with real clients: who gets in, until when, and what ends it."""

from __future__ import annotations

import getpass
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.db.second_factors import FactorRule
from appliance.db.ssh_authorities import SshAuthority
from appliance.db.users import User, UserState
from appliance.domain.identity import stranger
from appliance.domain.permissions import Role
from appliance.errors import ConflictError, InvalidError, RefusedError, UnauthenticatedError
from appliance.services import address_lists, ssh_authorities, ssh_certificates
from appliance.ssh import openssh
from tests.peers.server import free_port, running
from tests.peers.sshd import start_sshd
from tests.ssh.conftest import Client
from tests.world import NOON

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ROOT = Path(__file__).parents[2]


class Authority:
    """A customer's authority, and a person whose key it certifies. Its state is their files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        for name in ("authority", "key"):
            keygen("-t", "ed25519", "-N", "", "-f", folder / name)

    @property
    def line(self) -> str:
        return (self.folder / "authority.pub").read_text()

    def certify(self, *words: str, principals: str = "writer", serial: int = 7) -> None:
        """Give the person another certificate."""
        who = ["-n", principals] if principals else []
        signing = ["-s", self.folder / "authority", "-I", "laptop of writer", "-z", str(serial)]
        keygen(*signing, *who, *(words or ("-V", "+1h")), self.folder / "key.pub")


def keygen(*words: str | Path) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "person")


@pytest.fixture
def trusted(world, authority: Authority):
    """The authority, once an administrator has trusted it."""
    world.repository("lab/notes")
    world.administrator()
    world.user("writer", role=Role.WRITER, on="lab/notes")
    return trust(world, authority)


@pytest.fixture(params=["sshd", "embedded"])
def person(request, world, served, trusted, tmp_path) -> Iterator[Client]:
    """Somebody with a key and a certificate, at either server."""
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


def trust(world, authority, **fields: Any):
    with world.begin(world.actor("administrator")) as work:
        return ssh_authorities.trust(work, text=authority.line, now=NOON, **fields)


def get_in(person, *, succeeds=True):
    return person.git("ls-remote", person.address, at=person.folder, succeeds=succeeds)


def test_a_certificate_lets_its_user_clone_and_push(world, person, authority, tmp_path):
    authority.certify()
    copy = tmp_path / "copy"
    copy.mkdir()
    person.git("init", "-q", "-b", "main", at=copy)
    person.git("commit", "-q", "--allow-empty", "-m", "First", at=copy)

    person.git("push", "-q", person.address, "main", at=copy)
    person.git("clone", "-q", person.address, "again", at=tmp_path)

    used, *_ = world.recorded("auth.certificate_used")
    pushed = world.recorded("git.pushed")[0]
    assert used.body["serial"] == "7"
    assert {each.value for each in used.values.values()} >= {"laptop of writer", "writer"}
    assert pushed.header["auth"]["method"] == "ssh_certificate"
    assert pushed.header["actor"]["ref"] == world.actor("writer").pseudonym


def test_what_does_not_hold_lets_nobody_in(world, person, authority):
    """One server for all of these: each is refused, and a good one gets in before and after."""
    authority.certify()
    get_in(person)
    for words in (
        ("-V", "20200101:20200102"),
        ("-V", "+1d:+2d"),
        ("-V", "+1h", "-O", "force-command=/bin/true"),
        ("-V", "+1h", "-O", "source-address=192.0.2.0/24"),
        ("-V", "+1h", "-O", "critical:something@codara.test=1"),
    ):
        authority.certify(*words)
        get_in(person, succeeds=False)
    for principals in ("", "nobody", "writer,administrator", "writer@elsewhere"):
        authority.certify(principals=principals)
        get_in(person, succeeds=False)
    authority.certify("-V", "+1h", "-O", "source-address=127.0.0.0/8", principals="other,writer")
    get_in(person)


def test_another_authoritys_certificate_lets_nobody_in(person, authority, tmp_path):
    other = Authority(tmp_path / "other")
    words = ["-s", other.folder / "authority", "-I", "x", "-n", "writer", "-V", "+1h"]
    keygen(*words, authority.folder / "key.pub")
    get_in(person, succeeds=False)


def test_a_suspended_users_certificate_does_not_work_at_its_next_use(world, person, authority):
    authority.certify()
    get_in(person)
    set_state(world, UserState.SUSPENDED)
    get_in(person, succeeds=False)
    set_state(world, UserState.ACTIVE)
    get_in(person)


def test_what_was_revoked_lets_nobody_in(world, person, authority, trusted):
    authority.certify()
    plain = (authority.folder / "key.pub").read_text()
    for line in ("serial: 7", "serial: 5-9", "id: laptop of writer", plain):
        revoke(world, trusted, "# revoked\nserial: 100\n" + line)
        get_in(person, succeeds=False)
    revoke(world, trusted, "serial: 8\n")
    get_in(person)


def test_an_authority_that_is_trusted_no_more_lets_nobody_in(world, person, authority, trusted):
    authority.certify()
    get_in(person)
    with world.begin(world.actor("administrator")) as work:
        ssh_authorities.remove(work, trusted.id)
    get_in(person, succeeds=False)


def test_who_has_begun_may_finish_while_all_stand_behind_them(world, trusted, authority):
    """What a session asks while it runs: the certificate's own end does not cut it off."""
    authority.certify("-V", "20200101:20200102")
    blob = (authority.folder / "key-cert.pub").read_text().split()[1]

    def still():
        with world.reading(stranger()) as work:
            ssh_certificates.insist_it_stands(work, b64decode(blob))

    still()
    set_state(world, UserState.SUSPENDED)
    with pytest.raises(UnauthenticatedError):
        still()
    set_state(world, UserState.ACTIVE)
    revoke(world, trusted, "serial: 7")
    with pytest.raises(UnauthenticatedError):
        still()


def test_a_suffix_stands_behind_the_names_of_an_authority(world, person, authority, trusted):
    with world.begin(world.actor("administrator")) as work:
        ssh_authorities.remove(work, trusted.id)
    trust(world, authority, suffix="@lab.test")
    authority.certify(principals="writer")
    get_in(person, succeeds=False)
    authority.certify(principals="writer@lab.test")
    get_in(person)


def test_only_administrators_trust_and_revoke(world, trusted, authority):
    writer = world.actor("writer")
    for act in (
        ssh_authorities.listed,
        lambda work: ssh_authorities.trust(work, text=authority.line, now=NOON),
        lambda work: ssh_authorities.revoke(work, trusted.id, text="", now=NOON),
        lambda work: ssh_authorities.remove(work, trusted.id),
    ):
        with pytest.raises(RefusedError), world.begin(writer) as work:
            act(work)
    with pytest.raises(ConflictError):
        trust(world, authority)
    assert world.one(sa.select(SshAuthority.id)) == trusted.id


def test_programs_trust_revoke_and_remove(world, trusted, authority):
    client = world.client("administrator")
    place = f"/api/v1/ssh-authorities/{trusted.id}"

    listed = client.get("/api/v1/ssh-authorities").json["items"]
    revoked = client.put(f"{place}/revocations", json={"revocations": "serial: 7"})
    wrong = client.put(f"{place}/revocations", json={"revocations": "serial: 7\nnumber 9"})
    others = world.client("writer").delete(place)
    gone = client.delete(place)

    assert [each["fingerprint"] for each in listed] == [trusted.fingerprint]
    assert revoked.json["revocations"] == "serial: 7"
    assert (wrong.status_code, others.status_code, gone.status_code) == (422, 403, 204)
    assert "Line 2" in wrong.json["detail"]
    assert [each for each in world.events() if each.startswith("ssh_key.")] == [
        "ssh_key.authority_trusted",
        "ssh_key.authority_changed",
        "ssh_key.authority_removed",
    ]


@pytest.mark.parametrize("line", ["serial: x", "sha256: ?", "id:", "ssh-dss AAAA", "anything"])
def test_a_line_that_cannot_be_read_is_named(world, trusted, line):
    with pytest.raises(InvalidError, match="Line 1"):
        revoke(world, trusted, line)


def revoke(world, authority, text):
    with world.begin(world.actor("administrator")) as work:
        ssh_authorities.revoke(work, authority.id, text=text, now=NOON)


def set_state(world, state):
    with world.wiring.database._writing() as session, session.begin():
        session.execute(sa.update(User).where(User.name == "writer").values(state=state))


@pytest.mark.promise("P42")
def test_who_owes_a_second_factor_is_told_so(world, person, authority):
    authority.certify()
    get_in(person)
    rule = FactorRule(scope="instance ", role="", grace_seconds=0, created_at=NOON)
    world.add(rule)
    assert "needs a second factor" in get_in(person, succeeds=False)


@pytest.mark.promise("P43")
def test_who_comes_from_elsewhere_is_told_so(world, person, authority):
    authority.certify()
    with world.begin(world.actor("administrator")) as work:
        address_lists.change(work, "", ["127.0.0.0/8", "::1"])
    get_in(person)
    with world.begin(world.actor("administrator")) as work:
        address_lists.change(work, "", ["192.0.2.0/24"])
    assert "cannot sign in from this address" in get_in(person, succeeds=False)
