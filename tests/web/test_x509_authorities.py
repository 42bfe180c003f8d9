"""Authorities for X.509 signatures at the API and in the administration."""

from __future__ import annotations

import base64
import re

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.db.signing_keys import X509Authority
from appliance.web import certificate_text
from tests import certificates

API = "/api/v1/x509-authorities"
PAGE = "/administration/signatures"


@pytest.fixture
def root():
    return certificates.root("Company")


@pytest.fixture
def client(world):
    world.administrator()
    return world.client("administrator")


def test_a_program_trusts_lists_revokes_and_removes(world, client, root):
    person = root.issue("Writer")
    made = client.post(API, json={"certificate": root.pem.decode()})
    assert made.status_code == 201, made.text
    place = f"{API}/{made.json['id']}"

    brought = client.put(
        f"{place}/revocations", json={"revocations": root.revocations(person).decode()}
    )
    listed = client.get(API).json["items"]
    gone = client.delete(place)

    assert made.json["subject"] == "CN=Company"
    assert (made.json["revoked"], brought.json["revoked"]) == (None, 1)
    assert listed == [brought.json]
    assert x509.load_pem_x509_certificate(listed[0]["certificate"].encode()) == root.certificate
    assert gone.status_code == 204
    assert client.delete(place).status_code == 404
    assert world.events() == [
        "x509_authority.trusted",
        "x509_authority.changed",
        "x509_authority.removed",
    ]


def test_files_that_are_no_text_come_in_base64(client, root):
    certificate = base64.b64encode(root.certificate.public_bytes(Encoding.DER)).decode()
    revocations = x509.load_pem_x509_crl(root.revocations()).public_bytes(Encoding.DER)

    made = client.post(API, json={"certificate": certificate})
    brought = client.put(
        f"{API}/{made.json['id']}/revocations",
        json={"revocations": base64.b64encode(revocations).decode()},
    )

    assert (made.status_code, brought.status_code) == (201, 200)
    assert client.post(API, json={"certificate": "?"}).status_code == 422
    assert certificate_text.pem(root.certificate.public_bytes(Encoding.DER)).encode() == root.pem


def test_an_administrator_does_it_in_the_portal(world, client, root):
    browser = world.browser("administrator", elevated=True)
    form = {"certificate": root.pem.decode(), "title": "Our cards"}

    assert browser.post(f"{PAGE}/authorities", data=form).status_code == 303
    page = browser.get(PAGE).text
    assert "Our cards" in page
    assert "No revocation list" in page
    place = re.search(rf'"({PAGE}/authorities/[^"/]+)/revocations"', page)[1]
    lists = {"revocations": root.revocations().decode()}
    assert browser.post(f"{place}/revocations", data=lists).status_code == 303
    assert "0 revoked" in browser.get(PAGE).text
    assert browser.post(f"{place}/remove").status_code == 303
    assert world.one(sa.select(X509Authority.id)) is None


def test_what_is_no_certificate_is_said_at_the_field(world, client):
    browser = world.browser("administrator", elevated=True)

    answer = browser.post(f"{PAGE}/authorities", data={"certificate": "-----BEGIN nothing"})

    assert answer.status_code == 422
    assert 'id="certificate-error"' in answer.text
