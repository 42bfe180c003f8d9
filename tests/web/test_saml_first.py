"""A SAML provider is set up with the address of its metadata alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import IdentityProvider
from tests.peers.saml_provider import make_key
from tests.web.saml_visits import give_key

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/administration/providers"
API = "/api/v1/admin/identity-providers"
FORM = {
    "kind": "saml",
    "name": "corp",
    "label": "Corp",
    "setting-name_id": "persistent",
    "setting-signed": "assertion",
    "setting-skew_seconds": "60",
    "link_by": "nothing",
    "ask_again_seconds": "0",
}


@pytest.fixture
def administrator(world):
    give_key(world)
    world.administrator()
    return world.browser("administrator", elevated=True)


def added(world) -> IdentityProvider | None:
    return world.one(sa.select(IdentityProvider))


def test_the_wizard_reads_the_metadata_at_their_address(world, administrator, saml_provider):
    form = {**FORM, "setting-metadata_url": saml_provider.entity_id}

    made = administrator.post(f"{PLACE}/new", data=form)

    assert made.status_code == 303, made.text
    assert "EntityDescriptor" in added(world).settings["metadata"]
    assert added(world).settings["metadata_url"] == saml_provider.entity_id


def test_the_interface_does_so_too(world, saml_provider):
    world.administrator()
    client = world.client("administrator")
    body = {
        "name": "corp",
        "kind": "saml",
        "label": "Corp",
        "settings": {"metadata_url": saml_provider.entity_id},
    }

    assert client.post(API, json=body).status_code == 201
    assert "EntityDescriptor" in added(world).settings["metadata"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:1/metadata", "does not answer"),
        ("/simplesaml/missing", "127.0.0.1 answers with"),
        ("http://id.example/metadata", "It is an https address"),
        ("ftp://127.0.0.1/metadata", "It is an https address"),
        ("", "Give the metadata or their address"),
    ],
)
def test_what_is_not_there_is_said_beside_the_field(
    world, administrator, saml_provider, address, said
):
    url = saml_provider.url + address if address.startswith("/") else address

    page = administrator.post(f"{PLACE}/new", data={**FORM, "setting-metadata_url": url})

    assert page.status_code == 422
    assert said in page.text
    assert added(world) is None


def test_rules_for_outgoing_requests_hold(world, saml_provider):
    world.configure(CODARA_SIGN_IN__PROVIDER_PRIVATE_ADDRESSES="false")
    world.administrator()
    administrator = world.browser("administrator", elevated=True)
    form = {**FORM, "setting-metadata_url": saml_provider.entity_id}

    page = administrator.post(f"{PLACE}/new", data=form)

    assert page.status_code == 422
    assert added(world) is None


def test_a_pinned_certificate_counts_from_the_first_time(world, administrator, saml_provider):
    make_key(saml_provider.home / "cert", "other")
    pem = (saml_provider.home / "cert" / "other.crt").read_text()
    form = {**FORM, "setting-metadata_url": saml_provider.entity_id}

    page = administrator.post(f"{PLACE}/new", data={**form, "setting-metadata_certificate": pem})

    assert page.status_code == 422
    assert added(world) is None


def test_who_is_no_administrator_sends_no_request(world, saml_provider):
    world.user("writer")
    browser = world.browser("writer", elevated=True)
    form = {**FORM, "setting-metadata_url": "http://127.0.0.1:1/metadata"}

    assert browser.post(f"{PLACE}/new", data=form).status_code in {403, 404}
