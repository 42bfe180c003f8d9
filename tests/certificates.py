"""Authorities and certificates for tests, made by `cryptography`; and programs that sign with them.

Signatures are made by gpgsm and by openssl, through git.
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.signing import Signer

DAY = timedelta(days=1)
PASSPHRASE = b"x"
TRIES = 4
"""gpgsm 2.2 derives a wrong key from one salt in a hundred; a file packed again has another."""
OPENSSL = """#!/bin/sh
# As smimesign does it: the content comes by the input, the signature goes to the output.
set -e
printf '\\n[GNUPG:] SIG_CREATED \\n' >&2
echo '-----BEGIN SIGNED MESSAGE-----'
openssl cms -sign -binary -outform DER {words} | base64
echo '-----END SIGNED MESSAGE-----'
"""
GPGSM = """#!/bin/sh
exec gpgsm --batch --pinentry-mode loopback --passphrase-fd 9 "$@" 9<{file}
"""
NO_QUESTIONS = "disable-crl-checks\ndisable-policy-checks\n"


def usage(*, signs: bool = True, issues: bool = False) -> x509.KeyUsage:
    """What a key is for."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=not signs and not issues,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Holder:
    """A certificate and its key, and who stands above."""

    certificate: x509.Certificate
    key: Any
    above: Holder | None = None

    @property
    def pem(self) -> bytes:
        """The certificate as a file."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Its key as a file."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def issue(self, name: str, **words: Any) -> Holder:
        """A certificate below this one."""
        return make(name, above=self, **words)

    def revocations(
        self,
        *revoked: Holder,
        reason: x509.ReasonFlags | None = None,
        at: datetime | None = None,
        made_at: datetime | None = None,
        until: datetime | None = None,
        extension: x509.ExtensionType | None = None,
        hash_: hashes.HashAlgorithm | None = None,
    ) -> bytes:
        """The list of those that no longer count, in PEM."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(made_at or now - DAY)
            .next_update(until or now + 7 * DAY)
        )
        if extension is not None:
            builder = builder.add_extension(extension, critical=True)
        for each in revoked:
            row = (
                x509.RevokedCertificateBuilder()
                .serial_number(each.certificate.serial_number)
                .revocation_date(at or now - DAY)
            )
            if reason is not None:
                row = row.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(row.build())
        return builder.sign(self.key, hash_ or hashes.SHA256()).public_bytes(Encoding.PEM)


def make(
    name: str,
    *,
    above: Holder | None = None,
    is_authority: bool = False,
    address: str = "",
    alternative: bool = True,
    key: Any = None,
    uses: x509.KeyUsage | None = None,
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
    start: datetime | None = None,
    end: datetime | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Holder:
    """A certificate; one that nobody stands above signs itself."""
    now, key = datetime.now(UTC), key or ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if address and not alternative:
        attributes.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, address))
    subject = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or now - 30 * DAY)
        .not_valid_after(end or now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(uses or usage(signs=not is_authority, issues=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not is_authority and purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if address and alternative:
        names = x509.SubjectAlternativeName([x509.RFC822Name(address)])
        builder = builder.add_extension(names, critical=False)
    if above is not None:
        above_key = above.certificate.public_key()
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key)
        builder = builder.add_extension(identifier, critical=False)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    return Holder(builder.sign(above.key if above else key, hashes.SHA256()), key, above)


def root(name: str = "Root", **words: Any) -> Holder:
    """An authority that nobody stands above."""
    return make(name, is_authority=True, **words)


@dataclass
class CertifiedSigner(Signer):
    """A person who signs with certificates. Its state is what `Signer` has on the disk."""

    number: int = field(default=0)

    def sign_by_openssl(self, holder: Holder, *words: str, others: tuple[Holder, ...] = ()) -> None:
        """Sign from now on with this certificate; `others` sign along, or come along with it."""
        self.number += 1
        place = self.home / f"x509-{self.number}"
        place.mkdir()
        said = ["-md", "sha256"] if "-md" not in words else []
        said += ["-signer", self._file(place, "own.pem", holder.pem)]
        said += ["-inkey", self._file(place, "own.key", holder.key_pem), *words]
        chain = b"".join(each.pem for each in others)
        if chain:
            said += ["-certfile", self._file(place, "chain.pem", chain)]
        self._sign_by(place, OPENSSL.format(words=shlex.join(said)), "me")

    def sign_along(self, holder: Holder) -> tuple[str, ...]:
        """Words by which another signs the same."""
        own = self._file(self.home, "other.pem", holder.pem)
        key = self._file(self.home, "other.key", holder.key_pem)
        return "-signer", own, "-inkey", key

    def sign_by_gpgsm(self, holder: Holder) -> None:
        """Sign from now on with this certificate, in a key ring of gpgsm."""
        place, above = self.home / "gpgsm", holder.above
        place.mkdir()
        assert above is not None
        self._file(self.rings, "gpgsm.conf", NO_QUESTIONS.encode())
        print_ = above.certificate.fingerprint(hashes.SHA1()).hex(":")  # noqa: S303 - as it wants.
        self._file(self.rings, "trustlist.txt", f"{print_.upper()} S relax\n".encode())
        secret = self._file(place, "secret", PASSPHRASE)
        program = GPGSM.format(file=secret)
        self._sign_by(place, program, self.address)
        self._import(place, "root.pem", above.pem)
        for _ in range(TRIES - 1):
            with suppress(AssertionError):
                return self._import(place, "own.p12", packed(holder))
        return self._import(place, "own.p12", packed(holder))

    def _import(self, place: Path, name: str, data: bytes) -> None:
        self._run(str(place / "program"), "--import", self._file(place, name, data))

    def _sign_by(self, place: Path, program: str, key: str) -> None:
        file = Path(self._file(place, "program", program.encode()))
        file.chmod(0o700)
        self._configure("x509", key)
        self.git("config", "gpg.x509.program", str(file), at=self.copy)

    def _file(self, place: Path, name: str, data: bytes) -> str:
        (place / name).write_bytes(data)
        return str(place / name)


def packed(holder: Holder) -> bytes:
    """The certificate, its key and the authority above, in a form that older gpgsm opens."""
    assert holder.above is not None
    form = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303 - the form of a file, as old as that.
        .build(PASSPHRASE)
    )
    above = [holder.above.certificate]
    return pkcs12.serialize_key_and_certificates(
        b"own", holder.key, holder.certificate, above, form
    )


def rsa_key(bits: int = 3072) -> rsa.RSAPrivateKey:
    """A key of a kind that gpgsm takes."""
    return rsa.generate_private_key(65537, bits)


def signed_text(holder: Holder, text: str, *words: str, others: tuple[Holder, ...] = ()) -> str:
    """The signature of a text by openssl, in PEM, with the certificate in it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "own.pem").write_bytes(holder.pem)
        (place / "own.key").write_bytes(holder.key_pem)
        (place / "chain.pem").write_bytes(b"".join(each.pem for each in others))
        said = ["-md", "sha256", "-signer", "own.pem", "-inkey", "own.key", "-outform", "PEM"]
        said += ["-certfile", "chain.pem"] if others else []
        command = ["openssl", "cms", "-sign", "-binary", *said, *words]
        done = subprocess.run(
            command, cwd=place, input=text.encode(), capture_output=True, check=True
        )
    return done.stdout.decode("ascii")
