"""Signing out here and at the SAML provider, whichever side begins; and what is not believed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from appliance.db.credentials import BrowserSession
from appliance.federation import saml_redirect
from appliance.services import identity_providers
from appliance.services.identity_providers import Changes
from tests.peers.saml_provider import make_key
from tests.web.saml_visits import Visit, meet, way_there

LOGOUT = "/auth/saml/slo"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def refusals(world) -> list[str]:
    return [each.body["reason"] for each in world.recorded("auth.assertion_refused")]


def open_sessions(world) -> int:
    return world.one(
        sa.select(sa.func.count(BrowserSession.id)).where(BrowserSession.revoked_at.is_(None))
    )


@pytest.fixture
def visit(world, saml_provider):
    """Somebody who is signed in here and there."""
    meet(world, saml_provider)
    world.app.config["WTF_CSRF_ENABLED"] = False
    visit = Visit(world)
    assert visit.bring(visit.answer()).status_code == 303
    return visit


def ours(visit: Visit) -> str:
    return visit.world.wiring.saml.url


def asked_there(visit: Visit, peer) -> str:
    """Sign out at the provider; what it lets the browser bring us."""
    there = f"{peer.url}/simplesaml/saml2/idp/initSLO.php?RelayState={peer.url}/simplesaml/"
    return visit.visitor.follow(there, ours(visit))


def brought(visit: Visit, address: str):
    parts = urlsplit(address)
    return visit.browser.get(f"{parts.path}?{parts.query}")


def test_who_signs_out_here_is_signed_out_there(visit, saml_provider):
    left = visit.browser.post("/sign-out")
    assert open_sessions(visit.world) == 0
    back = visit.visitor.follow(way_there(left), ours(visit))

    answered = brought(visit, back)

    assert (answered.status_code, answered.headers["Location"]) == (303, "/sign-in")
    assert "signed out here and there" in visit.browser.get("/sign-in").text
    assert not visit.visitor.is_known(saml_provider.url)


def test_who_signs_out_there_is_signed_out_here_in_every_browser(visit, saml_provider):
    other = Visit(visit.world, visitor=visit.visitor)
    other.bring(other.answer())
    assert open_sessions(visit.world) == 2

    answered = brought(visit, asked_there(visit, saml_provider))

    assert answered.status_code == 303
    assert answered.headers["Location"].startswith(saml_provider.url)
    assert visit.visitor.session.get(answered.headers["Location"], timeout=60).status_code < 500
    assert open_sessions(visit.world) == 0
    assert visit.browser.get("/settings").status_code != 200
    assert len(visit.world.recorded("session.revoked")) == 2


@SQLITE
def test_a_request_counts_once(visit, saml_provider):
    address = asked_there(visit, saml_provider)
    assert brought(visit, address).status_code == 303
    again = Visit(visit.world)
    again.bring(again.answer())

    assert brought(visit, address).status_code == 401
    assert refusals(visit.world) == ["replayed"]
    assert open_sessions(visit.world) == 1


@SQLITE
def test_nobody_is_signed_out_there_who_does_not_want_it(visit):
    world = visit.world
    with world.begin(world.actor("administrator-corp")) as work:
        changes = Changes(settings={**stored(world), "signs_out_there": False})
        identity_providers.change(work, "corp", changes, sealer=world.wiring.sealer)

    left = visit.browser.post("/sign-out")

    assert (left.status_code, left.headers["Location"]) == (303, "/sign-in")


def stored(world):
    with world.reading(world.actor("administrator-corp")) as work:
        return dict(identity_providers.show(work, "corp").provider.settings)


def test_a_provider_that_is_broken_keeps_nobody_signed_in(visit):
    world = visit.world
    row = sa.text("UPDATE identity_providers SET settings = '{}'")
    with world.wiring.database.engine.begin() as line:
        line.execute(row)

    left = visit.browser.post("/sign-out")

    assert (left.status_code, left.headers["Location"]) == (303, "/sign-in")
    assert open_sessions(world) == 0


def carried(peer, address: str, change, *, key: str = "present") -> str:
    """The same message with other words, signed by a key of the provider's folder."""
    query = urlsplit(address).query
    kind = saml_redirect.REQUEST if "SAMLRequest" in query else saml_redirect.RESPONSE
    content = change(saml_redirect.content_of(query, kind).decode()).encode()
    signer = type("Key", (), {"signing": loaded(peer.key(key))})
    return saml_redirect.carry(signer, address.partition("?")[0], kind, content)


