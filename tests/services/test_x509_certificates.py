"""Certificates that users register: who may, by which proof, and for whom they speak then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.domain.identity import stranger
from appliance.domain.permissions import OrganisationRole, Role
from appliance.domain.signatures import Finding
from appliance.errors import (
    ConflictError,
    HiddenError,
    InvalidError,
    RefusedError,
    UnauthenticatedError,
)
from appliance.git import commits
from appliance.services import signatures, users, x509_authorities, x509_certificates
from tests import certificates
from tests.certificates import DAY, CertifiedSigner, signed_text, usage
from tests.services.test_signatures import vouch

ADDRESS, OTHERS = "writer@codara.test", "other@codara.test"
NOW = datetime.now(UTC)
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def signer(tmp_path_factory):
    person = CertifiedSigner(tmp_path_factory.mktemp("p"))
    yield person
    person.close()


@pytest.fixture
def root(people):
    made = certificates.root()
    with people.begin(people.actor("administrator")) as work:
        x509_authorities.trust(work, data=made.pem, now=NOW)
    return made


@pytest.fixture
def people(world):
    world.repository("lab/notes")
    world.administrator()
    world.user("writer", role=Role.WRITER, on="lab/notes")
    world.user("other", role=Role.WRITER, on="lab/notes")
    vouch(world, ADDRESS)
    vouch(world, OTHERS, user="other")
    return world


def ask(world, who="writer", now=NOW):
    with world.reading(world.actor(who)) as work:
        return x509_certificates.challenge(work, tools=world.wiring.certificates, now=now)


def bring(world, text, signature, who="writer", now=NOW):
    tools = world.wiring.certificates
    with world.begin(world.actor(who)) as work:
        return x509_certificates.add(
            work, challenge=text, signature=signature, tools=tools, now=now
        )


def register(world, holder, who="writer"):
    text = ask(world, who)
    return bring(world, text, signed_text(holder, text), who)


def checked(world, signer, oid):
    """What comes of the commit once it is in the repository."""
    folder = world.folder(world._repository("lab/notes"))
    signer.put_into(folder)
    with world.reading(stranger()) as work:
        return signatures.of_commits(work, [commits.read(folder, oid)])[oid]


@pytest.mark.promise("P66")
def test_one_without_an_address_speaks_for_its_holders_addresses(people, signer, root):
    card = root.issue("Writer")
    signer.sign_by_openssl(card)
    oid = signer.commit()
    signer.git("config", "user.email", OTHERS, at=signer.copy)
    of_another = signer.commit("b.txt")
    assert checked(people, signer, oid).finding is Finding.OTHER_ADDRESS

    row = register(people, card)

    found = checked(people, signer, oid)
    assert (found.finding, found.owner) == (Finding.VERIFIED, "writer")
    assert (row.addresses, found.key) == ([], row.fingerprint)
    assert checked(people, signer, of_another).finding is Finding.OTHER_ADDRESS
    with people.begin(people.actor("writer")) as work:
        assert [each.id for each in x509_certificates.list_certificates(work).items] == [row.id]
        x509_certificates.remove(work, row.id)
    assert checked(people, signer, oid).finding is Finding.OTHER_ADDRESS
    kinds = ["x509_certificate.added", "x509_certificate.removed"]
    assert people.events()[-2:] == kinds


@ON_ONE
@pytest.mark.promise("P66")
def test_an_address_that_nobody_has_vouched_for_is_not_its_holders(people, signer, root):
    card = root.issue("Writer")
    register(people, card)
    signer.sign_by_openssl(card)
    oid = signer.commit()
    with people.begin(people.actor("writer")) as work:
        users.change(work, "writer", {"email": "new@codara.test"})
    signer.git("config", "user.email", "new@codara.test", at=signer.copy)

    assert checked(people, signer, oid).finding is Finding.OTHER_ADDRESS
    assert checked(people, signer, signer.commit("b.txt")).finding is Finding.OTHER_ADDRESS


@ON_ONE
def test_one_that_names_addresses_speaks_for_no_others(people, signer, root):
    card = root.issue("Writer", address=ADDRESS)
    register(people, card)
    signer.sign_by_openssl(card)
    own = signer.commit()
    assert checked(people, signer, own).is_verified
    with pytest.raises(InvalidError, match=OTHERS):
        register(people, root.issue("Other", address=OTHERS))

    vouch(people, "later@codara.test")
    signer.git("config", "user.email", "later@codara.test", at=signer.copy)

    assert checked(people, signer, signer.commit("b.txt")).finding is Finding.OTHER_ADDRESS
    assert checked(people, signer, own).finding is Finding.OTHER_ADDRESS


@pytest.mark.promise("P66")
def test_nobody_registers_one_twice_nor_that_of_somebody_else(people, root):
    card = root.issue("Writer")
    text = ask(people)
    signature = signed_text(card, text)
    bring(people, text, signature)

    with pytest.raises(ConflictError):
        bring(people, text, signature)
    with pytest.raises(ConflictError):
        register(people, card, "other")
    with pytest.raises(InvalidError):
        bring(people, text, signature, "other")
    with pytest.raises(InvalidError):
        bring(people, ask(people, "other"), signature, "other")


@ON_ONE
@pytest.mark.promise("P66")
def test_what_somebody_has_signed_shows_nothing_of_who_brings_it(people, signer, root):
    """A commit's signature holds the certificate, and is there for everybody to take."""
    card = root.issue("Writer")
    signer.sign_by_openssl(card)
    folder = people.folder(people._repository("lab/notes"))
    oid = signer.commit()
    signer.put_into(folder)
    claim = signatures.claim_of_commit(commits.read(folder, oid))
    assert claim is not None
    taken = claim.signed.signature.decode()
    forged = ask(people, "other").replace("other registers", "writer registers")
    own = ask(people, "other")

    for text in (own, forged, claim.signed.payload.decode()):
        with pytest.raises(InvalidError):
            bring(people, text, taken, "other")
    with pytest.raises(InvalidError):
        bring(people, forged, signed_text(card, forged), "other")
    with pytest.raises(InvalidError):
        bring(people, own, signed_text(card, own), now=NOW + timedelta(hours=2))
    with pytest.raises(InvalidError):
        bring(people, own, signed_text(card, own), "other", NOW + timedelta(hours=2))


