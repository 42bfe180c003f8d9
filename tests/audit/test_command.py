"""The command: what an auditor types, what comes out, and exit codes; with nothing but Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import audit
from audit.verdict import Verdict
from tests.audit import exports
from tests.audit.exports import Export, story, tlog_proof
from tests.audit.signers import Signer

FOLDER = Path(audit.__file__).parent
LOG = story(60)
EXPORT = Export((LOG,), earlier=(17,))
SIGNERS = [Signer(LOG.origin), exports.witness("revision")]


@pytest.fixture
def laptop(tmp_path):
    """A machine that has the folder `audit`, an export and a key file, and has never seen us."""
    shutil.copytree(FOLDER, tmp_path / "audit", ignore=shutil.ignore_patterns("__pycache__"))
    exports.write(EXPORT.files(), tmp_path / "export")
    exports.write_zip(EXPORT.files(), tmp_path / "export.zip")
    (tmp_path / "keys.json").write_bytes(EXPORT.trust())
    return tmp_path


def run(laptop, *words: object, **environment: object):
    return subprocess.run(
        [sys.executable, "-S", "-E", "-W", "error", "-m", "audit", *words],
        cwd=laptop,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_a_good_export_is_good(laptop, name):
    ended = run(laptop, "verify", name, "--trust", "keys.json", LANG="C")

    assert ended.returncode == Verdict.GOOD
    assert ended.stderr == b""
    assert ended.stdout.decode("ascii").splitlines()[-1].startswith("GOOD (0)")


def test_for_programs_there_is_one_line_for_each_check(laptop):
    (laptop / "export/logs/instance/bodies.jsonl.gz").unlink()

    ended = run(laptop, "verify", "export", "--trust", "keys.json", "--json")

    said = [json.loads(line) for line in ended.stdout.splitlines()]
    checks = {each["check"]: each["verdict"] for each in said if each["type"] == "check"}
    assert ended.returncode == Verdict.INCOMPLETE
    assert checks == {
        "manifest": "good",
        "checkpoint": "good",
        "witnesses": "good",
        "headers": "good",
        "bodies": "incomplete",
        "values": "incomplete",
        "tombstones": "incomplete",
        "history": "good",
        "heartbeats": "good",
        "permissions": "good",
        "files": "incomplete",
    }
    assert said[-1]["type"] == "verdict"
    assert said[-1]["code"] == Verdict.INCOMPLETE


def test_every_problem_is_reported_before_the_verdict(laptop):
    (laptop / "export/logs/instance/checkpoints.jsonl").write_bytes(b"")
    (laptop / "export/logs/instance/values.jsonl.gz").unlink()
    (laptop / "export/more").write_bytes(b"")

    ended = run(laptop, "verify", "export", "--trust", "keys.json")

    assert ended.returncode == Verdict.TAMPERED
    page = ended.stdout.decode()
    assert "checkpoints.jsonl was changed" in page
    assert "values.jsonl.gz is missing" in page
    assert "more was added" in page


def test_the_head_of_one_visit_is_known_at_the_next(laptop):
    head = run(laptop, "head", "export")
    (laptop / "head").write_bytes(head.stdout)
    exports.write(Export((story(90),)).files(), laptop / "next")
    less = Export((story(40),)).files()
    exports.write(less, laptop / "less")
    other = story(60)
    other.headers[7]["outcome"] = "failed"
    exports.write(Export((other,)).files(), laptop / "fork")

    codes = {
        name: run(laptop, "verify", name, "--trust", "keys.json", "--known", "head").returncode
        for name in ("export", "less", "fork")
    }

    assert head.stdout == EXPORT.files()["logs/instance/checkpoint"]
    assert codes == {"export": 0, "less": Verdict.FORKED, "fork": Verdict.FORKED}


def test_the_proof_of_one_entry_is_checked(laptop):
    (laptop / "entry.json").write_bytes(LOG.leaves()[7] + b"\n")
    (laptop / "entry.tlog-proof").write_text(tlog_proof(LOG, 7, SIGNERS))
    index = max(LOG.bodies)
    (laptop / "last.json").write_bytes(LOG.leaves()[index])
    (laptop / "last.tlog-proof").write_text(tlog_proof(LOG, index, SIGNERS))
    (laptop / "body.json").write_bytes(exports.body_line(LOG, index))
    words = ["proof", "entry.tlog-proof", "--trust", "keys.json", "--entry"]
    with_body = ["proof", "last.tlog-proof", "--trust", "keys.json", "--body", "body.json"]

    assert run(laptop, *words, "entry.json").returncode == Verdict.GOOD
    assert run(laptop, *words, "keys.json").returncode == Verdict.MALFORMED
    assert run(laptop, *with_body, "--entry", "last.json").returncode == Verdict.GOOD
    assert run(laptop, *with_body, "--entry", "entry.json").returncode == Verdict.TAMPERED


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["verify"],
        ["verify", "export"],
        ["verify", "export", "--trust", "no such file"],
        ["verify", "export", "--trust", "export/bundle.json"],
        ["verify", "export", "--trust", "keys.json", "--known", "keys.json"],
        ["verify", "export", "--trust", "keys.json", "--trustworthy"],
        ["proof", "keys.json", "--trust", "keys.json"],
        ["head", "export", "--log", "no such log"],
        ["believe", "export"],
    ],
)
def test_what_was_not_understood_is_wrong_usage(laptop, words):
    ended = run(laptop, *words)

    assert ended.returncode == Verdict.USAGE
    assert ended.stdout == b""
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("words", [["head", "no such export"], ["verify", "no such export"]])
def test_what_is_no_export_is_malformed(laptop, words):
    more = ["--trust", "keys.json"] if words[0] == "verify" else []

    ended = run(laptop, *words, *more)

    assert ended.returncode == Verdict.MALFORMED
    assert b"Traceback" not in ended.stderr


def test_the_version_is_told(laptop):
    assert run(laptop, "--version").stdout.startswith(b"codara-audit ")


def test_text_from_an_export_cannot_move_a_cursor(laptop):
    files = EXPORT.files()
    exports.seal(files, [Signer(LOG.origin)], query="\x1b[2J\u202egood")
    exports.write(files, laptop / "hostile")

    ended = run(laptop, "verify", "hostile", "--trust", "keys.json")

    assert ended.returncode == Verdict.GOOD
    assert b"x1b[2J" in ended.stdout
    assert set(ended.stdout) <= set(b"\n" + bytes(range(0x20, 0x7F)))


def test_a_closed_pipe_ends_without_a_traceback(laptop):
    words = "-S -E -m audit verify export --trust keys.json --json"
    ended = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} {words} | true"],
        cwd=laptop,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in ended.stderr