def loaded(pem: bytes):

    return load_pem_private_key(pem, password=None)


def words(pattern: str, other: str):
    return lambda text: re.sub(pattern, other, text, count=1)


def instant(seconds: int) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return f'IssueInstant="{moment.strftime("%Y-%m-%dT%H:%M:%SZ")}"'


FORGED = [
    (
        "destination",
        words('Destination="[^"]*"', 'Destination="https://x.example/"'),
        "destination",
    ),
    ("issuer", words("(<saml:Issuer[^>]*>)[^<]*", r"\1https://x.example"), "issuer"),
    ("old", words('IssueInstant="[^"]*"', instant(-3600)), "expired"),
    ("early", words('IssueInstant="[^"]*"', instant(3600)), "too_early"),
    ("nobody", words("<saml:NameID.*</saml:NameID>", ""), "name_id"),
    ("other", words("samlp:LogoutRequest", "samlp:AuthnRequest"), "xml"),
    ("comment", words("</saml:Issuer>", "<!-- x --></saml:Issuer>"), "comment"),
    ("type", words("^", '<!DOCTYPE r [<!ENTITY e "x">]>'), "dtd"),
]


@SQLITE
@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("change", "reason"), [pytest.param(change, why, id=name) for name, change, why in FORGED]
)
def test_a_request_that_is_not_meant_so_ends_no_session(visit, saml_provider, change, reason):
    address = carried(saml_provider, asked_there(visit, saml_provider), change)

    answered = brought(visit, address)

    assert answered.status_code == 401
    assert refusals(visit.world) == [reason]
    assert open_sessions(visit.world) == 1


def unsigned(address: str) -> str:
    pairs = [each for each in parse_qsl(urlsplit(address).query) if each[0].startswith("SAML")]
    return f"{address.partition('?')[0]}?{urlencode(pairs)}"


def relayed_elsewhere(address: str) -> str:
    return re.sub(r"&RelayState=[^&]*|(?=&SigAlg)", "&RelayState=elsewhere", address, count=1)


def weakly(address: str) -> str:
    return address.replace("xmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1")


def twice(address: str) -> str:
    return f"{address}&SAMLRequest=x"


@SQLITE
@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (unsigned, "not_signed"),
        (relayed_elsewhere, "signature"),
        (weakly, "algorithm"),
        (twice, "shape"),
    ],
)
def test_a_request_whose_signature_does_not_hold_ends_no_session(
    visit, saml_provider, change, reason
):
    answered = brought(visit, change(asked_there(visit, saml_provider)))

    assert answered.status_code == 401
    assert refusals(visit.world) == [reason]
    assert open_sessions(visit.world) == 1


@SQLITE
@pytest.mark.promise("P37")
def test_a_request_that_another_key_signed_ends_no_session(visit, saml_provider):
    make_key(saml_provider.home / "cert", "stranger")
    address = asked_there(visit, saml_provider)

    forged = carried(saml_provider, address, lambda text: text, key="stranger")

    assert brought(visit, forged).status_code == 401
    assert refusals(visit.world) == ["signature"]
    assert open_sessions(visit.world) == 1


@SQLITE
def test_an_answer_to_what_this_browser_did_not_ask_is_refused(visit):
    back = visit.visitor.follow(way_there(visit.browser.post("/sign-out")), ours(visit))
    other = Visit(visit.world)
    other.browser.get("/auth/saml/login?provider=corp")

    assert brought(other, back).status_code == 401
    assert refusals(visit.world) == ["other_browser"]


@SQLITE
def test_too_many_messages_that_are_not_believed_have_to_wait(visit, saml_provider):
    address = unsigned(asked_there(visit, saml_provider))

    statuses = [brought(visit, address).status_code for _ in range(25)]

    assert statuses[0] == 401
    assert statuses[-1] == 429


@SQLITE
@pytest.mark.promise("P37")
def test_a_stranger_who_says_that_we_asked_does_not_fill_the_log(world, saml_provider):
    meet(world, saml_provider)
    stranger = world.app.test_client()

    answers = [stranger.get(f"{LOGOUT}?SAMLResponse=x{n}").status_code for n in range(40)]

    assert (answers[0], answers[-1]) == (401, 429)
    assert len(refusals(world)) < 30
