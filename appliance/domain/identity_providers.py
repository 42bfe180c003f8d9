"""Sign-in systems of the customer: what kinds there are, and what an administrator decides of one.

A *provider* says who people are. What it may bring about here (new users, links to users that
exist, roles for groups) is its `Policy` and its group rules, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from appliance.domain.names import fold
from appliance.domain.permissions import InstanceRole, OrganisationRole
from appliance.errors import InvalidError, sentence

NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,38}")
DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+")
RESERVED = frozenset({"kinds", "new"})
"""Words that stand in the same place of addresses."""
LONGEST_LABEL = 60
MOST_DOMAINS = 100
LEAST_ASK_AGAIN_SECONDS = 300
MOST_ASK_AGAIN_SECONDS = 30 * 24 * 3600


class ProviderKind(StrEnum):
    """By which protocol a provider is spoken to."""

    LDAP = "ldap"
    OIDC = "oidc"
    SAML = "saml"
    SCIM = "scim"
    """It calls us, and tells of people and groups; nobody signs in by it."""


class Way(StrEnum):
    """How somebody signs in by a provider."""

    REDIRECT = "redirect"
    """Their browser is sent there and comes back."""
    PASSWORD = "password"  # noqa: S105 - the name of a way, not a secret.
    """They type the password of that system here."""
    NONE = "none"
    """Nobody does: it only tells of people."""


WAY_OF: Mapping[ProviderKind, Way] = {
    ProviderKind.LDAP: Way.PASSWORD,
    ProviderKind.OIDC: Way.REDIRECT,
    ProviderKind.SAML: Way.REDIRECT,
    ProviderKind.SCIM: Way.NONE,
}


class LinkBy(StrEnum):
    """By what an identity that nobody has linked is taken to be a user who exists."""

    NOTHING = "nothing"
    VERIFIED_EMAIL = "verified_email"
    """An address that the provider vouches for, in one of the listed domains."""
    NAME = "name"
    """The same user name."""
    SCIM_USER_NAME = "scim_user_name"
    """The `userName` that a named SCIM provider gave somebody is the name that this one says."""
    SCIM_EXTERNAL_ID = "scim_external_id"
    """The `externalId` that a named SCIM provider gave somebody is this one's subject."""


BY_SCIM = frozenset({LinkBy.SCIM_USER_NAME, LinkBy.SCIM_EXTERNAL_ID})


class LinkedBy(StrEnum):
    """How an identity came to its user."""

    CREATED = "created"
    """The user was created for it."""
    RULE = "rule"
    PERSON = "person"
    """The user did it, signed in."""
    ADMINISTRATOR = "administrator"


class Gives(StrEnum):
    """What sort of thing a group gives."""

    TEAM = "team"
    ORGANISATION = "organisation"
    INSTANCE = "instance"


ROLES_OF: Mapping[Gives, tuple[str, ...]] = {
    Gives.TEAM: ("",),
    Gives.ORGANISATION: tuple(OrganisationRole),
    Gives.INSTANCE: (InstanceRole.AUDITOR, InstanceRole.ADMINISTRATOR),
}
"""Which roles each may give; a team has none."""

ORGANISATION_ORDER = (
    OrganisationRole.MEMBER,
    OrganisationRole.AUDITOR,
    OrganisationRole.SECURITY_OFFICER,
    OrganisationRole.OWNER,
)
INSTANCE_ORDER = (InstanceRole.USER, InstanceRole.AUDITOR, InstanceRole.ADMINISTRATOR)
"""From least to most: of several groups, the one that gives most counts."""


@dataclass(frozen=True)
class Policy:
    """What a provider may bring about, beside its group rules."""

    creates_users: bool = False
    """Whether somebody unknown whom it vouches for becomes a user when they first arrive."""
    link_by: LinkBy = LinkBy.NOTHING
    link_domains: tuple[str, ...] = ()
    """The domains of the addresses by which it may link."""
    link_provider: str = ""
    """The SCIM provider that knows whom it means, for the rules that ask one."""
    keeps_profile: bool = True
    """Whether display name and e-mail address follow what it says."""
    lets_in_again: bool = True
    """Whether somebody whom it kept out may enter as soon as it lets them in; else an administrator
    lets them in.
    """
    ask_again_seconds: int = 0
    """After how long a session that it opened has to be confirmed there; 0: by its own end."""

    def as_json(self) -> dict[str, Any]:
        """As it is stored and answered."""
        return asdict(self) | {"link_domains": list(self.link_domains)}


def policy(given: Mapping[str, Any], before: Policy | None = None) -> Policy:
    """The policy that is meant by what somebody said of it; what is not said stays, or is usual.

    Errors:
        InvalidError: a value is not as it should be, or there is no such thing to say.
    """
    known = {each.name for each in fields(Policy)}
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise InvalidError.of(
            f"policy.{unknown}", sentence("There is no policy %(name)s.", name=unknown)
        )
    wanted = dict(given)
    if "link_domains" in wanted:
        wanted["link_domains"] = domains(wanted["link_domains"], field="policy.link_domains")
    if "link_by" in wanted:
        wanted["link_by"] = _link_by(wanted["link_by"])
    return _checked(replace(before or Policy(), **wanted))


