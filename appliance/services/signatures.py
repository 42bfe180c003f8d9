"""Whether commits, tags and pushes were signed by whom they name: checked against registered keys.

What a key has signed never changes, so the cryptography is done once for a signature and a key and
remembered. Whose the key is, whether it holds, and which addresses are its owner's is asked of the
database each time: a removed key counts for nothing on the next page, and no cache has to be told.

Of the time at which something was signed there is only the signer's word: OpenPGP and X.509
signatures name one themselves, of an SSH signature the commit's own time is taken.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.credentials import SshKey
from appliance.db.signing_keys import ApplianceKey, OpenPgpKey, OpenPgpKeyPart
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.names import fold
from appliance.domain.signatures import MAY_SIGN, Finding, SignatureForm
from appliance.security import cms, openpgp, ssh_signatures
from appliance.security.cms import CmsSignature
from appliance.security.openpgp import OpenPgpSignature, Verdict
from appliance.security.ssh_signatures import SshSignature
from appliance.services import appliance_keys, x509_checks
from appliance.services.answers import Remembered
from appliance.services.signed_claims import Checked, Claim

if TYPE_CHECKING:
    from appliance.git.commits import Commit
    from appliance.git.refs import Ref

__all__ = ["Checked", "Claim", "check", "claim_of_commit", "claim_of_tag", "of_commits", "of_tags"]
NAMESPACE = "git"
"""For what git has ssh-keygen sign; a signature for anything else counts for nothing here."""
PGP = (b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP MESSAGE-----")
FINDINGS = {
    Verdict.EXPIRED: Finding.EXPIRED_KEY,
    Verdict.REVOKED: Finding.REVOKED_KEY,
    Verdict.WEAK: Finding.UNSUPPORTED,
    Verdict.BAD: Finding.BAD_SIGNATURE,
}
MALFORMED = (
    ssh_signatures.MalformedSignatureError,
    openpgp.MalformedSignatureError,
    cms.MalformedSignatureError,
)
PARSERS: dict[SignatureForm, Callable[[bytes], SshSignature | OpenPgpSignature | CmsSignature]] = {
    SignatureForm.SSH: ssh_signatures.parse,
    SignatureForm.OPENPGP: openpgp.parse_signature,
    SignatureForm.X509: cms.parse,
}
_VERDICTS: Remembered[bytes, Verdict] = Remembered()


@dataclass(frozen=True)
class _Read:
    """A claim whose signature could be read."""

    claim: Claim
    signature: SshSignature | OpenPgpSignature

    @property
    def form(self) -> SignatureForm:
        is_ssh = isinstance(self.signature, SshSignature)
        return SignatureForm.SSH if is_ssh else SignatureForm.OPENPGP

    @property
    def names(self) -> str:
        if isinstance(self.signature, SshSignature):
            return self.signature.fingerprint
        return self.signature.issuer


@dataclass(frozen=True)
class _Key:
    """A key that is known, whose it is and until when it holds. Nobody's: the appliance's own."""

    material: bytes
    owner: str = ""
    owner_id: UUID | None = None
    expires_at: datetime | None = None


def claim_of_commit(commit: Commit) -> Claim | None:
    """What a commit claims by its signature; None where it has none."""
    if commit.signed is None:
        return None
    return Claim(commit.signed, _text(commit.committer.email), commit.committer.at)


def claim_of_tag(ref: Ref) -> Claim | None:
    """What an annotated tag claims by its signature; None where it has none."""
    if ref.signed is None or ref.tagger is None:
        return None
    return Claim(ref.signed, _text(ref.tagger.email), ref.tagger.at)


@open_to_everyone(because="who may read a commit may know who has signed it")
def of_commits(
    work: UnitOfWork, commits: Iterable[Commit], *, organisation_id: UUID | None = None
) -> dict[str, Checked]:
    """What comes of checking the signatures of commits, by their ids; of the signed ones only.

    `organisation_id`: whose the repository is, for what its organisation trusts.
    """
    claims = {commit.oid: claim_of_commit(commit) for commit in commits}
    signed = {oid: claim for oid, claim in claims.items() if claim is not None}
    return check(work, signed, organisation_id=organisation_id)


@open_to_everyone(because="who may read a tag may know who has signed it")
def of_tags(
    work: UnitOfWork, tags: Iterable[Ref], *, organisation_id: UUID | None = None
) -> dict[str, Checked]:
    """What comes of checking the signatures of tags, by the ids of their objects."""
    claims = {ref.target: claim_of_tag(ref) for ref in tags}
    signed = {oid: claim for oid, claim in claims.items() if claim is not None}
    return check(work, signed, organisation_id=organisation_id)


@open_to_everyone(because="who may read what is signed may know who has signed it")
def check(
    work: UnitOfWork, claims: Mapping[str, Claim], *, organisation_id: UUID | None = None
) -> dict[str, Checked]:
    """What comes of checking some signatures: a few questions to the database, however many."""
    checked: dict[str, Checked] = {}
    read: dict[str, _Read] = {}
    certified: dict[str, tuple[Claim, CmsSignature]] = {}
    for name, claim in claims.items():
        outcome = _read(claim)
        if isinstance(outcome, Checked):
            checked[name] = outcome
        elif isinstance(outcome, CmsSignature):
            certified[name] = claim, outcome
        else:
            read[name] = outcome
    checked |= x509_checks.check(work, certified, organisation_id=organisation_id)
    if not read:
        return checked
    keys = _keys(work, read.values())
    owners = {key.owner_id for key in keys.values() if key.owner_id is not None}
    addresses = email_addresses.verified(work.session, owners) if owners else {}
    ours: dict[str, _Read] = {}
    for name, each in read.items():
        key = keys.get((each.form, each.names))
        if key is None:
            unknown = Finding.UNKNOWN_KEY
            checked[name] = Checked(unknown, each.form, each.names, signed_at=_signed_at(each))
        elif key.owner_id is None:
            checked[name] = Checked(_finding(each, key, None), each.form, each.names)
            ours[name] = each
        else:
            checked[name] = _judged(each, key, addresses.get(key.owner_id, frozenset()))
    return checked | _by_appliance(work, ours, checked)


def _by_appliance(
    work: UnitOfWork, ours: Mapping[str, _Read], checked: Mapping[str, Checked]
) -> dict[str, Checked]:
    """What the appliance itself has signed, with whom it did so for."""
    if not ours:
        return {}
    people = appliance_keys.people(work, {each.claim.address or "" for each in ours.values()})
    found = {}
    for name, each in ours.items():
        person = people.get(fold(each.claim.address or ""))
        found[name] = dataclasses.replace(
            checked[name],
            owner=person.name if person else "",
            owner_id=person.id if person else None,
            is_by_appliance=True,
        )
    return found


def _read(claim: Claim) -> _Read | CmsSignature | Checked:
    signed = claim.signed
    if signed.is_too_large:
        return Checked(Finding.TOO_LARGE)
    form = _form(signed.signature)
    if form is None:
        return Checked(Finding.UNSUPPORTED)
    try:
        parsed = PARSERS[form](signed.signature)
    except MALFORMED:
        return Checked(Finding.MALFORMED, form)
    except ssh_signatures.UnsupportedSignatureError:
        return Checked(Finding.UNSUPPORTED, form)
    return parsed if isinstance(parsed, CmsSignature) else _Read(claim, parsed)


def _form(signature: bytes) -> SignatureForm | None:
    if signature.startswith(ssh_signatures.BEGINNING):
        return SignatureForm.SSH
    if signature.startswith(cms.BEGINNING):
        return SignatureForm.X509
    return SignatureForm.OPENPGP if signature.startswith(PGP) else None


def _keys(work: UnitOfWork, read: Iterable[_Read]) -> dict[tuple[SignatureForm, str], _Key]:
    """The registered keys that signatures name, by how these name them."""
    names: dict[SignatureForm, set[str]] = {form: set() for form in SignatureForm}
    for each in read:
        names[each.form].add(each.names)
    found: dict[tuple[SignatureForm, str], _Key] = {}
    if fingerprints := names[SignatureForm.SSH]:
        for ssh_key, user in work.session.execute(
            sa.select(SshKey, User)
            .join(User, User.id == SshKey.user_id)
            .where(SshKey.fingerprint.in_(fingerprints), SshKey.usage.in_(MAY_SIGN))
        ):
            found[SignatureForm.SSH, ssh_key.fingerprint] = _Key(
                ssh_key.public_key, user.name, user.id, ssh_key.expires_at
            )
        # These come last: nobody makes the appliance's key their own by registering it.
        ours = sa.select(ApplianceKey).where(ApplianceKey.fingerprint.in_(fingerprints))
        for ours_key in work.session.scalars(ours):
            found[SignatureForm.SSH, ours_key.fingerprint] = _Key(ours_key.public_key)
    if issuers := names[SignatureForm.OPENPGP]:
        for part, pgp_key, user in work.session.execute(
            sa.select(OpenPgpKeyPart, OpenPgpKey, User)
            .join(OpenPgpKey, OpenPgpKey.id == OpenPgpKeyPart.key_id)
            .join(User, User.id == OpenPgpKey.user_id)
            .where(
                sa.or_(
                    OpenPgpKeyPart.fingerprint.in_(issuers), OpenPgpKeyPart.short_id.in_(issuers)
                )
            )
        ):
            key = _Key(pgp_key.certificate, user.name, user.id)
            for name in (part.fingerprint, part.short_id):
                found[SignatureForm.OPENPGP, name] = key
    return found


def _judged(read: _Read, key: _Key, addresses: frozenset[str]) -> Checked:
    signed_at = _signed_at(read)
    finding = _finding(read, key, addresses)
    return Checked(finding, read.form, read.names, key.owner, key.owner_id, signed_at)


def _finding(read: _Read, key: _Key, addresses: frozenset[str] | None) -> Finding:
    """What is to be said; with no `addresses`, any will do."""
    at = _signed_at(read) or read.claim.made_at
    verdict = _verdict(read, key)
    if verdict is not Verdict.GOOD:
        return FINDINGS[verdict]
    if key.expires_at is not None and at >= key.expires_at:
        return Finding.EXPIRED_KEY
    address = read.claim.address
    if address is not None and addresses is not None and fold(address) not in addresses:
        return Finding.OTHER_ADDRESS
    return Finding.VERIFIED


def _verdict(read: _Read, key: _Key) -> Verdict:
    """What cryptography says; remembered by all that goes into it."""
    signed = read.claim.signed
    digest = hashlib.sha256()
    for part in (signed.signature, signed.payload, key.material):
        digest.update(len(part).to_bytes(8, "big") + part)
    known = _VERDICTS.get(digest.digest())
    if known is None:
        known = _ask(read.signature, signed.payload, key.material)
        _VERDICTS.keep(digest.digest(), known)
    return known


def _ask(signature: Any, payload: bytes, material: bytes) -> Verdict:
    if isinstance(signature, OpenPgpSignature):
        return openpgp.check(signature, payload, key=material)
    is_good = ssh_signatures.is_good(signature, payload, namespace=NAMESPACE)
    return Verdict.GOOD if is_good else Verdict.BAD


def _signed_at(read: _Read) -> datetime | None:
    return read.signature.made_at if isinstance(read.signature, OpenPgpSignature) else None


def _text(address: bytes) -> str:
    return address.decode("utf-8", "replace")
