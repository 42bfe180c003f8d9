"""Authorities that an organisation trusts: they count there, for its members, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from appliance.db.organisations import Membership
from appliance.db.signing_keys import OrganisationX509Authority
from appliance.domain.identity import stranger
from appliance.domain.permissions import OrganisationRole, Role
from appliance.domain.signatures import Finding
from appliance.errors import ConflictError, HiddenError, NotFoundError, RefusedError
from appliance.git import commits
from appliance.services import signatures, x509_authorities
from tests import certificates
from tests.certificates import DAY, CertifiedSigner
from tests.services.test_signatures import vouch

ADDRESS = "writer@codara.test"
NOW = datetime.now(UTC)
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
def lab(world):
    """Two organisations with an owner each, and a member of the first whose address is known."""
    world.repository("lab/notes")
    world.repository("works/notes")
    world.administrator()
    world.user("boss", member=OrganisationRole.OWNER, of="lab")
    world.user("other", member=OrganisationRole.OWNER, of="works")
    world.user("writer", member=OrganisationRole.MEMBER, of="lab")
    world.grant("writer", Role.OWNER, "lab/notes")
    world.grant("writer", Role.OWNER, "works/notes")
    vouch(world, ADDRESS)
    return world


def trust(world, holder, organisation="lab", by="boss", now=NOW):
    with world.begin(world.actor(by)) as work:
        return x509_authorities.trust(work, data=holder.pem, organisation=organisation, now=now).id


def bring(world, authority_id, data, organisation="lab", by="boss"):
    with world.begin(world.actor(by)) as work:
        x509_authorities.revoke(work, authority_id, data=data, organisation=organisation)


def checked(world, signer, oid, repository="lab/notes"):
    """What comes of the commit in a repository."""
    row = world._repository(repository)
    folder = world.folder(row)
    signer.put_into(folder)
    found = [commits.read(folder, oid)]
    with world.reading(stranger()) as work:
        return signatures.of_commits(work, found, organisation_id=row.organisation_id)[oid]


@pytest.mark.promise("P65")
def test_it_counts_in_the_organisation_and_in_no_other(lab, signer, root):
    trust(lab, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    oid = signer.commit()
    lab.repository("writer/own")

    here = checked(lab, signer, oid)

    assert (here.finding, here.owner, here.is_by_organisation) == ("verified", "writer", True)
    for elsewhere in ("works/notes", "writer/own"):
        found = checked(lab, signer, oid, elsewhere)
        assert found.finding is Finding.UNTRUSTED_AUTHORITY
        assert (found.owner, found.owner_id, found.is_by_organisation) == ("", None, False)
    trust(lab, certificates.root("Works"), "works", "other")
    assert checked(lab, signer, oid, "works/notes").finding is Finding.UNTRUSTED_AUTHORITY
    assert checked(lab, signer, oid).is_verified


@pytest.mark.promise("P65")
def test_it_speaks_for_members_only(lab, signer, root):
    """Or an owner could make certificates for whoever has an address on the appliance."""
    trust(lab, root)
    vouch(lab, "other@codara.test", user="other")
    signer.git("config", "user.email", "other@codara.test", at=signer.copy)
    signer.sign_by_openssl(root.issue("Other", address="other@codara.test"))
    forged = signer.commit("forged.txt")
    assert checked(lab, signer, forged).finding is Finding.OTHER_ADDRESS
    signer.git("config", "user.email", ADDRESS, at=signer.copy)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    oid = signer.commit()
    assert checked(lab, signer, oid).is_verified

    with lab.wiring.database._writing() as session, session.begin():
        mine = Membership.user_id == lab.actor("writer").id
        session.execute(sa.delete(Membership).where(mine))

    assert checked(lab, signer, oid).finding is Finding.OTHER_ADDRESS


@ON_ONE
def test_an_authority_of_the_appliance_counts_without_membership(lab, signer, root):
    with lab.begin(lab.actor("administrator")) as work:
        x509_authorities.trust(work, data=root.pem, now=NOW)
    trust(lab, root)
    signer.sign_by_openssl(root.issue("Writer", address=ADDRESS))
    oid = signer.commit()

    here, there = checked(lab, signer, oid), checked(lab, signer, oid, "works/notes")

    assert here.is_verified
    assert there.is_verified
    assert not here.is_by_organisation


@ON_ONE
@pytest.mark.promise("P65")
def test_an_authority_that_has_ended_stands_for_nothing_new(lab, signer):
    over = certificates.root(end=NOW - DAY)
    person = over.issue("Writer", address=ADDRESS)
    trust(lab, over, now=NOW - 5 * DAY)
    signer.sign_by_openssl(person, "-noattr")
    before = (NOW - 2 * DAY).strftime("%Y-%m-%dT%H:%M:%S+0000")

    assert checked(lab, signer, signer.commit(at=before)).is_verified
    assert checked(lab, signer, signer.commit("b.txt")).finding is Finding.EXPIRED_KEY


@ON_ONE
@pytest.mark.promise("P65")
def test_what_the_appliance_has_revoked_no_organisation_brings_back(lab, signer, root):
    """Neither by trusting the same authority without its list, nor the one that was revoked."""
    between = root.issue("Between", is_authority=True)
    lost = between.issue("Writer", address=ADDRESS)
    plain = root.issue("Writer", address=ADDRESS)
    with lab.begin(lab.actor("administrator")) as work:
        known = x509_authorities.trust(work, data=root.pem, now=NOW)
        x509_authorities.revoke(work, known.id, data=root.revocations(between, plain))
    trust(lab, root)
    trust(lab, between)

    signer.sign_by_openssl(lost)
    direct = checked(lab, signer, signer.commit("a.txt"))
    signer.sign_by_openssl(lost, others=(between,))
    through = checked(lab, signer, signer.commit("b.txt"))
    signer.sign_by_openssl(plain)
    itself = checked(lab, signer, signer.commit("c.txt"))

    assert {direct.finding, through.finding, itself.finding} == {Finding.REVOKED_KEY}


@pytest.mark.parametrize(
    ("at", "until", "finding"), [(2, -7, "revoked_key"), (9, 1, "revocation_unknown")]
)
def test_its_own_list_counts_too(lab, signer, root, at, until, finding):
    person = root.issue("Writer", address=ADDRESS)
    authority_id = trust(lab, root)
    signer.sign_by_openssl(person)
    oid = signer.commit()
    assert checked(lab, signer, oid).is_verified
    gone = (person,) if finding == "revoked_key" else ()

    bring(
        lab, authority_id, root.revocations(*gone, made_at=NOW - at * DAY, until=NOW - until * DAY)
    )

    assert checked(lab, signer, oid).finding == finding


@pytest.mark.promise("P65")
def test_only_owners_say_whom_their_organisation_trusts(lab, root):
    lab.user("officer", member=OrganisationRole.SECURITY_OFFICER, of="lab")
    lab.user("nobody")
    authority_id = trust(lab, root)
    another = certificates.root("Another")
    acts = (
        lambda work: x509_authorities.listed(work, "lab"),
        lambda work: x509_authorities.trust(work, data=another.pem, organisation="lab", now=NOW),
        lambda work: x509_authorities.revoke(
            work, authority_id, data=root.revocations(), organisation="lab"
        ),
        lambda work: x509_authorities.remove(work, authority_id, organisation="lab"),
    )
    for act in acts:
        for name in ("writer", "officer", "other", "nobody"):
            with pytest.raises((RefusedError, HiddenError)), lab.begin(lab.actor(name)) as work:
                act(work)
    for verb in (
        lambda work: x509_authorities.remove(work, authority_id, organisation="works"),
        lambda work: x509_authorities.revoke(
            work, authority_id, data=root.revocations(), organisation="works"
        ),
    ):
        with pytest.raises(NotFoundError), lab.begin(lab.actor("other")) as work:
            verb(work)
    with pytest.raises(NotFoundError), lab.begin(lab.actor("administrator")) as work:
        x509_authorities.remove(work, authority_id)
    for act in acts:
        with lab.begin(lab.actor("boss")) as work:
            act(work)


def test_two_organisations_may_trust_the_same_and_each_once(lab, root):
    trust(lab, root)
    trust(lab, root, "works", "other")
    with pytest.raises(ConflictError):
        trust(lab, root)
    scopes = [each.body["scope"] for each in lab.recorded("x509_authority.trusted")]
    assert scopes == ["organisation", "organisation"]
    assert lab.one(sa.select(sa.func.count(OrganisationX509Authority.id))) == 2
