"""Single logout by the browser: what we ask and answer, and what is believed of what comes.

Source: Assertions and Protocols for the OASIS SAML V2.0, section 3.7; Profiles, section 4.4.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from appliance.federation import (
    saml_answer,
    saml_carried,
    saml_shape,
    saml_subject,
    saml_xml,
)
from appliance.federation.refused import refused
from appliance.federation.saml_carried import Carried, Onward
from appliance.federation.saml_library import NAME_IDS, Sides
from appliance.federation.saml_redirect import REQUEST, RESPONSE
from appliance.federation.saml_refusals import Why
from appliance.federation.saml_xml import NAMES, tag, text_of

LASTS = timedelta(minutes=5)
"""From when it was issued; a message says itself only now and then until when it counts."""
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
REASON = "urn:oasis:names:tc:SAML:2.0:logout:user"


@dataclass(frozen=True)
class Asked:
    """A provider's true request to end somebody's sessions.

    Which it names is not asked: some have several names for one session, and say the newest only.
    """

    id: str
    subject: str
    ends_at: datetime


def ask(sides: Sides, subject: str, session: str, *, now: datetime) -> tuple[str, Onward]:
    """Ask the provider to end its session of somebody: the question's name, and where to."""
    root = _message(sides, "samlp:LogoutRequest", sides.theirs.logout_address, now)
    root.set("NotOnOrAfter", _written(now + LASTS))
    root.set("Reason", REASON)
    form = NAME_IDS[sides.settings.name_id]
    etree.SubElement(root, tag("saml:NameID"), Format=form).text = subject
    if session:
        etree.SubElement(root, tag("samlp:SessionIndex")).text = session
    onward = saml_carried.carry(
        sides.ours.key,
        sides.theirs.logout_address,
        REQUEST,
        root,
        by_form=sides.theirs.logout_by_form,
    )
    return root.get("ID", ""), onward


def answer(sides: Sides, asked: Asked, relay: str, *, now: datetime) -> Onward:
    """Where the browser goes on to, with our word that the sessions have ended."""
    address = sides.theirs.logout_answers_address
    root = _message(sides, "samlp:LogoutResponse", address, now)
    root.set("InResponseTo", asked.id)
    status = etree.SubElement(root, tag("samlp:Status"))
    etree.SubElement(status, tag("samlp:StatusCode"), Value=SUCCESS)
    by_form = sides.theirs.logout_by_form
    return saml_carried.carry(sides.ours.key, address, RESPONSE, root, by_form=by_form, relay=relay)


def issuer_of(carried: Carried) -> str:
    """Whose message one claims to be, before anything of it is believed.

    Errors:
        AnswerRefusedError: it is none.
    """
    root = saml_xml.parse(carried.content)
    return text_of(root.find("saml:Issuer", NAMES))


def read_request(carried: Carried, sides: Sides, *, now: datetime) -> Asked:
    """What a provider asks, if it is true.

    Errors:
        AnswerRefusedError: it is not to be believed; it says why.
    """
    root = _believed(carried, REQUEST, "samlp:LogoutRequest", sides, now)
    name = saml_subject.name_in(root, sides.ours.keys)
    ends_at = saml_answer.moment(root.get("IssueInstant", "")) + LASTS
    if root.get("NotOnOrAfter"):
        ends_at = min(ends_at, saml_answer.moment(root.get("NotOnOrAfter", "")))
    ends_at += timedelta(seconds=sides.settings.skew_seconds)
    if ends_at <= now:
        raise refused(Why.EXPIRED)
    return Asked(root.get("ID", ""), text_of(name), ends_at)


def read_answer(carried: Carried, sides: Sides, *, now: datetime) -> tuple[str, bool]:
    """To which question a provider answers, and whether it has ended its session.

    Errors:
        AnswerRefusedError: it is not to be believed; it says why.
    """
    root = _believed(carried, RESPONSE, "samlp:LogoutResponse", sides, now)
    if saml_answer.moment(root.get("IssueInstant", "")) + LASTS <= now:
        raise refused(Why.EXPIRED)
    code = root.find("samlp:Status/samlp:StatusCode", NAMES)
    is_done = code is not None and code.get("Value") == SUCCESS and len(code) == 0
    return root.get("InResponseTo", ""), is_done


def _believed(
    carried: Carried, kind: str, name: str, sides: Sides, now: datetime
) -> etree._Element:
    root = saml_xml.parse(carried.content)
    if any(not isinstance(each.tag, str) for each in root.iter()):
        raise refused(Why.COMMENT)
    if carried.kind != kind or root.tag != tag(name) or not root.get("ID"):
        raise refused(Why.SHAPE)
    if text_of(root.find("saml:Issuer", NAMES)) != sides.theirs.entity_id:
        raise refused(Why.ISSUER)
    saml_carried.insist_on_signature(carried, root, sides.theirs.certificates)
    saml_shape.check_ciphers(root)
    if root.get("Destination") != sides.ours.logout_address:
        raise refused(Why.DESTINATION)
    skew = timedelta(seconds=sides.settings.skew_seconds)
    if saml_answer.moment(root.get("IssueInstant", "")) > now + skew:
        raise refused(Why.TOO_EARLY)
    return root


def _message(sides: Sides, name: str, address: str, now: datetime) -> etree._Element:
    spaces = {each: NAMES[each] for each in ("samlp", "saml")}
    root = etree.Element(
        tag(name),
        nsmap=spaces,
        ID=f"_{secrets.token_hex(20)}",
        Version="2.0",
        IssueInstant=_written(now),
        Destination=address,
    )
    etree.SubElement(root, tag("saml:Issuer")).text = sides.ours.entity_id
    return root


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
