"""Metadata that are signed: ours where that is set, and theirs by a certificate that was pinned."""

from __future__ import annotations

from typing import Any

import pytest
import xmlsec
from lxml import etree

from appliance.errors import InvalidError
from appliance.federation import saml_metadata
from appliance.services import identity_providers
from appliance.services.identity_providers import Changes
from tests.peers.saml_provider import make_key
from tests.web import saml_forgery as forgery
from tests.web.saml_forgery import one
from tests.web.saml_visits import Visit, meet, our_key

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tell(world, **settings: Any) -> None:
    with world.begin(world.actor("administrator-corp")) as work:
        before = dict(identity_providers.show(work, "corp").provider.settings)
        wanted = Changes(settings={**before, **settings})
        identity_providers.change(work, "corp", wanted, sealer=world.wiring.sealer)


def test_our_metadata_are_signed_where_that_is_set_and_the_provider_reads_them(
    world, saml_provider
):
    world.configure(CODARA_SIGN_IN__SAML_SIGNS_METADATA="true")
    meet(world, saml_provider)
    found = etree.fromstring(world.app.test_client().get("/auth/saml/metadata").data)
    xmlsec.tree.add_ids(found, ["ID"])
    context = xmlsec.SignatureContext()
    pem = f"-----BEGIN CERTIFICATE-----\n{our_key().certificate}\n-----END CERTIFICATE-----\n"
    context.key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM)
    context.verify(found.find(f"{{{forgery.NAMES['d']}}}Signature"))
    visit = Visit(world)
    assert visit.bring(visit.answer()).status_code == 303


def test_our_metadata_are_the_same_until_something_changes(world, saml_provider):
    meet(world, saml_provider)
    browser = world.app.test_client()
    found = [browser.get("/auth/saml/metadata").data for _ in range(2)]
    assert found[0] == found[1]
    assert b"Signature" not in found[0]


def described(peer, change=None, *, key: str = "present") -> str:
    """The provider's metadata, signed as a whole."""
    root = etree.fromstring(peer.metadata().encode())
    root.set("ID", "_m")
    forgery.sign(root, peer.key(key))
    signature = one(root, "d:Signature")
    root.insert(0, signature)
    if change is not None:
        change(root)
    return etree.tostring(root).decode()


def pinned(peer) -> str:
    return peer.certificate().decode()


def test_metadata_that_are_signed_by_the_pinned_certificate_count(world, saml_provider):
    meet(world, saml_provider)
    tell(world, metadata=described(saml_provider), metadata_certificate=pinned(saml_provider))
    visit = Visit(world)
    assert visit.bring(visit.answer()).status_code == 303


def other_address(root: Any) -> None:
    for each in root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}SingleSignOnService"):
        each.set("Location", "https://elsewhere.test/")


def unsigned(root: Any) -> None:
    root.remove(one(root, "d:Signature"))


def around(root: Any) -> None:
    """The signed description inside another, which says what it likes."""
    inner = etree.fromstring(etree.tostring(root))
    for each in list(root):
        root.remove(each)
    root.set("ID", "_other")
    root.append(inner)


def said_in_a_comment(root: Any) -> None:
    for each in root.iter(f"{{{forgery.NAMES['d']}}}X509Certificate"):
        each.append(etree.Comment("AAAA"))


@pytest.mark.promise("P37")
@pytest.mark.parametrize("change", [other_address, unsigned, around])
def test_metadata_that_the_pinned_certificate_did_not_sign_do_not_count(
    world, saml_provider, change
):
    meet(world, saml_provider)
    with pytest.raises(InvalidError, match="did not sign"):
        saml_metadata.read(described(saml_provider, change), signed_by=pinned(saml_provider))


@pytest.mark.promise("P37")
def test_metadata_that_another_key_signed_do_not_count(world, saml_provider):
    make_key(saml_provider.home / "cert", "stranger")
    text = described(saml_provider, key="stranger")
    with pytest.raises(InvalidError, match="did not sign"):
        saml_metadata.read(text, signed_by=pinned(saml_provider))


def test_what_stands_in_a_comment_of_signed_metadata_is_not_read(world, saml_provider):
    plain = saml_metadata.read(described(saml_provider), signed_by=pinned(saml_provider))
    text = described(saml_provider, said_in_a_comment)
    assert saml_metadata.read(text, signed_by=pinned(saml_provider)) == plain


def test_what_is_no_certificate_cannot_be_pinned(world, saml_provider):
    with pytest.raises(InvalidError, match="no certificate in PEM"):
        saml_metadata.read(described(saml_provider), signed_by="x")
