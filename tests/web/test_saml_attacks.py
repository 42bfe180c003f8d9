"""The attack table of SAML: each row is made from a true answer, and refused for its own reason."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import xmlsec
from lxml import etree

from appliance.db.identity_providers import Identity
from tests.peers.saml_provider import make_key
from tests.web import saml_forgery as forgery
from tests.web.saml_forgery import NAMES, assertion, changed, one, signed_anew
from tests.web.saml_visits import Visit, meet, our_key

pytestmark = [
    pytest.mark.promise("P37"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
ANSWER_SIGNED = {"saml20.sign.assertion": False, "saml20.sign.response": True}
CONDITIONS = "a:Conditions"
CONFIRMED = "a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData"


@pytest.fixture
def visit(world, saml_provider):
    """Somebody who has a true answer at hand that wants only to be brought."""
    meet(world, saml_provider)
    return Visit(world)


def refused(visit: Visit, answer: str) -> str:
    """Why an answer was refused; nobody has come in by it."""
    back = visit.bring(answer)
    assert back.status_code == 401
    assert "codara_session" not in str(back.headers)
    assert "cannot be used" in back.text
    assert visit.world.one(sa.select(Identity)) is None
    (event,) = visit.world.recorded("auth.assertion_refused")
    assert event.body["reason"] not in re.sub(r"<[^>]*>", "", back.text).split()
    return event.body["reason"]


def at(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def put(path: str, name: str, value: str | int | None):
    """Change an attribute of the assertion (a number: to so many seconds from then), or drop it."""

    def change(root) -> None:
        element = one(assertion(root), path) if path else assertion(root)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, at(value) if isinstance(value, int) else value)

    return change


def write(path: str, text: str):
    def change(root) -> None:
        one(assertion(root), path).text = text

    return change


def take_away(path: str):
    def change(root) -> None:
        element = one(root, path)
        element.getparent().remove(element)

    return change


def cut_by_a_comment(root) -> None:
    name = one(assertion(root), "a:Subject/a:NameID")
    text, name.text = name.text, ""
    comment = etree.Comment("cut")
    comment.tail = text[4:]
    name.text = text[:4]
    name.append(comment)


def extra_reference(root) -> None:
    info = one(assertion(root), "d:Signature/d:SignedInfo")
    info.append(etree.fromstring(etree.tostring(one(info, "d:Reference"))))


def empty_reference(root) -> None:
    one(assertion(root), "d:Signature/d:SignedInfo/d:Reference").set("URI", "")


def by_path(root) -> None:
    """A transform that chooses what is signed."""
    transforms = one(assertion(root), "d:Signature/d:SignedInfo/d:Reference/d:Transforms")
    etree.SubElement(
        transforms,
        f"{{{NAMES['d']}}}Transform",
        Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116",
    )


def same_id(root) -> None:
    root.set("ID", assertion(root).get("ID"))


AFTER_SIGNING = [
    ("subject_changed", write("a:Subject/a:NameID", "somebody else"), "signature"),
    ("unsigned", take_away("//a:Assertion/d:Signature"), "not_signed"),
    ("cut_by_a_comment", cut_by_a_comment, "comment"),
    ("extra_reference", extra_reference, "shape"),
    ("empty_reference", empty_reference, "shape"),
    ("by_path", by_path, "algorithm"),
    ("same_id", same_id, "shape"),
    ("destination", lambda root: root.set("Destination", "https://other.example/"), "destination"),
    ("no_destination", lambda root: root.attrib.pop("Destination"), "destination"),
    ("in_response_to", lambda root: root.set("InResponseTo", "_other"), "in_response_to"),
    ("no_in_response_to", lambda root: root.attrib.pop("InResponseTo"), "unasked"),
    ("issuer", lambda root: setattr(one(root, "a:Issuer"), "text", "https://x.example"), "issuer"),
    (
        "status",
        lambda root: one(root, "p:Status/p:StatusCode").set(
            "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"
        ),
        "status",
    ),
    *((f"wrapped_{number}", partial(forgery.wrapped, number), "shape") for number in range(3, 9)),
]


@pytest.mark.parametrize(
    ("change", "reason"),
    [pytest.param(change, reason, id=name) for name, change, reason in AFTER_SIGNING],
)
def test_what_was_changed_after_signing_is_refused(visit, change, reason):
    assert refused(visit, changed(visit.answer(), change)) == reason


SIGNED_TRULY = [
    ("audience", write(f"{CONDITIONS}/a:AudienceRestriction/a:Audience", "x"), "audience"),
    ("no_audience", take_away("//a:AudienceRestriction"), "audience"),
    ("recipient", put(CONFIRMED, "Recipient", "https://other.example/acs"), "recipient"),
    ("no_recipient", put(CONFIRMED, "Recipient", None), "recipient"),
    ("other_question", put(CONFIRMED, "InResponseTo", "_other"), "recipient"),
    ("no_question", put(CONFIRMED, "InResponseTo", None), "in_response_to"),
    ("expired", put(CONDITIONS, "NotOnOrAfter", -120), "expired"),
    ("long_expired", put(CONDITIONS, "NotOnOrAfter", -7200), "expired"),
    ("endless", put(CONFIRMED, "NotOnOrAfter", None), "expired"),
    ("too_early", put(CONDITIONS, "NotBefore", 120), "too_early"),
    ("far_too_early", put(CONDITIONS, "NotBefore", 7200), "too_early"),
    ("not_a_bearer", put("a:Subject/a:SubjectConfirmation", "Method", "urn:x"), "recipient"),
    ("another_issuer", write("a:Issuer", "https://other.example"), "issuer"),
    ("nobody", take_away("//a:NameID"), "name_id"),
    ("for_another", put("a:Subject/a:NameID", "SPNameQualifier", "https://x.example"), "name_id"),
]


@pytest.mark.parametrize(
    ("change", "reason"),
    [pytest.param(change, reason, id=name) for name, change, reason in SIGNED_TRULY],
)
def test_what_is_signed_but_not_meant_for_now_and_here_is_refused(
    visit, saml_provider, change, reason
):
    answer = signed_anew(visit.answer(), change, saml_provider.key())

    assert refused(visit, answer) == reason


def test_a_clock_may_differ_by_as_much_as_was_said(visit, saml_provider):
    answer = signed_anew(visit.answer(), put(CONDITIONS, "NotBefore", 30), saml_provider.key())

    assert visit.bring(answer).status_code == 303


@pytest.mark.parametrize("number", [1, 2])
def test_a_signed_answer_inside_another_is_refused(world, saml_provider, number):
    meet(world, saml_provider, signed="answer")
    saml_provider.answers(**ANSWER_SIGNED)
    visit = Visit(world)

    forged = changed(visit.answer(), partial(forgery.wrapped, number))

    assert refused(visit, forged) == "shape"


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (xmlsec.Transform.RSA_SHA1, None),
        (xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA1),
        (xmlsec.Transform.HMAC_SHA256, None),
    ],
    ids=["rsa-sha1", "digest-sha1", "hmac-by-the-certificate"],
)
def test_algorithms_that_are_not_on_the_list_are_refused(visit, saml_provider, method, digest):
    is_hmac = method is xmlsec.Transform.HMAC_SHA256
    key = saml_provider.certificate() if is_hmac else saml_provider.key()
    answer = signed_anew(visit.answer(), lambda _: None, key, method=method, digest=digest)

    assert refused(visit, answer) == "algorithm"


def test_what_another_key_signed_is_refused(visit, tmp_path):
    make_key(tmp_path, "other")
    key = (tmp_path / "other.pem").read_bytes()

    assert refused(visit, signed_anew(visit.answer(), lambda _: None, key)) == "signature"


@pytest.mark.parametrize(
    ("declaration", "inside", "reason"),
    [
        ('<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "&e;", "dtd"),
        ('<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;&a;">]>', "&b;", "dtd"),
        ('<!DOCTYPE r SYSTEM "http://127.0.0.1:1/r.dtd">', "", "dtd"),
        ('<?xml-stylesheet href="x"?>', "", None),
        ("", "<a><b></a>", "xml"),
    ],
    ids=["file", "laughs", "elsewhere", "instruction-outside", "broken"],
)
def test_tricks_of_xml_are_refused(visit, declaration, inside, reason):
    text = base64.b64decode(visit.answer()).decode()
    begin = text.index("<samlp:Response")
    spoilt = declaration + text[begin:].replace("</saml:NameID>", f"{inside}</saml:NameID>", 1)
    answer = base64.b64encode(spoilt.encode()).decode()

    if reason is None:  # It stands outside what is read, and changes nothing.
        assert visit.bring(answer).status_code == 303
    else:
        assert refused(visit, answer) == reason


def test_a_document_type_in_another_encoding_is_no_way_round(visit):
    text = base64.b64decode(visit.answer()).decode()
    spoilt = '<!DOCTYPE r [<!ENTITY e "x">]>' + text[text.index("<samlp:Response") :]
    answer = base64.b64encode(spoilt.encode("utf-16")).decode()

    assert refused(visit, answer) == "xml"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "xml"),
        ("%%%", "encoding"),
        ("ä", "encoding"),
        (base64.b64encode(b"\x00").decode(), "xml"),
        (base64.b64encode(b"<a/>").decode(), "shape"),
        (base64.b64encode(b"<a>" * 100_000).decode(), "size"),
        (base64.b64encode(b"<a>" * 5_000).decode(), "xml"),
    ],
)
def test_what_is_no_answer_at_all_is_refused(visit, answer, reason):
    assert refused(visit, answer) == reason


def test_the_signature_of_the_answer_does_not_stand_for_that_of_the_assertion(world, saml_provider):
    meet(world, saml_provider, signed="both")
    saml_provider.answers(**{"saml20.sign.response": True})
    visit = Visit(world)

    def cut(root) -> None:
        take_away("//a:Assertion/d:Signature")(root)
        forgery.sign(root, saml_provider.key())

    assert refused(visit, changed(visit.answer(), cut)) == "not_signed"


def alter(root) -> None:
    value = one(root, "//x:EncryptedData/x:CipherData/x:CipherValue")
    content = bytearray(base64.b64decode(value.text))
    content[20] ^= 1
    value.text = base64.b64encode(content).decode()


def test_a_ciphertext_without_a_check_of_its_own_is_opened_only_after_the_signature_around_it(
    world, saml_provider
):
    meet(world, saml_provider, signed="both")
    saml_provider.answers(**{"assertion.encryption": True, "saml20.sign.response": True})
    visit = Visit(world)

    assert refused(visit, changed(visit.answer(), alter)) == "signature"


def test_a_ciphertext_with_a_check_of_its_own_is_opened_only_unaltered(world, saml_provider):
    meet(world, saml_provider, wants_encryption=True)
    visit = Visit(world)
    answer = forgery.encrypted(visit.answer(), our_key().private_key)
    other = Visit(world)
    altered = changed(forgery.encrypted(other.answer(), our_key().private_key), alter)

    assert refused(other, altered) == "decryption"
    assert visit.bring(answer).status_code == 303


def test_an_assertion_that_was_taken_out_of_its_encryption_is_refused(world, saml_provider):
    meet(world, saml_provider, wants_encryption=True)
    visit = Visit(world)

    assert refused(visit, visit.answer()) == "not_encrypted"
