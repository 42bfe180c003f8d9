"""An auditor takes an export to a folder with nothing but the verifier, and believes no one."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.security.log_signing import LogSigner
from audit.canonical import canonical
from tests.journeys.running import ROOT, Whole, until, whole

pytestmark = pytest.mark.slow
GOOD, TAMPERED, FORKED, INCOMPLETE, UNTRUSTED, MALFORMED = 0, 10, 20, 30, 40, 50
FIRST = "logs/instance"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def appliance(request, tmp_path_factory):
    """A running appliance in which people have worked; whoever checks it leaves that as it is."""
    folder, settings = tmp_path_factory.mktemp("auditor"), {}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        settings["CODARA_DATABASE__URL"] = server.create(f"auditor_{uuid4().hex}")
    with whole(folder / "home", **settings) as running:
        running.codara("user", "create", "writer", "--email", "writer@lab.example")
        token = running.token("admin", "admin,org:admin,repo:admin,repo:write,audit:read,user")

        def do(method, path, body=None):
            answer = running.api(token, method, path, body)
            assert answer.status_code < 300, (path, answer.text)

        do("POST", "/users", {"name": "reader", "email": "reader@lab.example"})
        do("POST", "/orgs", {"name": "lab"})
        do("PUT", "/orgs/lab/members/writer", {"role": "member"})
        for number in range(12):
            do("POST", "/repos", {"owner": "lab", "name": f"notes-{number}"})
        do("PATCH", "/orgs/lab", {"description": "=cmd()"})
        running.codara("repo", "delete", "lab/notes-3", "--yes")
        yield running


class Auditor:
    """A folder with the verifier and nothing else, and the means to check and to change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        ignored = shutil.ignore_patterns("vectors", "__pycache__")
        shutil.copytree(ROOT / "audit", folder / "audit", ignore=ignored)

    def verify(self, export: str, *words: str) -> int:
        """The exit status of the verifier."""
        command = ["-S", "-E", "-m", "audit", "verify", export, "--trust", "keys.json", *words]
        finished = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in finished.stderr
        self.said = finished.stdout
        return finished.returncode

    def copy(self, name: str) -> Path:
        """A copy of the export of everything, to be spoilt."""
        return Path(shutil.copytree(self.folder / name, self.folder / f"{name}-spoilt"))


@pytest.fixture
def auditor(tmp_path):
    return Auditor(tmp_path / "auditor")


def settled(appliance: Whole) -> dict[str, object]:
    """The newest signed state, when all that was done so far is in it."""

    def state():
        found = appliance.codara("audit", "checkpoint")
        return found if found["size"] == state.last else setattr(state, "last", found["size"])

    state.last = -1
    return until(state, "the log does not come to rest")


def sign(folder: Path, home: Path) -> None:
    """Make the manifest fit what is there, and sign it: who has the log's key can do that."""
    said = json.loads((folder / "bundle.json").read_bytes())
    for each in said["files"]:
        data = (folder / each["name"]).read_bytes()
        each |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "bundle.json").write_bytes(canonical(said))
    digest = hashlib.sha256(canonical(said)).hexdigest()
    signer = LogSigner(home / "keys" / "audit.key")
    note = signer.sign_text(said["logs"][0]["origin"], f"codara-audit-bundle/1\n{digest}\n")
    (folder / "manifest.note").write_text(note)


def rewrite(file: Path, change) -> None:
    """Change the lines of a packed file."""
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join(change(lines)), mtime=0))


@pytest.mark.promise("P32")
def test_an_auditor_checks_an_export(appliance, auditor, tmp_path):
    settled(appliance)
    appliance.codara("audit", "trust", "--out", auditor.folder / "keys.json")
    appliance.codara("audit", "checkpoint", "--out", auditor.folder / "head")
    said = appliance.codara("audit", "export", "--out", auditor.folder / "all")
    assert said["entries"] == said["matched"] > 20

    # As it was written, and of the log that was seen before.
    assert auditor.verify("all", "--known", "head") == GOOD, auditor.said
    here = [*appliance.program, "audit", "verify"]
    subprocess.run(here, env=appliance.environment, cwd=tmp_path, check=True)

    # Everything that a carrier can do: one byte of each file.
    for name in ("headers.jsonl.gz", "bodies.jsonl.gz", "values.jsonl.gz", "checkpoint"):
        spoilt = auditor.copy("all") / FIRST / name
        data = bytearray(spoilt.read_bytes())
        data[len(data) // 2] ^= 1
        spoilt.write_bytes(bytes(data))
        assert auditor.verify("all-spoilt") == TAMPERED, (name, auditor.said)
        shutil.rmtree(auditor.folder / "all-spoilt")

    # A later state continues what was kept.
    appliance.codara("repo", "create", "lab/later")
    settled(appliance)
    appliance.codara("audit", "export", "--out", auditor.folder / "later")
    assert auditor.verify("later", "--known", "head") == GOOD, auditor.said
    appliance.codara("audit", "checkpoint", "--out", auditor.folder / "newer")
    assert auditor.verify("all", "--known", "newer") == FORKED


def test_a_filtered_export_shows_what_is_left_out(appliance, auditor):
    settled(appliance)
    appliance.codara("audit", "trust", "--out", auditor.folder / "keys.json")
    words = ("--query", "action:repo.*", "--org", "lab")
    said = appliance.codara("audit", "export", "--out", auditor.folder / "some", *words)
    assert 12 < said["matched"] < said["entries"]
    assert auditor.verify("some") == GOOD, auditor.said
    (folder,) = (auditor.folder / "some" / "logs").iterdir()

    spoilt = auditor.copy("some")
    rewrite(spoilt / "logs" / folder.name / "bodies.jsonl.gz", lambda lines: lines[:5] + lines[6:])
    sign(spoilt, appliance.home)
    assert auditor.verify("some-spoilt") == INCOMPLETE, auditor.said
    shutil.rmtree(spoilt)

    spoilt = auditor.copy("some")
    rewrite(spoilt / "logs" / folder.name / "headers.jsonl.gz", lambda lines: lines[:4] + lines[5:])
    sign(spoilt, appliance.home)
    assert auditor.verify("some-spoilt") in {TAMPERED, INCOMPLETE}, auditor.said


def test_one_file_goes_to_an_auditor_and_no_other_key_will_do(appliance, auditor, tmp_path):
    settled(appliance)
    token = appliance.token("admin", "admin,audit:read")
    asked = appliance.api(token, "POST", "/audit/exports", {"log": "instance"}).json()
    place = f"/audit/exports/{asked['id']}"
    until(lambda: appliance.api(token, "GET", place).json()["state"] == "ready")
    file = appliance.api(token, "GET", f"{place}/download")
    (auditor.folder / "export.zip").write_bytes(file.content)
    keys = appliance.api(token, "GET", "/audit/trust").json()
    (auditor.folder / "keys.json").write_text(json.dumps(keys))
    assert auditor.verify("export.zip") == GOOD, auditor.said

    signer = LogSigner(tmp_path / "another.key")
    for log in keys["logs"]:
        log["keys"] = [
            {"from": 0, "until": None, "vkey": str(key)} for key in signer.keys(log["origin"])
        ]
    (auditor.folder / "keys.json").write_text(json.dumps(keys))
    assert auditor.verify("export.zip") == UNTRUSTED
