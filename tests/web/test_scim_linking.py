"""Who a provisioned person is here, and by which other systems they sign in."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import Identity
from appliance.domain.identity_providers import Gives, GroupRule, LinkBy
from appliance.domain.permissions import InstanceRole
from appliance.services import identity_links, identity_providers, users
from appliance.services.identity_providers import Changes
from tests.services.arrivals import arrive, claims, provider
from tests.web.scim_clients import CORE, client
from tests.world import NOON, PASSWORD

ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOBODY = "00000000-0000-7000-8000-000000000000"
RESEARCH = GroupRule("research", Gives.TEAM, "lab/research")


@pytest.fixture
def asks(world):
    """A client whose provider is called entra."""
    return client(world)


def off(asks, made):
    return asks.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})


def test_nobody_who_has_a_way_in_of_their_own_is_claimed(world):
    asks = client(world, link_by=LinkBy.NAME, creates_users=False)
    world.administrator("chief")
    world.user("guarded", password=PASSWORD)
    world.user("plain")

    def post(name):
        return asks("POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": name})

    assert (post("chief").status_code, post("guarded").status_code) == (409, 409)
    assert post("nobody").status_code == 403
    assert post("plain").status_code == 201
    reasons = {each.body["reason"] for each in world.recorded("auth.assertion_refused")}
    assert reasons == {"account_protected", "not_known"}


@pytest.mark.promise("P47")
@pytest.mark.parametrize("by", [LinkBy.SCIM_USER_NAME, LinkBy.SCIM_EXTERNAL_ID])
def test_who_was_provisioned_signs_in_by_another_system_that_may_ask_for_them(world, asks, by):
    made = asks.user("Writer@corp.local", externalId="oid-1")
    corp = provider(world, "corp", link_by=by, link_provider="entra", creates_users=False)
    said = claims(subject="oid-1", name="writer@CORP.local")

    arrived = arrive(world, corp, said)
    assert (arrived.may_enter, arrived.name) == (True, "Writer")
    off(asks, made)
    assert not arrive(world, corp, said).may_enter
    with pytest.raises(Exception, match="no account here"):
        arrive(world, corp, claims(subject="oid-2", name="stranger"))


@pytest.mark.promise("P47")
def test_who_was_deleted_or_guarded_or_is_not_unique_is_not_linked(world, asks):
    corp = provider(
        world, "corp", link_by="scim_external_id", link_provider="entra", creates_users=False
    )
    gone = asks.user("gone", externalId="oid-1")
    asks("DELETE", f"/Users/{gone['id']}")
    asks.user("one", externalId="oid-2")
    asks.user("two", externalId="oid-2")
    asks.user("chief", externalId="oid-3")
    with world.begin(world.actor("administrator-entra")) as work:
        users.change_role(work, "chief", InstanceRole.ADMINISTRATOR)
    asks.user("plain", externalId="oid-4")

    for subject in ("oid-1", "oid-2", "oid-3"):
        with pytest.raises(Exception, match="account here"):
            arrive(world, corp, claims(subject=subject))
    with world.begin(world.actor("administrator-entra")) as work:
        identity_providers.switch(work, "entra", is_enabled=False, now=NOON)
    with pytest.raises(Exception, match="no account here"):
        arrive(world, corp, claims(subject="oid-4"))


@ON_ONE
@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"link_by": "scim_user_name"}, "policy.link_provider"),
        ({"link_by": "scim_user_name", "link_provider": "nothing"}, "policy.link_provider"),
        (
            {"link_by": "scim_user_name", "link_provider": "entra", "creates_users": True},
            "policy.creates_users",
        ),
    ],
)
def test_a_rule_that_asks_a_scim_provider_names_one_and_creates_nobody(world, asks, policy, field):
    del asks
    provider(world, "corp", creates_users=False)
    with (
        pytest.raises(Exception, match="SCIM") as refused,
        world.begin(world.actor("administrator-corp")) as work,
    ):
        identity_providers.change(work, "corp", Changes(policy=policy), sealer=world.wiring.sealer)

    assert [each.field for each in refused.value.fields] == [field]


def test_what_is_unlinked_by_hand_is_told_of_anew(world, asks):
    made = asks.user(externalId="e-1")
    identity = world.one(sa.select(Identity.id))
    with world.begin(world.actor("administrator-entra")) as work:
        identity_links.unlink(work, identity, now=NOON)

    assert asks("GET", f"/Users/{made['id']}").status_code == 404
    assert asks.user(externalId="e-1")["id"] != made["id"]
