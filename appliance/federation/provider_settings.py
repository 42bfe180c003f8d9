"""What a protocol can be told: one frozen class for each kind; forms and checks follow from it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from appliance.errors import FieldProblem, InvalidError, sentence

Value = str | int | bool | list[str]
Settings = TypeVar("Settings", bound="ProviderSettings")
LONGEST = 200 * 1024
"""Characters of one setting: the metadata of AD FS, which speaks more than SAML, have 80,000."""
HERE = frozenset({"127.0.0.1", "localhost"})
LONG_TEXT: JsonDict = {"format": "long"}
"""`json_schema_extra` of a text of many lines, such as a certificate."""


def _holds_certificates(text: str) -> str:
    try:
        if text:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(sentence("That is no certificate in PEM.")) from error
    return text


Certificates = Annotated[str, AfterValidator(_holds_certificates)]


class Section(NamedTuple):
    """Settings that are asked for together."""

    first: str
    """The name of the first of them; the others follow it."""
    title: str
    is_rare: bool = False
    """Whether most leave them as they are."""


class ProviderSettings(BaseModel):
    """What every kind has in common. Fields are `str`, `int`, `bool`, `Literal`, `tuple[str, ...]`,
    or `SecretStr`.
    """

    SECTIONS: ClassVar[tuple[Section, ...]] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, str_max_length=LONGEST
    )

    @property
    def issuer(self) -> str:
        """Which system it is, for the audit log: an address or a name, never a secret."""
        return ""

    @classmethod
    def plain_group(cls, text: str) -> str:
        """A group's name as this protocol hands it over, from how a person may write it."""
        return text.strip()


def is_safe_address(url: str) -> bool:
    """Whether the appliance may ask there: over https, or on this very machine."""
    parts = urlsplit(url)
    is_here = parts.scheme == "http" and parts.hostname in HERE
    return bool(parts.hostname) and (parts.scheme == "https" or is_here)


class FieldKind(StrEnum):
    """How a setting is asked for."""

    TEXT = "text"
    LONG = "long"
    LINES = "lines"
    NUMBER = "number"
    YES_OR_NO = "yes_or_no"
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105 - the name of a kind of field, not a secret.


@dataclass(frozen=True)
class SettingField:
    """One thing that a kind of provider can be told."""

    name: str
    label: str
    hint: str
    kind: FieldKind
    usual: Value
    choices: tuple[str, ...]
    is_needed: bool
    section: str = ""
    """Under which words it stands."""
    is_rare: bool = False


def form_of(settings: type[ProviderSettings]) -> tuple[SettingField, ...]:
    """Every setting of a kind, in the order in which they are asked for."""
    section = Section("", "")
    found = []
    begins = {each.first: each for each in settings.SECTIONS}
    for name, field in settings.model_fields.items():
        section = begins.get(name, section)
        found.append(_field(name, field, section))
    return tuple(found)


def read(
    settings: type[Settings], given: Mapping[str, Value], secrets: Mapping[str, str]
) -> Settings:
    """The settings of a kind from what was given and what was sealed.

    Errors:
        InvalidError: something is missing or not as it should be; the fields say what.
    """
    try:
        return settings.model_validate({**given, **secrets})
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(("settings", *map(str, each["loc"][:1]))), _words(each))
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        said = sentence(
            "%(field)s: %(problem)s", field=problems[0].field, problem=problems[0].message
        )
        raise InvalidError(said, *problems) from None  # Its own text repeats what was typed.


def plain(settings: ProviderSettings) -> dict[str, Value]:
    """The settings without secrets, as they are stored and shown."""
    dumped = settings.model_dump(mode="json")
    return {name: dumped[name] for name in dumped if name not in secret_names(type(settings))}


def secrets_of(settings: ProviderSettings) -> dict[str, str]:
    """The secrets that were given, by name."""
    found = {
        name: getattr(settings, name).get_secret_value() for name in secret_names(type(settings))
    }
    return {name: value for name, value in found.items() if value}


def secret_names(settings: type[ProviderSettings]) -> frozenset[str]:
    """Which settings of a kind are secrets."""
    fields = settings.model_fields.items()
    return frozenset(name for name, field in fields if field.annotation is SecretStr)


def _field(name: str, field: FieldInfo, section: Section) -> SettingField:
    kind = _kind(field)
    return SettingField(
        name=name,
        label=field.title or name,
        hint=field.description or "",
        kind=kind,
        usual=_usual(field, kind),
        choices=get_args(field.annotation) if kind is FieldKind.CHOICE else (),
        is_needed=field.is_required(),
        section=section.title,
        is_rare=section.is_rare,
    )


def _kind(field: FieldInfo) -> FieldKind:
    if field.json_schema_extra == LONG_TEXT:
        return FieldKind.LONG
    origin = get_origin(field.annotation)
    by_origin = {Literal: FieldKind.CHOICE, tuple: FieldKind.LINES}
    by_type = {
        SecretStr: FieldKind.SECRET,
        bool: FieldKind.YES_OR_NO,
        int: FieldKind.NUMBER,
        str: FieldKind.TEXT,
    }
    return by_origin[origin] if origin is not None else by_type[field.annotation]  # type: ignore[index]  # A setting of another type fails where it is written.


def _usual(field: FieldInfo, kind: FieldKind) -> Value:
    nothing: dict[FieldKind, Value] = {FieldKind.LINES: [], FieldKind.NUMBER: 0}
    if field.is_required() or kind is FieldKind.SECRET:
        return nothing.get(kind, "")
    value = field.default
    return list(value) if isinstance(value, tuple) else value


def _words(problem: Mapping[str, Any]) -> str:
    if problem["type"] == "missing":
        return sentence("This is required.")
    if problem["type"] == "extra_forbidden":
        return sentence("There is no such setting.")
    if problem["type"] == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    return sentence("It takes no such value: %(why)s.", why=problem["msg"])
