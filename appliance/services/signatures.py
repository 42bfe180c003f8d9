"""Whether commits, tags and pushes were signed by whom they name: checked against registered keys.

What a key has signed never changes, so the cryptography is done once for a signature and a key and
remembered. Whose the key is, whether it holds, and which addresses are its owner's is asked of the
database each time: a removed key counts for nothing on the next page, and no cache has to be told.

Of the time at which something was signed there is only the signer's word: an OpenPGP signature
names one itself, of an SSH signature the commit's own time is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from appliance.access.gate import open_to_everyone
from appliance.db import email_addresses
from appliance.db.credentials import SshKey
from appliance.db.signing_keys import OpenPgpKey, OpenPgpKeyPart
from appliance.db.unit_of_work import UnitOfWork
from appliance.db.users import User
from appliance.domain.names import fold
from appliance.domain.signatures import MAY_SIGN, Finding, SignatureForm
from appliance.security import openpgp, ssh_signatures
from appliance.security.openpgp import OpenPgpSignature, Verdict
from appliance.security.ssh_signatures import SshSignature
from appliance.services.answers import Remembered

if TYPE_CHECKING:
    from appliance.git.commits import Commit
    from appliance.git.refs import Ref
    from appliance.git.signed import Signed

NAMESPACE = "git"
"""For what git has ssh-keygen sign; a signature for anything else counts for nothing here."""
PGP = (b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP MESSAGE-----")
FINDINGS = {
    Verdict.EXPIRED: Finding.EXPIRED_KEY,
    Verdict.REVOKED: Finding.REVOKED_KEY,
    Verdict.WEAK: Finding.UNSUPPORTED,
    Verdict.BAD: Finding.BAD_SIGNATURE,
}
_VERDICTS: Remembered[bytes, Verdict] = Remembered()


@dataclass(frozen=True)
class Claim:
    """Something signed, the address that it names as its maker's, and when it says it was made.

    A push names no address: whose key it is says enough.
    """

    signed: Signed
    address: str | None
    made_at: datetime


@dataclass(frozen=True)
class Checked:
    """What came of a check, and how we know."""

    finding: Finding
    form: SignatureForm | None = None
    key: str = ""
    """The fingerprint or id of the key, as the signature names it."""
    owner: str = ""
    """The user who has registered the key."""
    owner_id: UUID | None = None
    signed_at: datetime | None = None
    """Where the signature itself names a time."""

    @property
    def is_verified(self) -> bool:
        """Whether all of it is as it should be."""
        return self.finding is Finding.VERIFIED


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
    """A registered key, whose it is and until when it holds."""

    material: bytes
    owner: str
    owner_id: UUID
    added_at: datetime
    expires_at: datetime | None


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
def of_commits(work: UnitOfWork, commits: Iterable[Commit]) -> dict[str, Checked]:
    """What comes of checking the signatures of commits, by their ids; of the signed ones only."""
    claims = {commit.oid: claim_of_commit(commit) for commit in commits}
    return check(work, {oid: claim for oid, claim in claims.items() if claim is not None})


@open_to_everyone(because="who may read a tag may know who has signed it")
def of_tags(work: UnitOfWork, tags: Iterable[Ref]) -> dict[str, Checked]:
    """What comes of checking the signatures of tags, by the ids of their objects."""
    claims = {ref.target: claim_of_tag(ref) for ref in tags}
    return check(work, {oid: claim for oid, claim in claims.items() if claim is not None})


@open_to_everyone(because="who may read what is signed may know who has signed it")
def check(work: UnitOfWork, claims: Mapping[str, Claim]) -> dict[str, Checked]:
    """What comes of checking some signatures: three questions to the database, however many."""
    checked: dict[str, Checked] = {}
    read: dict[str, _Read] = {}
    for name, claim in claims.items():
        outcome = _read(claim)
        if isinstance(outcome, Checked):
            checked[name] = outcome
        else:
            read[name] = outcome
    if not read:
        return checked
    keys = _keys(work, read.values())
    addresses = email_addresses.verified(work.session, {key.owner_id for key in keys.values()})
    for name, each in read.items():
        key = keys.get((each.form, each.names))
        checked[name] = (
            Checked(Finding.UNKNOWN_KEY, each.form, each.names, signed_at=_signed_at(each))
            if key is None
            else _judged(each, key, addresses.get(key.owner_id, frozenset()))
        )
    return checked


def _read(claim: Claim) -> _Read | Checked:
    signed = claim.signed
    if signed.is_too_large:
        return Checked(Finding.TOO_LARGE)
    form = _form(signed.signature)
    try:
        if form is SignatureForm.SSH:
            return _Read(claim, ssh_signatures.parse(signed.signature))
        if form is SignatureForm.OPENPGP:
            return _Read(claim, openpgp.parse_signature(signed.signature))
    except (ssh_signatures.MalformedSignatureError, openpgp.MalformedSignatureError):
        return Checked(Finding.MALFORMED, form)
    except ssh_signatures.UnsupportedSignatureError:
        return Checked(Finding.UNSUPPORTED, form)
    return Checked(Finding.UNSUPPORTED, form)


def _form(signature: bytes) -> SignatureForm | None:
    if signature.startswith(ssh_signatures.BEGINNING):
        return SignatureForm.SSH
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
                ssh_key.public_key, user.name, user.id, ssh_key.created_at, ssh_key.expires_at
            )
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
            key = _Key(pgp_key.certificate, user.name, user.id, pgp_key.created_at, None)
            for name in (part.fingerprint, part.short_id):
                found[SignatureForm.OPENPGP, name] = key
    return found


def _judged(read: _Read, key: _Key, addresses: frozenset[str]) -> Checked:
    signed_at = _signed_at(read)
    finding = _finding(read, key, addresses, signed_at or read.claim.made_at)
    return Checked(finding, read.form, read.names, key.owner, key.owner_id, signed_at)


def _finding(read: _Read, key: _Key, addresses: frozenset[str], at: datetime) -> Finding:
    verdict = _verdict(read, key)
    if verdict is not Verdict.GOOD:
        return FINDINGS[verdict]
    if key.expires_at is not None and at >= key.expires_at:
        return Finding.EXPIRED_KEY
    address = read.claim.address
    if address is not None and fold(address) not in addresses:
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
