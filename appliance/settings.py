"""Every setting, typed, with its default and the reason for it. Read once, here.

One TOML file and the environment: the key `limits.push_size_bytes` is `[limits] push_size_bytes`
in the file and `CODARA_LIMITS__PUSH_SIZE_BYTES` outside; a secret may come from a file named by
`KEY_file` (`CODARA_DATABASE__URL_FILE`). The environment wins over the file.
"""

from __future__ import annotations

import difflib
import json
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from appliance.errors import SettingsError
from appliance.settings_activity import Activity
from appliance.settings_scanning import Feeds, Scanning
from appliance.settings_sections import (
    Access,
    Audit,
    Database,
    Imports,
    Limits,
    Mail,
    Outgoing,
    Queue,
    Rulesets,
    Section,
    Server,
    SignIn,
    Ssh,
    Storage,
    Streams,
    Telemetry,
    Webhooks,
    Witnesses,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ENVIRONMENT_PREFIX = "CODARA_"
# Read by the scripts, the command line and the hooks themselves; they are no settings.
NOT_SETTINGS = frozenset(
    {
        *("CODARA_HOME", "CODARA_CONFIG", "CODARA_ADMIN_PASSWORD"),
        *("CODARA_URL", "CODARA_TOKEN", "CODARA_TRACEBACK"),
        *("CODARA_PUSH", "CODARA_SOCKET", "CODARA_INTERNAL"),
    }
)

AUTHORITIES = (
    *((each, "authorities_file") for each in ("streams", "webhooks", "mail", "witnesses")),
    ("sign_in", "provider_authorities_file"),
)
"""Settings that `outgoing.authorities_file` stands in for."""


class Settings(Section):
    """All of it."""

    server: Server = Server()
    database: Database = Database()
    queue: Queue = Queue()
    ssh: Ssh = Ssh()
    sign_in: SignIn = SignIn()
    access: Access = Access()
    limits: Limits = Limits()
    storage: Storage = Storage()
    outgoing: Outgoing = Outgoing()
    imports: Imports = Imports()
    audit: Audit = Audit()
    streams: Streams = Streams()
    rulesets: Rulesets = Rulesets()
    scanning: Scanning = Scanning()
    activity: Activity = Activity()
    feeds: Feeds = Feeds()
    webhooks: Webhooks = Webhooks()
    mail: Mail = Mail()
    witnesses: Witnesses = Witnesses()
    telemetry: Telemetry = Telemetry()


def load(*, file: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `file`, overlaid with those of `environment`.

    Errors:
        SettingsError: names every file or variable and key that is wrong, and what to do.
    """
    tables = _read_file(file) if file is not None else {}
    if file is not None:
        _resolve_secret_files(tables, file)
        # Strict, so that `port = "8080"` or `embedded = 1` is told and not guessed.
        _check(tables, origins={}, otherwise=str(file), strict=True)
    origins = _overlay(tables, environment)
    return _check(tables, origins=origins, otherwise=str(file), strict=False)


def find_file(environment: Mapping[str, str], home: Path) -> Path | None:
    """The configuration file to use: $CODARA_CONFIG, or codara.toml in the home folder."""
    named = environment.get("CODARA_CONFIG")
    if named:
        return Path(named)
    candidate = home / "codara.toml"
    return candidate if candidate.exists() else None


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}. Name another file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}. Correct that line.") from error


def _resolve_secret_files(tables: dict[str, Any], file: Path) -> None:
    """Replace every `KEY_file = PATH` by `KEY = content of PATH`, for keys that are secrets."""
    for section, values in tables.items():
        if not isinstance(values, dict):
            continue
        for key, value in list(values.items()):
            secret = key.removesuffix("_file")
            if not _is_secret(section, secret):
                continue
            if key != secret:
                values[secret] = _read_secret(
                    Path(str(values.pop(key))), f"{file}: {section}.{key}"
                )
            elif value:
                _insist_on_privacy(file, f"{file}: {section}.{key} is a secret, and")


def _read_secret(path: Path, where: str) -> str:
    try:
        _insist_on_privacy(path, f"{where}:")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{where}: {path} cannot be read: {error.strerror}. Name a file this account can read."
        ) from error


def _insist_on_privacy(path: Path, where: str) -> None:
    """Refuse a file that holds a secret and that other accounts can read or change."""
    if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SettingsError(
            f"{where} {path} can be read or changed by others. Run: chmod 600 {path}"
        )


def _overlay(tables: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Lay the environment's settings over the file's; gives the variable behind each key."""
    origins: dict[str, str] = {}
    for name, value in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in NOT_SETTINGS:
            continue
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if not separator:
            raise SettingsError(
                f"environment: {name} is no setting. Settings look like CODARA_SECTION__KEY; "
                "unset it or correct its name."
            )
        setting, content = key, value
        if key.endswith("_file") and _is_secret(section, key.removesuffix("_file")):
            setting = key.removesuffix("_file")
            content = _read_secret(Path(value), f"environment: {name}")
        origins[f"{section}.{setting}"] = name
        table = tables.setdefault(section, {})
        table[setting] = _parse_list(content) if _is_list(section, setting) else content
    return origins


def _field(section: str, key: str) -> FieldInfo | None:
    """The declaration of one setting, if there is such a setting."""
    owner = Settings.model_fields.get(section)
    if owner is None or not isinstance(owner.annotation, type):
        return None
    fields: dict[str, FieldInfo] = owner.annotation.model_fields
    return fields.get(key)


def _is_secret(section: str, key: str) -> bool:
    field = _field(section, key)
    return field is not None and field.annotation is SecretStr


def _is_list(section: str, key: str) -> bool:
    field = _field(section, key)
    return field is not None and str(field.annotation).startswith("tuple")


def _parse_list(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _check(
    tables: dict[str, Any], *, origins: dict[str, str], otherwise: str, strict: bool
) -> Settings:
    try:
        # As JSON, because there a list is the only spelling of a tuple.
        found = Settings.model_validate_json(json.dumps(tables, default=str), strict=strict)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise SettingsError(
            "\n".join(_explain(problem, origins, otherwise) for problem in problems)
        ) from error
    return _believing(found)


def _believing(settings: Settings) -> Settings:
    """The same, with the authorities for all outgoing connections where a section names none."""
    file = settings.outgoing.authorities_file
    filled = {
        section: getattr(settings, section).model_copy(update={key: file})
        for section, key in AUTHORITIES
        if not getattr(getattr(settings, section), key)
    }
    return settings.model_copy(update=filled)


def _explain(problem: ErrorDetails, origins: dict[str, str], otherwise: str) -> str:
    key = ".".join(str(part) for part in problem["loc"][:2])
    named = sorted(
        variable for place, variable in origins.items() if f"{place}.".startswith(f"{key}.")
    )
    variable = ", ".join(named)
    what = f"environment: {variable}" if variable else f"{otherwise}: {key}"
    if problem["type"] == "extra_forbidden":
        return f"{what} is no setting.{_suggest(key)} config/README.md lists them all."
    reason = problem["msg"].removeprefix("Input should be ").replace("an object", "a table")
    return f"{what} should be {reason}. config/README.md says what it takes."


def _suggest(key: str) -> str:
    """The setting that was probably meant."""
    known = [
        f"{section}.{name}"
        for section, owner in Settings.model_fields.items()
        if isinstance(owner.annotation, type)
        for name in owner.annotation.model_fields
    ]
    near = difflib.get_close_matches(key, [*known, *Settings.model_fields], n=1)
    return f" Did you mean {near[0]}?" if near else ""


def from_process(home: Path) -> Settings:
    """The settings of this process: its environment and the file that names."""
    environment = dict(os.environ)
    return load(file=find_file(environment, home), environment=environment)
