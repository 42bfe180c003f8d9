"""All kinds of scanning, while the network is cut and every wish for it is noted."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode

import pytest
import sqlalchemy as sa

from appliance.db.alerts import Alert, Scan
from appliance.db.outbox import JobRecord
from appliance.domain.alerts import AlertKind, ScanCause
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.domain.permissions import OrganisationRole, Role, Scope
from script import code_scanner
from tests import cut_off
from tests.feeding import FILES, LOCK, perform, trusted, used
from tests.scanner import RunningScanner
from tests.scanning.feeds.kit import record
from tests.scanning.tokens import github_token

LEFT = ("PyPI", "left-pad", "1.3")
WEAK = """import os
from flask import request


def ping():
    os.system("ping " + request.args["host"])
"""
NPM = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "notes"},
        "node_modules/network": {"version": "3.0.0", "license": "AGPL-3.0-only"},
    },
}
POLICY = "/api/v1/orgs/lab/licence-policy"
LONG = "".join(f"total = add(total, value_{each}, rate[{each}])\n" for each in range(60))
NEARLY = LONG.replace("value_30,", "another_value,")
SCANS = (
    *(Job.SCAN_PUSH, Job.SCAN_HISTORY, Job.SCAN_CODE, Job.READ_MANIFESTS, Job.MATCH_COMPONENTS),
    Job.COMPARE_FILES,
)


@pytest.fixture
def lab(world, tmp_path):
    """Everything that looks is switched on, and trusts a feed."""
    world.configure(
        CODARA_SCANNING__SECRETS="true",
        CODARA_SCANNING__CODE_PROGRAM=str(code_scanner.make()),
    )
    world.organisation("lab")
    world.repository("lab/notes")
    world.user("owner", member=OrganisationRole.OWNER, of="lab")
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.publisher = trusted(world, tmp_path / "publisher")
    return world


def put(world, path, content):
    """A change of the default branch."""
    return world.client("writer").put(
        f"{FILES}/{path}", json={"content": content, "message": "Change it", "branch": "main"}
    )


def scan(world):
    """Everything that scanning does, once."""
    secret, wrapped = github_token(1), b64encode(f"key={github_token(2)}".encode()).decode()
    with RunningScanner(world.home):
        refused = put(world, "settings.py", f"key = '{secret}'\n")
        assert (refused.status_code, "github-token-classic" in refused.text) == (403, True)

        files = {
            "deployed.yaml": f"data:\n  key: {wrapped}\n",
            "app.py": WEAK,
            LOCK: "left-pad==1.0\n",
            "package-lock.json": json.dumps(NPM),
            "long.py": LONG,
            "copied.py": NEARLY,
        }
        assert [put(world, *each).status_code for each in files.items()] == [200] * len(files)
        office = world.client("owner", Scope.ORGANISATION_ADMIN)
        assert office.put(POLICY, json={"denied": ["AGPL-3.0-only"]}).status_code == 200
        asked = world.client("writer", Scope.SCAN_WRITE).post("/api/v1/repos/lab/notes/scans")
        assert asked.status_code == 202
        with world.begin(appliance()) as work:
            work.session.execute(sa.update(JobRecord).values(not_before=None))  # Their time came.
        perform(world, *SCANS)
    used(world, world.publisher.bundle({"PyPI": [record("GHSA-1", LEFT)]}))

    reader = world.client("writer")
    (family,) = reader.get("/api/v1/repos/lab/notes/duplicates").json["items"]
    assert {each["path"] for each in family["files"]} == {"long.py", "copied.py"}
    assert "left-pad" in reader.get("/api/v1/repos/lab/notes/sbom").text


@pytest.mark.promise("P96")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_of_scanning_works_without_a_network_and_wants_none(lab):
    noted = cut_off.run(lambda: scan(lab), lab.home)

    assert noted.wishes == []
    assert noted.programs >= {"git", "python"}, "nobody was asked about"
    with lab.reading(appliance()) as work:
        rules = {each.kind: each.rule for each in work.session.scalars(sa.select(Alert))}
        scans = list(work.session.scalars(sa.select(Scan)))
    assert rules == {
        AlertKind.SECRET: "github-token-classic",
        AlertKind.CODE: "python-command-injection",
        AlertKind.DEPENDENCY: "GHSA-1",
        AlertKind.LICENCE: "licence-deny",
    }
    assert {(each.kind, each.cause) for each in scans} >= {
        (AlertKind.SECRET, ScanCause.HISTORY),
        (AlertKind.SECRET, ScanCause.PUSH),
        (AlertKind.CODE, ScanCause.PUSH),
    }
    assert [each.skipped for each in scans if not each.is_complete] == []


ASKS = "import socket; socket.getaddrinfo('codara.example', 443)"
CONNECTS = "import socket; socket.create_connection(('192.0.2.1', 443), 1)"
SENDS = (
    "import socket; a = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM);"
    " a.sendto(b'', ('2001:db8::1', 53))"
)
TELLS = (
    "import socket; a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
    " a.sendmsg([b''], [], 0, ('192.0.2.1', 53))"
)
ALONE = f"""
import ctypes, subprocess, sys
ctypes.CDLL(None).unshare(0x50000000)
subprocess.run([sys.executable, "-c", "{CONNECTS}"])
"""


@pytest.mark.promise("P96")
@pytest.mark.parametrize(
    ("program", "address"),
    [
        (ASKS, " 53"),
        (CONNECTS, "192.0.2.1 443"),
        (SENDS, "2001:db8::1 53"),
        (TELLS, "192.0.2.1 53"),
        (ALONE, "192.0.2.1 443"),
    ],
)
def test_whoever_wants_a_network_is_noted(tmp_path, program, address):
    """Or the test above would show nothing: names, connections, and what a child of a child does
    that has given its network up before.
    """
    words = [sys.executable, "-c", program]

    noted = cut_off.run(
        lambda: subprocess.run(words, check=False, stderr=subprocess.DEVNULL), tmp_path
    )

    assert noted.wishes != []
    assert {each.endswith(address) for _, each in noted.wishes} == {True}
