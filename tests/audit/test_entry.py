"""A commitment stands for one value in one place, as SPEC.md says, and needs only Python."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical
from audit.entry import SALT_BYTES, commit_body, commit_personal

AUDIT = Path(__file__).resolve().parent.parent.parent / "audit"
SALTS = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
ALONE = """
import sys
from audit import canonical, entry
salt = bytes(range(32))
print(entry.commit_personal("address", salt, "192.0.2.7"))
print(sorted(name for name, module in sys.modules.items() if "site-packages" in str(module)))
"""


def blocks(language):
    """The examples in SPEC.md, in their order."""
    page = (AUDIT / "SPEC.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)


def test_the_example_of_the_specification_is_computed():
    personal, whole = blocks("text")
    (body,) = blocks("json")

    assert commit_personal("address", bytes(range(32)), "192.0.2.7") == personal
    assert canonical({"path": "lab/notes", "forced": False, "address": personal}) == body.encode()
    assert commit_body(bytes(range(32, 64)), json.loads(body)) == whole


@given(SALTS, WORDS)
def test_a_personal_value_is_hashed_as_the_specification_says(salt, value):
    hashed = hashlib.sha256(b"audit-pii/v1\0name\0" + salt + value.encode()).digest()

    assert commit_personal("name", salt, value) == "p1:" + base64url(hashed)


@given(SALTS, st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)))
def test_a_body_is_hashed_as_the_specification_says(salt, body):
    hashed = hashlib.sha256(b"audit-body/v1\0" + salt + canonical(body)).digest()

    assert commit_body(salt, body) == "s1:" + base64url(hashed)


def base64url(data):
    return base64.b64encode(data, b"-_").decode().rstrip("=")


@given(SALTS, SALTS, WORDS, WORDS)
def test_salt_field_and_value_all_count(salt, other, value, changed):
    commitment = commit_personal("name", salt, value)

    assert (commit_personal("name", other, value) == commitment) is (other == salt)
    assert (commit_personal("name", salt, changed) == commitment) is (changed == value)
    assert commit_personal("address", salt, value) != commitment


def test_nothing_but_python_is_needed(tmp_path):
    """An auditor copies the folder to a machine of their own."""
    shutil.copytree(AUDIT, tmp_path / "audit")

    said = subprocess.run(
        [sys.executable, "-S", "-E", "-c", ALONE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.splitlines() == [blocks("text")[0], "[]"]
