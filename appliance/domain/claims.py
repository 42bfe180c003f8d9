"""What an identity provider says of a person, in the one form that every protocol hands over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from appliance.errors import InvalidError, sentence

LONGEST_SUBJECT = 512
LONGEST_TEXT = 255
MOST_ADDRESSES = 20
MOST_GROUPS = 5000
LONGEST_GROUP = 512
MOST_METHODS = 20
SECOND_METHODS = ("hwk", "mca", "mfa", "otp", "sc", "swk")
"""Methods (`amr`) that are more than a password. Source: RFC 8176, section 2."""


@dataclass(frozen=True)
class Address:
    """An e-mail address of a person, and whether the system vouches that it is theirs."""

    address: str
    is_verified: bool = False


@dataclass(frozen=True)
class SessionFacts:
    """What is known of the way in which somebody has just shown who they are."""

    external_id: str = ""
    """What the system calls the session that it opened; it ends ours by that name."""
    context: str = ""
    """How strongly it was shown, in the system's words (`acr`, AuthnContextClassRef)."""
    methods: tuple[str, ...] = ()
    """By what it was shown (`amr`): `pwd`, `otp`, `hwk`."""
    shown_at: datetime | None = None
    """When they showed it there; earlier than now where they were signed in there already."""
    showed_second_factor: bool = False
    """Whether that counts as a second factor too, by what the administrators said of the system."""
    ends_at: datetime | None = None
    """When the session there ends, if the system said so: ours ends no later."""


@dataclass(frozen=True)
class Claims:
    """Who somebody is, as a sign-in system says it. The protocol has checked that it said so."""

    subject: str
    """Stable and never given to anybody else: what an identity is found by."""
    former_subject: str = ""
    """What earlier releases called the same, where they called it something else: it was not always
    certain, and counts only together with the name."""
    name: str = ""
    """The user name that the system would like."""
    display_name: str = ""
    addresses: tuple[Address, ...] = ()
    groups: frozenset[str] | None = None
    """As the rules name them. None: nothing was said of groups, and nothing changes."""
    is_active: bool = True
    """Whether the system lets them in at all."""
    facts: SessionFacts = field(default_factory=SessionFacts)

    def was(self, subject: str, name: str) -> bool:
        """Whether they are meant by what an earlier release called somebody, who had that name."""
        is_same = bool(self.former_subject) and subject == self.former_subject
        return is_same and bool(name) and name == self.name

    @property
    def verified_addresses(self) -> tuple[str, ...]:
        """The addresses that the system vouches for."""
        return tuple(each.address for each in self.addresses if each.is_verified)

    @property
    def address(self) -> str:
        """The address to write to: the first, verified ones before others."""
        first = sorted(self.addresses, key=lambda each: not each.is_verified)
        return first[0].address if first else ""

    @property
    def wished_name(self) -> str:
        """The user name that they would like, as near as the system comes to saying one."""
        return self.name or self.address.partition("@")[0] or self.display_name


def checked(claims: Claims) -> Claims:
    """The claims without what no column would hold.

    Errors:
        InvalidError: the subject is missing or too long, or there are too many groups.
    """
    subject = claims.subject
    if not subject.strip() or len(subject) > LONGEST_SUBJECT or "\x00" in subject:
        raise InvalidError.of(
            "subject", sentence("The identity provider did not identify the user clearly.")
        )
    groups = claims.groups
    if groups is not None and len(groups) > MOST_GROUPS:
        raise InvalidError.of(
            "groups",
            sentence("A user can be in at most %(most)s groups.", most=MOST_GROUPS),
        )
    return replace(
        claims,
        name=_line(claims.name),
        display_name=_line(claims.display_name),
        addresses=tuple(each for each in claims.addresses if _is_kept(each))[:MOST_ADDRESSES],
        groups=None if groups is None else frozenset(map(_group, groups)),
        facts=_facts(claims.facts),
    )


def _is_kept(address: Address) -> bool:
    """Whether an address can be written down at all."""
    return len(address.address) <= LONGEST_TEXT and address.address.isprintable()


def _facts(facts: SessionFacts) -> SessionFacts:
    return replace(
        facts,
        # Never cut: half of a name would end somebody else's session.
        external_id=facts.external_id if len(facts.external_id) <= LONGEST_TEXT else "",
        context=_line(facts.context),
        methods=tuple(_line(each) for each in facts.methods[:MOST_METHODS]),
    )


def _line(text: str) -> str:
    """A text on one line, without what does not print."""
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return cleaned[:LONGEST_TEXT]


def _group(name: str) -> str:
    if len(name) > LONGEST_GROUP or "\x00" in name:
        raise InvalidError.of(
            "groups",
            sentence("A group's name has at most %(most)s characters.", most=LONGEST_GROUP),
        )
    return name
