"""The verifier in one file is the same bytes each time, and needs nothing beside it."""

import subprocess
import sys

from script.audit_file import build
from tests.audit import exports
from tests.audit.exports import Export, story


def test_it_is_the_same_each_time(tmp_path):
    first, second = tmp_path / "a" / "codara-audit.pyz", tmp_path / "b" / "codara-audit.pyz"

    assert build(first) == build(second)
    assert first.read_bytes() == second.read_bytes()


def test_it_checks_an_export_alone(tmp_path):
    build(tmp_path / "codara-audit.pyz")
    export = Export((story(60),))
    exports.write_zip(export.files(), tmp_path / "export.zip")
    (tmp_path / "keys.json").write_bytes(export.trust())
    words = ["codara-audit.pyz", "verify", "export.zip", "--trust", "keys.json"]

    ended = subprocess.run(
        [sys.executable, "-S", "-E", *words], cwd=tmp_path, capture_output=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert b"GOOD (0)" in ended.stdout
