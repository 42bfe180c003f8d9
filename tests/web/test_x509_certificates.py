"""Registering a certificate in the settings and at the API."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest

from appliance.services import x509_authorities
from tests import certificates
from tests.certificates import CertifiedSigner, signed_text

API = "/api/v1/user/x509-certificates"
PAGE = "/settings/certificates"


@pytest.fixture
def root(world):
    made = certificates.root("Company", key=certificates.rsa_key())
    world.administrator()
    world.user("writer")
    with world.begin(world.actor("administrator")) as work:
        x509_authorities.trust(work, data=made.pem, now=datetime.now(UTC))
    return made


def test_a_program_registers_lists_and_removes(world, root):
    writer, other = world.client("writer"), world.client("administrator")
    text = writer.get(f"{API}/challenge").json["challenge"]
    body = {"challenge": text, "signature": signed_text(root.issue("Card"), text)}

    made = writer.post(API, json=body)

    assert made.status_code == 201, made.text
    assert (made.json["subject"], made.json["addresses"]) == ("CN=Card", [])
    assert writer.get(API).json["items"] == [made.json]
    assert other.get(f"{API}?user=writer").json["items"] == [made.json]
    assert writer.post(API, json=body).status_code == 409
    assert other.post(API, json=body).status_code == 422
    held = other.get("/api/v1/credentials?kind=signing_key").json["items"]
    assert [each["id"] for each in held] == [made.json["id"]]
    place = f"/api/v1/credentials/signing_key/{made.json['id']}"
    assert other.delete(place).status_code == 204
    assert writer.delete(f"{API}/{made.json['id']}").status_code == 404
    kinds = [each for each in world.events() if each.startswith("x509_certificate.")]
    assert kinds == ["x509_certificate.added", "x509_certificate.removed"]


def test_a_person_registers_a_card_with_gpgsm(world, root, tmp_path_factory):
    browser = world.browser("writer", elevated=True)
    page = browser.get(f"{PAGE}/new").text
    text = html.unescape(re.search(r'name="challenge"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)[1])
    signer = CertifiedSigner(tmp_path_factory.mktemp("p"))
    try:
        # gpgsm finds the key by the address; the card that is registered names that of its holder.
        signer.sign_by_gpgsm(root.issue("Card", key=certificates.rsa_key()))
        (signer.home / "text").write_text(text, newline="")
        program = str(signer.home / "gpgsm" / "program")
        words = ("--detach-sign", "--armor", "-u", "CN=Card", str(signer.home / "text"))
        signature = signer._run(program, *words)
    finally:
        signer.close()
    form = {"challenge": text, "signature": signature}

    done = browser.post(f"{PAGE}/new", data=form)

    assert done.status_code == 303, done.text
    shown = browser.get(PAGE).text
    assert "CN=Card" in shown
    assert "valid for all your verified addresses" in shown
    again = browser.post(f"{PAGE}/new", data=form)
    assert again.status_code == 409
    wrong = browser.post(f"{PAGE}/new", data={"challenge": text, "signature": "nothing"})
    assert 'id="signature-error"' in wrong.text
    href = re.search(rf'"({PAGE}/[^"/]+/remove)"', shown)[1]
    assert browser.post(href).status_code == 303
    assert "CN=Card" not in browser.get(PAGE).text
