"""A secret at the SSH door, with a real client and the real scanner."""

from __future__ import annotations

import pytest

from tests.scanning.tokens import github_token
from tests.ssh.test_signed_pushes import person, signer, writer
from tests.web.test_push_protection import compiled, guarded, recorded

__all__ = ["compiled", "guarded", "person", "signer", "writer"]
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.mark.parametrize("person", ["sshd", "embedded"], indirect=True)
def test_a_secret_stops_a_push_over_ssh_until_somebody_says_why(world, guarded, person, signer):
    (signer.copy / "settings.py").write_text(f"key = '{github_token()}'\n")
    person.git("add", ".", at=signer.copy)
    person.git("commit", "-q", "-m", "Add", at=signer.copy)
    said = person.git("push", person.address, "main", at=signer.copy, succeeds=False)

    assert "settings.py:1" in said
    assert github_token() not in said
    why = "bypass-secret=used_in_tests: a dead one"
    person.git("push", "-o", why, person.address, "main", at=signer.copy)
    assert recorded(world)[-1] == "secret_scan.push_bypassed"
