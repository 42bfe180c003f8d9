"""Trying a directory step by step, with each step's raw answer. Secrets are never among it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from appliance.federation import ldap_answers, ldap_groups, ldap_subjects
from appliance.federation.ldap import Directory
from appliance.federation.ldap_answers import Entry
from appliance.federation.ldap_connection import SUCCESS, Connection, DirectoryError
from appliance.federation.trial_steps import LONGEST_LINE, MASK, Step

SHOWN_GROUPS = 200
ACTIVE = "active"


class StepName(StrEnum):
    """What is tried, in this order."""

    CONNECT = "connect"
    BIND = "bind"
    SEARCH = "search"
    ACCOUNT = "account"
    GROUPS = "groups"


def tried(directory: Directory, user: str = "", *, now: datetime) -> list[Step]:
    """Every server as far as it goes; with a user name, their entry, state and groups too."""
    settings, name = directory.settings, user.strip()
    steps = [step for server in settings.servers for step in _at(directory, server, name, now)]
    secret = settings.bind_password.get_secret_value()
    return [_masked(step, secret) for step in steps]


def _at(directory: Directory, server: str, user: str, now: datetime) -> Iterator[Step]:
    settings = directory.settings
    connection = Connection(settings, server, directory.authorities_file)
    name = StepName.CONNECT
    try:
        connection.open()
        yield Step(name, server, is_good=True, lines=_certificate(connection))
        name = StepName.BIND
        answer = connection.bind(settings.bind_name, settings.bind_password.get_secret_value())
        said = (f"{settings.bind_name} / {MASK}", str(answer))
        yield Step(name, server, is_good=answer.code == SUCCESS, lines=said)
        if answer.code != SUCCESS:
            return
        name = StepName.SEARCH
        found = _searched(directory, connection, user)
        is_one = len(found) == 1 or not user
        lines = tuple(line for entry in found for line in _lines(entry)) or ("0",)
        yield Step(name, server, is_good=bool(found) and is_one, lines=lines)
        if not (user and len(found) == 1):
            return
        kept_out_by = ldap_answers.kept_out_by(found[0], now)
        lines = (kept_out_by or ACTIVE,)
        yield Step(StepName.ACCOUNT, server, is_good=kept_out_by is None, lines=lines)
        name = StepName.GROUPS
        groups = ldap_groups.groups_of(connection, settings, found[0])
        yield Step(name, server, is_good=True, lines=tuple(sorted(groups or ()))[:SHOWN_GROUPS])
    except DirectoryError as error:
        yield Step(name, server, is_good=False, lines=(f"{error.reason}: {error.detail}",))
    finally:
        connection.close()


def _searched(directory: Directory, connection: Connection, user: str) -> list[Entry]:
    """The entries of a user; without one, any one entry, which shows that there are some."""
    if user:
        return directory.find(connection, user)
    settings = directory.settings
    wanted = ldap_answers.attributes(settings)
    return connection.search(settings.user_base, settings.user_filter, wanted, most=1)


def _certificate(connection: Connection) -> tuple[str, ...]:
    der = connection.certificate()
    if der is None:
        return ("-",)
    found = x509.load_der_x509_certificate(der)
    return (
        f"subject: {found.subject.rfc4514_string()}",
        f"issuer: {found.issuer.rfc4514_string()}",
        f"not after: {found.not_valid_after_utc.isoformat()}",
    )


def _lines(entry: Entry) -> Iterator[str]:
    yield f"dn: {entry.dn}"
    for name, values in entry.values.items():
        for value in values:
            yield f"{name}: {ldap_subjects.as_text(name, value)}"


def _masked(step: Step, secret: str) -> Step:
    lines = tuple(line.replace(secret, MASK)[:LONGEST_LINE] for line in step.lines)
    return Step(step.name, step.server, step.is_good, lines)