def _checked(found: Policy) -> Policy:
    if found.link_by is LinkBy.VERIFIED_EMAIL and not found.link_domains:
        raise InvalidError.of(
            "policy.link_domains",
            sentence("Enter the domains in which it may link users by their e-mail address."),
        )
    _check_link_by_scim(found)
    seconds = found.ask_again_seconds
    if seconds and not LEAST_ASK_AGAIN_SECONDS <= seconds <= MOST_ASK_AGAIN_SECONDS:
        raise InvalidError.of(
            "policy.ask_again_seconds",
            sentence(
                "Must be 0, or between %(least)s and %(most)s seconds.",
                least=LEAST_ASK_AGAIN_SECONDS,
                most=MOST_ASK_AGAIN_SECONDS,
            ),
        )
    return found


def _check_link_by_scim(found: Policy) -> None:
    if found.link_by not in BY_SCIM:
        return
    if not NAME.fullmatch(str(found.link_provider)):
        raise InvalidError.of(
            "policy.link_provider", sentence("Choose the SCIM provider that knows these people.")
        )
    if found.creates_users:
        # Whoever was deprovisioned would come back as somebody new.
        raise InvalidError.of(
            "policy.creates_users",
            sentence("With a SCIM provider, signing in does not create users."),
        )


def _link_by(text: object) -> LinkBy:
    if text not in set(LinkBy):
        raise InvalidError.of(
            "policy.link_by", sentence("Must be one of %(words)s.", words=", ".join(LinkBy))
        )
    return LinkBy(str(text))


@dataclass(frozen=True)
class GroupRule:
    """What being in one of a provider's groups gives."""

    group: str
    """Its name as the protocol hands it over: a name, or the DN in its plainest spelling."""
    gives: Gives
    target: str = ""
    """`ORG/TEAM`, `ORG`, or nothing for the instance."""
    role: str = ""
    """An organisation role or an instance role; nothing for a team."""


def check_rule(rule: GroupRule) -> GroupRule:
    """The rule, if it can be meant.

    Errors:
        InvalidError: the role is none of that sort of thing, or the target is not of its form.
    """
    if not rule.group.strip():
        raise InvalidError.of("group", sentence("Enter the group."))
    if rule.role not in ROLES_OF[rule.gives]:
        words = ", ".join(ROLES_OF[rule.gives]) or "-"
        raise InvalidError.of("role", sentence("Must be one of %(words)s.", words=words))
    slashes = {Gives.TEAM: 1, Gives.ORGANISATION: 0, Gives.INSTANCE: 0}[rule.gives]
    is_named = bool(rule.target) is (rule.gives is not Gives.INSTANCE)
    if not is_named or rule.target.count("/") != slashes:
        raise InvalidError.of(
            "target",
            sentence("A team is named ORG/TEAM, an organisation ORG, and the instance not at all."),
        )
    return rule


def check_name(name: str) -> str:
    """The name, if a provider may have it: it stands in addresses.

    Errors:
        InvalidError: it may not.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        raise InvalidError.of(
            "name",
            sentence("A provider's name has 1 to 39 lowercase letters, digits and single hyphens."),
        )
    return name


def check_label(text: str) -> str:
    """What stands on the button, on one line.

    Errors:
        InvalidError: it is empty, too long, or not printable.
    """
    cleaned = " ".join(text.split())
    if not cleaned or len(cleaned) > LONGEST_LABEL or not cleaned.isprintable():
        raise InvalidError.of(
            "label",
            sentence("A button label has 1 to %(most)s characters.", most=LONGEST_LABEL),
        )
    return cleaned


def domains(given: Iterable[str], *, field: str = "domains") -> tuple[str, ...]:
    """Domains of e-mail addresses in their plainest spelling.

    Errors:
        InvalidError: one is none, or there are too many.
    """
    found = tuple(dict.fromkeys(fold(each.strip().lstrip("@")) for each in given if each.strip()))
    wrong = next((each for each in found if not DOMAIN.fullmatch(each)), None)
    if wrong is not None or len(found) > MOST_DOMAINS:
        raise InvalidError.of(
            field,
            sentence("Domains are like example.com; at most %(most)s.", most=MOST_DOMAINS),
        )
    return found


def domain_of(address: str) -> str:
    """The part of an e-mail address behind the last `@`, as it is compared."""
    return fold(address.strip().rpartition("@")[2]) if "@" in address else ""


def stronger(one: str, other: str, order: tuple[str, ...]) -> str:
    """The one of two roles that allows more."""
    return max(one, other, key=order.index)
