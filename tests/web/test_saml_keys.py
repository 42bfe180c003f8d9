"""The appliance's own keys for SAML: one after the other, and nobody is kept out meanwhile."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from lxml import etree

from appliance.db.saml_keys import SamlKey
from appliance.domain.permissions import Scope
from appliance.domain.saml_keys import KeyUse
from tests.web import saml_forgery as forgery
from tests.web.saml_visits import Visit, meet, our_key

PLACE = "/administration/saml-keys"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def administrator(world, saml_provider):
    """The browser of an administrator, where a provider is set up."""
    meet(world, saml_provider)
    return world.browser("administrator-corp", elevated=True)


def shown(world, peer) -> list[str]:
    """The certificates in our metadata by which we may sign; the provider learns them too."""
    content = world.app.test_client().get("/auth/saml/metadata").data
    peer.register(content)
    path = "//*[local-name()='KeyDescriptor'][@use='signing']//*[local-name()='X509Certificate']"
    return [each.text for each in etree.fromstring(content).xpath(path)]


def signs_in(world) -> bool:
    visit = Visit(world)
    return visit.bring(visit.answer()).status_code == 303


def test_one_key_takes_the_place_of_another_and_nobody_is_kept_out(
    world, administrator, saml_provider
):
    first = shown(world, saml_provider)
    assert signs_in(world)

    administrator.post(f"{PLACE}/prepare")
    assert "is next" in administrator.get("/administration/providers/corp").text
    both = shown(world, saml_provider)
    assert both[:1] == first
    assert len(both) == 2
    assert signs_in(world)

    administrator.post(f"{PLACE}/switch")
    assert signs_in(world)  # The provider still has the metadata from before.
    assert shown(world, saml_provider) == both[1:]
    assert signs_in(world)

    administrator.post(f"{PLACE}/retire")
    assert world.one(sa.select(sa.func.count(SamlKey.id))) == 1
    assert signs_in(world)
    kinds = [each for each in world.events() if each.startswith("saml_key.")]
    assert kinds[1:] == ["saml_key.created", "saml_key.switched", "saml_key.removed"]


@SQLITE
@pytest.mark.parametrize(("steps", "opens"), [(2, True), (3, False)])
def test_what_is_encrypted_for_the_earlier_key_opens_until_it_is_removed(
    world, administrator, saml_provider, steps, opens
):
    for step in ("prepare", "switch", "retire")[:steps]:
        administrator.post(f"{PLACE}/{step}")
    shown(world, saml_provider)
    visit = Visit(world)
    answer = forgery.encrypted(visit.answer(), our_key().private_key)

    assert visit.bring(answer).status_code == (303 if opens else 401)


@SQLITE
@pytest.mark.parametrize(
    ("before", "step"),
    [((), "switch"), ((), "retire"), (("prepare",), "prepare"), (("prepare", "switch"), "prepare")],
)
def test_no_step_comes_before_the_one_that_has_to(world, administrator, before, step):
    for each in before:
        administrator.post(f"{PLACE}/{each}")
    events = len(world.events())

    administrator.post(f"{PLACE}/{step}", data={"next": "/administration/providers/corp"})

    page = administrator.get("/administration/providers/corp")
    assert page.status_code == 200
    assert "Failed:" in page.text
    assert len(world.events()) == events


@SQLITE
def test_the_api_does_the_same_for_administrators_only(world, administrator):
    world.user("writer")
    place = "/api/v1/admin/saml-keys"
    client = world.app.test_client()
    mine = {"Authorization": f"Bearer {world.token('administrator-corp', Scope.ADMINISTRATION)}"}
    other = {"Authorization": f"Bearer {world.token('writer', Scope.USER)}"}

    assert client.post(f"{place}/prepare", headers=other).status_code == 403
    made = client.post(f"{place}/prepare", headers=mine)

    assert [each["use"] for each in made.json["items"]] == [KeyUse.SIGNS, KeyUse.NEXT]
    assert client.post(f"{place}/prepare", headers=mine).status_code == 409
    assert client.post(f"{place}/dance", headers=mine).status_code == 422
    assert client.post(f"{place}/switch", headers=mine).status_code == 200
    assert len(client.post(f"{place}/retire", headers=mine).json["items"]) == 1
