"""Signing in by a real SAML identity provider."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qs, urlencode

import pytest
import sqlalchemy as sa

from appliance.db.credentials import BrowserSession
from appliance.db.federation_tickets import FederationTicket
from appliance.db.identity_providers import Identity
from appliance.db.saml_keys import SamlKey
from appliance.domain.identity import appliance, stranger
from appliance.domain.identity_providers import Gives, GroupRule
from appliance.errors import UnauthenticatedError
from appliance.federation import saml_metadata
from appliance.services import identity_providers, saml
from tests.peers.saml_provider import PASSWORD, make_key
from tests.services.arrivals import ORIGIN, rule
from tests.web.saml_forgery import changed, wrapped
from tests.web.saml_visits import Visit, meet, way_there
from tests.world import NOON
from tests.world import PASSWORD as OUR_PASSWORD


def refusals(world) -> list[str]:
    return [each.body["reason"] for each in world.recorded("auth.assertion_refused")]


def test_somebody_signs_in_and_has_what_their_groups_give(world, saml_provider):
    by = meet(world, saml_provider)
    world.organisation("lab")
    given = GroupRule("engineers", Gives.ORGANISATION, "lab", "owner")
    rule(world, world.actor("administrator-corp"), "corp", given)
    visit = Visit(world)

    back = visit.bring(visit.answer(next="/settings"))

    assert (back.status_code, back.headers["Location"]) == (303, "/settings")
    assert visit.browser.get("/settings").status_code == 200
    identity, session = world.one(sa.select(Identity)), world.one(sa.select(BrowserSession))
    assert identity.groups == ["engineers", "everybody"]
    assert (identity.said_name, identity.said_email) == ("writer", "writer@corp.example")
    assert session.provider_id == by.provider.id
    assert session.external_id
    assert "org.member_added" in world.events()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "answers"),
    [
        ({"signed": "answer"}, {"saml20.sign.assertion": False, "saml20.sign.response": True}),
        ({"signed": "both"}, {"saml20.sign.response": True}),
        (
            {"wants_encryption": True, "signed": "both"},
            {
                "assertion.encryption": True,
                "saml20.sign.response": True,
            },
        ),
        ({}, {"assertion.encryption": True}),
        ({}, {"assertion.encryption": True, "saml20.sign.response": True}),
        ({}, {"signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"}),
    ],
)
def test_answers_are_signed_and_encrypted_as_was_agreed(world, saml_provider, settings, answers):
    meet(world, saml_provider, **settings)
    saml_provider.answers(**answers)
    visit = Visit(world)

    assert visit.bring(visit.answer()).status_code == 303
    assert world.one(sa.select(Identity)).said_name == "writer"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "answers", "reason"),
    [
        ({}, {"saml20.sign.assertion": False, "saml20.sign.response": True}, "not_signed"),
        ({"signed": "answer"}, {}, "not_signed"),
        ({"signed": "both"}, {}, "not_signed"),
        ({}, {"saml20.sign.assertion": False}, "not_signed"),
        ({"wants_encryption": True}, {}, "not_encrypted"),
        (
            {},
            {"signature.algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
            "algorithm",
        ),
        (
            {},
            {
                "NameIDFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
                "authproc": {"10": {"class": "saml:TransientNameID"}},
            },
            "name_id",
        ),
    ],
)
def test_what_is_less_than_was_agreed_is_refused(world, saml_provider, settings, answers, reason):
    meet(world, saml_provider, **settings)
    saml_provider.answers(**answers)
    visit = Visit(world)

    back = visit.bring(visit.answer())

    assert back.status_code == 401
    assert reason not in back.text
    assert refusals(world) == [reason]
    assert world.one(sa.select(Identity)) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("policy", "enters"),
    [
        ({}, False),
        ({"link_by": "verified_email", "link_domains": ["other.example"]}, False),
        ({"link_by": "verified_email", "link_domains": ["corp.example"]}, True),
    ],
)
def test_an_address_is_a_subject_only_by_the_rule_for_links(world, saml_provider, policy, enters):
    meet(world, saml_provider, policy=policy, name_id="email")
    form = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    process = {"class": "saml:AttributeNameID", "attribute": "mail", "Format": form}
    saml_provider.answers(NameIDFormat=form, authproc={"10": process})
    visit = Visit(world)

    assert visit.bring(visit.answer()).status_code == (303 if enters else 401)
    assert refusals(world) == ([] if enters else ["name_id"])


@pytest.mark.promise("P37")
def test_an_answer_counts_once(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = visit.answer()
    assert visit.bring(answer).status_code == 303

    assert visit.bring(answer).status_code == 401
    assert refusals(world) == ["replayed"]


def test_a_question_is_answered_once_even_by_another_assertion(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    there = way_there(visit.browser.get("/auth/saml/login?provider=corp"))
    first, second = (visit.visitor.go(there).fields["SAMLResponse"] for _ in range(2))
    assert visit.bring(first).status_code == 303

    assert visit.bring(second).status_code == 401
    assert refusals(world) == ["replayed"]


@pytest.mark.promise("P37")
def test_of_two_who_bring_one_answer_at_the_same_time_one_comes_in(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = visit.answer()
    browser = visit.browser.get_cookie("codara_attempt", path="/auth/").value
    tools, now = world.wiring.saml, datetime.now(UTC)
    with world.reading(stranger(ORIGIN)) as work:
        both = [saml.check(work, answer, browser=browser, tools=tools, now=now) for _ in range(2)]

    with world.begin(stranger(ORIGIN)) as work:
        saml.take(work, both[0], tools=world.wiring.saml, now=now)
    with pytest.raises(UnauthenticatedError), world.begin(stranger(ORIGIN)) as work:
        saml.take(work, both[1], tools=world.wiring.saml, now=now)
    assert refusals(world) == ["replayed"]


def test_a_question_is_forgotten_when_its_time_is_over(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = visit.answer()
    old = sa.update(FederationTicket).values(expires_at=NOON)
    with world.begin(appliance()) as work:
        work.session.execute(old)

    assert visit.bring(answer).status_code == 401
    assert refusals(world) == ["in_response_to"]
    visit.browser.get("/auth/saml/login?provider=corp")
    assert world.one(sa.select(sa.func.count(FederationTicket.id))) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.promise("P37")
def test_an_answer_counts_only_in_the_browser_that_asked(world, saml_provider):
    meet(world, saml_provider)
    answer, other = Visit(world).answer(), Visit(world)
    other.answer()

    back = other.bring(answer)

    assert back.status_code == 401
    assert "codara_session" not in str(back.headers)
    assert refusals(world) == ["other_browser"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_to_one_provider_does_not_count_for_another(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = visit.answer()
    with world.begin(world.actor("administrator-corp")) as work:
        identity_providers.switch(work, "corp", is_enabled=False, now=datetime.now(UTC))
    meet(world, saml_provider, name="copy")

    assert visit.bring(answer).status_code == 401
    assert refusals(world) == ["in_response_to"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_away_after_they_come_back(world, saml_provider, target):
    meet(world, saml_provider)
    visit = Visit(world)

    assert visit.bring(visit.answer(next=target)).headers["Location"] == "/"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_without_its_cookies_brings_the_answer_once_more(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    answer = visit.answer()

    first = world.app.test_client().post("/auth/saml/acs", data={"SAMLResponse": answer})

    assert first.status_code == 200
    assert answer in first.text
    assert 'name="again"' in first.text
    assert refusals(world) == []
    assert visit.bring(answer).status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_new_certificates_count_beside_old_ones_while_both_are_published(world, saml_provider):
    folder = saml_provider.home / "cert"
    make_key(folder, "next")
    coming = {"new_privatekey": "next.pem", "new_certificate": "next.crt"}
    saml_provider.tell(itself=coming)
    meet(world, saml_provider)
    both = saml_metadata.read(saml_provider.metadata())
    assert len(both.certificates) == 2
    for itself in ({}, {"privatekey": "next.pem", "certificate": "next.crt"}):
        saml_provider.tell(itself=itself)
        visit = Visit(world)
        assert visit.bring(visit.answer()).status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_question_is_signed_and_a_changed_one_is_not_answered(world, saml_provider):
    meet(world, saml_provider)
    browser, visitor = world.app.test_client(), Visit(world).visitor
    address = way_there(browser.get("/auth/saml/login?provider=corp"))
    other = way_there(browser.get("/auth/saml/login?provider=corp"))
    assert "SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256" in address
    mixed = address.partition("&Signature=")[0] + "&Signature=" + other.partition("&Signature=")[2]

    answered = visitor.session.get(mixed, timeout=60)

    assert 'name="password"' not in answered.text
    assert 'name="password"' in visitor.session.get(address, timeout=60).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_confirms_shows_there_anew_who_they_are(world, saml_provider):
    meet(world, saml_provider)
    visit = Visit(world)
    visit.bring(visit.answer())
    asked = visit.browser.get("/auth/saml/login?provider=corp&act=confirm&next=/settings/email")

    page = visit.visitor.session.get(way_there(asked), timeout=60)
    assert 'name="password"' in page.text
    brought = visit.visitor.go(way_there(asked))
    back = visit.bring(brought.fields["SAMLResponse"])

    assert back.headers["Location"] == "/settings/email"
    assert world.recorded("session.elevated")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_person_links_their_own(world, saml_provider):
    meet(world, saml_provider, policy={"creates_users": False})
    world.user("author", password=OUR_PASSWORD)
    visit = Visit(world, world.browser("author", elevated=True))

    assert visit.bring(visit.answer(act="link", next="/settings/security")).status_code == 303
    assert world.recorded("auth.identity_linked")[-1].body["by_rule"] is False


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("accepts", [False, True])
def test_an_unasked_answer_counts_only_where_that_was_allowed(world, saml_provider, accepts):
    meet(world, saml_provider, accepts_unasked=accepts)
    visit = Visit(world)
    entity_id = f"{world.wiring.saml.url}/auth/saml/metadata"
    address = f"{saml_provider.url}/simplesaml/saml2/idp/SSOService.php"
    brought = visit.visitor.go(f"{address}?spentityid={entity_id}&RelayState=/settings")
    answer = brought.fields["SAMLResponse"]

    back = visit.bring(answer, RelayState=brought.fields["RelayState"])

    assert (back.status_code, back.headers.get("Location")) == (
        (303, "/settings") if accepts else (401, None)
    )
    assert visit.bring(answer).status_code == 401
    assert refusals(world) == (["replayed"] if accepts else ["unasked", "unasked"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_forged", [False, True])
def test_a_browser_is_led_by_an_address_to_the_provider_and_back(
    served, chromium, saml_provider, is_forged
):
    world, url = served.world, served.url
    meet(world, saml_provider, domains=("corp.example",))
    context = chromium.new_context(base_url=url)
    page = context.new_page()

    def forge(route) -> None:
        fields = parse_qs(route.request.post_data)
        fields["SAMLResponse"] = [changed(fields["SAMLResponse"][0], partial(wrapped, 3))]
        route.continue_(post_data=urlencode(fields, doseq=True))

    if is_forged:
        page.route("**/auth/saml/acs", forge)
    page.goto("/sign-in?next=/settings")
    page.locator('input[name="name"]').fill("writer@corp.example")
    page.keyboard.press("Enter")
    page.locator('input[name="username"]').fill("writer")
    page.locator('input[name="password"]').fill(PASSWORD)
    page.keyboard.press("Enter")

    if is_forged:
        page.get_by_role("alert").wait_for()
        assert "cannot be used" in page.get_by_role("alert").inner_text()
        assert refusals(world) == ["shape"]
        assert not any(each["name"] == "codara_session" for each in context.cookies())
    else:
        page.wait_for_url(f"{url}/settings")
        assert page.locator('input[name="display_name"]').input_value() == "Writer of Notes"
        page.locator('form[action="/sign-out"]').evaluate("form => form.requestSubmit()")
        page.wait_for_url(f"{url}/sign-in")
        assert "signed out here and there" in page.locator("body").inner_text()
    context.close()


def test_the_first_look_at_the_metadata_makes_a_key_that_stays(world):
    first, second = (world.app.test_client().get("/auth/saml/metadata").data for _ in range(2))

    row = world.one(sa.select(SamlKey))
    assert first == second
    assert row.certificate.encode() in first
    assert b"PRIVATE KEY" not in row.sealed
    assert len(world.recorded("saml_key.created")) == 1
