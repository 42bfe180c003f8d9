"""The words in which the registry says what an action is to its readers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from appliance.domain.events.base import Outcome


class Severity(IntEnum):
    """How much an event asks to be looked at. The numbers are OCSF's `severity_id`."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """In small letters, for people and for fields."""
        return self.name.lower()

    @property
    def cef(self) -> int:
        """From 0 to 10, as CEF and LEEF have it."""
        return {1: 1, 2: 3, 3: 5, 4: 8, 5: 10}[self.value]

    @property
    def syslog(self) -> int:
        """Source: RFC 5424, section 6.2.1."""
        return {1: 6, 2: 5, 3: 4, 4: 3, 5: 2}[self.value]


class Retention(StrEnum):
    """How long an event is of use, from which a rule says how long its body is kept."""

    OPERATION = "operation"
    """What ran and when: weeks."""
    ACCESS = "access"
    """Who read what: a year, as PCI DSS 10.5.1 has it."""
    SECURITY = "security"
    """Who could do what, and who tried: years."""
    CHANGE = "change"
    """How content and its rules came to be as they are: as long as the content."""
    EVIDENCE = "evidence"
    """What proves the rest: as long as the log."""


class Viewer(StrEnum):
    """Who may see an event with its details."""

    LOG = "log"
    """Who may read the log that it stands in: auditors, security officers and owners of the
    organisation; in the log of the instance, its auditors and administrators."""
    ACTOR = "actor"
    """Who did it."""
    SUBJECT = "subject"
    """The user it is about."""


class Act(StrEnum):
    """What an action does to its target, in so few words that other vocabularies have them too."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"
    ENABLE = "enable"
    DISABLE = "disable"
    SUSPEND = "suspend"
    RESUME = "resume"
    SEARCH = "search"
    EXPORT = "export"
    IMPORT = "import"
    SHARE = "share"
    START = "start"
    END = "end"
    NOTE = "note"
    """It was found or said; nothing was done."""


@dataclass(frozen=True)
class Field:
    """A member of an action's body."""

    name: str
    type: str
    """As in Python: `str`, `int`, `bool`, `list[str]`, `list[list[str]]`, `dict[str, Any]`."""
    is_personal: bool = False
    """In the body stands a commitment to it; the value is kept apart and can be erased."""
    is_optional: bool = False


@dataclass(frozen=True)
class Category:
    """What the actions of a category have in common, unless one says otherwise."""

    sentence: str
    severity: Severity
    retention: Retention
    ocsf: int
    """The class in OCSF."""
    ecs: tuple[str, ...]
    """`event.category` in the Elastic Common Schema."""
    controls: tuple[str, ...]
    """Requirements that its events are evidence for: `<standard>:<number>`."""


@dataclass(frozen=True)
class Reserved:
    """An action whose feature is not built yet, with the body that it will have."""

    name: str
    target: str
    sentence: str
    members: str = ""
    """Names of fields; `:int` and the like after one, `*` before a personal one, `?` before one
    that may be missing."""
    outcome: Outcome = Outcome.SUCCESS

    def fields(self) -> tuple[Field, ...]:
        """The members, as fields."""
        return tuple(_field(word) for word in self.members.split())


def _field(word: str) -> Field:
    marks = word[: len(word) - len(word.lstrip("*?"))]
    name, _, kind = word.removeprefix(marks).partition(":")
    return Field(name, kind or "str", is_personal="*" in marks, is_optional="?" in marks)
