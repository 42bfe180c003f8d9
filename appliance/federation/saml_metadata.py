"""What an identity provider publishes about itself, and what we publish about us.

Source: Metadata for the OASIS SAML V2.0, sections 2.3 and 2.4.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from appliance.errors import InvalidError, sentence
from appliance.federation import saml_enveloped, saml_shape, saml_xml
from appliance.federation.refused import AnswerRefusedError
from appliance.federation.saml_xml import NAMES, tag, text_of

PROTOCOL = NAMES["samlp"]
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
LEAST_RSA_BITS = 2048
MOST_CERTIFICATES = 8
PLACE = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
"""A host and perhaps a port: it stands in a header, too."""
HERE = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True)
class Certificate:
    """A certificate by which an identity provider signs."""

    content: str
    """Its DER in base64, as metadata have it."""
    fingerprint: str
    """SHA-256, in hexadecimal."""
    ends_at: datetime


@dataclass(frozen=True)
class IdentityProviderFacts:
    """What is used of an identity provider's metadata."""

    entity_id: str
    sign_in_address: str
    logout_address: str
    """Where it is asked to end its session; empty: nowhere."""
    logout_answers_address: str
    """Where it wants our answers to that."""
    logout_by_form: bool
    """Whether both are brought there by a form, and not in the address."""
    certificates: tuple[Certificate, ...]
    """Each of them may sign: while it changes them there are two."""


@dataclass(frozen=True)
class OurFacts:
    """What an identity provider has to know about us."""

    entity_id: str
    answers_address: str
    logout_address: str
    signs: Sequence[str]
    """The base64 of the DER of each certificate by which our questions may be signed."""
    opens: str
    """And of the one for which it is to encrypt."""
    name_id_formats: Sequence[str]


def read(text: str, entity_id: str = "", *, signed_by: str = "") -> IdentityProviderFacts:
    """What metadata say of an identity provider: the one of that name, or the only one.

    Errors:
        InvalidError: they are no metadata, describe none or several, or lack what we need; or are
            not signed by that certificate.
    """
    if not text.strip():
        raise _wrong(sentence("Give the metadata or their address."))
    try:
        root = saml_xml.parse(text.strip().encode())
    except AnswerRefusedError:
        raise _wrong(sentence("That is no XML that can be read.")) from None
    if signed_by:
        _insist_on_signature(root, signed_by)
    roles = [
        (each.get("entityID", ""), role)
        for each in root.iter(tag("md:EntityDescriptor"))
        for role in each.iterfind("md:IDPSSODescriptor", NAMES)
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split()
    ]
    found = [each for each in roles if each[0] == entity_id] if entity_id else roles
    if len(found) != 1:
        raise _wrong(
            sentence("Those metadata describe no such identity provider.")
            if not found
            else sentence("Those metadata describe several. Say which by its entity ID.")
        )
    name, role = found[0]
    by_form, logout_address, logout_answers_address = _logout(role)
    return IdentityProviderFacts(
        entity_id=name,
        sign_in_address=_address(role),
        logout_address=logout_address,
        logout_answers_address=logout_answers_address,
        logout_by_form=by_form,
        certificates=_certificates(role),
    )