REFUSED = {
    "of nobody who is trusted": lambda _: certificates.root("Else").issue("Writer"),
    "its own": lambda _: certificates.make("Writer"),
    "over": lambda root: root.issue("Writer", end=NOW - DAY),
    "for keys only": lambda root: root.issue("Writer", uses=usage(signs=False)),
    "for servers": lambda root: root.issue("Writer", purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "an authority": lambda root: root.issue("Writer", is_authority=True),
    "weak": lambda root: root.issue("Writer", key=certificates.rsa_key(1024)),
}


@ON_ONE
@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_only_one_that_would_count_is_registered(people, root, make):
    with pytest.raises(InvalidError):
        register(people, make(root))
    assert "x509_certificate.added" not in people.events()


@ON_ONE
@pytest.mark.parametrize("late", [False, True], ids=["revoked", "list out of date"])
def test_not_while_it_is_revoked_or_nobody_knows(people, root, late):
    card = root.issue("Writer")
    with people.begin(people.actor("administrator")) as work:
        (known,) = x509_authorities.listed(work)
        over = {"made_at": NOW - 9 * DAY, "until": NOW - DAY} if late else {}
        data = root.revocations(*(() if late else (card,)), **over)
        x509_authorities.revoke(work, known.id, data=data)
    with pytest.raises(InvalidError):
        register(people, card)


@ON_ONE
def test_damaged_texts_end_in_a_reason(people, root):
    text = ask(people)
    good = signed_text(root.issue("Writer"), text)
    key = root.issue("Writer").key_pem.decode()
    for signature in (
        "",
        "nothing",
        good[:200],
        good * 2,
        key,
        "x" * 70_000,
        good.replace("A", "B"),
    ):
        with pytest.raises(InvalidError):
            bring(people, text, signature)
    for challenge in ("", "nothing", text.split()[-1], text.upper(), text * 2):
        with pytest.raises(InvalidError):
            bring(people, challenge, good)


@ON_ONE
def test_ends_of_lines_do_not_matter(people, root):
    text = ask(people)
    card = root.issue("Writer")
    for number, spelled in enumerate((text.strip(), text.replace("\n", "\r\n"))):
        brought = text.replace("\n", "\r\n") if number else text
        row = bring(people, brought, signed_text(card, spelled))
        with people.begin(people.actor("administrator")) as work:
            x509_certificates.remove(work, row.id)


@ON_ONE
def test_members_register_what_their_organisation_trusts(people):
    """It counts in its repositories then, and others cannot even register one of its."""
    own = certificates.root("Lab")
    people.user("boss", member=OrganisationRole.OWNER, of="lab")
    with people.begin(people.actor("boss")) as work:
        x509_authorities.trust(work, data=own.pem, organisation="lab", now=NOW)
    people.join("writer", "lab")

    register(people, own.issue("Writer"))

    with pytest.raises(InvalidError):
        register(people, own.issue("Other"), "other")


@ON_ONE
def test_others_neither_list_nor_remove(people, root):
    row = register(people, root.issue("Writer"))
    with pytest.raises(HiddenError), people.begin(people.actor("other")) as work:
        x509_certificates.remove(work, row.id)
    refused = (HiddenError, RefusedError, UnauthenticatedError)
    for actor in (people.actor("other"), stranger()):
        with pytest.raises(refused), people.reading(actor) as work:
            x509_certificates.list_certificates(work, user="writer")
