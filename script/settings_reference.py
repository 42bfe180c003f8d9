"""Writes config/README.md and config/codara.toml from the sentences in appliance/settings.py.

`python -m script.settings_reference` writes both; a test compares them with what it would write.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from pathlib import Path

from pydantic import IPvAnyNetwork, SecretStr
from pydantic.fields import FieldInfo

from appliance.settings import Settings
from appliance.settings_sections import Section

CONFIG = Path(__file__).resolve().parent.parent / "config"

INTRODUCTION = """# Settings

Generated from `appliance/settings.py` by `python -m script.settings_reference`.

The appliance reads one TOML file, named by `$CODARA_CONFIG` or found as `codara.toml` in the home
folder; `codara.toml` beside this page is such a file with every default. Each key is an environment
variable too, and the variable wins: `CODARA_SECTION__KEY`. Lists are separated by commas there.

A **secret** may come from a file instead: `KEY_file = "PATH"`, or `CODARA_SECTION__KEY_FILE`. That
file, and a configuration file with a secret in it, must be closed to other accounts:
`chmod 600 FILE`. An unknown key, a wrong type or an open file is an error that names the cure.

Read by the commands themselves and not settings: `CODARA_HOME` (the folder with all data),
`CODARA_CONFIG`, `CODARA_ADMIN_PASSWORD` (the first administrator's password, at the first start),
`CODARA_TOKEN` (for `codara` against another appliance).
"""

TOML_INTRODUCTION = """# Every setting with its default. Generated from appliance/settings.py by
# python -m script.settings_reference; config/README.md explains files and the environment.
"""


def sections() -> Iterator[tuple[str, type[Section]]]:
    """Every table of the configuration file, in the order of `Settings`."""
    for name, field in Settings.model_fields.items():
        owner = field.annotation
        if isinstance(owner, type) and issubclass(owner, Section):
            yield name, owner


def sentence(field: FieldInfo) -> str:
    """The sentence under a setting, on one line."""
    return " ".join((field.description or "").split())


def spell_type(field: FieldInfo) -> str:
    """What a setting takes, in words."""
    if field.annotation is SecretStr:
        return "secret"
    if typing.get_origin(field.annotation) is tuple:
        of_networks = IPvAnyNetwork in typing.get_args(field.annotation)
        return "list of networks" if of_networks else "list of text"
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(field.annotation))
    names = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    return names[typing.cast("type", field.annotation)]


def spell_default(field: FieldInfo) -> str:
    """A setting's default as TOML, which for these types is as JSON has it."""
    default = field.default
    if isinstance(default, SecretStr):
        return '""'
    return json.dumps(list(default) if isinstance(default, tuple) else default, default=str)


def readme() -> str:
    """The whole of config/README.md."""
    parts = [INTRODUCTION, "\n"]
    for name, owner in sections():
        doc = " ".join((owner.__doc__ or "").split())
        parts.append(f"## `[{name}]`\n\n{doc}\n\n| key | takes | default | |\n|---|---|---|---|\n")
        for key, field in owner.model_fields.items():
            words = sentence(field).replace("|", "\\|")
            row = f"| `{key}` | {spell_type(field)} | `{spell_default(field)}` | {words} |\n"
            parts.append(row)
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def toml() -> str:
    """The whole of config/codara.toml."""
    parts = [TOML_INTRODUCTION]
    for name, owner in sections():
        parts.append(f"\n[{name}]\n")
        for key, field in owner.model_fields.items():
            parts.append(f"# {sentence(field)}\n{key} = {spell_default(field)}\n")
    return "".join(parts)


def main() -> None:
    """Write both files."""
    (CONFIG / "README.md").write_text(readme(), "utf-8")
    (CONFIG / "codara.toml").write_text(toml(), "utf-8")


if __name__ == "__main__":
    main()
