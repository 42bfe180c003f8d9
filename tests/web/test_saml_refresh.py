"""New certificates of a SAML provider come by themselves, and nothing worse than there was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.identity_providers import IdentityProvider
from appliance.domain.identity import appliance
from appliance.domain.jobs import Job
from appliance.errors import InvalidError, UnavailableError
from appliance.jobs.tasks import TASKS
from appliance.services import saml_refresh
from tests.peers.saml_provider import make_key
from tests.web.saml_visits import Visit, meet, steps_of

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def read_anew(world) -> None:
    TASKS[Job.READ_METADATA].do(world.wiring, None, lambda *_: None)


def signs_in(world) -> bool:
    visit = Visit(world)
    return visit.bring(visit.answer()).status_code == 303


def stored(world) -> str:
    return world.one(sa.select(IdentityProvider)).settings["metadata"]


def test_a_new_key_of_the_provider_counts_after_its_metadata_were_read_anew(world, saml_provider):
    meet(world, saml_provider, metadata_url=saml_provider.entity_id)
    make_key(saml_provider.home / "cert", "after")
    saml_provider.tell(itself={"privatekey": "after.pem", "certificate": "after.crt"})

    assert not signs_in(world)
    read_anew(world)
    assert signs_in(world)
    read_anew(world)
    changed = world.recorded("auth.provider_changed")
    assert [each.body["changed"] for each in changed][1:] == [["metadata"]]


@SQLITE
@pytest.mark.parametrize("address", ["http://127.0.0.1:1/metadata", "/simplesaml/missing"])
def test_a_provider_that_does_not_answer_changes_nothing(world, saml_provider, address):
    url = address if address.startswith("http") else saml_provider.url + address
    meet(world, saml_provider, metadata_url=url)
    before = stored(world)

    with pytest.raises(UnavailableError):
        read_anew(world)
    assert stored(world) == before


@SQLITE
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('entityID="', 'entityID="https://other.example/', "another provider"),
        (
            "<md:IDPSSODescriptor",
            '<md:IDPSSODescriptor validUntil="2001-01-01T00:00:00Z"',
            "no more",
        ),
        ("<md:IDPSSODescriptor", '<md:IDPSSODescriptor validUntil="soon"', "no more"),
        ("X509Certificate>", "X509Nothing>", "no certificate"),
        ("<?xml", "no<?xml", "no XML"),
    ],
)
def test_what_cannot_take_their_place_leaves_the_metadata_as_they_are(
    world, saml_provider, old, new, said
):
    provider = meet(world, saml_provider).provider
    before = stored(world)
    text, sealer, now = before.replace(old, new), world.wiring.sealer, datetime.now(UTC)

    with pytest.raises(InvalidError) as raised, world.begin(appliance()) as work:
        saml_refresh.take(work, provider.id, text, sealer=sealer, now=now)

    assert said in str(raised.value)
    assert stored(world) == before


@SQLITE
def test_only_where_there_is_an_address_somebody_is_asked(world, saml_provider):
    with world.reading(appliance()) as work:
        assert not saml_refresh.is_wanted(work)
    meet(world, saml_provider, metadata_url=saml_provider.entity_id)
    with world.reading(appliance()) as work:
        assert saml_refresh.is_wanted(work)


@SQLITE
@pytest.mark.parametrize("is_there", [True, False])
def test_a_trial_shows_what_is_published_now(world, saml_provider, is_there):
    url = saml_provider.entity_id if is_there else "http://127.0.0.1:1/metadata"
    meet(world, saml_provider, metadata_url=url)
    browser = world.browser("administrator-corp", elevated=True)

    steps = steps_of(browser.post("/administration/providers/corp/test"))

    assert steps["refresh"][0] is is_there
    assert ("<md:EntityDescriptor" if is_there else "does not answer") in steps["refresh"][1]
