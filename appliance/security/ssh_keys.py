"""SSH public keys as people upload them: read, judged, and named by their fingerprint.

Sources: RFC 4253 section 6.6 (ssh-rsa), RFC 5656 section 3.1 (ECDSA), RFC 8709 (Ed25519), and
OpenSSH's PROTOCOL.u2f (keys in a security token). ssh-keygen's own answers are our test vectors.
"""

from __future__ import annotations

import hashlib
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from appliance.errors import InvalidError, sentence
from appliance.security.ssh_wire import Reader

FIELD = "key"
LONGEST_TEXT = 16 * 1024  # An RSA key of 16,384 bits takes 2.8 KiB.
LONGEST_COMMENT = 255
SMALLEST_RSA_BITS = 3072  # NIST SP 800-57 part 1: 128 bits of strength.
LARGEST_RSA_BITS = 16_384  # What OpenSSH reads; larger ones only cost time.
LARGEST_EXPONENT_BITS = 64
ED25519_BYTES = 32
SMALL_PRIMES = math.prod(n for n in range(3, 1000) if all(n % d for d in range(2, n)))

WELCOME = sentence(
    "Ed25519, ECDSA (nistp256, 384, 521), RSA of 3072 bits or more, or a security-token key"
)


@dataclass(frozen=True)
class SshKey:
    """A public key that may open a session."""

    type: str
    blob: bytes
    comment: str
    bits: int

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it: SHA256 and base64 without padding."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + b64encode(digest).decode().rstrip("=")

    @property
    def line(self) -> str:
        """The key as sshd and ssh-keygen read it, without its comment."""
        return f"{self.type} {b64encode(self.blob).decode()}"


def parse(text: str) -> SshKey:
    """The key of an uploaded `.pub` file or of one line pasted from it.

    Errors:
        InvalidError: it is no public key, or a weak one; the sentence says what to do instead.
    """
    if len(text) > LONGEST_TEXT:
        raise _invalid(sentence("This is too long for one public key."))
    _refuse_other_files(text)
    line = _only_line(text)
    type_, _, rest = line.partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    _refuse_other_lines(type_, line)
    return parse_blob(_decode(encoded), expected_type=type_, comment=comment)


def parse_blob(blob: bytes, *, expected_type: str, comment: str = "") -> SshKey:
    """The key in a blob, as it crosses the wire; the type inside must be the one that was named.

    Errors:
        InvalidError: it is no public key, or a weak one.
    """
    reader = Reader(blob)
    try:
        type_ = reader.text()
        if type_ != expected_type or type_ not in BITS_OF:
            raise _invalid(
                sentence(
                    "The key says that it is another kind than %(expected_type)s.",
                    expected_type=expected_type,
                )
            )
        bits = BITS_OF[type_](reader)
        reader.end()
    except ValueError as error:
        raise _invalid(
            sentence("The key is damaged. Copy the whole line from the .pub file.")
        ) from error
    return SshKey(type_, blob, _cleaned(comment), bits)


def _refuse_other_files(text: str) -> None:
    if "PRIVATE KEY" in text or "PuTTY-User-Key-File" in text:
        raise _invalid(
            sentence(
                "This is a private key. Never send it to anyone; it should be replaced "
                "now, because it has left your computer. What belongs here is the line "
                "in the .pub file beside it."
            )
        )
    if "BEGIN SSH2 PUBLIC KEY" in text or "BEGIN PUBLIC KEY" in text:
        raise _invalid(sentence("Turn this into OpenSSH's form first: ssh-keygen -i -f FILE."))


