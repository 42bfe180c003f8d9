"""What the SSH programs and the hooks ask over the local socket."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from appliance.db.credentials import SshKey
from appliance.db.users import User, UserState
from appliance.domain.ids import new_id
from appliance.domain.permissions import Role
from appliance.errors import ApplianceError
from appliance.services import push_settlement, pushes, repository_moves
from appliance.ssh.protocol import UnansweredError, ask
from tests.web.git_client import GitClient
from tests.world import NOON

FINGERPRINT = "SHA256:" + "a" * 43


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    return world.user("writer", role=Role.WRITER, on="lab/notes")


def add_key(world, *, user_id=None, repository_id=None, fingerprint=FINGERPRINT, **fields: object):
    key = SshKey(
        id=new_id(),
        user_id=user_id,
        repository_id=repository_id,
        title="laptop",
        key_type="ssh-ed25519",
        public_key=b"blob",
        fingerprint=fingerprint,
        created_at=NOON,
        **fields,
    )
    world.add(key)
    return str(key.id)


@pytest.fixture
def asked(served):
    def question(endpoint, **fields: object):
        return ask(str(served.world.wiring.home.web_socket), f"/internal/{endpoint}", fields)

    return question


def session(asked, key_id, command="git-upload-pack", path="lab/notes"):
    return asked(
        "ssh/session",
        key_id=key_id,
        command=command,
        path=path,
        address="192.0.2.7",
        protocol="version=2",
    )


def test_keys_are_found_by_their_fingerprint(world, writer, asked):
    key_id = add_key(world, user_id=writer.id)

    found = asked("ssh/keys", fingerprint=FINGERPRINT)
    other = asked("ssh/keys", fingerprint="SHA256:" + "b" * 43)

    blob = b64encode(b"blob").decode()
    assert found == {"keys": [{"id": key_id, "type": "ssh-ed25519", "blob": blob}]}
    assert other == {"keys": []}


def test_a_session_is_greeted_or_given_what_git_needs(world, writer, asked):
    key_id = add_key(world, user_id=writer.id)

    greeting = session(asked, key_id, command="", path="")
    fetching = session(asked, key_id)
    pushing = session(asked, key_id, command="git-receive-pack")
    shell = session(asked, key_id, command="sh")
    hidden = session(asked, key_id, path="lab/nothing")

    assert (greeting["ok"], greeting["user"]) == (True, "writer")
    assert fetching["folder"].endswith(".git")
    assert fetching["environment"]["GIT_PROTOCOL"] == "version=2"
    assert "CODARA_PUSH" not in fetching["environment"]
    assert pushing["environment"]["CODARA_PUSH"]
    assert (shell["ok"], hidden["ok"]) == (False, False)
    assert hidden["message"] == "There is no repository lab/nothing."
    assert world.events() == ["git.fetched", "access.refused"]


def test_a_repository_is_found_under_its_old_name_by_who_may_read_it(world, writer, asked):
    key_id = add_key(world, user_id=writer.id)
    stranger = add_key(world, user_id=world.user("stranger").id, fingerprint="SHA256:" + "b" * 43)
    with world.begin(world.user("boss", role=Role.OWNER, on="lab/notes")) as work:
        repository_moves.rename(work, "lab/notes", "papers")

    found = session(asked, key_id)
    pushing = session(asked, key_id, command="git-receive-pack")
    who = {"key_id": key_id, "path": "lab/notes", "address": "192.0.2.7"}
    large = asked("lfs/authenticate", operation="download", **who)
    hidden = session(asked, stranger)

    assert found["folder"]
    assert pushing["environment"]["CODARA_PUSH"]
    assert found["message"] == "lab/notes is lab/papers now."
    assert large["href"].endswith("/lab/papers.git/info/lfs")
    assert hidden["message"] == "There is no repository lab/notes."


def test_a_deploy_key_opens_its_repository_alone(world, asked):
    notes, _other = world.repository("lab/notes"), world.repository("lab/other")
    key_id = add_key(world, repository_id=notes.id, may_write=False)

    assert session(asked, key_id)["ok"]
    assert not session(asked, key_id, path="lab/other")["ok"]
    refused = session(asked, key_id, command="git-receive-pack")
    assert "does not allow repo.write" in refused["message"]


def test_keys_that_have_ended_open_nothing(world, writer, asked):
    key_id = add_key(world, user_id=writer.id, expires_at=NOON - timedelta(days=1000))

    assert not session(asked, key_id)["ok"]
    assert not session(asked, "no id")["ok"]
    assert not session(asked, str(new_id()))["ok"]


def test_lfs_is_opened_by_the_same_key(world, writer, asked):
    key_id = add_key(world, user_id=writer.id)
    who = {"key_id": key_id, "path": "lab/notes", "address": ""}

    answer = asked("lfs/authenticate", operation="upload", **who)
    odd = asked("lfs/authenticate", operation="sideways", **who)

    assert answer["href"].endswith("/lab/notes.git/info/lfs")
    assert answer["header"]["Authorization"].startswith("Codara-LFS ")
    assert not odd["ok"]


def test_a_push_is_accepted_only_with_its_capability_and_once(world, writer, asked, tmp_path):
    git = GitClient(tmp_path / "person")
    copy = git.working_copy(tmp_path / "copy")
    head = git("rev-parse", "HEAD", at=copy).strip()
    with world.reading(writer) as work:
        ticket = pushes.start(
            work, "lab/notes", protocol="https", tools=world.wiring.git, now=datetime.now(UTC)
        )
    git("fetch", "-q", str(copy), "main", at=ticket.folder)
    ref = b64encode(b"refs/heads/main").decode()
    question = {"updates": [["0" * 40, head, ref]], "quarantine": {}, "options": []}
    capability = ticket.push.capability

    forged = asked("pushes/accept", capability=capability[:-2], **question)
    first = asked("pushes/accept", capability=capability, **question)
    again = asked("pushes/accept", capability=capability, **question)
    with pytest.raises(UnansweredError):
        asked("pushes/confirm", capability="x.y", updates=[])
    odd = asked("pushes/accept", capability=capability, updates=[["x", "y", "z"]])

    assert (forged["accept"], first["accept"], again["accept"]) == (False, True, False)
    assert "already been answered" in again["messages"][0]
    assert not odd["accept"]


def test_who_was_suspended_meanwhile_pushes_no_more(world, writer, asked):
    with world.reading(writer) as work:
        ticket = pushes.start(
            work, "lab/notes", protocol="ssh", tools=world.wiring.git, now=datetime.now(UTC)
        )
    with world.wiring.database._writing() as opened, opened.begin():
        opened.get(User, writer.id).state = UserState.SUSPENDED

    ref = b64encode(b"refs/heads/main").decode()
    answer = asked(
        "pushes/accept",
        capability=ticket.push.capability,
        updates=[["0" * 40, "1" * 40, ref]],
        quarantine={},
        options=[],
    )

    assert not answer["accept"]


def test_confirming_what_was_never_accepted_is_refused(world, writer):
    now = datetime.now(UTC)
    with world.reading(writer) as work:
        ticket = pushes.start(work, "lab/notes", protocol="ssh", tools=world.wiring.git, now=now)

    with pytest.raises(ApplianceError), world.begin(writer) as work:
        push_settlement.confirm(work, ticket.push.capability, [], tools=world.wiring.git, now=now)
