"""Whom an administrator trusts for X.509 signatures: which files are taken, and from whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.domain.permissions import OrganisationRole
from appliance.errors import ConflictError, InvalidError, RefusedError, TooLargeError
from appliance.services import x509_authorities
from tests import certificates
from tests.certificates import DAY
from tests.services.test_x509_signatures import ADDRESS, bring, trust
from tests.world import NOON

OTHER = certificates.root("Other")
NOW = datetime.now(UTC)


@pytest.fixture
def root():
    return certificates.root()


@pytest.fixture
def writer(world):
    world.administrator()
    return world.user("writer")


def test_only_administrators_say_whom_to_trust(world, writer, root):
    authority_id = trust(world, root)
    acts = (
        x509_authorities.listed,
        lambda work: x509_authorities.trust(work, data=OTHER.pem, now=NOON),
        lambda work: x509_authorities.revoke(work, authority_id, data=root.revocations()),
        lambda work: x509_authorities.remove(work, authority_id),
    )
    for act in acts:
        with pytest.raises(RefusedError), world.begin(writer) as work:
            act(work)
        with world.begin(world.actor("administrator")) as work:
            act(work)


def test_only_a_strong_authority_can_be_trusted(world, writer, root):
    refused = {
        "no certificate": b"nothing",
        "several": root.pem * 2,
        "a key": root.pem + root.key_pem,
        "a person": root.issue("Writer", address=ADDRESS).pem,
        "short": certificates.root(key=certificates.rsa_key(1024)).pem,
        "over": certificates.root(end=NOW - DAY).pem,
        "another kind of key": _of_ed25519(),
    }
    for data in refused.values():
        with pytest.raises(InvalidError), world.begin(world.actor("administrator")) as work:
            x509_authorities.trust(work, data=data, now=NOW)
    trust(world, root)
    with pytest.raises(ConflictError):
        trust(world, root)


@pytest.mark.promise("P26")
def test_the_lists_of_an_organisation_have_a_limit_together(world, writer, root, monkeypatch):
    world.organisation("lab")
    world.user("boss", member=OrganisationRole.OWNER, of="lab")
    lists = [each.revocations() for each in (root, OTHER)]
    with world.begin(world.actor("boss")) as work:
        first, second = (
            x509_authorities.trust(work, data=each.pem, organisation="lab", now=NOW).id
            for each in (root, OTHER)
        )
        x509_authorities.revoke(work, first, data=lists[0], organisation="lab")
    monkeypatch.setattr(x509_authorities, "MOST_OF_LISTS", len(lists[0]))

    with pytest.raises(TooLargeError), world.begin(world.actor("boss")) as work:
        x509_authorities.revoke(work, second, data=lists[1], organisation="lab")
    with world.begin(world.actor("boss")) as work:
        x509_authorities.revoke(work, first, data=lists[0], organisation="lab")
    bring(world, trust(world, root), lists[0])


def _of_ed25519():
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Root")])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - DAY, NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    return builder.public_bytes(Encoding.PEM)


def test_only_a_whole_list_of_the_authority_itself_is_taken(world, writer, root):
    authority_id = trust(world, root)
    part = x509.IssuingDistributionPoint(
        full_name=None,
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}),
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    refused = {
        "no list": b"nothing",
        "of another": OTHER.revocations(),
        "of another of the same name": certificates.root().revocations(),
        "a part": root.revocations(extension=part),
        "a difference": root.revocations(extension=x509.DeltaCRLIndicator(1)),
    }
    for data in refused.values():
        with pytest.raises(InvalidError):
            bring(world, authority_id, data)

    bring(world, authority_id, root.revocations())
    with pytest.raises(ConflictError):
        bring(world, authority_id, root.revocations(made_at=NOW - 3 * DAY))
    assert world.events()[-1] == "x509_authority.changed"
