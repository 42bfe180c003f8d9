"""Properties of repositories, by which rulesets choose them: what may be said, and what holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.names import fold
from appliance.errors import InvalidError, sentence

MOST_PROPERTIES = 20
MOST_DEFINITIONS = 100
MOST_ALLOWED = 100
LONGEST_KEY = 50
LONGEST_VALUE = 100
LONGEST_DESCRIPTION = 255
YES, NO = "true", "false"


class PropertyKind(StrEnum):
    """What the values of a property are."""

    TEXT = "text"
    CHOICE = "choice"
    """One of some values."""
    BOOLEAN = "boolean"
    """`true` or `false`."""


class PropertySetter(StrEnum):
    """Who says what a repository's value is."""

    OWNERS = "owners"
    """Of the organisation."""
    MAINTAINERS = "maintainers"
    """Of the repository, too."""


@dataclass(frozen=True)
class Definition:
    """What an organisation says of a property of its repositories."""

    key: str
    kind: PropertyKind = PropertyKind.TEXT
    description: str = ""
    allowed: tuple[str, ...] = ()
    """Of a choice."""
    is_required: bool = False
    """Whether each repository has a value: its own, or the default."""
    default: str | None = None
    """What holds for repositories of which nothing is said."""
    set_by: PropertySetter = PropertySetter.OWNERS

    @property
    def values(self) -> tuple[str, ...]:
        """All that are possible; none: any text."""
        return (YES, NO) if self.kind is PropertyKind.BOOLEAN else self.allowed

    def takes(self, value: str) -> bool:
        """Whether a repository may have that value."""
        return not self.values or value in self.values


def check_key(key: str) -> str:
    """A property's name as it is kept.

    Errors:
        InvalidError: it is none.
    """
    found = fold(key.strip())
    if not 0 < len(found) <= LONGEST_KEY or not found.replace("-", "").replace("_", "").isalnum():
        raise InvalidError.of("properties", sentence("A name has letters, digits, - and _."))
    return found


def check_value(value: str, definition: Definition | None = None) -> str:
    """A value as it is kept.

    Errors:
        InvalidError: it is none, or not one that its property takes.
    """
    found = value.strip()
    if not 0 < len(found) <= LONGEST_VALUE or not found.isprintable() or found == "*":
        raise InvalidError.of("properties", sentence("A value has 1 to 100 characters."))
    if definition is not None and not definition.takes(found):
        raise InvalidError.of(
            "properties",
            sentence(
                "%(key)s is one of: %(values)s.",
                key=definition.key,
                values=", ".join(definition.values),
            ),
        )
    return found


def check_definition(wanted: Definition) -> Definition:
    """A definition as it is kept.

    Errors:
        InvalidError: its name, its values or its default are none.
    """
    if (
        len(wanted.description) > LONGEST_DESCRIPTION
        or not (wanted.description or "-").isprintable()
    ):
        raise InvalidError.of(
            "description",
            sentence("A description is one line of at most %(most)s.", most=LONGEST_DESCRIPTION),
        )
    is_choice = wanted.kind is PropertyKind.CHOICE
    allowed = tuple(dict.fromkeys(check_value(each) for each in wanted.allowed))
    if is_choice is not bool(allowed):
        raise InvalidError.of("allowed", sentence("Name the values of a choice, and only of one."))
    if len(allowed) > MOST_ALLOWED:
        raise InvalidError.of(
            "allowed", sentence("A choice has at most %(most)s values.", most=MOST_ALLOWED)
        )
    bare = Definition(
        check_key(wanted.key),
        wanted.kind,
        wanted.description.strip(),
        allowed,
        wanted.is_required,
        None,
        wanted.set_by,
    )
    if wanted.default is None:
        return bare
    return Definition(**{**vars(bare), "default": check_value(wanted.default, bare)})


def effective(said: Mapping[str, str], definitions: Iterable[Definition]) -> dict[str, str]:
    """What holds for a repository: what is said of it, and defaults; by name."""
    usual = {each.key: each.default for each in definitions if each.default is not None}
    return dict(sorted({**usual, **said}.items()))


def to_keep(
    wanted: Mapping[str, str], said: Mapping[str, str], definitions: Mapping[str, Definition]
) -> dict[str, str]:
    """What is to be said of a repository itself, so that `wanted` holds for it.

    Errors:
        InvalidError: a name or a value is none, something required lacks, or there are too many.
    """
    checked = {check_key(key): value for key, value in wanted.items()}
    checked = {key: check_value(value, definitions.get(key)) for key, value in checked.items()}
    if len(checked) > MOST_PROPERTIES + len(definitions):
        raise InvalidError.of(
            "properties", sentence("A repository has at most %(most)s.", most=MOST_PROPERTIES)
        )
    for key, each in definitions.items():
        if each.is_required and each.default is None and key not in checked:
            raise InvalidError.of("properties", sentence("%(key)s must be said.", key=key))
    return {
        key: value for key, value in checked.items() if not _is_usual(key, value, said, definitions)
    }


def may_be_set_by_maintainers(
    before: Mapping[str, str], after: Mapping[str, str], definitions: Mapping[str, Definition]
) -> bool:
    """Whether all that differs is theirs to say."""
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return all(
        key in definitions and definitions[key].set_by is PropertySetter.MAINTAINERS
        for key in changed
    )


def _is_usual(
    key: str, value: str, said: Mapping[str, str], definitions: Mapping[str, Definition]
) -> bool:
    """Whether it is the default, and nobody has said it before."""
    found = definitions.get(key)
    return found is not None and found.default == value and key not in said
