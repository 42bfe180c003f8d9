"""The resident scanner: what it finds, and what it cannot do."""

import os
import subprocess
import sys

import pytest

from appliance.scanning.resident import wire
from appliance.scanning.resident.door import Door, ScannerDownError
from appliance.scanning.resident.objects import STRETCH_BYTES
from appliance.scanning.secrets import masking
from tests.scanning.tokens import DIGITS
from tests.scanning.tokens import github_token as token


def test_a_hit_says_rule_place_and_cure_and_no_value(scanner):
    answer = scanner.scan(("blob", b"one\nkey = '" + token().encode() + b"'\n"))

    (hit,) = answer.hits
    assert (hit.rule, hit.lane, hit.line) == ("github-token-classic", "block", 2)
    assert hit.cure
    assert hit.masked == "ghp_…" + token()[-2:]
    assert token() not in repr(answer)
    assert answer.is_complete


def test_the_same_value_has_the_same_fingerprint_under_the_same_key_only(scanner):
    content = ("blob", token().encode())
    one, again = scanner.scan(content).hits[0], scanner.scan(content).hits[0]
    other = scanner.scan(content, key="77" * 32).hits[0]

    assert one.fingerprint == again.fingerprint != other.fingerprint


def test_messages_of_commits_and_tags_and_names_of_files_are_looked_at(scanner):
    message = b"tree 0\nauthor a\n\nfirst\nkey " + token().encode()
    tree = b"100644 plain.txt\0" + bytes(20) + b"100644 " + token().encode() + b".txt\0" + bytes(20)
    answer = scanner.scan(("commit", message), ("tag", message), ("tree", tree))

    assert [(hit.kind, hit.path, hit.line) for hit in answer.hits] == [
        ("commit", "commit message", 2),
        ("tag", "tag message", 2),
        ("tree", f"ghp_…{token()[-2:]}.txt", 0),
    ]
    assert answer.hits[-1].name == f"{token()}.txt"
    assert token() not in repr(answer)


def test_more_than_is_told_is_never_complete(scanner):
    many = b"\n".join([token().encode()] * (wire.MOST_HITS + 1))
    answer = scanner.scan(("blob", many))

    assert len(answer.hits) == wire.MOST_HITS
    assert not answer.is_complete


def test_what_was_not_looked_at_is_never_said_to_be_looked_at(scanner):
    many = b"\n".join([token().encode()] * wire.MOST_HITS)
    rest = [("blob", b"%d" % number) for number in range(wire.MOST_SKIPPED + 5)]
    answer = scanner.scan(("blob", many), *rest, lane=wire.ALL)

    assert not answer.is_complete
    assert len(answer.objects) == len(answer.skipped) + 1


def test_a_wrong_checksum_is_for_review_only(scanner):
    wrong = token()[:-1] + ("a" if token()[-1] != "a" else "b")

    assert {hit.lane for hit in scanner.scan(("blob", wrong.encode())).hits} == {"review"}


def test_decoding_is_for_the_review_lane(scanner):
    hidden = token().encode("utf-16")

    assert not scanner.scan(("blob", hidden)).hits
    (hit,) = scanner.scan(("blob", hidden), lane=wire.ALL, is_deep=True).hits
    assert hit.layers


def test_a_path_of_tests_makes_a_private_key_one_for_review(scanner):
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    body = "\n".join(["MIIEpAIBAAKCAQEA" + DIGITS[:48]] * 20)
    key = ("blob", f"{begin}\n{body}\n{end}\n".encode())
    paths = {f"{0:040x}": "tests/fixtures/key.pem"}

    lanes = {hit.lane for hit in scanner.scan(key, paths=paths).hits}
    assert "block" not in lanes


def test_large_files_are_looked_at_in_stretches_that_lose_nothing(scanner):
    filling = b"x = 1\n" * (STRETCH_BYTES // 6 + 1)
    seam = STRETCH_BYTES - 10
    content = filling[:seam] + b"\n" + token().encode() + b"\n" + filling[:1000]

    (hit,) = scanner.scan(("blob", content)).hits
    assert hit.start == seam + 1


def test_a_pattern_of_its_own_is_looked_for_beside_the_others(scanner):
    own = {"id": "own-lab-badge", "title": "Badge", "provider": "lab", "cure": "Ask the desk."}
    own |= {"lane": "block", "severity": "high", "pattern": "badge-[0-9]{8}"}
    own |= {"reach_bytes": 14, "entropy": 0.0}

    answer = scanner.scan(("blob", b"badge-48151623\n"), own=(own,))
    assert [hit.rule for hit in answer.hits] == ["own-lab-badge"]
    assert answer.digest != scanner.scan(("blob", b"")).digest


def test_half_of_what_git_says_is_never_complete(scanner, tmp_path):
    broken = tmp_path / "said"
    broken.write_bytes(b"%040x blob 500\nshort" % 1)
    with broken.open("rb") as said:
        answer = scanner.door.ask(wire.Question(key="00"), said, seconds=30).answer()

    assert not answer.is_complete


def test_who_works_too_long_is_ended_and_that_is_no_clean_answer(scanner):
    with pytest.raises(ScannerDownError):
        scanner.scan(("blob", b"key " * 20_000_000), lane=wire.ALL, cpu_seconds=0.05)
    assert scanner.door.greet().rules


def test_nobody_there_is_an_error_and_no_clean_answer(tmp_path):
    with pytest.raises(ScannerDownError), (tmp_path / "said").open("w+b") as said:
        Door(tmp_path / "nobody.sock").ask(wire.Question(), said, seconds=1)


@pytest.mark.promise("P93")
def test_killed_in_the_middle_is_an_error_and_no_clean_answer(scanner):
    reader, writer = os.pipe()
    asked = scanner.door.ask(wire.Question(), os.fdopen(reader, "rb"), seconds=30)
    os.write(writer, b"%040x blob 500\n" % 1)
    scanner.kill_all()
    os.close(writer)

    with pytest.raises(ScannerDownError):
        asked.answer()


@pytest.mark.promise("P94")
@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/passwd')",
        "open('/tmp/made-by-a-scanner', 'w')",
        "import socket; socket.socket(socket.AF_INET)",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.kill(1, 0)",
    ],
)
def test_what_it_looks_at_can_make_it_open_nothing(act):
    program = (
        f"import socket\nfrom appliance.scanning.resident import sandbox\nheld = sandbox.enter()\n"
        f"if not held['calls']: raise SystemExit('no filter of system calls')\n"
        f"try:\n    {act}\nexcept PermissionError:\n    raise SystemExit(0)\nraise SystemExit(1)\n"
    )
    status = subprocess.run([sys.executable, "-c", program], check=False).returncode
    assert status == 0


def test_what_is_shown_is_too_little_to_use():
    assert masking.masked("s3cret-value") == "…"
    assert masking.masked("AKIA" + "X" * 16) == "AKIA…XX"
    armour = "-----BEGIN RSA PRIVATE KEY-----"
    assert masking.masked(f"{armour}\nMII") == f"{armour}…"
    assert "\x1b" not in masking.masked("\x1b[0m" + "x" * 30)
