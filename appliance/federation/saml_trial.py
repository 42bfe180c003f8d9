"""Trying a SAML identity provider step by step, before anybody goes there and afterwards."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree

from appliance.federation import saml_answer, saml_request, saml_xml
from appliance.federation.refused import AnswerRefusedError
from appliance.federation.saml_answer import Answer
from appliance.federation.saml_library import NAME_IDS, Sides
from appliance.federation.saml_metadata import IdentityProviderFacts
from appliance.federation.saml_xml import NAMES, tag
from appliance.federation.trial_steps import LONGEST_LINE, MASK, Step

MOST_LINES = 500
MASKED = ("ds:SignatureValue", "ds:DigestValue", "ds:X509Certificate", "xenc:CipherValue")
"""What is long and says nothing; and nobody is to copy a message whole from a page."""


class StepName(StrEnum):
    """What is tried, in this order: the first four without anybody going there."""

    METADATA = "metadata"
    CERTIFICATES = "certificates"
    OURS = "ours"
    QUESTION = "question"
    ANSWER = "answer"
    VERDICT = "verdict"
    ATTRIBUTES = "attributes"


def tried(sides: Sides, *, now: datetime) -> list[Step]:
    """What we know of a provider, what it has to know of us, and what we would send."""
    theirs, ours = sides.theirs, sides.ours
    certificates = [_certificate(each.content) for each in theirs.certificates]
    our_certificates = [_certificate(each.certificate) for each in ours.keys]
    question = saml_request.shown(sides)
    described = (
        f"EntityDescriptor: {theirs.entity_id}",
        f"SingleSignOnService (HTTP-Redirect): {theirs.sign_in_address}",
        f"SingleLogoutService ({_binding(theirs)}): {theirs.logout_address or '-'}",
    )
    known = (
        f"EntityDescriptor: {ours.entity_id}",
        f"AssertionConsumerService (HTTP-POST): {ours.answers_address}",
        f"SingleLogoutService (HTTP-Redirect): {ours.logout_address}",
        f"NameIDFormat: {NAME_IDS[sides.settings.name_id]}",
    )
    return [
        _step(sides, StepName.METADATA, described),
        _step(
            sides,
            StepName.CERTIFICATES,
            _lines(certificates),
            is_good=any(_counts(each, now) for each in certificates),
        ),
        _step(
            sides,
            StepName.OURS,
            (*known, *_lines(our_certificates)),
            is_good=_counts(our_certificates[0], now),
        ),
        _step(sides, StepName.QUESTION, masked(question)),
    ]


def answered(sides: Sides, content: bytes, text: str, *, claimed: str) -> Step:
    """The raw answer, opened where it was encrypted and may and can be."""
    lines = masked(content)
    if saml_xml.parse(content).find("saml:EncryptedAssertion", NAMES) is not None:
        with suppress(AnswerRefusedError):  # The verdict says why.
            lines += ("", *masked(saml_answer.opened(content, text, sides, claimed=claimed)))
    return _step(sides, StepName.ANSWER, lines)


def believed(sides: Sides, answer: Answer) -> list[Step]:
    """What is read of an answer that is true."""
    verdict = (
        f"NameID: {answer.subject}",
        f"SessionIndex: {answer.session_index or '-'}",
        f"AuthnContextClassRef: {answer.context or '-'}",
        f"AuthnInstant: {_written(answer.shown_at)}",
        f"SessionNotOnOrAfter: {_written(answer.session_ends_at)}",
        f"NotOnOrAfter: {answer.ends_at.isoformat()}",
    )
    attributes = [
        f"{name}: {value}" for name, found in answer.attributes.items() for value in found
    ]
    return [
        _step(sides, StepName.VERDICT, verdict),
        _step(sides, StepName.ATTRIBUTES, attributes or ["-"]),
    ]


def refused(sides: Sides, reason: str) -> Step:
    """The word by which the log knows why an answer is not believed."""
    return _step(sides, StepName.VERDICT, (reason,), is_good=False)


def masked(content: bytes) -> tuple[str, ...]:
    """A document line by line, without the values by which it could be shown again."""
    root = saml_xml.parse(content)
    for each in root.iter(*map(tag, MASKED)):
        each.text = MASK
    etree.indent(root)
    return tuple(etree.tostring(root, encoding="unicode").splitlines())


def _binding(theirs: IdentityProviderFacts) -> str:
    return "HTTP-POST" if theirs.logout_by_form else "HTTP-Redirect"


def _written(moment: datetime | None) -> str:
    return moment.isoformat() if moment else "-"


def _step(sides: Sides, name: StepName, lines: Iterable[str], *, is_good: bool = True) -> Step:
    kept = tuple(line[:LONGEST_LINE] for line in lines)[:MOST_LINES]
    return Step(name, sides.theirs.entity_id, is_good, kept)


def _certificate(content: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(content))


def _counts(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc


def _lines(certificates: Iterable[x509.Certificate]) -> list[str]:
    return [line for each in certificates for line in _described(each)]


def _described(certificate: x509.Certificate) -> tuple[str, ...]:
    return (
        f"subject: {certificate.subject.rfc4514_string()}",
        f"SHA-256: {certificate.fingerprint(hashes.SHA256()).hex()}",
        f"not after: {certificate.not_valid_after_utc.isoformat()}",
    )
