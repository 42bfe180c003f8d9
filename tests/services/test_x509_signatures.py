"""Commits, tags and pushes signed with X.509 certificates, by real programs: which ones count."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from appliance.domain.identity import stranger
from appliance.domain.permissions import Role
from appliance.domain.signatures import Finding, SignatureForm
from appliance.git import commits, refs
from appliance.services import signatures, x509_authorities
from tests import certificates
from tests.certificates import DAY, CertifiedSigner, usage
from tests.services.test_signatures import vouch

ADDRESS = "writer@codara.test"
# What SQL there is does not differ; the first test and the last ones ask both databases.
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def signer(tmp_path_factory):
    person = CertifiedSigner(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def root():
    return certificates.root()


@pytest.fixture
def writer(world):
    world.repository("lab/notes")
    world.administrator()
    actor = world.user("writer", role=Role.WRITER, on="lab/notes")
    vouch(world, ADDRESS)
    return actor


def trust(world, holder):
    with world.begin(world.actor("administrator")) as work:
        return x509_authorities.trust(work, data=holder.pem, now=datetime.now(UTC)).id


def bring(world, authority_id, data):
    with world.begin(world.actor("administrator")) as work:
        x509_authorities.revoke(work, authority_id, data=data)


def checked(world, signer, oid):
    """What comes of the commit once it is in the repository."""
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    with world.reading(stranger()) as work:
        return signatures.of_commits(work, [commits.read(folder, oid)])[oid]


def test_a_commit_and_a_tag_signed_by_gpgsm_are_verified(world, writer, signer, root):
    top = certificates.root("Company", key=certificates.rsa_key())
    person = top.issue("Writer", address=ADDRESS, key=certificates.rsa_key())
    trust(world, top)
    signer.sign_by_gpgsm(person)

    found = checked(world, signer, signer.commit())

    assert found.finding is Finding.VERIFIED
    assert (found.form, found.owner, found.owner_id) == (SignatureForm.X509, "writer", writer.id)
    assert found.signed_at is not None
    target = signer.tag("v1")
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    with world.reading(stranger()) as work:
        assert signatures.of_tags(work, [refs.one(folder, b"refs/tags/v1")])[target].is_verified


@ON_ONE
@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, ()),
        (ec.generate_private_key(ec.SECP384R1()), ("-md", "sha384")),
        (certificates.rsa_key(2048), ()),
        (certificates.rsa_key(2048), ("-keyopt", "rsa_padding_mode:pss")),
        (certificates.rsa_key(2048), ("-md", "sha512", "-keyid")),
        (None, ("-noattr",)),
        (None, ("-nosmimecap",)),
    ],
    ids=["p256", "p384", "rsa", "pss", "key-id", "no-attributes", "no-capabilities"],
)
def test_each_usual_form_is_verified(world, writer, signer, root, key, words):
    between = root.issue("Between", is_authority=True)
    person = between.issue("Writer", address=ADDRESS, key=key)
    trust(world, root)
    signer.sign_by_openssl(person, *words, others=(between,))

    found = checked(world, signer, signer.commit())

    assert found.finding is Finding.VERIFIED
    assert found.key == person.certificate.fingerprint(hashes.SHA256()).hex()


@ON_ONE
def test_the_address_of_the_subject_counts_where_there_is_no_other(world, writer, signer, root):
    trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS, alternative=False))

    assert checked(world, signer, signer.commit()).finding is Finding.VERIFIED


OTHER = certificates.root("Other")
NOW = datetime.now(UTC)
REFUSED = {
    "another authority": (lambda _: OTHER.issue("Writer", address=ADDRESS), "untrusted_authority"),
    "an authority of the same name": (
        lambda _: certificates.root().issue("Writer", address=ADDRESS),
        "untrusted_authority",
    ),
    "itself": (lambda _: certificates.make("Writer", address=ADDRESS), "untrusted_authority"),
    "somebody who is no authority": (
        lambda root: root.issue("Somebody", address=ADDRESS).issue("Writer", address=ADDRESS),
        "untrusted_authority",
    ),
    "expired": (
        lambda root: root.issue("Writer", address=ADDRESS, end=NOW - DAY),
        "expired_key",
    ),
    "not yet valid": (
        lambda root: root.issue("Writer", address=ADDRESS, start=NOW + DAY),
        "expired_key",
    ),
    "for keys only": (
        lambda root: root.issue("Writer", address=ADDRESS, uses=usage(signs=False)),
        "wrong_usage",
    ),
    "for servers": (
        lambda root: root.issue(
            "Writer", address=ADDRESS, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)
        ),
        "wrong_usage",
    ),
    "an authority's own": (
        lambda root: root.issue("Writer", address=ADDRESS, is_authority=True),
        "wrong_usage",
    ),
    "of another address": (
        lambda root: root.issue("Writer", address="other@codara.test"),
        "other_address",
    ),
    "of no address": (lambda root: root.issue("Writer"), "other_address"),
    "a short key": (
        lambda root: root.issue("Writer", address=ADDRESS, key=certificates.rsa_key(1024)),
        "unsupported",
    ),
    "a curve that few know": (
        lambda root: root.issue(
            "Writer", address=ADDRESS, key=ec.generate_private_key(ec.SECP256K1())
        ),
        "unsupported",
    ),
    "a demand that nobody understands": (
        lambda root: root.issue(
            "Writer",
            address=ADDRESS,
            extensions=((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0"), True),),
        ),
        "unsupported",
    ),
}


@pytest.mark.promise("P63")
@ON_ONE
@pytest.mark.parametrize(("make", "finding"), REFUSED.values(), ids=REFUSED.keys())
def test_a_certificate_does_not_count(world, writer, signer, root, make, finding):
    trust(world, root)
    person = make(root)
    others = tuple(each for each in (person.above,) if each and each is not root)
    signer.sign_by_openssl(person, others=others)

    found = checked(world, signer, signer.commit())

    assert found.finding == finding
    assert (found.form, found.owner, found.owner_id) == (SignatureForm.X509, "", None)


@ON_ONE
def test_a_certificate_that_ended_since_leaves_older_work_verified(world, writer, signer, root):
    person = root.issue("Writer", address=ADDRESS, end=NOW - DAY)
    trust(world, root)
    # Without attributes there is no other time than the commit's.
    signer.sign_by_openssl(person, "-noattr")
    before = (NOW - 2 * DAY).strftime("%Y-%m-%dT%H:%M:%S+0000")

    assert checked(world, signer, signer.commit(at=before)).finding is Finding.VERIFIED
    assert checked(world, signer, signer.commit("b.txt")).finding is Finding.EXPIRED_KEY


@pytest.mark.parametrize(
    ("reason", "finding"),
    [
        (None, "revoked_key"),
        (x509.ReasonFlags.key_compromise, "revoked_key"),
        (x509.ReasonFlags.superseded, "verified"),
    ],
)
def test_a_revoked_certificate_counts_for_what_only_its_holder_can_have_signed(
    world, writer, signer, root, reason, finding
):
    person = root.issue("Writer", address=ADDRESS)
    authority_id = trust(world, root)
    signer.sign_by_openssl(person, "-noattr")
    early = signer.commit(at=(NOW - 2 * DAY).strftime("%Y-%m-%dT%H:%M:%S+0000"))
    late = signer.commit("b.txt")
    assert checked(world, signer, late).is_verified

    bring(world, authority_id, root.revocations(person, reason=reason, at=NOW - DAY))

    assert checked(world, signer, late).finding is Finding.REVOKED_KEY
    assert checked(world, signer, early).finding == finding


@ON_ONE
def test_an_authority_below_a_trusted_one_can_be_revoked(world, writer, signer, root):
    between = root.issue("Between", is_authority=True)
    authority_id = trust(world, root)
    signer.sign_by_openssl(between.issue("Writer", address=ADDRESS), others=(between,))
    oid = signer.commit()
    assert checked(world, signer, oid).is_verified

    bring(world, authority_id, root.revocations(between))

    assert checked(world, signer, oid).finding is Finding.REVOKED_KEY


@pytest.mark.promise("P63")
def test_with_a_list_out_of_date_nobody_knows(world, writer, signer, root):
    authority_id = trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    oid = signer.commit()
    bring(world, authority_id, root.revocations(made_at=NOW - 9 * DAY, until=NOW - DAY))

    found = checked(world, signer, oid)

    assert found.finding is Finding.REVOCATION_UNKNOWN
    assert found.is_unknown
    bring(world, authority_id, root.revocations())
    assert checked(world, signer, oid).is_verified


def test_an_authority_that_is_trusted_no_more_stands_for_nothing(world, writer, signer, root):
    authority_id = trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    oid = signer.commit()
    assert checked(world, signer, oid).is_verified

    with world.begin(world.actor("administrator")) as work:
        x509_authorities.remove(work, authority_id)

    assert checked(world, signer, oid).finding is Finding.UNTRUSTED_AUTHORITY


@ON_ONE
@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_weak_digests_do_not_count(world, writer, signer, root, digest):
    trust(world, root)
    person = root.issue("Writer", address=ADDRESS, key=certificates.rsa_key(2048))
    signer.sign_by_openssl(person, "-md", digest)

    assert checked(world, signer, signer.commit()).finding is Finding.UNSUPPORTED


@ON_ONE
def test_two_signers_are_one_too_many(world, writer, signer, root):
    trust(world, root)
    other = signer.sign_along(root.issue("Other", address="other@codara.test"))
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS), *other)

    assert checked(world, signer, signer.commit()).finding is Finding.MALFORMED


@ON_ONE
def test_content_inside_the_signature_is_refused(world, writer, signer, root):
    trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS), "-nodetach")

    assert checked(world, signer, signer.commit()).finding is Finding.MALFORMED


@ON_ONE
@pytest.mark.parametrize(("count", "finding"), [(11, "malformed"), (400, "too_large")])
def test_a_huge_chain_is_not_looked_at(world, writer, signer, root, count, finding):
    trust(world, root)
    spare = root.issue("Spare", is_authority=True)
    more = tuple(root.issue(f"Spare {number}", key=spare.key) for number in range(count))
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS), others=more)

    assert checked(world, signer, signer.commit()).finding == finding


@ON_ONE
def test_a_signature_without_its_certificate_names_a_key_nobody_knows(world, writer, signer, root):
    trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS), "-nocerts")

    assert checked(world, signer, signer.commit()).finding is Finding.UNKNOWN_KEY


@pytest.mark.promise("P63")
@ON_ONE
def test_changed_content_does_not_fit(world, writer, signer, root):
    trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    forged = signer.rewrite(signer.commit(), b"Write notes", b"Write other")

    assert checked(world, signer, forged).finding is Finding.BAD_SIGNATURE


@ON_ONE
# Some serial numbers that come about by it may not be; the library says so, and reads on.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_garbage_ends_in_a_reason(world, writer, signer, root):
    """Every byte of a good signature changed, cut off there, or doubled: never a traceback."""
    trust(world, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    folder = world.folder(world._repository("lab/notes"))
    oid = signer.commit()
    signer.put_into(folder)
    claim = signatures.claim_of_commit(commits.read(folder, oid))
    text = claim.signed.signature.strip().split(b"\n")
    data = base64.b64decode(b"".join(text[1:-1]))
    mutants = {}
    for at in range(len(data)):
        mutants[f"flip {at}"] = data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]
        mutants[f"cut {at}"] = data[:at]
        mutants[f"open {at}"] = data[:at] + b"\x80" + data[at + 1 :]
    mutants = {name: each for name, each in mutants.items() if each != data}
    mutants["doubled"], mutants["deep"] = data * 2, b"\x30\x80" * 2000
    mutants["long"] = b"\x30\x84\xff\xff\xff\xff" + data
    claims = {name: _with(claim, each, text) for name, each in mutants.items()}

    with world.reading(stranger()) as work:
        found = signatures.check(work, {"good": claim, **claims})

    assert found.pop("good").is_verified
    assert found.keys() == mutants.keys()
    assert not [name for name, each in found.items() if each.is_verified]


def _with(claim, data, text):
    whole = b"\n".join([text[0], base64.encodebytes(data).strip(), text[-1]]) + b"\n"
    signed = type(claim.signed)(whole, claim.signed.payload)
    return type(claim)(signed, claim.address, claim.made_at)
