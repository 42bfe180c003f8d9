"""Each process is killed while people push and import: nothing acknowledged is lost or unseen."""

from __future__ import annotations

import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.db.engine import make_engine, sqlite_url
from tests.journeys.history import generated
from tests.journeys.running import Whole, give_key, until, whole
from tests.recorded import recorded as everything_recorded
from tests.web.git_client import GitClient

pytestmark = pytest.mark.slow
FORMAT = "--format=%(refname) %(objectname)"
LEDGER = "SELECT repository_id, ref, oid FROM ref_ledger"
PARTS = ("web", "worker", "scheduler", "queue", "ssh")


@pytest.fixture
def git(tmp_path):
    return GitClient(tmp_path / "person")


@pytest.fixture
def source(git, tmp_path):
    return generated(git, tmp_path / "source", commits=40)


@pytest.mark.promise("P14")
@pytest.mark.promise("P25")
def test_whatever_is_killed_no_acknowledged_push_is_lost(tmp_path, git, source):
    with whole(tmp_path / "home") as appliance:
        appliance.codara("org", "create", "lab")
        appliance.codara("repo", "create", "lab/notes")
        git.environment["GIT_SSH_COMMAND"] = give_key(appliance, "admin", tmp_path / "keys")
        https = appliance.https("lab/notes", appliance.token("admin", "repo:write"))
        acknowledged = {}
        for part in PARTS:
            remote = appliance.ssh("lab/notes") if part == "ssh" else https
            oid = git.commit(source, f"{part}.txt", part)
            pushing = git.start("push", "-q", remote, f"HEAD:refs/heads/{part}", at=source)
            kill(appliance, part)
            pushing.communicate()
            if pushing.returncode == 0:
                acknowledged[f"refs/heads/{part}"] = oid
            # Whatever became of that push, the next one soon succeeds.
            again = ("push", "-q", remote, f"HEAD:refs/heads/again-{part}")
            until(partial(succeeds, git, source, *again))
            acknowledged[f"refs/heads/again-{part}"] = oid
        arriving = appliance.codara("repo", "import", source, "lab/arriving", "--no-wait")
        assert arriving is not None
        kill(appliance, "worker-all")
        token = appliance.token("admin", "repo:read")
        until(lambda: content(appliance, token, "lab/arriving") == "ready")
        appliance.kill()
        appliance.start()
        assert refs(git, source, appliance.https("lab/arriving", token)) >= branches(git, source)
        remote = appliance.https("lab/notes", token)
        assert refs(git, source, remote) >= set(acknowledged.items())
        until(lambda: nothing_is_open(appliance))
        assert recorded(appliance) >= set(acknowledged)
        assert every_ref_is_recorded(appliance)


def kill(appliance: Whole, part: str) -> None:
    """End every process of one part at once."""
    found = until(lambda: [pid for pid, name in appliance.processes().items() if name == part])
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def succeeds(git: GitClient, source: Path, *words: str) -> bool:
    """Whether git ends well now."""
    return git.try_(*words, at=source).status == 0


def content(appliance: Whole, token: str, path: str) -> str:
    """How far the content of a repository is."""
    answer = appliance.api(token, "GET", f"/repos/{path}")
    assert answer.status_code in {200, 429, 503}, answer.text  # We ask often.
    return str(answer.json().get("content"))


def refs(git: GitClient, source: Path, remote: str) -> set[tuple[str, str]]:
    """What a clone would get."""
    lines = git("ls-remote", remote, at=source).splitlines()
    return {(ref, oid) for oid, ref in (line.split("\t") for line in lines)}


def branches(git: GitClient, source: Path) -> set[tuple[str, str]]:
    """What the source has."""
    lines = git("for-each-ref", FORMAT, at=source).splitlines()
    return {(ref, oid) for ref, oid in (line.split() for line in lines)}


def asked(appliance: Whole, statement: str):
    """Rows of the record."""
    engine = make_engine(sqlite_url(appliance.home / "codara.db"))
    with engine.connect() as connection:
        rows = connection.execute(sa.text(statement)).all()
    engine.dispose()
    return rows


def nothing_is_open(appliance: Whole) -> bool:
    """Whether every push that was accepted has been settled."""
    return not asked(appliance, "SELECT 1 FROM pushes WHERE state = 'accepted'")


def recorded(appliance: Whole) -> set[str]:
    """Every ref that an event says has moved."""
    engine = make_engine(sqlite_url(appliance.home / "codara.db"))
    pushed = everything_recorded(engine, "git.pushed")
    engine.dispose()
    return {ref[0] for each in pushed for ref in each.body["refs"] if ref[3] == "moved"}


def every_ref_is_recorded(appliance: Whole) -> bool:
    """Whether the refs on disk are those of the ledger, in every repository."""
    ledger = {(folder, ref.decode(), oid) for folder, ref, oid in asked(appliance, LEDGER)}
    on_disk = set()
    for folder in appliance.home.glob("repositories/*/*/*.git"):
        words = [
            "git",
            "-c",
            "safe.directory=*",
            "-C",
            folder,
            "for-each-ref",
            "--format=%(refname) %(objectname)",
        ]
        listed = subprocess.run(words, capture_output=True, text=True, check=True)
        on_disk |= {(folder.stem, *line.split()) for line in listed.stdout.splitlines()}
    return on_disk == ledger
