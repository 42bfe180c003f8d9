"""Signing out here and at the SAML provider by forms; and what is not believed."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from lxml import etree

from appliance.db.credentials import BrowserSession
from tests.peers.saml_provider import form, make_key
from tests.web import saml_forgery as forgery
from tests.web.saml_forgery import one
from tests.web.saml_visits import Visit, meet, our_key

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LOGOUT = "/auth/saml/slo"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def refusals(world) -> list[str]:
    return [each.body["reason"] for each in world.recorded("auth.assertion_refused")]


def open_sessions(world) -> int:
    return world.one(
        sa.select(sa.func.count(BrowserSession.id)).where(BrowserSession.revoked_at.is_(None))
    )


@pytest.fixture
def visit(world, saml_provider):
    """Somebody who is signed in here and there; both sides speak by forms only."""
    saml_provider.tell(itself={"SingleLogoutServiceBinding": [POST]})
    meet(world, saml_provider)
    ours = world.app.test_client().get("/auth/saml/metadata").text
    by_form = re.sub(rf'<md:SingleLogoutService Binding="{REDIRECT}"[^>]*/>', "", ours)
    saml_provider.register(by_form.encode())
    world.app.config["WTF_CSRF_ENABLED"] = False
    visit = Visit(world)
    assert visit.bring(visit.answer()).status_code == 303
    yield visit
    saml_provider.tell(itself={})


def form_of(text: str) -> tuple[str, dict[str, str]]:
    action = unescape(re.search(r'<form method="post" action="([^"]*)"', text)[1])
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    return action, {name: unescape(value) for name, value in fields}


def asked_there(visit: Visit, peer) -> dict[str, str]:
    """Sign out at the provider; what it lets the browser bring us by a form."""
    there = f"{peer.url}/simplesaml/saml2/idp/initSLO.php?RelayState={peer.url}/simplesaml/"
    return dict(visit.visitor.go(there).fields)


def brought(visit: Visit, fields: dict[str, str]):
    return visit.browser.post(LOGOUT, data=fields)


def test_who_signs_out_here_is_signed_out_there_by_forms(visit, saml_provider):
    left = visit.browser.post("/sign-out")
    assert open_sessions(visit.world) == 0
    action, fields = form_of(left.text)
    parts = urlsplit(action)
    policy = left.headers["Content-Security-Policy"]
    assert f"form-action 'self' {parts.scheme}://{parts.netloc}" in policy
    back = visit.visitor.session.post(action, fields, timeout=60)
    answer = dict(form(back).fields)
    # From another site the cookies do not come along; a page of ours brings it again.
    stranger = visit.world.app.test_client()
    assert "data-onward" in stranger.post(LOGOUT, data=answer).text

    answered = brought(visit, answer)

    assert (answered.status_code, answered.headers["Location"]) == (303, "/sign-in")
    assert "signed out here and there" in visit.browser.get("/sign-in").text
    assert not visit.visitor.is_known(saml_provider.url)


def test_who_signs_out_there_is_signed_out_here_by_forms(visit, saml_provider):
    answered = brought(visit, asked_there(visit, saml_provider))

    assert answered.status_code == 200
    action, fields = form_of(answered.text)
    assert action.startswith(saml_provider.url)
    assert visit.visitor.session.post(action, fields, timeout=60).status_code < 500
    assert open_sessions(visit.world) == 0
    assert len(visit.world.recorded("session.revoked")) == 1


@pytest.mark.promise("P37")
def test_a_request_by_a_form_counts_once(visit, saml_provider):
    fields = asked_there(visit, saml_provider)
    assert brought(visit, fields).status_code == 200
    again = Visit(visit.world)
    again.bring(again.answer())

    assert brought(visit, fields).status_code == 401
    assert refusals(visit.world) == ["replayed"]
    assert open_sessions(visit.world) == 1


def at(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def put(name: str, value: str):
    return lambda root: root.set(name, value)


def write(path: str, text: str):
    return lambda root: setattr(one(root, path), "text", text)


def take_away(path: str):
    def change(root: Any) -> None:
        element = one(root, path)
        element.getparent().remove(element)

    return change


def twice(root: Any) -> None:
    name = one(root, "a:NameID")
    other = etree.fromstring(etree.tostring(name))
    other.text = "somebody else"
    name.addprevious(other)


def renamed(root: Any) -> None:
    root.tag = root.tag.replace("LogoutRequest", "AuthnRequest")


def inside(root: Any) -> None:
    """The true request inside another one."""
    true = etree.fromstring(etree.tostring(root))
    for each in root.findall(f"{{{forgery.NAMES['d']}}}Signature"):
        root.remove(each)
    root.set("ID", "_evil")
    one(root, "a:NameID").text = "somebody else"
    root.append(true)


def in_its_signature(root: Any) -> None:
    true = etree.fromstring(etree.tostring(root))
    signature = one(root, "d:Signature")
    root.set("ID", "_evil")
    etree.SubElement(signature, f"{{{forgery.NAMES['d']}}}Object").append(true)


def of_nothing(root: Any) -> None:
    one(root, "d:Signature/d:SignedInfo/d:Reference").set("URI", "")


def by_sha1(root: Any) -> None:
    method = one(root, "d:Signature/d:SignedInfo/d:SignatureMethod")
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1")


def with_a_comment(root: Any) -> None:
    one(root, "a:NameID").append(etree.Comment("cut"))


AFTER_SIGNING = [
    ("somebody_else", write("a:NameID", "somebody else"), "signature"),
    ("unsigned", take_away("d:Signature"), "not_signed"),
    ("inside", inside, "shape"),
    ("in_its_signature", in_its_signature, "shape"),
    ("of_nothing", of_nothing, "shape"),
    ("by_sha1", by_sha1, "algorithm"),
    ("comment", with_a_comment, "comment"),
    ("issuer", write("a:Issuer", "https://x.example"), "issuer"),
    ("destination", put("Destination", "https://x.example/"), "signature"),
]
SIGNED_TRULY = [
    ("destination", put("Destination", "https://x.example/"), "destination"),
    ("old", put("IssueInstant", at(-3600)), "expired"),
    ("expired", put("NotOnOrAfter", at(-3600)), "expired"),
    ("early", put("IssueInstant", at(3600)), "too_early"),
    ("nobody", take_away("a:NameID"), "name_id"),
    ("two", twice, "name_id"),
    ("another_message", renamed, "shape"),
]


def insist_on_refusal(visit: Visit, fields: dict[str, str], reason: str) -> None:
    assert brought(visit, fields).status_code == 401
    assert refusals(visit.world) == [reason]
    assert open_sessions(visit.world) == 1


@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("change", "reason"),
    [pytest.param(change, reason, id=name) for name, change, reason in AFTER_SIGNING],
)
def test_a_request_that_was_changed_ends_no_session(visit, saml_provider, change, reason):
    fields = asked_there(visit, saml_provider)
    fields["SAMLRequest"] = forgery.changed(fields["SAMLRequest"], change)

    insist_on_refusal(visit, fields, reason)


@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("change", "reason"),
    [pytest.param(change, reason, id=name) for name, change, reason in SIGNED_TRULY],
)
def test_a_request_that_is_not_meant_so_ends_no_session(visit, saml_provider, change, reason):
    fields = asked_there(visit, saml_provider)
    root = forgery.opened(fields["SAMLRequest"])
    change(root)
    forgery.sign(root, saml_provider.key())
    fields["SAMLRequest"] = forgery.closed(root)

    insist_on_refusal(visit, fields, reason)


@pytest.mark.promise("P37")
def test_a_request_that_another_key_signed_ends_no_session(visit, saml_provider):
    make_key(saml_provider.home / "cert", "stranger")
    fields = asked_there(visit, saml_provider)
    root = forgery.opened(fields["SAMLRequest"])
    forgery.sign(root, saml_provider.key("stranger"))
    fields["SAMLRequest"] = forgery.closed(root)

    insist_on_refusal(visit, fields, "signature")


def test_a_request_may_encrypt_whom_it_means(visit, saml_provider):
    fields = asked_there(visit, saml_provider)
    root = forgery.opened(fields["SAMLRequest"])
    forgery.encrypt_name(root, one(root, "a:NameID"), our_key().private_key)
    forgery.sign(root, saml_provider.key())
    fields["SAMLRequest"] = forgery.closed(root)

    assert brought(visit, fields).status_code == 200
    assert open_sessions(visit.world) == 0


@pytest.mark.promise("P37")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"SAMLRequest": ""}, "xml"),
        ({"SAMLRequest": "%%"}, "encoding"),
        ({"SAMLRequest": base64.b64encode(b"<!DOCTYPE r []><r/>").decode()}, "dtd"),
        ({"SAMLRequest": base64.b64encode(b"<a>" * 100_000).decode()}, "size"),
    ],
)
def test_what_is_no_message_at_all_ends_nothing(visit, fields, reason):
    insist_on_refusal(visit, fields, reason)
