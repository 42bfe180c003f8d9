"""What a stream of the audit log may be told: receiver, options, and which events it sends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.audit_formats import ocsf
from appliance.domain.audit_formats.syslog import USUAL_ENTERPRISE
from appliance.errors import InvalidError, sentence

OptionValue = str | int | bool
ACTION = re.compile(r"[a-z][a-z_]*(\.[a-z_]+)?(\.?\*)?|\*")
FOLDER = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
MOST_ACTIONS = 50
LONGEST_TEXT = 200
LEAST_SECRET = 16


class Receiver(StrEnum):
    """What kind of system takes the events."""

    WEBHOOK = "webhook"
    SPLUNK = "splunk"
    SYSLOG = "syslog"
    S3 = "s3"
    FILE = "file"


class Covers(StrEnum):
    """Which logs a stream sends."""

    ORGANISATION = "organisation"
    """That of its organisation."""
    INSTANCE = "instance"
    """That of the appliance itself."""
    EVERYTHING = "everything"
    """All logs, those of organisations that come later too."""


@dataclass(frozen=True)
class Option:
    """One thing that a kind of receiver can be told."""

    usual: OptionValue
    words: tuple[str, ...] = ()
    """The words allowed; empty: any."""
    least: int = 0
    most: int = 0
    is_needed: bool = False


OF_ALL: Mapping[str, Option] = {
    "batch": Option(500, least=1, most=1000),
    "ocsf_version": Option(ocsf.NEWEST, words=ocsf.VERSIONS),
}
OPTIONS: Mapping[Receiver, Mapping[str, Option]] = {
    Receiver.WEBHOOK: OF_ALL,
    Receiver.SPLUNK: {**OF_ALL, "index": Option(""), "acknowledge": Option(usual=True)},
    Receiver.SYSLOG: {
        **OF_ALL,
        "enterprise": Option(USUAL_ENTERPRISE, least=1, most=2**31),
        "again": Option(100, least=0, most=10_000),
        "largest_bytes": Option(65_536, least=2048, most=1_048_576),
    },
    Receiver.S3: {
        **OF_ALL,
        "region": Option("us-east-1"),
        "access_key": Option("", is_needed=True),
        "prefix": Option(""),
        "lock_mode": Option("", words=("", "GOVERNANCE", "COMPLIANCE")),
        "lock_days": Option(365, least=1, most=36_500),
    },
    Receiver.FILE: OF_ALL,
}
WITH_SECRET = frozenset({Receiver.WEBHOOK, Receiver.SPLUNK, Receiver.S3})


def checked_options(receiver: Receiver, given: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """All options of a receiver: those given, and for the others what is usual.

    Errors:
        InvalidError: there is no such option, or it takes no such value.
    """
    known = OPTIONS[receiver]
    for name in given:
        if name not in known:
            raise _invalid(name, sentence("Only %(names)s are allowed.", names=", ".join(known)))
    return {
        name: _checked(name, option, given.get(name, option.usual))
        for name, option in known.items()
    }


def _checked(name: str, option: Option, value: OptionValue) -> OptionValue:
    if type(value) is not type(option.usual):
        raise _invalid(name, sentence("Use a value such as %(usual)s.", usual=repr(option.usual)))
    if option.words and value not in option.words:
        words = ", ".join(each or "''" for each in option.words)
        raise _invalid(name, sentence("Must be one of %(words)s.", words=words))
    if option.most and not option.least <= value <= option.most:  # type: ignore[operator]  # An int.
        raise _invalid(
            name,
            sentence(
                "Must be between %(least)s and %(most)s.", least=option.least, most=option.most
            ),
        )
    if isinstance(value, str) and (len(value) > LONGEST_TEXT or not value.isprintable()):
        raise _invalid(
            name, sentence("Enter a text of at most %(most)s characters.", most=LONGEST_TEXT)
        )
    if option.is_needed and not value:
        raise _invalid(name, sentence("This is required."))
    return value


def check_secret(receiver: Receiver, secret: str) -> None:
    """Go on only if a receiver that needs a secret has one, and a good one where we choose it.

    Errors:
        InvalidError: it has none, or the others have.
    """
    if receiver in WITH_SECRET and not secret:
        raise InvalidError.of("secret", sentence("This kind of receiver needs a secret."))
    # It is sent in a header, which takes nothing else, and would be told in the error.
    if not (secret.isascii() and secret.isprintable()):
        raise InvalidError.of(
            "secret", sentence("A secret has letters, digits and signs on one line.")
        )
    if receiver is Receiver.WEBHOOK and len(secret) < LEAST_SECRET:
        raise InvalidError.of(
            "secret",
            sentence(
                "A secret to sign with has at least %(least)s characters.", least=LEAST_SECRET
            ),
        )
    if receiver not in WITH_SECRET and secret:
        raise InvalidError.of("secret", sentence("This kind of receiver has no secret."))


def check_actions(actions: Sequence[str]) -> None:
    """Go on only if these are actions, or beginnings of them with a star.

    Errors:
        InvalidError: one is not.
    """
    wrong = next((each for each in actions if not ACTION.fullmatch(each)), None)
    if wrong is not None or len(actions) > MOST_ACTIONS:
        raise InvalidError.of(
            "actions",
            sentence(
                "Actions are written like repo.archived or repo.*; at most %(most)s of them.",
                most=MOST_ACTIONS,
            ),
        )


def is_wanted(action: str, wanted: Sequence[str]) -> bool:
    """Whether an action is among those that a stream sends; an empty list wants all."""
    return not wanted or any(
        action.startswith(each[:-1])
        if each.endswith("*")
        else action == each or action.partition(".")[0] == each
        for each in wanted
    )


def _invalid(name: str, words: str) -> InvalidError:
    return InvalidError.of(
        f"options.{name}", sentence("%(name)s: %(words)s", name=name, words=words)
    )
