"""Requests that are not in the form of git's protocol: their sender is told so, and nobody else."""

from __future__ import annotations

import gzip

import pytest
import structlog
from structlog.testing import capture_logs

from appliance.domain.permissions import Role
from appliance.web import git_http
from tests.git.builder import Builder
from tests.web.git_client import token
from tests.world import copy_sqlite

UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
MALFORMED = "This request is not in the form of Git's protocol"
ZERO, ONES = b"0" * 40, b"1" * 40
DELIMITER, FLUSH = b"0001", b"0000"


def line(words: bytes) -> bytes:
    return b"%04x%s" % (len(words) + 4, words)


FETCH = line(b"command=fetch\n")
BODIES = [
    (UPLOAD, 0, b"zzzz"),
    (UPLOAD, 0, b"0003"),
    (UPLOAD, 0, b"0010abc"),
    (UPLOAD, 0, line(b"want corrupt\n") + FLUSH),
    (UPLOAD, 0, line(b"deepen x") + FLUSH),
    (UPLOAD, 2, b"zzzz"),
    (UPLOAD, 2, b"+014command=ls-refs\n" + FLUSH),
    (UPLOAD, 2, line(b"command=foo\n") + FLUSH),
    (UPLOAD, 2, line(b"unable to read\n") + FLUSH),
    (UPLOAD, 2, line(b"agent=x\n") + FLUSH),
    (UPLOAD, 2, FETCH + line(b"command=ls-refs\n") + FLUSH),
    (UPLOAD, 2, FETCH + line(b"object-format=sha256\n") + DELIMITER + FLUSH),
    (UPLOAD, 2, FETCH + DELIMITER + line(b"want corrupt\n") + FLUSH),
    (UPLOAD, 2, FETCH + DELIMITER + line(b"have corrupt\n") + FLUSH),
    (UPLOAD, 2, FETCH + DELIMITER + line(b"bad object\n") + FLUSH),
    (UPLOAD, 2, FETCH + DELIMITER + line(b"shallow x\n") + FLUSH),
    (UPLOAD, 2, line(b"command=ls-refs\n") + DELIMITER + line(b"peel\n")),
    (RECEIVE, 0, b"zzzz"),
    (RECEIVE, 0, b"0003"),
    (RECEIVE, 0, b"0010abc"),
    (RECEIVE, 0, b""),
    (RECEIVE, 0, line(b"corrupt") + FLUSH),
    (RECEIVE, 0, line(b"%s %s refs/heads/x\0 object-format=sha256" % (ZERO, ONES)) + FLUSH),
    (RECEIVE, 0, line(b"%s %s refs/heads/x\0 report-status" % (ZERO, ONES))),
]


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    """No row is read that differs between the databases."""
    return copy_sqlite(migrated_sqlite, tmp_path / "home")


@pytest.fixture
def post(world, monkeypatch):
    """Sends a body to a service of git; gives its answer and what was logged of it."""
    # Whatever has been configured for this process, a new logger listens to whoever captures.
    structlog.reset_defaults()
    monkeypatch.setattr(git_http, "log", structlog.get_logger())
    repository = world.repository("lab/notes")
    Builder(world.folder(repository)).commit({b"a.txt": b"1"})
    secret = token(world, world.user("writer", role=Role.WRITER, on="lab/notes"))
    client = world.client()

    def send(service: str, version: int, body: bytes, **headers: str):
        with capture_logs() as logs:
            answer = client.post(
                f"/lab/notes.git/{service}",
                data=body,
                content_type=f"application/x-{service}-request",
                headers={"Git-Protocol": f"version={version}", **headers},
                auth=("git", secret),
            )
            said = answer.get_data()
            answer.close()
        return said, [each for each in logs if each["event"].startswith("git.")]

    return send


@pytest.mark.parametrize(("service", "version", "body"), BODIES)
def test_what_is_malformed_is_called_that_and_no_fault_of_the_repository(
    post, service, version, body
):
    said, logs = post(service, version, body)

    assert said[4:].startswith(b"ERR " + MALFORMED.encode())
    assert int(said[:4], 16) == len(said)
    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("git.request_malformed", "info")
    ]


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(line(b"x" * 5000), mtime=0)[:-9]])
def test_what_cannot_be_unpacked_is_malformed_too(post, body):
    said, logs = post(RECEIVE, 0, body, **{"Content-Encoding": "gzip"})

    assert MALFORMED.encode() in said
    assert [each["event"] for each in logs] == ["git.request_malformed"]


def test_a_repository_that_cannot_be_read_is_still_called_that(post, world):
    for settings in world.home.glob("repositories/**/config"):
        settings.write_text("[no settings")

    said, logs = post(UPLOAD, 0, line(b"want %s\n" % ONES) + FLUSH)

    assert b"could not read this repository" in said
    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("git.transfer_failed", "warning")
    ]
