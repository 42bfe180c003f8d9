"""What a directory's answers mean: why a password does not count, and what an entry says.

Source: draft-behera-ldap-password-policy-10, section 6.2, for the control; Microsoft's [MS-ADTS],
sections 2.2.16 (userAccountControl) and 3.1.1.4.5 (accountExpires), and the system error codes in
the diagnostic text of a refused bind for Active Directory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from appliance.domain.claims import Address, Claims, SessionFacts
from appliance.federation import ldap_subjects
from appliance.federation.ldap_names import equals_any
from appliance.federation.ldap_settings import LdapSettings

POLICY_CONTROL = "1.3.6.1.4.1.42.2.27.8.5.1"
INVALID_CREDENTIALS = 49
SEQUENCE, POLICY_ERROR, HEADER = 0x30, 0x81, 2
"""Tags of BER, and how long a tag with a short length is."""
DISABLED_FLAG = 0x2
NEVER = frozenset({0, 0x7FFFFFFFFFFFFFFF})
WINDOWS_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
LOCKED_FOR_GOOD = "000001010000Z"
"""When an administrator locked it, not too many wrong passwords."""
STATES = (
    *("userAccountControl", "accountExpires"),
    *("pwdAccountLockedTime", "pwdEndTime", "nsAccountLock"),
)
MOMENT = re.compile(r"([0-9]{14})(?:[.,][0-9]+)?Z")  # RFC 4517, section 3.3.13, as servers keep it.


class Refusal(StrEnum):
    """Why a directory lets somebody not in: for the log, as strangers are told but one sentence."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    """Several entries have the name that was typed."""
    PASSWORD = "password"  # noqa: S105 - the word for a reason, not a secret.
    EMPTY_PASSWORD = "empty_password"  # noqa: S105 - the same.
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - the same.
    MUST_CHANGE = "password_must_change"
    LOCKED = "locked"
    DISABLED = "disabled"
    ACCOUNT_EXPIRED = "account_expired"
    NOT_NOW = "not_now"
    """Not at this hour, or not from here."""
    OTHER = "refused"


OF_ACTIVE_DIRECTORY: Mapping[str, Refusal] = {
    "525": Refusal.UNKNOWN,
    "52e": Refusal.PASSWORD,
    "530": Refusal.NOT_NOW,
    "531": Refusal.NOT_NOW,
    "532": Refusal.PASSWORD_EXPIRED,
    "533": Refusal.DISABLED,
    "701": Refusal.ACCOUNT_EXPIRED,
    "773": Refusal.MUST_CHANGE,
    "775": Refusal.LOCKED,
}
OF_POLICY: Mapping[int, Refusal] = {
    0: Refusal.PASSWORD_EXPIRED,
    1: Refusal.LOCKED,
    2: Refusal.MUST_CHANGE,
}
RANGE = re.compile(r";range=[0-9]+-([0-9]{1,9}|\*)")
DATA = re.compile(r"\bdata ([0-9a-f]{3,8})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """An entry as a search gives it."""

    dn: str
    values: Mapping[str, Sequence[bytes]]
    """By attribute, in small letters."""

    def texts(self, attribute: str) -> list[str]:
        """All values of an attribute that are text."""
        found = self.values.get(attribute.casefold(), ())
        return [each.decode(errors="replace") for each in found]

    def text(self, attribute: str) -> str:
        """The first value of an attribute."""
        return next(iter(self.texts(attribute)), "")


def piece_of(entry: Entry, attribute: str) -> tuple[Sequence[bytes], int]:
    """Values of an attribute, and from which on the server holds more back; 0: these are all."""
    name = attribute.casefold()
    for each, values in entry.values.items():
        found = RANGE.fullmatch(each.removeprefix(name)) if each.startswith(f"{name};") else None
        if found is not None:
            return values, 0 if found[1] == "*" else int(found[1]) + 1
    return entry.values.get(name, ()), 0


def refusal_of_bind(code: int, message: str, control: bytes | None) -> Refusal | None:
    """Why a bind with somebody's password does not let them in; None: it does."""
    by_policy = OF_POLICY.get(policy_error(control)) if control else None
    if by_policy is not None:
        return by_policy
    if code == 0:
        return None
    if code != INVALID_CREDENTIALS:
        return Refusal.OTHER
    found = DATA.search(message)
    if found is None:
        return Refusal.PASSWORD
    return OF_ACTIVE_DIRECTORY.get(found[1].casefold(), Refusal.OTHER)