def counts(text: str, facts: IdentityProviderFacts, *, now: datetime) -> bool:
    """Whether metadata that describe these facts, and one of their certificates, still count.

    Source: Metadata for the OASIS SAML V2.0, section 2.3.2 (`validUntil`).
    """
    root = saml_xml.parse(text.encode())
    places = (root, *root.iter(tag("md:EntityDescriptor"), tag("md:IDPSSODescriptor")))
    ends = [each.get("validUntil") for each in places if each.get("validUntil")]
    is_new = all(_moment(each) > now for each in ends)
    return is_new and any(now < each.ends_at for each in facts.certificates)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def write(ours: OurFacts) -> etree._Element:
    """Our metadata. Its ID follows from what it says, so that it stays while nothing changes.

    Source: Metadata for the OASIS SAML V2.0, section 2.4.4.
    """
    names = {"md": NAMES["md"], "ds": NAMES["ds"]}
    root = etree.Element(tag("md:EntityDescriptor"), nsmap=names, entityID=ours.entity_id)
    role = etree.SubElement(
        root,
        tag("md:SPSSODescriptor"),
        AuthnRequestsSigned="true",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL,
    )
    uses = [*(("signing", each) for each in ours.signs), ("encryption", ours.opens)]
    for use, certificate in uses:
        key = etree.SubElement(role, tag("md:KeyDescriptor"), use=use)
        info = etree.SubElement(key, tag("ds:KeyInfo"))
        data = etree.SubElement(info, tag("ds:X509Data"))
        etree.SubElement(data, tag("ds:X509Certificate")).text = certificate
        if use == "encryption":
            for method in saml_shape.ENCRYPTS:
                etree.SubElement(key, tag("md:EncryptionMethod"), Algorithm=method)
    for binding in (REDIRECT, POST):
        etree.SubElement(
            role, tag("md:SingleLogoutService"), Binding=binding, Location=ours.logout_address
        )
    for form in ours.name_id_formats:
        etree.SubElement(role, tag("md:NameIDFormat")).text = form
    etree.SubElement(
        role,
        tag("md:AssertionConsumerService"),
        Binding=POST,
        Location=ours.answers_address,
        index="0",
        isDefault="true",
    )
    etree.indent(root)
    root.set("ID", f"_{hashlib.sha256(etree.tostring(root)).hexdigest()}")
    return root


def _address(role: etree._Element) -> str:
    found = (
        each.get("Location", "")
        for each in role.iterfind("md:SingleSignOnService", NAMES)
        if each.get("Binding") == REDIRECT
    )
    address = next(found, "")
    if not _is_safe(address):
        raise _wrong(
            sentence("Those metadata name no https address to sign in at by HTTP-Redirect.")
        )
    return address


def _logout(role: etree._Element) -> tuple[bool, str, str]:
    """Whether by a form, where it is asked to end its session, and where it is answered; where it
    is nowhere that is safe, it is nowhere.
    """
    services = role.findall("md:SingleLogoutService", NAMES)
    for binding in (REDIRECT, POST):
        for each in services:
            address = each.get("Location", "")
            if each.get("Binding") == binding and _is_safe(address):
                answers = each.get("ResponseLocation", address)
                return binding == POST, address, answers if _is_safe(answers) else ""
    return False, "", ""


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    return is_safe and PLACE.fullmatch(parts.netloc) is not None


def _insist_on_signature(root: etree._Element, pem: str) -> None:
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        said = sentence("That is no certificate in PEM.")
        raise InvalidError.of("settings.metadata_certificate", said) from error
    der = base64.b64encode(found.public_bytes(serialization.Encoding.DER)).decode()
    try:
        saml_enveloped.insist(root, [der])
    except AnswerRefusedError as error:
        raise _wrong(sentence("That certificate did not sign those metadata.")) from error
    # Comments are not signed; what is read must not hold what one says.
    etree.strip_tags(root, etree.Comment)


def _certificates(role: etree._Element) -> tuple[Certificate, ...]:
    found = [
        _certificate(text_of(each))
        for key in role.iterfind("md:KeyDescriptor", NAMES)
        if key.get("use", "signing") == "signing"
        for each in key.iterfind("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMES)
    ]
    if not 1 <= len(found) <= MOST_CERTIFICATES:
        raise _wrong(sentence("Those metadata hold no certificate to check signatures by."))
    return tuple(found)


def _certificate(text: str) -> Certificate:
    content = "".join(text.split())
    try:
        found = x509.load_der_x509_certificate(base64.b64decode(content, validate=True))
        key = found.public_key()
    except (binascii.Error, ValueError) as error:
        raise _wrong(sentence("A certificate in those metadata cannot be read.")) from error
    is_strong = isinstance(key, EllipticCurvePublicKey) or (
        isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA_BITS
    )
    if not is_strong:
        raise _wrong(sentence("A certificate in those metadata has too weak a key."))
    print_of = found.fingerprint(hashes.SHA256()).hex()
    return Certificate(content, print_of, found.not_valid_after_utc)


def _wrong(text: str) -> InvalidError:
    return InvalidError.of("settings.metadata", text)
