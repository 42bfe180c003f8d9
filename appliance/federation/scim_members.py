"""Who is in a group, as changes say it: without reading thousands to add one. RFC 7644, 3.5.2.

Microsoft Entra removes members by their ids beside the path, Okta by a filter in it; both are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from scim2_models.path import FilterNode, Path, ValuePath

from appliance.domain import scim
from appliance.domain.scim import ScimError, ScimType
from appliance.errors import sentence
from appliance.federation.scim_messages import Body, told
from appliance.federation.scim_models import CORE, Group

NAMES = frozenset({"members", f"{CORE}:Group:members".lower()})
PATCHING = "urn:ietf:params:scim:api:messages:2.0:patchop"
ADD, SET, REMOVE = "add", "set", "remove"
WORDS = {"add": ADD, "replace": SET, "remove": REMOVE}


@dataclass(frozen=True)
class Change:
    """One change of members: `add`, `set` or `remove`, by ids or by what is asked of them."""

    word: str
    ids: frozenset[UUID] = frozenset()
    chosen: FilterNode | None = None


@dataclass
class Members:
    """Who is in a group after some changes. Its state is that."""

    now: set[UUID] = field(default_factory=set)

    def __init__(self, before: set[UUID]) -> None:
        self.now = set(before)

    def apply(self, change: Change) -> None:
        """Do what a change by ids says."""
        if change.word == ADD:
            self.now |= change.ids
        elif change.word == SET:
            self.now = set(change.ids)
        else:
            self.now -= change.ids


def ids(group: Group) -> frozenset[UUID]:
    """The members of a group that was sent.

    Errors:
        ScimError: one is named by what is no id.
    """
    return frozenset(_id(each.value) for each in group.members or ())


def split(sent: Body) -> tuple[list[Change], Body | None]:
    """What a PATCH says of members, and the rest of it, if there is any.

    Errors:
        ScimError: it cannot be done so.
    """
    name = next((each for each in sent if each.lower() == "operations"), None)
    operations = sent.get(name) if name is not None else None
    if not isinstance(operations, list) or not _is_patch(sent):
        return [], sent  # The library says what is wrong with it.
    if len(operations) > scim.MOST_OPERATIONS:
        most = sentence("At most %(most)s changes at a time.", most=scim.MOST_OPERATIONS)
        raise ScimError(most, status=413)
    changes: list[Change] = []
    rest: list[Any] = []
    for operation in operations:
        left = _taken(operation, changes) if isinstance(operation, dict) else operation
        if left is not None:
            rest.append(left)
    if not rest and operations:
        return changes, None
    return changes, {**sent, str(name): rest}


def are_shown(asked: Any) -> bool:
    """Whether an answer needs to say who is in a group."""
    if asked.attributes:
        return any(_is_members(str(each)) for each in asked.attributes)
    return not any(str(each).lower() in NAMES for each in asked.excluded_attributes or ())


def _is_patch(sent: Body) -> bool:
    schemas = next((sent[each] for each in sent if each.lower() == "schemas"), None)
    return isinstance(schemas, list) and PATCHING in [str(each).lower() for each in schemas]


def _is_members(path: str) -> bool:
    plain = path.lower()
    return any(plain == each or plain.startswith((f"{each}[", f"{each}.")) for each in NAMES)


def _taken(operation: dict[str, Any], changes: list[Change]) -> Any:
    """Take what an operation says of members; gives what is left of it."""
    said = {name.lower(): value for name, value in operation.items()}
    word = WORDS.get(str(said.get("op", "")).lower())
    path, value = said.get("path"), said.get("value")
    if word is None:
        return operation
    if isinstance(path, str) and path:
        if not _is_members(path):
            return operation
        changes.append(_of_path(word, path, value, has_value="value" in said))
        return None
    if not isinstance(value, dict):
        return operation
    name = next((each for each in value if each.lower() in NAMES), None)
    if name is None:
        return operation
    changes.append(Change(word, _ids(value[name])))
    left = {each: inner for each, inner in value.items() if each != name}
    return {**operation, _key(operation, "value"): left} if left else None


def _key(operation: dict[str, Any], name: str) -> str:
    return next(each for each in operation if each.lower() == name)


def _of_path(word: str, path: str, value: Any, *, has_value: bool) -> Change:
    with told():
        parsed = Path[Group](path)
        node = parsed.ast
        chosen = parsed.value_filter
    if chosen is not None:
        if word != REMOVE or (isinstance(node, ValuePath) and node.sub_attr):
            said = sentence("A member is added or removed, and never changed.")
            raise ScimError(said, ScimType.MUTABILITY)
        return Change(REMOVE, chosen=chosen)
    if path.lower() not in NAMES:
        said = sentence("A member is added or removed, and never changed.")
        raise ScimError(said, ScimType.MUTABILITY)
    if word == REMOVE and (not has_value or value is None):
        return Change(SET)
    if word == ADD and value is None:
        raise ScimError(sentence("Say whom to add."), ScimType.VALUE)
    return Change(word, _ids(value))


def _ids(value: Any) -> frozenset[UUID]:
    entries: Sequence[Any] = value if isinstance(value, list) else [value]
    if value is None:
        return frozenset()
    return frozenset(_id(_value_of(each)) for each in entries)


def _value_of(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return next((inner for name, inner in entry.items() if name.lower() == "value"), None)


def _id(text: Any) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise ScimError(
            sentence("A member is named by the id of a user."), ScimType.VALUE
        ) from None
