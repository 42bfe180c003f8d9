"""SAML 2.0: people are sent to an identity provider with a signed question, and bring its answer.

Importing this brings the XML libraries along, so it is imported by who speaks SAML, then.
"""

from __future__ import annotations

from lxml import etree

from appliance.domain.claims import Address, Claims, SessionFacts
from appliance.federation import (
    saml_answer,
    saml_carried,
    saml_enveloped,
    saml_keys,
    saml_logout,
    saml_metadata,
    saml_openings,
    saml_request,
    saml_strength,
    saml_trial,
    saml_xml,
)
from appliance.federation.saml_answer import Answer
from appliance.federation.saml_keys import OurKey
from appliance.federation.saml_library import NAME_IDS, OurSide, Sides
from appliance.federation.saml_metadata import IdentityProviderFacts as TheirFacts
from appliance.federation.saml_metadata import OurFacts
from appliance.federation.saml_settings import SamlSettings

__all__ = [
    "Answer",
    "LogoutAsked",
    "Onward",
    "OurKey",
    "OurSide",
    "Sides",
    "TheirFacts",
    "answer_logout",
    "answered",
    "ask",
    "ask_to_sign_out",
    "believed",
    "carried",
    "claims",
    "counts",
    "decoded",
    "head",
    "insist_on_strength",
    "issuer_of",
    "make_key",
    "masked",
    "metadata",
    "question_of",
    "read",
    "read_logout",
    "read_logout_answer",
    "refused_step",
    "to_claim",
    "tried",
]

ask = saml_request.ask
decoded = saml_xml.decoded
head = saml_answer.head
question_of = saml_answer.question_of
read = saml_answer.read
to_claim = saml_openings.to_claim
make_key = saml_keys.make
counts = saml_metadata.counts
masked = saml_trial.masked
tried = saml_trial.tried
ask_to_sign_out = saml_logout.ask
answer_logout = saml_logout.answer
issuer_of = saml_logout.issuer_of
carried = saml_carried.read
Onward = saml_carried.Onward
insist_on_strength = saml_strength.insist
read_logout = saml_logout.read_request
read_logout_answer = saml_logout.read_answer
LogoutAsked = saml_logout.Asked
answered = saml_trial.answered
believed = saml_trial.believed
refused_step = saml_trial.refused
GROUPS_ELSEWHERE = "http://schemas.microsoft.com/claims/groups.link"
"""Said instead of the groups where they are too many. Then we know nothing of them."""


def metadata(ours: OurSide, *, is_signed: bool = False) -> bytes:
    """What identity providers have to know about us, signed with the key that signs, or not."""
    signs = (ours.key, ours.next_key)
    root = saml_metadata.write(
        OurFacts(
            entity_id=ours.entity_id,
            answers_address=ours.answers_address,
            logout_address=ours.logout_address,
            signs=[each.certificate for each in signs if each is not None],
            opens=ours.key.certificate,
            name_id_formats=list(NAME_IDS.values()),
        )
    )
    if is_signed:
        return saml_enveloped.sign(ours.key, root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def claims(answer: Answer, settings: SamlSettings) -> Claims:
    """Who somebody is, as an answer says it."""

    def first(name: str) -> str:
        return next(iter(answer.attributes.get(name, ())), "") if name else ""

    email = answer.subject if settings.name_id == "email" else first(settings.email_attribute)
    return Claims(
        subject=answer.subject,
        name=first(settings.name_attribute),
        display_name=first(settings.display_name_attribute),
        addresses=(Address(email, is_verified=True),) if email else (),
        groups=_groups(answer, settings),
        facts=SessionFacts(
            external_id=answer.session_index,
            context=answer.context,
            shown_at=answer.shown_at,
            showed_second_factor=answer.context in settings.second_factor_contexts,
            ends_at=answer.session_ends_at,
        ),
    )


def _groups(answer: Answer, settings: SamlSettings) -> frozenset[str] | None:
    """Whoever is in no group has no such attribute; where none was agreed, nothing is said."""
    if not settings.groups_attribute or GROUPS_ELSEWHERE in answer.attributes:
        return None
    return frozenset(answer.attributes.get(settings.groups_attribute, ()))
