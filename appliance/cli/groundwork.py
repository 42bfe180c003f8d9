"""What has to be so before the processes of an appliance start: schema, hooks, an administrator."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from appliance import settings as settings_module
from appliance import version, wiring, wiring_heartbeats
from appliance.domain.identity import appliance
from appliance.services import passwords, starting, users

# Read aloud over a telephone without mistakes: no 0 and o, no 1, i and l.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ADMINISTRATOR = "admin"


def prepare(home: Path) -> None:
    """Bring the schema and the git hooks to this release.

    Errors:
        SettingsError: the settings cannot be used.
        ConflictError: the database is of a newer release.
        UnavailableError: the database does not answer.
    """
    objects = wiring.build(home, settings_module.from_process(home))
    try:
        wiring.prepare(objects)
    finally:
        objects.database.engine.dispose()


def lay(home: Path, *, given_password: str = "") -> str | None:
    """Note the start; gives the first administrator's one-time password if one was made.

    With `given_password` the first administrator has that one, and nothing is given. The schema
    is that of this release already (`prepare`).

    Errors:
        SettingsError: the settings cannot be used.
        UnavailableError: the database does not answer.
    """
    present_settings = settings_module.from_process(home)
    objects = wiring.build(home, present_settings)
    digest = hashlib.sha256(present_settings.model_dump_json().encode()).hexdigest()
    try:
        with wiring_heartbeats.beating(objects.database, objects.logs.signer):
            with objects.database.begin(appliance()) as work:
                starting.note(work, release=version.RELEASE, settings_digest=digest)
            return _first_administrator(objects, given_password)
    finally:
        objects.database.engine.dispose()


def _first_administrator(objects: wiring.Wiring, given: str) -> str | None:
    with objects.database.reading(appliance()) as work:
        if starting.has_administrator(work):
            return None
        password = given or one_time_password()
        chosen = passwords.choose_for_new_user(
            work, password=password, name=ADMINISTRATOR, email="", tools=objects.sign_in
        )
    with objects.database.begin(appliance()) as work:
        was_made = users.ensure_first_administrator(
            work,
            password_hash=chosen.hash,
            name=ADMINISTRATOR,
            must_change_password=not given,
            now=datetime.now(UTC),
        )
    return password if was_made and not given else None


def one_time_password() -> str:
    """Twenty letters in groups of five: 99 bits."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
    return "-".join(groups)
