"""What an act is called in OCSF and ECS.

Sources: OCSF 1.9.0 (classes and `activity_id`); ECS 9 (`event.category` and the values of
`event.type` that go with each).
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.events.words import Act

OCSF_VERSION = "1.9.0"
OTHER = 99
"""The `activity_id` of what OCSF has no word for; `activity_name` says it then."""


@dataclass(frozen=True)
class OcsfClass:
    """A class of OCSF, and its activities as far as acts say them."""

    uid: int
    name: str
    activities: dict[Act, int]

    @property
    def category_uid(self) -> int:
        """The class's category, which its number begins with."""
        return self.uid // 1000


_FINDING = {Act.CREATE: 1, Act.UPDATE: 2, Act.END: 3}
OCSF_CLASSES = {
    each.uid: each
    for each in (
        OcsfClass(
            1008,
            "Event Log Activity",
            {
                Act.DELETE: 2,
                Act.EXPORT: 3,
                Act.START: 6,
                Act.END: 7,
                Act.CREATE: 9,
                Act.ENABLE: 9,
                Act.RESUME: 9,
                Act.DISABLE: 10,
                Act.SUSPEND: 10,
            },
        ),
        OcsfClass(2002, "Vulnerability Finding", _FINDING),
        OcsfClass(2003, "Compliance Finding", _FINDING),
        OcsfClass(2004, "Detection Finding", _FINDING),
        OcsfClass(2006, "Data Security Finding", {**_FINDING, Act.DISABLE: 4}),
        OcsfClass(3002, "Authentication", {Act.START: 1, Act.END: 2}),
        OcsfClass(3003, "Authorize Session", {Act.START: 1}),
        OcsfClass(
            3004,
            "Entity Management",
            {
                Act.CREATE: 1,
                Act.READ: 2,
                Act.UPDATE: 3,
                Act.DELETE: 4,
                Act.MOVE: 5,
                Act.ENABLE: 8,
                Act.DISABLE: 9,
                Act.SUSPEND: 12,
                Act.RESUME: 13,
                Act.IMPORT: 1,
                Act.EXPORT: 2,
                Act.SHARE: 3,
            },
        ),
        OcsfClass(3006, "Group Management", {Act.CREATE: 6, Act.UPDATE: 9, Act.DELETE: 5}),
        OcsfClass(
            3007,
            "User Management",
            {
                Act.CREATE: 1,
                Act.UPDATE: 2,
                Act.DELETE: 3,
                Act.ENABLE: 4,
                Act.DISABLE: 5,
                Act.SUSPEND: 6,
                Act.RESUME: 7,
            },
        ),
        OcsfClass(3008, "Role Management", {Act.CREATE: 1, Act.UPDATE: 2, Act.DELETE: 3}),
        OcsfClass(
            6001,
            "Web Resources Activity",
            {
                Act.CREATE: 1,
                Act.READ: 2,
                Act.UPDATE: 3,
                Act.DELETE: 4,
                Act.MOVE: 3,
                Act.SEARCH: 5,
                Act.IMPORT: 6,
                Act.EXPORT: 7,
                Act.SHARE: 8,
                Act.ENABLE: 3,
                Act.DISABLE: 3,
                Act.END: 3,
                Act.START: 3,
            },
        ),
        OcsfClass(6002, "Application Lifecycle", {Act.START: 3, Act.END: 4, Act.UPDATE: 8}),
        OcsfClass(
            6003,
            "API Activity",
            {Act.CREATE: 1, Act.READ: 2, Act.UPDATE: 3, Act.DELETE: 4, Act.END: 3, Act.RESUME: 3},
        ),
        OcsfClass(6007, "Scan Activity", {Act.START: 1, Act.END: 2, Act.NOTE: 6}),
    )
}

ECS_TYPES: dict[str, frozenset[str]] = {
    "api": frozenset({"access", "allowed", "change", "creation", "deletion", "denied", "info"}),
    "authentication": frozenset({"start", "end", "info"}),
    "configuration": frozenset({"access", "change", "creation", "deletion", "info"}),
    "file": frozenset({"access", "change", "creation", "deletion", "info"}),
    "host": frozenset({"access", "change", "end", "info", "start"}),
    "iam": frozenset({"admin", "change", "creation", "deletion", "group", "info", "user"}),
    "intrusion_detection": frozenset({"allowed", "denied", "info"}),
    "package": frozenset({"access", "change", "deletion", "info", "installation", "start"}),
    "process": frozenset({"access", "change", "end", "info", "start"}),
    "session": frozenset({"start", "end", "info"}),
    "vulnerability": frozenset({"info"}),
}
"""For each category that is used here, the types that may stand beside it."""

_TYPES_OF: dict[Act, tuple[str, ...]] = {
    Act.CREATE: ("creation", "start", "change"),
    Act.IMPORT: ("creation", "change"),
    Act.READ: ("access",),
    Act.SEARCH: ("access",),
    Act.EXPORT: ("access",),
    Act.DELETE: ("deletion", "end", "change"),
    Act.START: ("start", "change"),
    Act.END: ("end", "change"),
    Act.NOTE: (),
}


def ecs_types(categories: tuple[str, ...], act: Act) -> tuple[str, ...]:
    """The type that says an act best, of those that may stand beside the categories."""
    allowed = frozenset[str]().union(*(ECS_TYPES[each] for each in categories))
    wanted = (*_TYPES_OF.get(act, ("change",)), "info")
    return (next(each for each in wanted if each in allowed),)