def policy_error(control: bytes) -> int:
    """The error in a password policy's control; -1 where it says none, or is no such thing."""
    if len(control) < HEADER or control[0] != SEQUENCE:
        return -1
    position = HEADER
    while position + HEADER <= len(control):
        tag, length = control[position], control[position + 1]
        value = control[position + HEADER : position + HEADER + length]
        if tag == POLICY_ERROR and len(value) == 1:
            return value[0]
        position += HEADER + length
    return -1


def kept_out_by(entry: Entry, now: datetime) -> Refusal | None:
    """Why an entry's own state lets nobody in; None: it does."""
    flags, ends = _number(entry, "userAccountControl"), _number(entry, "accountExpires")
    is_locked_for_good = entry.text("pwdAccountLockedTime") == LOCKED_FOR_GOOD
    is_locked = is_locked_for_good or entry.text("nsAccountLock").casefold() == "true"
    if flags & DISABLED_FLAG or is_locked:
        return Refusal.DISABLED
    ticks = (now - WINDOWS_EPOCH) // timedelta(microseconds=1) * 10
    if (ends not in NEVER and ends <= ticks) or _is_past(entry.text("pwdEndTime"), now):
        return Refusal.ACCOUNT_EXPIRED
    return None


def claims_of(
    entry: Entry, settings: LdapSettings, groups: frozenset[str] | None, now: datetime
) -> Claims:
    """What an entry says of somebody."""
    addresses = (
        Address(each, is_verified=settings.vouches_for_email)
        for each in entry.texts(settings.email_attribute)
    )
    raw = _subject(entry, settings)
    return Claims(
        subject=ldap_subjects.as_text(settings.subject_attribute, raw),
        former_subject=ldap_subjects.as_before(settings.subject_attribute, raw),
        name=entry.text(settings.name_attribute),
        display_name=entry.text(settings.display_name_attribute),
        addresses=tuple(addresses),
        groups=groups,
        is_active=kept_out_by(entry, now) is None,
        facts=SessionFacts(methods=("pwd",), shown_at=now),
    )


def attributes(settings: LdapSettings) -> list[str]:
    """What is asked of a user's entry, and nothing else: no secret is ever among it."""
    wanted = (
        settings.subject_attribute,
        settings.name_attribute,
        settings.display_name_attribute,
        settings.email_attribute,
        *STATES,
        *(("memberOf",) if settings.groups_by == "member_of" else ()),
    )
    return list(dict.fromkeys(wanted))


def subject_as_filtered(subject: str, settings: LdapSettings) -> str:
    """The filter for the entry of a subject, as `ldap_subjects` writes it."""
    attribute = settings.subject_attribute
    value = ldap_subjects.as_bytes(attribute, subject)
    if value == subject.encode():
        return equals_any([attribute], subject)
    escaped = "".join(f"\\{each:02x}" for each in value)
    return f"({attribute}={escaped})"


def _subject(entry: Entry, settings: LdapSettings) -> bytes:
    return next(iter(entry.values.get(settings.subject_attribute.casefold(), ())), b"")


def _is_past(text: str, now: datetime) -> bool:
    found = MOMENT.fullmatch(text)
    with suppress(ValueError):
        return found is not None and _moment(found[1]) <= now
    return False


def _moment(digits: str) -> datetime:
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _number(entry: Entry, attribute: str) -> int:
    text = entry.text(attribute)
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0
