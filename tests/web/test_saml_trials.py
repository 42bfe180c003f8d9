"""Trying a SAML identity provider: an administrator sees what it says, and nothing is opened."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
import xmlsec

from appliance.db.credentials import BrowserSession
from appliance.db.identity_providers import Identity
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.services import identity_providers
from tests.services.arrivals import rule
from tests.web import saml_forgery as forgery
from tests.web.saml_visits import Visit, meet, our_key, steps_of, way_there

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = "/administration/providers/corp"


@pytest.fixture
def visit(world, saml_provider):
    """The browser of an administrator, and a provider that is switched off."""
    meet(world, saml_provider)
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.switch(work, "corp", is_enabled=False, now=datetime.now(UTC))
    return Visit(world, world.browser("administrator-corp", elevated=True))


def tried(visit: Visit) -> str:
    """Go there to try it; the answer that is to be brought back."""
    there = way_there(visit.browser.post(f"{PLACE}/try"))
    return str(visit.visitor.go(there).fields["SAMLResponse"])


def test_a_set_up_is_looked_at_from_both_sides(visit, saml_provider):
    steps = steps_of(visit.browser.post(f"{PLACE}/test"))

    assert list(steps) == ["metadata", "certificates", "ours", "question"]
    assert all(is_good for is_good, _ in steps.values())
    assert saml_provider.entity_id in steps["metadata"][1]
    assert "not after: " in steps["certificates"][1]
    assert "/auth/saml/acs" in steps["ours"][1]
    assert "<samlp:AuthnRequest" in steps["question"][1]
    assert visit.world.recorded("auth.provider_tested")[-1].body["is_good"] is True


def test_a_trial_leaves_the_other_forms_of_the_page_as_they_were(visit):
    before = visit.browser.get(PLACE).text
    after = visit.browser.post(f"{PLACE}/test").text

    box = re.compile(r'<input[^>]*name="creates_users"[^>]*>')
    assert "checked" in box.search(before)[0]
    assert box.search(after)[0] == box.search(before)[0]


def test_an_answer_is_shown_with_what_would_come_of_it_and_opens_nothing(visit):
    world = visit.world
    world.organisation("lab")
    given = GroupRule("engineers", Gives.ORGANISATION, "lab", "owner")
    rule(world, world.actor("administrator-corp"), "corp", given)
    answer = tried(visit)
    before = len(world.events())

    page = visit.bring(answer)

    steps = steps_of(page)
    assert all(is_good for is_good, _ in steps.values())
    assert "<saml:AttributeStatement>" in steps["answer"][1]
    assert "mail: writer@corp.example" in steps["attributes"][1]
    assert steps["person"][1] == "created\nwriter"
    assert "engineers -> organisation lab owner" in steps["gives"][1]
    assert world.events()[before:] == ["auth.provider_tested"]
    assert world.one(sa.select(Identity)) is None
    assert world.one(sa.select(sa.func.count(BrowserSession.id))) == 1


def test_what_is_shown_cannot_be_shown_again(visit):
    answer = tried(visit)
    signature = forgery.one(forgery.opened(answer), "//d:SignatureValue").text

    page = visit.bring(answer)

    assert "".join(signature.split())[:40] not in "".join(page.text.split())
    assert visit.bring(answer).status_code == 401
    assert visit.world.recorded("auth.assertion_refused")


def test_a_forged_answer_is_shown_with_the_reason_for_refusing_it(visit):
    page = visit.bring(forgery.changed(tried(visit), lambda root: forgery.wrapped(3, root)))

    assert page.status_code == 200
    assert steps_of(page)["verdict"] == (False, "shape")
    assert visit.world.recorded("auth.provider_tested")[-1].body["is_good"] is False


def test_an_encrypted_answer_is_shown_in_clear(visit):
    page = visit.bring(forgery.encrypted(tried(visit), our_key().private_key))

    assert "EncryptedAssertion" in steps_of(page)["answer"][1]
    assert "<saml:AttributeStatement>" in steps_of(page)["answer"][1]


def test_an_answer_in_aes_cbc_is_shown_in_clear_once(visit):
    answer = tried(visit)
    page = visit.bring(forgery.encrypted(answer, our_key().private_key, by=xmlsec.Transform.AES256))

    assert "<saml:AttributeStatement>" in steps_of(page)["answer"][1]
    assert steps_of(page)["verdict"][0]


def test_somebody_whom_nobody_here_is_meant_by_is_shown_as_refused(visit):
    world = visit.world
    with world.begin(world.actor("administrator-corp")) as work:
        changes = identity_providers.Changes(policy={"creates_users": False})
        identity_providers.change(work, "corp", changes, sealer=world.wiring.sealer)

    is_good, said = steps_of(visit.bring(tried(visit)))["person"]

    assert not is_good
    assert "no account here" in said


def test_only_the_administrator_who_asked_sees_the_answer(visit):
    answer = tried(visit)
    other = Visit(visit.world)
    kept = visit.browser.get_cookie("codara_attempt", path="/auth/")
    other.browser.set_cookie("codara_attempt", kept.value, path="/auth/")

    assert other.bring(answer).status_code in {302, 303, 401}
    assert "AttributeStatement" not in other.bring(answer).text


def test_the_page_says_what_the_provider_has_to_know(visit):
    page = visit.browser.get(PLACE).text

    assert "/auth/saml/metadata" in page
    assert "/auth/saml/acs" in page
