"""Under which addresses a repository is reached."""

from __future__ import annotations

import pytest

from appliance.domain.addresses import Addresses


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("code.lab", 22, "git@code.lab:lab/notes.git"),
        ("code.lab", 2222, "ssh://git@code.lab:2222/lab/notes.git"),
        ("fd00::1", 22, "git@[fd00::1]:lab/notes.git"),
        ("fd00::1", 2222, "ssh://git@[fd00::1]:2222/lab/notes.git"),
    ],
)
def test_ssh_has_a_short_form_at_its_usual_port(host, port, address):
    assert Addresses("https://code.lab", host, port).ssh("lab/notes") == address


def test_git_and_pages_share_an_address():
    addresses = Addresses("https://code.lab:8443", "code.lab", 22)

    assert addresses.web("lab/notes") == "https://code.lab:8443/lab/notes"
    assert addresses.https("lab/notes") == "https://code.lab:8443/lab/notes.git"