def _only_line(text: str) -> str:
    lines = [line.strip().replace("\t", " ") for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise _invalid(
            sentence("Paste exactly one public key, in one line.")
            if lines
            else sentence("Paste a key.")
        )
    return lines[0]


def _refuse_other_lines(type_: str, line: str) -> None:
    if type_ in BITS_OF:
        return
    if "-cert-v0" in type_:
        raise _invalid(
            sentence("This is a certificate. Upload the public key that it was made for.")
        )
    if type_ == "ssh-dss":
        raise _invalid(sentence("DSA keys are too weak. Use %(welcome)s.", welcome=WELCOME))
    if any(f" {known} " in line for known in BITS_OF):
        raise _invalid(
            sentence("Leave the options before the key away; the appliance sets its own.")
        )
    raise _invalid(
        sentence(
            "This is not a public key that is accepted here. Use %(welcome)s.", welcome=WELCOME
        )
    )


def _decode(encoded: str) -> bytes:
    try:
        blob = b64decode(encoded, validate=True)
    except ValueError as error:
        raise _invalid(
            sentence("The key is damaged. Copy the whole line from the .pub file.")
        ) from error
    if b64encode(blob).decode() != encoded:
        raise _invalid(sentence("The key is damaged. Copy the whole line from the .pub file."))
    return blob


def _cleaned(comment: str) -> str:
    """A comment without what could forge another line, hide text or turn it around."""
    return "".join(c for c in comment.strip() if c.isprintable())[:LONGEST_COMMENT]


def _invalid(words: str) -> InvalidError:
    return InvalidError.of(FIELD, words)


def _ed25519_bits(reader: Reader) -> int:
    if len(reader.string()) != ED25519_BYTES:
        raise ValueError("an Ed25519 key has 32 bytes")
    return 256


def _token_ed25519_bits(reader: Reader) -> int:
    bits = _ed25519_bits(reader)
    _check_application(reader)
    return bits


def _rsa_bits(reader: Reader) -> int:
    exponent, modulus = reader.positive_number(), reader.positive_number()
    bits = modulus.bit_length()
    if bits < SMALLEST_RSA_BITS:
        raise _invalid(
            sentence(
                "RSA keys of %(bits)s bits are too weak. Use %(welcome)s.",
                bits=bits,
                welcome=WELCOME,
            )
        )
    if bits > LARGEST_RSA_BITS:
        raise _invalid(
            sentence(
                "RSA keys of more than %(largest_rsa_bits)s bits are not accepted.",
                largest_rsa_bits=LARGEST_RSA_BITS,
            )
        )
    if exponent % 2 == 0 or exponent == 1 or exponent.bit_length() > LARGEST_EXPONENT_BITS:
        raise ValueError("not an exponent that RSA works with")
    if modulus % 2 == 0 or math.gcd(modulus, SMALL_PRIMES) != 1:
        raise ValueError("a modulus with a small factor is no RSA modulus")
    return bits


def _ecdsa_bits_on(curve: ec.EllipticCurve, name: str) -> Callable[[Reader], int]:
    def bits(reader: Reader) -> int:
        if reader.text() != name:
            raise ValueError("the curve is not the one of the type")
        point = reader.string()
        if point[:1] != b"\x04":
            raise ValueError("OpenSSH writes points uncompressed")
        ec.EllipticCurvePublicKey.from_encoded_point(curve, point)  # Is it on the curve?
        return curve.key_size

    return bits


def _token_ecdsa_bits(reader: Reader) -> int:
    bits = _ecdsa_bits_on(ec.SECP256R1(), "nistp256")(reader)
    _check_application(reader)
    return bits


def _check_application(reader: Reader) -> None:
    application = reader.text()
    if not application.startswith("ssh:") or not application.isprintable():
        raise ValueError("a security token's SSH key is made for an application ssh:…")


# Every type that is welcome, and how to read what follows its name in the blob.
BITS_OF: dict[str, Callable[[Reader], int]] = {
    "ssh-ed25519": _ed25519_bits,
    "ssh-rsa": _rsa_bits,
    "ecdsa-sha2-nistp256": _ecdsa_bits_on(ec.SECP256R1(), "nistp256"),
    "ecdsa-sha2-nistp384": _ecdsa_bits_on(ec.SECP384R1(), "nistp384"),
    "ecdsa-sha2-nistp521": _ecdsa_bits_on(ec.SECP521R1(), "nistp521"),
    "sk-ssh-ed25519@openssh.com": _token_ed25519_bits,
    "sk-ecdsa-sha2-nistp256@openssh.com": _token_ecdsa_bits,
}
