"""An identity provider's answer: whether it is true, and what it says.

python3-saml checks schema and signatures. What it leaves to its users, or takes as optional, is
checked here: the shape before (`saml_shape`), and times, addresses and names after, exactly.

Source: Profiles for the OASIS SAML V2.0, sections 4.1.4.2 and 4.1.4.3.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_ValidationError

from appliance.federation import saml_library, saml_openings, saml_shape, saml_subject, saml_xml
from appliance.federation.refused import AnswerRefusedError, refused
from appliance.federation.saml_library import NAME_IDS, Sides
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_xml import NAMES, tag, text_of

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
CONDITIONS = frozenset(
    {tag("saml:AudienceRestriction"), tag("saml:OneTimeUse"), tag("saml:ProxyRestriction")}
)
_Found = OneLogin_Saml2_ValidationError
WHY = {
    _Found.STATUS_CODE_IS_NOT_SUCCESS: Why.STATUS,
    _Found.NO_ENCRYPTED_ASSERTION: Why.NOT_ENCRYPTED,
    _Found.NO_SIGNED_ASSERTION: Why.NOT_SIGNED,
    _Found.NO_SIGNED_MESSAGE: Why.NOT_SIGNED,
    _Found.NO_SIGNATURE_FOUND: Why.NOT_SIGNED,
    _Found.INVALID_SIGNATURE: Why.SIGNATURE,
    _Found.WRONG_DESTINATION: Why.DESTINATION,
    _Found.EMPTY_DESTINATION: Why.DESTINATION,
    _Found.WRONG_SUBJECTCONFIRMATION: Why.RECIPIENT,
    _Found.WRONG_AUDIENCE: Why.AUDIENCE,
    _Found.WRONG_ISSUER: Why.ISSUER,
    _Found.WRONG_INRESPONSETO: Why.IN_RESPONSE_TO,
    _Found.ASSERTION_TOO_EARLY: Why.TOO_EARLY,
    _Found.ASSERTION_EXPIRED: Why.EXPIRED,
    _Found.SESSION_EXPIRED: Why.EXPIRED,
    _Found.NO_NAMEID: Why.NAME_ID,
    _Found.EMPTY_NAMEID: Why.NAME_ID,
    _Found.SP_NAME_QUALIFIER_NAME_MISMATCH: Why.NAME_ID,
}


@dataclass(frozen=True)
class Head:
    """What an answer says of itself, before anything of it is believed."""

    issuer: str
    in_response_to: str


@dataclass(frozen=True)
class Answer:
    """A true answer."""

    assertion_id: str
    ends_at: datetime
    """From then on nobody believes it, whoever shows it again."""
    subject: str
    shown_at: datetime | None
    session_ends_at: datetime | None
    """When the session there ends, if that was said."""
    context: str
    session_index: str
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def head(content: bytes) -> Head:
    """Whose answer it claims to be, and to what; for finding whom to ask about it.

    Errors:
        AnswerRefusedError: it has not the shape of an answer.
    """
    root = saml_xml.parse(content)
    saml_shape.insist(root)
    # Around an encrypted assertion the answer alone says it.
    issuer = root.find("saml:Issuer", NAMES)
    if issuer is None:
        issuer = root.find("saml:Assertion/saml:Issuer", NAMES)
    return Head(text_of(issuer), root.get("InResponseTo", ""))


def question_of(content: bytes) -> str:
    """To which question it claims to be an answer, whatever else is wrong with it.

    Errors:
        AnswerRefusedError: it is no XML that is read.
    """
    return str(saml_xml.parse(content).get("InResponseTo", ""))


def read(
    content: bytes, text: str, sides: Sides, *, asked: str, claimed: str = "", now: datetime
) -> Answer:
    """What an answer says, if it is true and was given to the question `asked` (empty: to none);
    `claimed` is the key that may be used for the first time (`saml_openings`).

    Errors:
        AnswerRefusedError: it is not to be believed; it says why.
    """
    try:
        saml_openings.insist(_shaped(content), sides, claimed=claimed)
        return _read(text, sides, asked, now)
    except AnswerRefusedError:
        raise
    except OneLogin_Saml2_ValidationError as error:
        raise refused(WHY.get(error.code, Why.SHAPE)) from error
    except Exception as error:
        # The library and what it calls raise whatever they like at what an attacker made up.
        raise refused(Why.DECRYPTION) from error


def _shaped(content: bytes) -> etree._Element:
    root = saml_xml.parse(content)
    saml_shape.insist(root)
    return root


def _read(text: str, sides: Sides, asked: str, now: datetime) -> Answer:
    response = _opened(sides, text)
    # The library lends elements that hide comments from who looks for them.
    seen = _shaped(etree.tostring(response.get_xml_document(), encoding="utf-8"))
    request = saml_library.request_data(sides.ours.answers_address)
    response.is_valid(request, request_id=asked or None, raise_exceptions=True)
    assertion = seen.find("saml:Assertion", NAMES)
    if assertion is None:
        raise refused(Why.SHAPE)
    skew = timedelta(seconds=sides.settings.skew_seconds)
    _check_answer(seen, sides, asked)
    _check_conditions(assertion, sides, now, skew)
    ends_at = _confirmed_until(assertion, sides, asked, now, skew)
    statement = assertion.find("saml:AuthnStatement", NAMES)
    instant = statement.get("AuthnInstant") if statement is not None else None
    return Answer(
        assertion_id=assertion.get("ID", ""),
        ends_at=ends_at,
        subject=_subject(assertion, sides),
        shown_at=moment(instant) if instant else None,
        session_ends_at=_session_ends_at(assertion, now),
        context=text_of(assertion.find(".//saml:AuthnContextClassRef", NAMES)),
        session_index=statement.get("SessionIndex", "") if statement is not None else "",
        attributes=_attributes(assertion),
    )


def _opened(sides: Sides, text: str) -> Any:
    """The library's view of an answer; opened by the first of our keys that fits."""
    keys = sides.ours.keys
    for key in keys[:-1]:
        with suppress(Exception):  # The library and what it calls raise whatever they like.
            return OneLogin_Saml2_Response(saml_library.of(sides, key), text)
    return OneLogin_Saml2_Response(saml_library.of(sides, keys[-1]), text)


