"""Every rule at the SSH door, with real clients, at OpenSSH and at the embedded server."""

from __future__ import annotations

import pytest

from appliance.services import ssh_keys, users
from tests import every_rule
from tests.every_rule import BROKEN, KEPT
from tests.ssh.test_signed_pushes import person, signer, writer
from tests.world import NOON

__all__ = ["person", "signer", "writer"]
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.mark.promise("P76")
@pytest.mark.parametrize("person", ["embedded"], indirect=True)
def test_every_rule_refuses_and_lets_in_over_ssh(world, person, signer):
    world.administrator()
    with world.begin(world.actor("administrator")) as work:
        users.change(work, "writer", {"email": signer.address})
    with world.begin(world.actor("writer")) as work:
        ssh_keys.add(work, text=signer.ssh_key(), now=NOON)
    world.user("owner", role="owner", on=every_rule.PATH)
    every_rule.first(signer)
    person.git("push", "-q", person.address, "main", "main:old", at=signer.copy)
    refs = every_rule.breaking(signer)
    end = every_rule.set_rules(world, BROKEN)

    refused = person.git("push", person.address, *refs, at=signer.copy, succeeds=False)

    assert every_rule.not_told(refused) == []
    end()
    every_rule.set_rules(world, KEPT)
    every_rule.set_rules(world, {"pull_request": {}}, name="Reviewed", refs="topic/*")
    kept = ["--signed=true", person.address, *every_rule.keeping(world, signer)]
    person.git("push", *kept, at=signer.copy)