def opened(content: bytes, text: str, sides: Sides, *, claimed: str) -> bytes:
    """An answer with its assertion in clear, to be looked at only.

    Errors:
        AnswerRefusedError: it may not be opened, or none of our keys does.
    """
    try:
        saml_openings.insist(_shaped(content), sides, claimed=claimed)
        return bytes(etree.tostring(_opened(sides, text).get_xml_document(), encoding="utf-8"))
    except AnswerRefusedError:
        raise
    except Exception as error:
        raise refused(Why.DECRYPTION) from error


def _check_answer(root: etree._Element, sides: Sides, asked: str) -> None:
    if root.get("Destination") != sides.ours.answers_address:
        raise refused(Why.DESTINATION)
    if root.get("InResponseTo", "") != asked:
        raise refused(Why.IN_RESPONSE_TO)


def _check_conditions(
    assertion: etree._Element, sides: Sides, now: datetime, skew: timedelta
) -> None:
    conditions = assertion.find("saml:Conditions", NAMES)
    if conditions is None or not CONDITIONS.issuperset(each.tag for each in conditions):
        raise refused(Why.CONDITION)
    _check_times(conditions, now, skew)
    restrictions = conditions.findall("saml:AudienceRestriction", NAMES)
    named = [{text_of(each) for each in one} for one in restrictions]
    if not named or not all(sides.ours.entity_id in each for each in named):
        raise refused(Why.AUDIENCE)


def _check_times(element: etree._Element, now: datetime, skew: timedelta) -> None:
    begins, ends = element.get("NotBefore"), element.get("NotOnOrAfter")
    if begins is not None and moment(begins) > now + skew:
        raise refused(Why.TOO_EARLY)
    if ends is not None and moment(ends) + skew <= now:
        raise refused(Why.EXPIRED)


def _confirmed_until(
    assertion: etree._Element, sides: Sides, asked: str, now: datetime, skew: timedelta
) -> datetime:
    """Until when the bearer may show it; every confirmation has to hold, not only some."""
    found = assertion.findall("saml:Subject/saml:SubjectConfirmation", NAMES)
    data = [each.find("saml:SubjectConfirmationData", NAMES) for each in found]
    if not found or any(each.get("Method") != BEARER for each in found):
        raise refused(Why.SHAPE)
    ends = []
    for each in data:
        if each is None or each.get("Recipient") != sides.ours.answers_address:
            raise refused(Why.RECIPIENT)
        if each.get("InResponseTo", "") != asked:
            raise refused(Why.IN_RESPONSE_TO)
        _check_times(each, now, skew)
        ends.append(moment(each.get("NotOnOrAfter", "")))
    return max(ends) + skew


def _subject(assertion: etree._Element, sides: Sides) -> str:
    """The name by which an identity is found; only in the format that was agreed."""
    subject = assertion.find("saml:Subject", NAMES)
    if subject is None:
        raise refused(Why.NAME_ID)
    name = saml_subject.name_in(subject, sides.ours.keys)
    wanted = NAME_IDS[sides.settings.name_id]
    if name.get("Format", NAME_IDS["unspecified"]) != wanted:
        raise refused(Why.NAME_ID)
    whose = (name.get("NameQualifier"), name.get("SPNameQualifier"))
    ours = ((None, "", sides.theirs.entity_id), (None, "", sides.ours.entity_id))
    if any(said not in allowed for said, allowed in zip(whose, ours, strict=True)):
        raise refused(Why.NAME_ID)
    return text_of(name)


def _session_ends_at(assertion: etree._Element, now: datetime) -> datetime | None:
    """The earliest end that was said."""
    statements = assertion.iterfind("saml:AuthnStatement", NAMES)
    said = (each.get("SessionNotOnOrAfter") for each in statements)
    ends = [moment(each) for each in said if each]
    if ends and min(ends) <= now:
        raise refused(Why.EXPIRED)
    return min(ends, default=None)


def _attributes(assertion: etree._Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for each in assertion.iterfind("saml:AttributeStatement/saml:Attribute", NAMES):
        values = [text_of(value) for value in each.iterfind("saml:AttributeValue", NAMES)]
        name = each.get("Name", "")
        found[name] = (*found.get(name, ()), *(value for value in values if value))
    return found


def moment(text: str) -> datetime:
    """A time of SAML, always in UTC.

    Source: Assertions and Protocols for the OASIS SAML V2.0, section 1.3.3.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise refused(Why.EXPIRED) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
